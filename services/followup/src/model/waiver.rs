//! Waivers (豁免): what has to bear out a reason. Domain text, section 3, "States".

use std::collections::BTreeSet;

use bangfu_proto::followup::v1::{WaiverReason, WaiverState};

use super::{
    channel::Channel,
    duty::Duty,
    history::{Record, RecordKind},
    standard::Rule,
};

/// UNREACHABLE: least different days with an attempt (**default** of the domain text).
const LEAST_DAYS: usize = 3;
/// UNREACHABLE: least home visits among the attempts (**default** of the domain text).
const LEAST_HOME_VISITS: usize = 1;

/// How often somebody was tried in vain within a duty's window.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Attempts {
    /// Different days with an attempt.
    pub days: usize,
    /// Home visits among the attempts.
    pub home_visits: usize,
}

impl Attempts {
    /// Those of a duty, among records that stand.
    pub fn of<'r>(duty: &Duty, records: impl IntoIterator<Item = &'r Record>) -> Self {
        let (mut days, mut home_visits) = (BTreeSet::new(), 0);
        for record in records {
            let Some(channel) = attempted(duty, record) else { continue };
            days.insert(record.on);
            home_visits += usize::from(channel == Channel::HomeVisit);
        }
        Self { days: days.len(), home_visits }
    }

    /// Whether somebody is unreachable after these: attempts on three different days, one of them a home visit.
    pub fn suffice(self) -> bool {
        self.days >= LEAST_DAYS && self.home_visits >= LEAST_HOME_VISITS
    }
}

/// Whether a record is an attempt within a duty's window.
pub fn is_attempt(duty: &Duty, record: &Record) -> bool {
    attempted(duty, record).is_some()
}

fn attempted(duty: &Duty, record: &Record) -> Option<Channel> {
    match record.kind {
        RecordKind::Contact { channel, result } if !result.is_effective() && duty.window_holds(record.on) => {
            Some(channel)
        }
        RecordKind::Contact { .. } | RecordKind::Service => None,
    }
}

/// LATE_ENTRY: whether a record shows that the duty was done in time: it counts for the duty's rule, and is dated within
/// the duty's window. A rule that is not known any more asks for the service alone.
pub fn shows_done_in_time(duty: &Duty, rule: Option<&Rule>, record: &Record) -> bool {
    let counts = rule.map_or_else(|| record.services.contains(duty.service), |rule| rule.counts(record));
    counts && duty.window_holds(record.on)
}

/// "GRANTED"
pub fn state_word(state: WaiverState) -> &'static str {
    state.as_str_name().trim_start_matches("WAIVER_STATE_")
}

/// Least characters of the words beside a reason.
pub fn least_words(reason: WaiverReason) -> usize {
    if reason == WaiverReason::Other { 2 } else { 0 }
}

#[cfg(test)]
mod tests {
    use chrono::NaiveDate;
    use uuid::Uuid;

    use super::*;
    use crate::model::{
        contact::ContactResult as R,
        duty::DutyState,
        service::{Service, Services},
        standard::Standards,
    };
    use Channel as C;

    fn day(text: &str) -> NaiveDate {
        text.parse().expect("a date")
    }

    fn january(rule: &str, service: Service) -> Duty {
        Duty {
            rule: rule.into(),
            service,
            period_start: day("2026-01-01"),
            slot: 0,
            opens_on: day("2026-01-05"),
            due_on: day("2026-01-31"),
            window_start: day("2026-01-05"),
            target_on: day("2026-01-31"),
            missed_from: day("2026-02-06"),
            state: DutyState::Open,
            state_on: day("2026-01-05"),
            settled_by: None,
            reason: None,
            standard_version: "2021-03-01".into(),
        }
    }

    fn contact(on: &str, channel: C, result: R, services: Services) -> Record {
        let kind = RecordKind::Contact { channel, result };
        Record { id: Uuid::nil(), on: day(on), entered_on: day("2026-02-10"), kind, services }
    }

    #[test]
    fn somebody_is_unreachable_after_attempts_on_three_days_of_the_window_one_of_them_a_home_visit() {
        let duty = january("follow_up.unemployed", Service::FollowUp);
        let visit = ("2026-01-05", C::HomeVisit, R::Away);
        for (tried, days, home_visits, suffice) in [
            (vec![], 0, 0, false),
            (vec![visit, ("2026-01-06", C::Phone, R::NoAnswer), ("2026-01-31", C::Phone, R::WrongNumber)], 3, 1, true),
            // Twice on one day is one day.
            (vec![visit, ("2026-01-06", C::Phone, R::NoAnswer), ("2026-01-06", C::Wechat, R::NoAnswer)], 2, 1, false),
            // Without a home visit.
            (
                vec![
                    ("2026-01-05", C::Phone, R::NoAnswer),
                    ("2026-01-06", C::Phone, R::NoAnswer),
                    ("2026-01-07", C::Phone, R::NoAnswer),
                ],
                3,
                0,
                false,
            ),
            // Before the window and after its last day.
            (vec![visit, ("2026-01-04", C::Phone, R::NoAnswer), ("2026-02-01", C::Phone, R::NoAnswer)], 1, 1, false),
            // Who answered was reached, whatever they said.
            (
                vec![visit, ("2026-01-06", C::Phone, R::Refused), ("2026-01-07", C::Phone, R::ReachedFamily)],
                1,
                1,
                false,
            ),
            (vec![visit, visit, visit], 1, 3, false),
        ] {
            let records: Vec<_> =
                tried.iter().map(|&(on, channel, result)| contact(on, channel, result, Services::NONE)).collect();
            let attempts = Attempts::of(&duty, &records);
            assert_eq!(attempts, Attempts { days, home_visits }, "{tried:?}");
            assert_eq!(attempts.suffice(), suffice, "{tried:?}");
        }
    }

    #[test]
    fn what_was_entered_late_shows_the_duty_done_in_time_or_does_not() {
        let standards = Standards::shipped().expect("it is valid");
        let rules = &standards.in_force_on(day("2026-01-01")).expect("in force").rules;
        let none = Services::NONE;
        let training = none.with(Service::SkillsTraining);
        for (rule, service, record, shows) in [
            ("follow_up.unemployed", Service::FollowUp, contact("2026-01-31", C::Phone, R::ReachedSelf, none), true),
            ("follow_up.unemployed", Service::FollowUp, contact("2026-02-01", C::Phone, R::ReachedSelf, none), false),
            ("follow_up.unemployed", Service::FollowUp, contact("2026-01-04", C::Phone, R::ReachedSelf, none), false),
            ("follow_up.unemployed", Service::FollowUp, contact("2026-01-31", C::Sms, R::ReachedSelf, none), false),
            ("follow_up.unemployed", Service::FollowUp, contact("2026-01-31", C::Phone, R::NoAnswer, none), false),
            (
                "131.skills_training",
                Service::SkillsTraining,
                contact("2026-01-31", C::Sms, R::ReachedSelf, none),
                false,
            ),
            (
                "131.skills_training",
                Service::SkillsTraining,
                contact("2026-01-31", C::Sms, R::ReachedSelf, training),
                true,
            ),
            (
                "131.skills_training",
                Service::SkillsTraining,
                Record { kind: RecordKind::Service, ..contact("2026-01-31", C::Sms, R::ReachedSelf, training) },
                true,
            ),
        ] {
            let known = rules.iter().find(|known| &*known.id == rule);
            let duty = january(rule, service);
            assert_eq!(shows_done_in_time(&duty, known, &record), shows, "{rule} {record:?}");
        }
        let gone = january("a.rule.of.old", Service::SkillsTraining);
        assert!(shows_done_in_time(&gone, None, &contact("2026-01-31", C::Phone, R::ReachedSelf, training)));
        assert!(!shows_done_in_time(&gone, None, &contact("2026-01-31", C::Phone, R::ReachedSelf, none)));
    }
}
