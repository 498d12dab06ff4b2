//! Standards (服务标准): versioned, effective-dated documents made of duty rules. Domain text, section 3.

pub mod check;
pub mod document;
mod message;
mod together;
mod unknown_keys;

use std::sync::Arc;

use bangfu_kernel::{
    Error, Group, ServiceLevel,
    error::Violations,
    fields::{required, rule},
};
use chrono::{Datelike as _, NaiveDate};

use super::{
    belief::Belief,
    channel::Channel,
    contact::ContactResult,
    festival::Festival,
    history::{Record, RecordKind},
    service::Service,
};

/// The shipped default: the notice itself, in force from its date.
const NOTICE: &str = include_str!("../../standards/2021-03-01.toml");

/// The standards of a city, the oldest first; never none, each in force until the next one is.
#[derive(Debug, Clone, PartialEq)]
pub struct Standards(Vec<Standard>);

/// One version: what is owed from a day on.
#[derive(Debug, Clone, PartialEq)]
pub struct Standard {
    /// Name of the version: "2021-03-01".
    pub version: Arc<str>,
    /// First day it is in force. It governs the periods that begin on or after this day.
    pub in_force_from: NaiveDate,
    /// Its rules, with unique ids.
    pub rules: Vec<Rule>,
}

/// A duty rule: what is owed, to whom, how often.
#[derive(Debug, Clone, PartialEq)]
pub struct Rule {
    /// "follow_up.unemployed": the same duty across versions has the same id.
    pub id: Arc<str>,
    /// 失业人员跟踪服务 …: the office's name for it.
    pub office_name: String,
    /// Where it comes from: the notice, or a default of ours.
    pub source: String,
    /// What is owed.
    pub service: Service,
    /// To whom.
    pub who: Who,
    /// How often.
    pub every: Every,
    /// Yearly quotas ("131"); `None`: one duty a period, slot 0.
    pub quota: Option<Quota>,
    /// Least days, the opening day included, that must remain of a period for it to be owed. `once` rules: 0.
    pub min_days: u32,
    /// Days after `due_on` on which work done in time may still be entered.
    pub entry_grace_days: u32,
    /// Which contacts count.
    pub counts: Counts,
}

/// Which contacts count for a rule. A service record counts by its service alone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Counts {
    /// By any of these channels; none named: by any at all.
    pub channels: Vec<Channel>,
    /// With any of these results.
    pub results: Vec<ContactResult>,
}

/// Of whom a rule speaks. Somebody EXITED is never meant, nor somebody outside the township.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Who {
    /// Households that are recognised and not cleared, instead of people.
    pub household: bool,
    /// Any of these levels; none named: every level but EXITED.
    pub levels: Vec<ServiceLevel>,
    /// And member of any of these groups; none named: whatever the groups.
    pub groups: Vec<Group>,
    /// And with a recognition of difficulty that holds, or without one; `None`: whether or not.
    pub recognised: Option<bool>,
    /// `once` rules: the level, given by a record, of the day before it came to hold; none named: whatever it was.
    pub after: Vec<ServiceLevel>,
}

/// How often a rule is owed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Every {
    /// Each calendar month.
    Month,
    /// Each half-year: January to June, July to December.
    HalfYear,
    /// Each calendar year.
    Year,
    /// Each time the "who" turns true.
    Once {
        /// Days from the opening to the last day to do it.
        within_days: u32,
    },
    /// The days around a festival.
    Window(Window),
}

/// The days around a festival: one period a year.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Window {
    /// Which.
    pub festival: Festival,
    /// Days before its day.
    pub days_before: u32,
    /// Days after its day.
    pub days_after: u32,
}

/// So many a year, in numbered slots.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Quota {
    /// How many a full year.
    pub count: u32,
    /// How many for part of a year.
    pub proration: Proration,
}

/// What is owed of a quota for part of a year.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Proration {
    /// In proportion to the months left, the opening one included, rounded up.
    ByMonth,
    /// All of it.
    Full,
}

impl Standards {
    /// Those of a city, in whatever order. Refused: none at all, two with one version or one first day.
    pub fn new(mut standards: Vec<Standard>) -> Result<Self, Error> {
        standards.sort_by_key(|standard| standard.in_force_from);
        let mut faults = Violations::default();
        if standards.is_empty() {
            faults.add("standards", required());
        }
        for (i, standard) in standards.iter().enumerate() {
            let earlier = &standards[..i];
            if earlier.iter().any(|other| other.version == standard.version) {
                faults.add(format!("standards[{}].version", standard.version), rule("must be unique", "不得重复"));
            }
            if earlier.iter().any(|other| other.in_force_from == standard.in_force_from) {
                let field = format!("standards[{}].in_force_from", standard.version);
                faults.add(field, rule("must differ from the other standards'", "不得与其他标准相同"));
            }
        }
        faults.check()?;
        Ok(Self(standards))
    }

    /// The shipped default alone: the notice.
    pub fn shipped() -> Result<Self, Error> {
        Self::new(vec![Standard::parse(NOTICE)?])
    }

    /// The one in force on a day; `None` before the first.
    pub fn in_force_on(&self, day: NaiveDate) -> Option<&Standard> {
        self.0.iter().rev().find(|standard| standard.in_force_from <= day)
    }

    /// First day of the first standard: nothing is owed for what began before.
    pub fn first_day(&self) -> NaiveDate {
        self.0.first().map_or(NaiveDate::MAX, |standard| standard.in_force_from)
    }

    /// With one more. Refused as in [`Standards::new`].
    pub fn with(&self, standard: Standard) -> Result<Self, Error> {
        Self::new(self.0.iter().cloned().chain([standard]).collect())
    }

    /// First and last of the days after `since` and up to `until` on which a standard comes into force; `since` none: from
    /// the second standard on, for nobody can have been planned before the first.
    pub fn turns(&self, since: Option<NaiveDate>, until: NaiveDate) -> Option<(NaiveDate, NaiveDate)> {
        let since = since.unwrap_or_else(|| self.first_day());
        let days = self.0.iter().map(|standard| standard.in_force_from);
        let mut turns = days.filter(|&day| since < day && day <= until);
        let first = turns.next()?;
        Some((first, turns.next_back().unwrap_or(first)))
    }

    /// First day of the last standard.
    pub fn last_turn(&self) -> NaiveDate {
        self.0.last().map_or(NaiveDate::MIN, |standard| standard.in_force_from)
    }

    /// Every kind of window that one of them knows.
    pub fn windows(&self) -> Vec<Window> {
        let mut windows = Vec::new();
        for rule in self.0.iter().flat_map(|standard| &standard.rules) {
            if let Every::Window(window) = rule.every
                && !windows.contains(&window)
            {
                windows.push(window);
            }
        }
        windows
    }

    /// All of them, the oldest first.
    pub fn iter(&self) -> impl Iterator<Item = &Standard> {
        self.0.iter()
    }
}

impl Standard {
    /// Reads a standard from its TOML document (see `standards/2021-03-01.toml`). All faults are listed at once.
    pub fn parse(toml: &str) -> Result<Self, Error> {
        document::Document::parse(toml)?.checked().map_err(check::refused)
    }

    /// Its TOML document, which [`Standard::parse`] reads.
    pub fn to_toml(&self) -> Result<String, Error> {
        document::Document::from(self).to_toml()
    }
}

impl Who {
    /// Whether a rule speaks of whom the office believes the person, or the household, to be.
    pub fn holds(&self, belief: &Belief) -> bool {
        if self.household {
            return belief.household;
        }
        belief.in_township
            && belief.level != ServiceLevel::Exited
            && self.names_level(belief.level)
            && (self.groups.is_empty() || self.groups.iter().any(|&group| belief.groups.contains(group)))
            && self.recognised.is_none_or(|recognised| recognised == belief.recognised)
    }

    /// Whether the level is one of those named, or none is.
    pub fn names_level(&self, level: ServiceLevel) -> bool {
        self.levels.is_empty() || self.levels.contains(&level)
    }

    /// Whether what was believed for the day before a spell lets a `once` rule open.
    pub fn comes_after(&self, before: &Belief) -> bool {
        self.after.is_empty() || (before.status.is_some() && self.after.contains(&before.level))
    }
}

impl Rule {
    /// Whether a record is one of the rule's service. An effective contact is a follow-up by itself; a service record is none: a
    /// follow-up "must show an effective contact" (domain text, section 3).
    pub fn counts(&self, record: &Record) -> bool {
        let follow_up = self.service == Service::FollowUp;
        match record.kind {
            RecordKind::Contact { channel, result } => {
                (follow_up || record.services.contains(self.service))
                    && self.counts.results.contains(&result)
                    && (self.counts.channels.is_empty() || self.counts.channels.contains(&channel))
            }
            RecordKind::Service => !follow_up && record.services.contains(self.service),
        }
    }
}

impl Counts {
    /// What counts where a standard does not say otherwise (**defaults** of section 4): an effective result, and for a follow-up
    /// a channel by which somebody spoke with somebody.
    pub fn usual(service: Service) -> Self {
        let channels = if service == Service::FollowUp {
            Channel::ALL.into_iter().filter(|channel| channel.settles_follow_up()).collect()
        } else {
            Vec::new()
        };
        Self { channels, results: ContactResult::ALL.into_iter().filter(|result| result.is_effective()).collect() }
    }
}

impl Quota {
    /// Slots owed when it opens on a day: `ceil(count * m / 12)`, `m` the months from that day's to December.
    pub fn slots(&self, opens_on: NaiveDate) -> u32 {
        match self.proration {
            Proration::ByMonth => (self.count * (12 - opens_on.month0())).div_ceil(12),
            Proration::Full => self.count,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().expect("a date")
    }

    #[test]
    fn a_quota_is_prorated_by_month_and_rounded_up() {
        let quota = |count, proration| Quota { count, proration };
        for (count, opens_on, slots) in [
            (3, "2026-01-31", 3),
            (3, "2026-04-30", 3),
            (3, "2026-05-01", 2),
            (3, "2026-08-31", 2),
            (3, "2026-09-01", 1),
            (3, "2026-12-22", 1),
            (1, "2026-12-22", 1),
            (12, "2026-12-01", 1),
        ] {
            assert_eq!(quota(count, Proration::ByMonth).slots(day(opens_on)), slots, "{count} from {opens_on}");
            assert_eq!(quota(count, Proration::Full).slots(day(opens_on)), count);
        }
    }

    /// Two rules of section 4 meet here. Being *effective* is a matter of the result: "a contact counts for any service only if it
    /// is effective". *Settling a follow-up* is besides a matter of the channel. So a text message that was answered counts
    /// for the policies told in it, and not as a follow-up, even where somebody ticked it as one.
    #[test]
    fn a_contact_counts_for_what_section_4_says() {
        use Channel as C;
        use ContactResult as R;
        let standards = Standards::shipped().expect("it is valid");
        let rules = &standards.in_force_on(day("2026-01-01")).expect("in force").rules;
        let counts = |kind, services: &[Service]| {
            let services = services.iter().copied().collect();
            let record =
                Record { id: uuid::Uuid::nil(), on: day("2026-01-05"), entered_on: day("2026-01-05"), kind, services };
            let rule = |id: &str| rules.iter().find(|rule| &*rule.id == id).expect("a rule").counts(&record);
            (rule("follow_up.unemployed"), rule("policy_publicity"))
        };
        let (policy, ticked) = ([Service::PolicyPublicity], [Service::FollowUp, Service::PolicyPublicity]);
        for (channel, result, services, expected) in [
            (C::Phone, R::ReachedSelf, &[] as &[Service], (true, false)),
            (C::Counter, R::Refused, &policy, (true, true)),
            (C::HomeVisit, R::Deceased, &ticked, (true, true)),
            (C::Sms, R::ReachedSelf, &policy, (false, true)),
            (C::Sms, R::ReachedSelf, &ticked, (false, true)),
            (C::DataMatch, R::Moved, &[], (false, false)),
            (C::HomeVisit, R::Away, &ticked, (false, false)),
            (C::Phone, R::NoAnswer, &policy, (false, false)),
        ] {
            let found = counts(RecordKind::Contact { channel, result }, services);
            assert_eq!(found, expected, "{channel:?} {result:?} {services:?}");
        }
        assert_eq!(counts(RecordKind::Service, &ticked), (false, true));
    }

    #[test]
    fn the_shipped_standard_is_the_notice_in_force_from_its_date() {
        let standards = Standards::shipped().expect("it is valid");
        assert_eq!(standards.in_force_on(day("2021-02-28")), None);
        let notice = standards.in_force_on(day("2021-03-01")).expect("it is in force");
        let rules: Vec<_> = notice
            .rules
            .iter()
            .map(|rule| (&*rule.id, rule.service.code(), rule.every, rule.quota.map(|quota| quota.count)))
            .collect();
        let once = Every::Once { within_days: 30 };
        let spring = Window { festival: Festival::SpringFestival, days_before: 15, days_after: 30 };
        assert_eq!(
            rules,
            [
                ("follow_up.stable", "FOLLOW_UP", Every::Year, None),
                ("follow_up.flexible", "FOLLOW_UP", Every::HalfYear, None),
                ("follow_up.no_intention", "FOLLOW_UP", Every::HalfYear, None),
                ("follow_up.unemployed", "FOLLOW_UP", Every::Month, None),
                ("follow_up.unverified", "FOLLOW_UP", Every::Month, None),
                ("131.career_guidance", "CAREER_GUIDANCE", Every::Year, Some(1)),
                ("131.job_referral", "JOB_REFERRAL", Every::Year, Some(3)),
                ("131.skills_training", "SKILLS_TRAINING", Every::Year, Some(1)),
                ("policy_publicity", "POLICY_PUBLICITY", Every::Year, None),
                ("registration_help", "EMPLOYMENT_REGISTRATION_HELP", once, None),
                ("unemployment_benefit", "UNEMPLOYMENT_INSURANCE_HELP", once, None),
                ("recognition_help", "RECOGNITION_HELP", once, None),
                ("career_planning", "CAREER_PLANNING", Every::Year, None),
                ("post_delivery", "POST_DELIVERY", Every::Window(spring), None),
                ("household_clearing", "HOUSEHOLD_CLEARING", Every::Month, None),
            ]
        );
        let min_days = |rule: &Rule| if rule.every == once { 0 } else { 10 };
        assert!(notice.rules.iter().all(|rule| rule.min_days == min_days(rule) && rule.entry_grace_days == 5));
    }

    #[test]
    fn standards_with_one_first_day_or_version_are_refused_and_none_at_all_too() {
        let notice = Standard::parse(NOTICE).expect("it is valid");
        let Err(Error::Invalid(faults)) = Standards::new(vec![notice.clone(), notice]) else {
            panic!("two of the same are refused")
        };
        assert_eq!(faults.len(), 2);
        assert!(Standards::new(Vec::new()).is_err());
    }
}
