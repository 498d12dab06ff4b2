//! The one closed error of the suite, free of any transport. `status` turns it into what a client sees.

use std::borrow::Cow;

use crate::{Group, Township};

/// What can go wrong, in words of the domain. Each variant is one reason of `bangfu.common.v1.ErrorReason`.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Fields break their rules; all of them are listed.
    #[error("fields break their rules: {0}")]
    Invalid(Violations),
    /// The request id was used for another request.
    #[error("request id {request_id} was used for another request")]
    RequestIdReused {
        /// The id.
        request_id: uuid::Uuid,
    },
    /// The page token is damaged, expired, or belongs to another list.
    #[error("the page token is not valid here")]
    PageTokenInvalid,
    /// The cursor cannot be one of this feed.
    #[error("the cursor for {township} is not valid; the feed stands at {head}")]
    CursorInvalid {
        /// As the request names it.
        township: String,
        /// Where the feed stands.
        head: i64,
    },
    /// No token, or a refused one. The cause is logged, never told.
    #[error("token refused: {cause}")]
    TokenRefused {
        /// For the log only.
        cause: Cow<'static, str>,
    },
    /// The token's scope or roles do not admit the method.
    #[error("the token does not admit {method}")]
    RoleMissing {
        /// Path of the method.
        method: String,
    },
    /// The token's township or city is not known here.
    #[error("the token's township is not known")]
    TownshipUnknown,
    /// A coordinator reached for somebody of another's village.
    #[error("the person's village is not among the caller's")]
    VillageNotYours,
    /// There is no such thing for this caller.
    #[error("no such {0}")]
    NotFound(Resource),
    /// The ID number is registered here already.
    #[error("registered already")]
    PersonRegistered {
        /// Whose it is.
        person_id: uuid::Uuid,
    },
    /// The ID number is registered in another township.
    #[error("registered elsewhere")]
    PersonRegisteredElsewhere,
    /// The etag is not the current one.
    #[error("the etag is stale")]
    EtagStale,
    /// The contact is voided already.
    #[error("contact {contact_id} is voided already")]
    ContactVoided {
        /// The contact.
        contact_id: uuid::Uuid,
    },
    /// The record named as corrected is not this person's, or was corrected before.
    #[error("record {record_id} cannot be corrected")]
    RecordNotCorrectable {
        /// The record.
        record_id: uuid::Uuid,
    },
    /// A membership of the group holds on the day, or begins later.
    #[error("a membership of {} holds on that day or begins later", group.code())]
    MembershipOverlaps {
        /// The group.
        group: Group,
    },
    /// No membership of the group holds.
    #[error("no membership of {} holds", group.code())]
    NotAMember {
        /// The group.
        group: Group,
    },
    /// The person is not believed unemployed.
    #[error("the person is not believed unemployed on that day")]
    NotUnemployed,
    /// An unemployment registration stands.
    #[error("unemployment registration {registration_id} stands")]
    RegistrationStands {
        /// The registration.
        registration_id: uuid::Uuid,
    },
    /// No unemployment registration stands.
    #[error("no unemployment registration stands")]
    NoRegistration,
    /// The employment record cannot be registered.
    #[error("record {record_id} cannot be registered")]
    RecordNotRegistrable {
        /// The record.
        record_id: uuid::Uuid,
    },
    /// The state of an application does not allow the step.
    #[error("not possible in the state {state}")]
    IllegalTransition {
        /// The state, as its code word.
        state: &'static str,
    },
    /// The register does not bear out what is asked.
    #[error("the register does not bear out: {facts}")]
    FactsMissing {
        /// Code words, with commas between.
        facts: String,
    },
    /// The public notice is not over.
    #[error("the public notice runs until {until}")]
    PublicityRuns {
        /// Its last day.
        until: chrono::NaiveDate,
    },
    /// The caller took an earlier step of the same application.
    #[error("an earlier step was yours: somebody else has to take this one")]
    OwnEntry,
    /// An application of the same type is open, or recognised.
    #[error("recognition {recognition_id} of this type is open or recognised")]
    RecognitionStands {
        /// That one.
        recognition_id: uuid::Uuid,
    },
    /// Somebody belongs to a household already.
    #[error("person {person_id} belongs to household {household_id}")]
    PersonInHousehold {
        /// Who.
        person_id: uuid::Uuid,
        /// To which.
        household_id: uuid::Uuid,
    },
    /// The entry was merged into another one.
    #[error("merged into person {person_id}")]
    PersonMerged {
        /// That one.
        person_id: uuid::Uuid,
    },
    /// The merge cannot be undone any more.
    #[error("the merge could be undone until {until}")]
    MergeFinal {
        /// The last day.
        until: chrono::NaiveDate,
    },
    /// The person was transferred to another township.
    #[error("the person was transferred to another township")]
    PersonTransferred,
    /// The transfer is over.
    #[error("transfer {transfer_id} is over: {state}")]
    TransferClosed {
        /// The transfer.
        transfer_id: uuid::Uuid,
        /// "ACCEPTED", "REJECTED", "WITHDRAWN" or "EXPIRED".
        state: &'static str,
    },
    /// The step is the other township's.
    #[error("transfer {transfer_id} is the other township's turn")]
    TransferOthersTurn {
        /// The transfer.
        transfer_id: uuid::Uuid,
    },
    /// An offer of the person, or a request for the number, is open.
    #[error("transfer {transfer_id} is open")]
    TransferOpen {
        /// The transfer.
        transfer_id: uuid::Uuid,
    },
    /// Nobody in the city has the number.
    #[error("the number is not registered elsewhere")]
    NotElsewhere,
    /// The person was anonymised.
    #[error("the person was anonymised")]
    PersonAnonymised,
    /// Rows of a match still need a decision.
    #[error("{rows} rows still need a decision")]
    MatchUndecided {
        /// How many.
        rows: i64,
    },
    /// UNREACHABLE without its attempts.
    #[error("attempts on {days} different days, {home_visits} home visits")]
    AttemptsMissing {
        /// Different days with an attempt.
        days: usize,
        /// Home visits among the attempts.
        home_visits: usize,
    },
    /// A waiver of the duty is asked for or granted.
    #[error("waiver {waiver_id} stands")]
    WaiverStands {
        /// That one.
        waiver_id: uuid::Uuid,
    },
    /// Somebody concerned is absent, or stands in for the other.
    #[error("absence {absence_id} overlaps")]
    AbsenceOverlaps {
        /// That one.
        absence_id: uuid::Uuid,
    },
    /// An assignment that begins after that day stands.
    #[error("assignment {assignment_id} begins on {from}, later than that day; assign from {from} on, or after it")]
    AssignmentOverlaps {
        /// The latest such one.
        assignment_id: uuid::Uuid,
        /// Its first day.
        from: chrono::NaiveDate,
    },
    /// The cursor is older than what the feed keeps.
    #[error("the feed of {township} begins at {oldest}")]
    FeedCompacted {
        /// Whose feed.
        township: Township,
        /// First event kept.
        oldest: i64,
    },
    /// The store behind the feed was restored.
    #[error("the feed of {township} has another epoch")]
    FeedEpochChanged {
        /// Whose feed.
        township: Township,
        /// The epoch now.
        epoch: uuid::Uuid,
    },
    /// The consumer did not keep up.
    #[error("the reader is too slow")]
    FeedReaderSlow,
    /// A limit is reached for now.
    #[error("overloaded: {limit}")]
    Overloaded {
        /// Which limit.
        limit: &'static str,
    },
    /// More than this method takes.
    #[error("too large: {limit}")]
    TooLarge {
        /// Which limit.
        limit: &'static str,
    },
    /// The deadline passed.
    #[error("the deadline passed")]
    Deadline,
    /// A database or peer cannot be reached.
    #[error("unavailable")]
    Unavailable(#[source] Source),
    /// Two units of work met.
    #[error("conflict")]
    Conflict(#[source] Source),
    /// The server is stopping.
    #[error("stopping")]
    Stopping,
    /// No such method.
    #[error("method unknown")]
    MethodUnknown,
    /// A message compressed in a way that is not known here.
    #[error("encoding unknown")]
    EncodingUnknown,
    /// A fault of ours.
    #[error("internal fault")]
    Internal(#[source] Source),
}

/// The cause of an error, for the log.
pub type Source = Box<dyn std::error::Error + Send + Sync>;

impl Error {
    /// A fault of ours, told in words.
    pub fn internal(what: impl Into<Source>) -> Self {
        Self::Internal(what.into())
    }

    /// One field that breaks its rule.
    pub fn field(field: impl Into<Cow<'static, str>>, rule: Rule) -> Self {
        let mut faults = Violations::default();
        faults.add(field, rule);
        Self::Invalid(faults)
    }
}

/// Kinds of things that can be not there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Resource {
    /// 服务对象
    Person,
    /// 联系记录
    Contact,
    /// 应做事项
    Duty,
    /// 区镇
    Township,
    /// 扫描
    Sweep,
    /// 就业困难认定
    Recognition,
    /// 家庭
    Household,
    /// 疑似重复
    Duplicate,
    /// 合并
    Merge,
    /// 转移
    Transfer,
    /// 数据比对
    DataMatch,
    /// 服务标准
    Standard,
    /// 豁免申请
    Waiver,
    /// 服务记录
    ServiceRecord,
    /// 协理员
    Coordinator,
    /// 请假
    Absence,
}

impl Resource {
    /// As it stands in an error's metadata.
    pub fn word(self) -> &'static str {
        match self {
            Self::Person => "person",
            Self::Contact => "contact",
            Self::Duty => "duty",
            Self::Township => "township",
            Self::Sweep => "sweep",
            Self::Recognition => "recognition",
            Self::Household => "household",
            Self::Duplicate => "duplicate",
            Self::Merge => "merge",
            Self::Transfer => "transfer",
            Self::DataMatch => "data_match",
            Self::Standard => "standard",
            Self::Waiver => "waiver",
            Self::ServiceRecord => "service_record",
            Self::Coordinator => "coordinator",
            Self::Absence => "absence",
        }
    }

    /// The office's word.
    pub fn office_word(self) -> &'static str {
        match self {
            Self::Person => "服务对象",
            Self::Contact => "联系记录",
            Self::Duty => "应做事项",
            Self::Township => "区镇",
            Self::Sweep => "巡查",
            Self::Recognition => "就业困难认定",
            Self::Household => "家庭",
            Self::Duplicate => "疑似重复信息",
            Self::Merge => "合并记录",
            Self::Transfer => "转移事项",
            Self::DataMatch => "数据比对",
            Self::Standard => "服务标准",
            Self::Waiver => "豁免申请",
            Self::ServiceRecord => "服务记录",
            Self::Coordinator => "协理员",
            Self::Absence => "请假记录",
        }
    }
}

impl std::fmt::Display for Resource {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.word())
    }
}

/// The rule that a field breaks, in both languages. Never holds the value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rule {
    /// "must be a date between 1900-01-01 and 2100-12-31"
    pub en: Cow<'static, str>,
    /// "应为1900-01-01至2100-12-31之间的日期"
    pub zh: Cow<'static, str>,
}

/// Fields that break their rules: all of a request's at once, each rule of a field once, the first 32 at most.
///
/// An error travels in HTTP/2 headers, of which some clients take 8 KiB: `status` tells as many as fit.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Violations(Vec<(Cow<'static, str>, Rule)>);

/// Violations kept at once.
const MOST_VIOLATIONS: usize = 32;

impl Violations {
    /// Adds one, unless it is there already.
    pub fn add(&mut self, field: impl Into<Cow<'static, str>>, rule: Rule) {
        let violation = (field.into(), rule);
        if self.0.len() < MOST_VIOLATIONS && !self.0.contains(&violation) {
            self.0.push(violation);
        }
    }

    /// Adds those of an error, if it is one of fields.
    pub fn join(&mut self, error: Error) {
        if let Error::Invalid(others) = error {
            for (field, rule) in others.0 {
                self.add(field, rule);
            }
        }
    }

    /// Whether a field has one.
    pub fn has(&self, field: &str) -> bool {
        self.0.iter().any(|(known, _)| known == field)
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Field and rule of each.
    pub fn iter(&self) -> impl Iterator<Item = &(Cow<'static, str>, Rule)> {
        self.0.iter()
    }

    /// `Ok` when there is none.
    pub fn check(self) -> Result<(), Error> {
        if self.is_empty() { Ok(()) } else { Err(Error::Invalid(self)) }
    }
}

impl std::fmt::Display for Violations {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for (i, (field, rule)) in self.0.iter().enumerate() {
            let comma = if i == 0 { "" } else { "; " };
            write!(f, "{comma}{field} {}", rule.en)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rule_is_told_once_a_field_and_no_more_are_told_than_headers_hold() {
        let rule = |n: usize| Rule { en: format!("must not be {n}").into(), zh: format!("不得为{n}").into() };
        let mut faults = Violations::default();
        for n in 0..1_000 {
            faults.add("ids", rule(n % 3));
        }
        assert_eq!(faults.len(), 3);
        for n in 0..1_000 {
            faults.add("ids", rule(n));
        }
        assert_eq!(faults.len(), MOST_VIOLATIONS);
        assert!(faults.check().is_err());
    }
}
