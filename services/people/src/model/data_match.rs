//! Data matching (数据比对): lists of other departments, what their rows say, and how a row meets the register.

use std::collections::BTreeSet;

use bangfu_kernel::{EmploymentStatus, Error, Group, IdNumber, Insured};
use bangfu_proto::people::v1::{
    DataMatchDecision, DataMatchKind, DataMatchOutcome, DataMatchState, Department, RowCode,
};
use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use uuid::Uuid;

use super::{
    employment::{NewEmployment, StandIn},
    membership::{self, Details, Membership, Origin, Source},
    person::NewPerson,
};

/// Days within which a match is committed; what was sent is wiped after them.
const KEPT_DAYS: i64 = 30;

/// A list held against the register.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DataMatch {
    /// Its id.
    pub match_id: Uuid,
    /// Whose list it is.
    pub department: Department,
    /// As the department calls it.
    pub list_name: String,
    /// The list's date.
    pub list_on: NaiveDate,
    /// The group the list is about.
    pub group: Group,
    /// Where it stands.
    pub state: DataMatchState,
    /// SHA-256 of the list.
    pub content: Vec<u8>,
    /// How many rows it has.
    pub rows: i32,
    /// The account that sent it.
    pub started_by: String,
    /// When it came.
    pub started_at: DateTime<Utc>,
    /// The account that committed it.
    pub committed_by: Option<String>,
    /// When its last row was written.
    pub committed_at: Option<DateTime<Utc>>,
}

impl DataMatch {
    /// Where what comes of it comes from: "民政局 2026年低保名单 2026-01-05".
    pub fn origin(&self) -> Origin {
        let evidence = format!("{} {} {}", office_word(self.department), self.list_name, self.list_on);
        Origin { source: Source::DataMatch, evidence: evidence.into() }
    }

    /// Decisions are possible. Errors: ILLEGAL_TRANSITION.
    pub fn open(&self) -> Result<(), Error> {
        match self.state {
            DataMatchState::Open => Ok(()),
            state => Err(Error::IllegalTransition { state: state_word(state) }),
        }
    }
}

/// Matches that began before this instant and are not committed are wiped.
pub fn expired_before(now: DateTime<Utc>) -> DateTime<Utc> {
    now - TimeDelta::days(KEPT_DAYS)
}

/// 民政局 …: what the office calls a department.
pub fn office_word(department: Department) -> &'static str {
    match department {
        Department::Unspecified => "",
        Department::CivilAffairs => "民政局",
        Department::Education => "教育局",
        Department::VeteransAffairs => "退役军人事务局",
        Department::Agriculture => "农业农村局",
    }
}

/// The group that lists of a department are about, unless they say otherwise; `None` for UNSPECIFIED.
pub fn group_of(department: Department) -> Option<Group> {
    match department {
        Department::Unspecified => None,
        Department::CivilAffairs => Some(Group::RelativePoverty),
        Department::Education => Some(Group::CollegeGraduate),
        Department::VeteransAffairs => Some(Group::Veteran),
        Department::Agriculture => Some(Group::ReturnedMigrant),
    }
}

/// "OPEN": a state as stored.
pub fn state_word(state: DataMatchState) -> &'static str {
    state.as_str_name().trim_start_matches("DATA_MATCH_STATE_")
}

/// "CONFLICTING": a kind as stored.
pub fn kind_word(kind: DataMatchKind) -> &'static str {
    kind.as_str_name().trim_start_matches("DATA_MATCH_KIND_")
}

/// "APPLY": a decision as stored.
pub fn decision_word(decision: DataMatchDecision) -> &'static str {
    decision.as_str_name().trim_start_matches("DATA_MATCH_DECISION_")
}

/// "REGISTERED": an outcome as stored.
pub fn outcome_word(outcome: DataMatchOutcome) -> &'static str {
    outcome.as_str_name().trim_start_matches("DATA_MATCH_OUTCOME_")
}

/// Whether rows of a kind are decided on; the others leave nothing to decide.
pub fn is_decided_on(kind: DataMatchKind) -> bool {
    matches!(kind, DataMatchKind::New | DataMatchKind::Conflicting)
}

/// A row of a list, judged.
#[derive(Debug)]
pub struct Row {
    /// Its number.
    pub number: i32,
    /// All that was found, rejecting codes first.
    pub codes: Vec<RowCode>,
    /// Cells that could not be read and are left out.
    pub unread: Vec<&'static str>,
    /// What it says, or why that does not count.
    pub told: Told,
}

/// What a row comes to before it meets the register.
#[derive(Debug)]
pub enum Told {
    /// It is about somebody.
    Somebody(Box<Listed>),
    /// The same person stands in an earlier row.
    Duplicate,
    /// Its codes say why nothing of it counts.
    Invalid,
}

/// What a row says of somebody, judged and normalised. It is kept sealed; `Debug` shows no personal data.
#[derive(Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Listed {
    /// The row's number.
    pub row: i32,
    /// 身份证号码
    pub id_number: String,
    /// 姓名
    pub name: String,
    /// 联系电话
    pub phone: Option<String>,
    /// 住址; may be empty.
    pub address: String,
    /// 村(社区); may be empty.
    pub village: String,
    /// 协理员; may be empty.
    pub coordinator: String,
    /// 文化程度; may be empty.
    pub education: String,
    /// 就业意愿; may be empty.
    pub job_wish: String,
    /// 培训意愿; may be empty.
    pub training_wish: String,
    /// 备注; may be empty.
    pub remark: String,
    /// At least one.
    pub groups: BTreeSet<Group>,
    /// 就业情况; `None`: the row does not say.
    pub employment: Option<ListedSpell>,
    /// What the office keeps of members of single groups.
    pub details: ListedDetails,
    /// First day the memberships no longer hold; `None`: they hold.
    pub ended_on: Option<NaiveDate>,
}

/// What a row says of employment.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct ListedSpell {
    /// As a code word: "UNEMPLOYED".
    pub status: String,
    /// First day it holds.
    pub effective_on: NaiveDate,
    /// The list's date stands for one that could not be read.
    pub date_stands_in: bool,
    /// 就业单位/从事工作; may be empty.
    pub employer: String,
    /// Months; 0: not known.
    pub contract_months: i32,
    /// 是否参保
    pub insured: Option<bool>,
}

/// What a row says of what the office keeps of members of single groups; parts of it may be missing.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct ListedDetails {
    /// 毕业时间
    pub graduated_on: Option<NaiveDate>,
    /// 毕业院校; may be empty.
    pub school: String,
    /// 退役方式, as the contract's code word; may be empty.
    pub discharge_kind: String,
    /// 退役时间
    pub discharged_on: Option<NaiveDate>,
    /// 返乡前务工地点; may be empty.
    pub returned_from: String,
    /// 返乡时间
    pub returned_on: Option<NaiveDate>,
}

impl std::fmt::Debug for Listed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Listed").field("row", &self.row).field("groups", &self.groups).finish_non_exhaustive()
    }
}

impl Listed {
    /// Their ID number.
    pub fn id(&self) -> Result<IdNumber, Error> {
        self.id_number.parse().map_err(|_fault| Error::internal("a listed ID number is none"))
    }

    /// Somebody on their way into the register, or to be compared with who is there. Whose memberships have ended joins no group.
    pub fn person(&self, origin: &Origin) -> Result<NewPerson, Error> {
        let employment = self.employment.as_ref().map(|spell| spell.record(origin)).transpose()?;
        Ok(NewPerson {
            id: self.id()?,
            name: self.name.clone(),
            phone: self.phone.clone(),
            address: self.address.clone(),
            remark: self.remark.as_str().into(),
            village: self.village.as_str().into(),
            coordinator: self.coordinator.as_str().into(),
            education: self.education.as_str().into(),
            job_wish: self.job_wish.as_str().into(),
            training_wish: self.training_wish.as_str().into(),
            graduated_on: self.details.graduated_on,
            groups: if self.ended_on.is_some() { BTreeSet::new() } else { self.groups.clone() },
            employment,
        })
    }

    /// The memberships that the row ends, as they are afterwards.
    pub fn ends(&self, memberships: &[Membership]) -> Vec<Membership> {
        let Some(on) = self.ended_on else { return Vec::new() };
        let open = self.groups.iter().filter_map(|&group| membership::open(memberships, group));
        // What began later than it ends has never held.
        open.map(|held| Membership { until: Some(on.max(held.from)), ..held.clone() }).collect()
    }

    /// What the row adds to what the office keeps of open memberships, as it is afterwards.
    pub fn completes(&self, memberships: &[Membership]) -> Vec<Details> {
        let open = memberships.iter().filter(|held| held.until.is_none() && self.groups.contains(&held.group));
        open.filter_map(|held| {
            let after = self.details.after(held.group, held.details.as_ref())?;
            (held.details.as_ref() != Some(&after)).then_some(after)
        })
        .collect()
    }
}

impl ListedSpell {
    fn record(&self, origin: &Origin) -> Result<NewEmployment, Error> {
        let status = EmploymentStatus::from_code(&self.status);
        Ok(NewEmployment {
            status: status.ok_or_else(|| Error::internal("a listed status is none"))?,
            effective_on: self.effective_on,
            known_on: None,
            employer: self.employer.as_str().into(),
            credit_code: "".into(),
            contract_months: self.contract_months,
            insured: Insured::from_option(self.insured),
            source: origin.source.code().into(),
            evidence: origin.evidence.to_string().into(),
            stand_in: StandIn { status: false, date: self.date_stands_in },
        })
    }
}

impl ListedDetails {
    /// The details of a group's member with what the row says; `None` where that does not make a whole.
    fn after(&self, group: Group, known: Option<&Details>) -> Option<Details> {
        match group {
            Group::CollegeGraduate => {
                let (on, at) = match known {
                    Some(Details::Graduation { graduated_on, school }) => (Some(*graduated_on), school.as_str()),
                    _ => (None, ""),
                };
                let school = either(&self.school, at);
                Some(Details::Graduation { graduated_on: self.graduated_on.or(on)?, school })
            }
            Group::Veteran => {
                let (how, on) = match known {
                    Some(Details::Discharge { kind, discharged_on }) => (kind.as_str(), *discharged_on),
                    _ => ("", None),
                };
                let kind = either(&self.discharge_kind, how);
                let discharged_on = self.discharged_on.or(on);
                (!kind.is_empty()).then_some(Details::Discharge { kind, discharged_on })
            }
            Group::ReturnedMigrant => {
                let (from, on, leaving_on) = match known {
                    Some(Details::Homecoming { returned_from, returned_on, leaving_on }) => {
                        (returned_from.as_str(), Some(*returned_on), *leaving_on)
                    }
                    _ => ("", None, None),
                };
                let returned_from = either(&self.returned_from, from);
                let returned_on = self.returned_on.or(on)?;
                // Whoever came back again after that day has not left yet.
                let leaving_on = leaving_on.filter(|&leaving| leaving >= returned_on);
                (!returned_from.is_empty()).then_some(Details::Homecoming { returned_from, returned_on, leaving_on })
            }
            Group::RegisteredUnemployed | Group::EmploymentDifficulty | Group::RelativePoverty => None,
        }
    }
}

fn either(new: &str, known: &str) -> String {
    if new.is_empty() { known.to_owned() } else { new.to_owned() }
}

/// The contract's name of the field that details are shown in.
pub fn field_of(details: &Details) -> &'static str {
    match details {
        Details::Graduation { .. } => "graduation",
        Details::Discharge { .. } => "discharge",
        Details::Homecoming { .. } => "homecoming",
    }
}

/// How a row meets the register, or what it left there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Met {
    /// Nobody in the city had the number.
    New,
    /// Here, and the row says nothing else.
    Same,
    /// Here, and these fields differ.
    Differing(Vec<&'static str>),
    /// Here under another name: nothing of the row is compared or written.
    OtherName,
    /// Registered in another township.
    Elsewhere,
    /// Not here, and the row says that the membership has ended.
    Ended,
}

impl Met {
    /// What the office sees of it before it decides, with the fields that differ.
    pub fn kind(&self) -> (DataMatchKind, &[&'static str]) {
        match self {
            Self::New => (DataMatchKind::New, &[]),
            Self::Same => (DataMatchKind::Matched, &[]),
            Self::Differing(fields) => (DataMatchKind::Conflicting, fields),
            Self::OtherName => (DataMatchKind::Conflicting, &["name"]),
            Self::Elsewhere => (DataMatchKind::Elsewhere, &[]),
            Self::Ended => (DataMatchKind::Ended, &[]),
        }
    }

    /// What became of it when it was written.
    pub fn outcome(&self) -> DataMatchOutcome {
        match self {
            Self::New => DataMatchOutcome::Registered,
            Self::Same => DataMatchOutcome::Unchanged,
            Self::Differing(_) => DataMatchOutcome::Changed,
            Self::OtherName => DataMatchOutcome::OtherName,
            Self::Elsewhere => DataMatchOutcome::Elsewhere,
            Self::Ended => DataMatchOutcome::Ended,
        }
    }
}

/// Rows that are alike, counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Count {
    /// How they met the register.
    pub kind: DataMatchKind,
    /// What was decided.
    pub decision: DataMatchDecision,
    /// What became of them.
    pub outcome: DataMatchOutcome,
    /// How many.
    pub rows: i64,
}

/// How many rows still need a decision.
pub fn undecided(counts: &[Count]) -> i64 {
    let open = |count: &&Count| is_decided_on(count.kind) && count.decision == DataMatchDecision::Unspecified;
    counts.iter().filter(open).map(|count| count.rows).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().expect("a date")
    }

    fn listed(group: Group) -> Listed {
        Listed {
            row: 4,
            id_number: String::new(),
            name: "张样".to_owned(),
            phone: None,
            address: String::new(),
            village: String::new(),
            coordinator: String::new(),
            education: String::new(),
            job_wish: String::new(),
            training_wish: String::new(),
            remark: String::new(),
            groups: [group].into(),
            employment: None,
            details: ListedDetails::default(),
            ended_on: None,
        }
    }

    fn member(group: Group, details: Option<Details>) -> Membership {
        let begun = day("2026-01-05");
        Membership { details, ..Membership::begin(group, begun, begun, Source::DataMatch) }
    }

    #[test]
    fn details_are_completed_by_what_the_row_says_and_never_emptied() {
        type Change = fn(&mut ListedDetails);
        let graduated = |on: &str, school: &str| Details::Graduation { graduated_on: day(on), school: school.into() };
        let left = |kind: &str, on: Option<&str>| Details::Discharge { kind: kind.into(), discharged_on: on.map(day) };
        let back = |from: &str, leaving: Option<&str>| Details::Homecoming {
            returned_from: from.into(),
            returned_on: day("2026-01-01"),
            leaving_on: leaving.map(day),
        };
        let table: [(Group, Option<Details>, Change, Option<Details>); 9] = [
            (Group::CollegeGraduate, None, |_| {}, None),
            (Group::CollegeGraduate, None, |said| said.school = "某校".into(), None),
            (
                Group::CollegeGraduate,
                Some(graduated("2025-06-30", "")),
                |said| said.school = "某校".into(),
                Some(graduated("2025-06-30", "某校")),
            ),
            (Group::CollegeGraduate, Some(graduated("2025-06-30", "某校")), |_| {}, None),
            (Group::Veteran, None, |said| said.discharged_on = Some(day("2025-12-01")), None),
            (
                Group::Veteran,
                Some(left("OWN_EMPLOYMENT", None)),
                |said| said.discharged_on = Some(day("2025-12-01")),
                Some(left("OWN_EMPLOYMENT", Some("2025-12-01"))),
            ),
            (
                Group::ReturnedMigrant,
                Some(back("苏州", Some("2026-03-01"))),
                |said| said.returned_from = "上海".into(),
                Some(back("上海", Some("2026-03-01"))),
            ),
            (
                Group::ReturnedMigrant,
                None,
                |said| {
                    said.returned_from = "上海".into();
                    said.returned_on = Some(day("2026-01-01"));
                },
                Some(back("上海", None)),
            ),
            (Group::RelativePoverty, None, |said| said.school = "某校".into(), None),
        ];
        for (group, known, change, after) in table {
            let mut row = listed(group);
            change(&mut row.details);
            assert_eq!(row.completes(&[member(group, known)]), Vec::from_iter(after), "{group:?}");
        }
    }

    #[test]
    fn an_end_ends_open_memberships_of_its_groups_only_and_not_before_they_began() {
        let mut row = listed(Group::RelativePoverty);
        let (poor, veteran) = (member(Group::RelativePoverty, None), member(Group::Veteran, None));
        assert!(row.ends(&[poor.clone(), veteran.clone()]).is_empty(), "the row says nothing of an end");
        for (on, until) in [("2026-02-01", "2026-02-01"), ("2025-12-01", "2026-01-05")] {
            row.ended_on = Some(day(on));
            let ended = row.ends(&[poor.clone(), veteran.clone()]);
            assert_eq!(ended, [Membership { until: Some(day(until)), ..poor.clone() }]);
            assert!(row.ends(&ended).is_empty(), "it has ended already");
        }
    }

    #[test]
    fn only_new_and_conflicting_rows_need_a_decision() {
        let count = |kind, decision| Count { kind, decision, outcome: DataMatchOutcome::Unspecified, rows: 3 };
        let (none, apply) = (DataMatchDecision::Unspecified, DataMatchDecision::Apply);
        for (kind, needed) in [
            (DataMatchKind::New, 3),
            (DataMatchKind::Conflicting, 3),
            (DataMatchKind::Matched, 0),
            (DataMatchKind::Elsewhere, 0),
            (DataMatchKind::Invalid, 0),
            (DataMatchKind::Duplicate, 0),
            (DataMatchKind::Ended, 0),
        ] {
            assert_eq!(undecided(&[count(kind, none), count(kind, apply)]), needed, "{kind:?}");
        }
    }
}
