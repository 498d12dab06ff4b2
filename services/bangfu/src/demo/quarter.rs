//! Three months of a township's life, day by day: who is contacted when, and what comes of it.
//!
//! Deterministic: it depends on the order of the register and on nothing else. About one person in thirty is forgotten,
//! one in twenty-five does not answer, one in forty has found work or left when called.

use bangfu_kernel::ServiceLevel;
use bangfu_proto::{
    followup::v1::{self as proto, Channel, ContactResult, Duty, Service},
    people::v1::{EmploymentStatus, Insured, Person},
};
use chrono::{Datelike as _, NaiveDate, Weekday};

use crate::client::{date, request_id};

/// Days on which a coordinator works; the demonstration knows no holidays.
pub(super) fn is_working_day(day: NaiveDate) -> bool {
    !matches!(day.weekday(), Weekday::Sat | Weekday::Sun)
}

/// Working days of a month among which turns are dealt: no month has fewer, the first one counted from its fifth day.
const TURNS: usize = 18;

/// Whether a person's turn comes on this day: once a month for those followed up monthly, once a quarter for the others.
/// `begin` is the first day of all.
pub(super) fn is_turn_of(place: usize, level: ServiceLevel, day: NaiveDate, begin: NaiveDate) -> bool {
    let months = match level {
        ServiceLevel::Unemployed | ServiceLevel::Unverified => 1,
        ServiceLevel::Stable | ServiceLevel::Flexible | ServiceLevel::NoIntention => 3,
        ServiceLevel::Exited => return false,
    };
    let first = day.with_day(1).unwrap_or(day).max(begin);
    let ordinal =
        first.iter_days().take_while(|&passed| passed <= day).filter(|&passed| is_working_day(passed)).count();
    place % TURNS + 1 == ordinal && (place / TURNS) % months == day.month0() as usize % months
}

/// What comes of a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fate {
    /// Nobody calls.
    Forgotten,
    /// Nobody answers.
    NoAnswer,
    /// Reached, nothing new.
    Reached,
    /// Reached; has found a job with a contract.
    FoundJob,
    /// Reached; works here and there.
    WorksFlexibly,
    /// The family says that the person has died.
    Died,
}

/// The fate of a person's turn in a month.
pub(super) fn fate(place: usize, day: NaiveDate) -> Fate {
    // Two primes stir place and month so that neighbours differ.
    match (place * 7919 + day.month() as usize * 104_729) % 1000 {
        0..33 => Fate::Forgotten,
        33..73 => Fate::NoAnswer,
        73..88 => Fate::FoundJob,
        88..98 => Fate::WorksFlexibly,
        98..100 => Fate::Died,
        _ => Fate::Reached,
    }
}

/// The contact that a coordinator enters; `open` are the person's open duties. `None`: nothing is entered.
pub(super) fn contact(
    person: &Person,
    fate: Fate,
    day: NaiveDate,
    open: &[&Duty],
) -> Option<proto::RecordContactRequest> {
    let reached = |result| proto::RecordContactRequest {
        request_id: request_id(),
        person_id: person.person_id.clone(),
        on: date(day),
        channel: Channel::Phone.into(),
        result: ContactResult::into(result),
        ..Default::default()
    };
    let learned = |status: EmploymentStatus, contract_months| proto::StatusLearned {
        status: status.into(),
        effective_on: date(day),
        contract_months,
        insured: Insured::Unspecified.into(),
        employer: String::new(),
    };
    let status_learned = match fate {
        Fate::Forgotten => return None,
        Fate::NoAnswer => return Some(reached(ContactResult::NoAnswer)),
        Fate::Died => {
            return Some(proto::RecordContactRequest {
                answered_by: "家属".to_owned(),
                status_learned: Some(learned(EmploymentStatus::Deceased, 0)),
                ..reached(ContactResult::Deceased)
            });
        }
        Fate::Reached => None,
        Fate::FoundJob => Some(learned(EmploymentStatus::UnitEmployed, 24)),
        Fate::WorksFlexibly => Some(learned(EmploymentStatus::Flexible, 0)),
    };
    let mut contact = proto::RecordContactRequest {
        answered_by: "本人".to_owned(),
        status_learned,
        services: services(day, open),
        ..reached(ContactResult::ReachedSelf)
    };
    if contact.services.contains(&Service::PolicyPublicity.into()) {
        contact.policies_told = vec!["就业困难人员社会保险补贴".to_owned(), "创业担保贷款".to_owned()];
    }
    Some(contact)
}

/// The level that a fate leads to.
pub(super) fn level_after(fate: Fate) -> Option<ServiceLevel> {
    match fate {
        Fate::FoundJob => Some(ServiceLevel::Stable),
        Fate::WorksFlexibly => Some(ServiceLevel::Flexible),
        Fate::Died => Some(ServiceLevel::Exited),
        Fate::Forgotten | Fate::NoAnswer | Fate::Reached => None,
    }
}

/// Policies are told at the first call; of the year's 131, whatever should be done by the end of this month.
fn services(day: NaiveDate, open: &[&Duty]) -> Vec<i32> {
    let mut services = Vec::new();
    for duty in open {
        let target = duty.target_on.as_ref().and_then(bangfu_kernel::calendar::date);
        let this_month = target.is_some_and(|target| (target.year(), target.month()) <= (day.year(), day.month()));
        let wanted = match duty.service() {
            Service::PolicyPublicity => true,
            Service::CareerGuidance | Service::JobReferral | Service::SkillsTraining => this_month || day.month() == 1,
            _ => false,
        };
        if wanted && !services.contains(&duty.service) {
            services.push(duty.service);
        }
    }
    services.sort_unstable();
    services
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everybody_followed_up_monthly_has_one_turn_a_month() {
        let days = (1..=31).filter_map(|d| NaiveDate::from_ymd_opt(2026, 3, d)).filter(|&day| is_working_day(day));
        let days = days.collect::<Vec<_>>();
        for place in 0..200 {
            let turns = days.iter().filter(|&&day| is_turn_of(place, ServiceLevel::Unemployed, day, days[0])).count();
            assert_eq!(turns, 1, "place {place}");
        }
    }

    #[test]
    fn every_fate_happens_in_a_few_hundred_turns() {
        let day = NaiveDate::from_ymd_opt(2026, 1, 9).expect("a date");
        let fates = (0..1000).map(|place| fate(place, day)).collect::<Vec<_>>();
        for wanted in [Fate::Forgotten, Fate::NoAnswer, Fate::Reached, Fate::FoundJob, Fate::WorksFlexibly, Fate::Died]
        {
            assert!(fates.contains(&wanted), "{wanted:?}");
        }
    }
}
