//! The worked examples of the domain text, section 3, row by row, with every duty that the rules raise.

use bangfu_followup::model::{
    channel::Channel,
    contact::ContactResult,
    duty::Duty,
    history::{History, Record, RecordKind, StatusFact, Stay},
    plan::plan,
    service::{Service, Services},
};
use bangfu_kernel::{EmploymentStatus, Insured};
use chrono::NaiveDate;
use uuid::Uuid;

use crate::standards::worked;

const UNEMPLOYED: EmploymentStatus = EmploymentStatus::Unemployed;
const STABLE: EmploymentStatus = EmploymentStatus::Startup;

struct Example {
    history: &'static str,
    facts: History,
    as_of: &'static str,
    /// "rule period_start/slot opens_on..due_on STATE state_on [reason]", sorted by identity.
    duties: &'static [&'static str],
    next_review_on: &'static str,
}

fn day(text: &str) -> NaiveDate {
    text.parse().expect("a date")
}

/// Joined on a day, known on another.
fn joined(on: &str, known_on: &str) -> History {
    let stay = Stay { joined_on: day(on), join_known_on: day(known_on), left: None };
    History { stays: vec![stay], ..History::default() }
}

/// Joined and unemployed since 2026-01-05, on time.
fn first() -> History {
    joined("2026-01-05", "2026-01-05").status(UNEMPLOYED, "2026-01-05", "2026-01-05")
}

trait And {
    fn status(self, status: EmploymentStatus, effective_on: &str, known_on: &str) -> Self;
    fn correcting_the_last(self) -> Self;
    fn contact(self, on: &str) -> Self;
    fn record(self, on: &str, kind: RecordKind, services: Services) -> Self;
}

impl And for History {
    fn status(mut self, status: EmploymentStatus, effective_on: &str, known_on: &str) -> Self {
        self.statuses.push(StatusFact {
            record_id: Uuid::from_u128(self.statuses.len() as u128 + 1),
            status,
            contract_months: 0,
            insured: Insured::Unknown,
            effective_on: day(effective_on),
            known_on: day(known_on),
            corrects: None,
        });
        self
    }

    fn correcting_the_last(mut self) -> Self {
        let [.., corrected, correction] = &mut self.statuses[..] else { panic!("two records") };
        correction.corrects = Some(corrected.record_id);
        self
    }

    fn contact(self, on: &str) -> Self {
        let kind = RecordKind::Contact { channel: Channel::Phone, result: ContactResult::ReachedSelf };
        self.record(on, kind, Services::NONE)
    }

    fn record(mut self, on: &str, kind: RecordKind, services: Services) -> Self {
        let id = Uuid::from_u128(self.records.len() as u128 + 100);
        self.records.push(Record { id, on: day(on), entered_on: day(on), kind, services });
        self
    }
}

fn line(duty: &Duty) -> String {
    let Duty { rule, period_start, slot, opens_on, due_on, state, state_on, reason, .. } = duty;
    let reason = reason.map(|reason| format!(" {}", reason.code())).unwrap_or_default();
    format!("{rule} {period_start}/{slot} {opens_on}..{due_on} {} {state_on}{reason}", state.code())
}

#[expect(clippy::too_many_lines, reason = "a table: its rows belong together")]
fn examples() -> Vec<Example> {
    vec![
        Example {
            history: "joined and UNEMPLOYED since 2026-01-05, on time",
            facts: first(),
            as_of: "2026-01-05",
            duties: &[
                "131.career_guidance 2026-01-01/1 2026-01-05..2026-12-31 OPEN 2026-01-05",
                "131.job_referral 2026-01-01/1 2026-01-05..2026-12-31 OPEN 2026-01-05",
                "131.job_referral 2026-01-01/2 2026-01-05..2026-12-31 OPEN 2026-01-05",
                "131.job_referral 2026-01-01/3 2026-01-05..2026-12-31 OPEN 2026-01-05",
                "131.skills_training 2026-01-01/1 2026-01-05..2026-12-31 OPEN 2026-01-05",
                "follow_up.unemployed 2026-01-01/0 2026-01-05..2026-01-31 OPEN 2026-01-05",
                "policy_publicity 2026-01-01/0 2026-01-05..2026-12-31 OPEN 2026-01-05",
            ],
            next_review_on: "2026-02-01",
        },
        Example {
            history: "same, but the office knew of neither before 2026-01-25",
            facts: joined("2026-01-05", "2026-01-25").status(UNEMPLOYED, "2026-01-05", "2026-01-25"),
            as_of: "2026-01-25",
            duties: &[
                "131.career_guidance 2026-01-01/1 2026-01-25..2026-12-31 OPEN 2026-01-25",
                "131.job_referral 2026-01-01/1 2026-01-25..2026-12-31 OPEN 2026-01-25",
                "131.job_referral 2026-01-01/2 2026-01-25..2026-12-31 OPEN 2026-01-25",
                "131.job_referral 2026-01-01/3 2026-01-25..2026-12-31 OPEN 2026-01-25",
                "131.skills_training 2026-01-01/1 2026-01-25..2026-12-31 OPEN 2026-01-25",
                "policy_publicity 2026-01-01/0 2026-01-25..2026-12-31 OPEN 2026-01-25",
            ],
            next_review_on: "2026-02-01",
        },
        Example {
            history: "first history, no contact, asked once on 2026-04-02",
            facts: first(),
            as_of: "2026-04-02",
            duties: &[
                "131.career_guidance 2026-01-01/1 2026-01-05..2026-12-31 OPEN 2026-01-05",
                "131.job_referral 2026-01-01/1 2026-01-05..2026-12-31 OPEN 2026-01-05",
                "131.job_referral 2026-01-01/2 2026-01-05..2026-12-31 OPEN 2026-01-05",
                "131.job_referral 2026-01-01/3 2026-01-05..2026-12-31 OPEN 2026-01-05",
                "131.skills_training 2026-01-01/1 2026-01-05..2026-12-31 OPEN 2026-01-05",
                "follow_up.unemployed 2026-01-01/0 2026-01-05..2026-01-31 MISSED 2026-02-06",
                "follow_up.unemployed 2026-02-01/0 2026-02-01..2026-02-28 MISSED 2026-03-06",
                "follow_up.unemployed 2026-03-01/0 2026-03-01..2026-03-31 OPEN 2026-03-01",
                "follow_up.unemployed 2026-04-01/0 2026-04-01..2026-04-30 OPEN 2026-04-01",
                "policy_publicity 2026-01-01/0 2026-01-05..2026-12-31 OPEN 2026-01-05",
            ],
            next_review_on: "2026-04-06",
        },
        Example {
            history: "UNEMPLOYED since 01-05; contact on 03-20 that learns STABLE since 03-10",
            facts: first().contact("2026-03-20").status(STABLE, "2026-03-10", "2026-03-20"),
            as_of: "2026-03-20",
            duties: &[
                "131.career_guidance 2026-01-01/1 2026-01-05..2026-12-31 RELEASED 2026-03-20 LEVEL_CHANGED",
                "131.job_referral 2026-01-01/1 2026-01-05..2026-12-31 RELEASED 2026-03-20 LEVEL_CHANGED",
                "131.job_referral 2026-01-01/2 2026-01-05..2026-12-31 RELEASED 2026-03-20 LEVEL_CHANGED",
                "131.job_referral 2026-01-01/3 2026-01-05..2026-12-31 RELEASED 2026-03-20 LEVEL_CHANGED",
                "131.skills_training 2026-01-01/1 2026-01-05..2026-12-31 RELEASED 2026-03-20 LEVEL_CHANGED",
                "follow_up.stable 2026-01-01/0 2026-03-20..2026-12-31 DONE 2026-03-20",
                "follow_up.unemployed 2026-01-01/0 2026-01-05..2026-01-31 MISSED 2026-02-06",
                "follow_up.unemployed 2026-02-01/0 2026-02-01..2026-02-28 MISSED 2026-03-06",
                "follow_up.unemployed 2026-03-01/0 2026-03-01..2026-03-31 DONE 2026-03-20",
                "policy_publicity 2026-01-01/0 2026-01-05..2026-12-31 OPEN 2026-01-05",
                "registration_help 2026-03-20/0 2026-03-20..2026-04-19 OPEN 2026-03-20",
            ],
            next_review_on: "2026-04-25",
        },
        Example {
            history: "as above, but the change came by data match on 03-12 and the contact on 03-20",
            facts: first().contact("2026-03-20").status(STABLE, "2026-03-10", "2026-03-12"),
            as_of: "2026-03-20",
            duties: &[
                "131.career_guidance 2026-01-01/1 2026-01-05..2026-12-31 RELEASED 2026-03-12 LEVEL_CHANGED",
                "131.job_referral 2026-01-01/1 2026-01-05..2026-12-31 RELEASED 2026-03-12 LEVEL_CHANGED",
                "131.job_referral 2026-01-01/2 2026-01-05..2026-12-31 RELEASED 2026-03-12 LEVEL_CHANGED",
                "131.job_referral 2026-01-01/3 2026-01-05..2026-12-31 RELEASED 2026-03-12 LEVEL_CHANGED",
                "131.skills_training 2026-01-01/1 2026-01-05..2026-12-31 RELEASED 2026-03-12 LEVEL_CHANGED",
                "follow_up.stable 2026-01-01/0 2026-03-12..2026-12-31 DONE 2026-03-20",
                "follow_up.unemployed 2026-01-01/0 2026-01-05..2026-01-31 MISSED 2026-02-06",
                "follow_up.unemployed 2026-02-01/0 2026-02-01..2026-02-28 MISSED 2026-03-06",
                "follow_up.unemployed 2026-03-01/0 2026-03-01..2026-03-31 RELEASED 2026-03-12 LEVEL_CHANGED",
                "policy_publicity 2026-01-01/0 2026-01-05..2026-12-31 OPEN 2026-01-05",
                "registration_help 2026-03-12/0 2026-03-12..2026-04-11 OPEN 2026-03-12",
            ],
            next_review_on: "2026-04-17",
        },
        Example {
            history: "UNEMPLOYED; left for STABLE on 04-02, known 04-02; March never done",
            facts: first().status(STABLE, "2026-04-02", "2026-04-02"),
            as_of: "2026-04-07",
            duties: &[
                "131.career_guidance 2026-01-01/1 2026-01-05..2026-12-31 RELEASED 2026-04-02 LEVEL_CHANGED",
                "131.job_referral 2026-01-01/1 2026-01-05..2026-12-31 RELEASED 2026-04-02 LEVEL_CHANGED",
                "131.job_referral 2026-01-01/2 2026-01-05..2026-12-31 RELEASED 2026-04-02 LEVEL_CHANGED",
                "131.job_referral 2026-01-01/3 2026-01-05..2026-12-31 RELEASED 2026-04-02 LEVEL_CHANGED",
                "131.skills_training 2026-01-01/1 2026-01-05..2026-12-31 RELEASED 2026-04-02 LEVEL_CHANGED",
                "follow_up.stable 2026-01-01/0 2026-04-02..2026-12-31 OPEN 2026-04-02",
                "follow_up.unemployed 2026-01-01/0 2026-01-05..2026-01-31 MISSED 2026-02-06",
                "follow_up.unemployed 2026-02-01/0 2026-02-01..2026-02-28 MISSED 2026-03-06",
                "follow_up.unemployed 2026-03-01/0 2026-03-01..2026-03-31 MISSED 2026-04-06",
                "follow_up.unemployed 2026-04-01/0 2026-04-01..2026-04-30 RELEASED 2026-04-02 LEVEL_CHANGED",
                "policy_publicity 2026-01-01/0 2026-01-05..2026-12-31 OPEN 2026-01-05",
                "registration_help 2026-04-02/0 2026-04-02..2026-05-02 OPEN 2026-04-02",
            ],
            next_review_on: "2026-05-08",
        },
        Example {
            history: "STABLE all year, no contact",
            facts: joined("2026-01-01", "2026-01-01").status(STABLE, "2025-06-01", "2026-01-01"),
            as_of: "2027-01-06",
            duties: &[
                "follow_up.stable 2026-01-01/0 2026-01-01..2026-12-31 MISSED 2027-01-06",
                "follow_up.stable 2027-01-01/0 2027-01-01..2027-12-31 OPEN 2027-01-01",
                "policy_publicity 2026-01-01/0 2026-01-01..2026-12-31 MISSED 2027-01-06",
                "policy_publicity 2027-01-01/0 2027-01-01..2027-12-31 OPEN 2027-01-01",
            ],
            next_review_on: "2028-01-01",
        },
        Example {
            history: "FLEXIBLE known 2026-06-22",
            facts: joined("2026-06-22", "2026-06-22").status(EmploymentStatus::Flexible, "2026-06-01", "2026-06-22"),
            as_of: "2026-06-22",
            duties: &["policy_publicity 2026-01-01/0 2026-06-22..2026-12-31 OPEN 2026-06-22"],
            next_review_on: "2026-07-01",
        },
        Example {
            history: "the same FLEXIBLE, when the second half opens",
            facts: joined("2026-06-22", "2026-06-22").status(EmploymentStatus::Flexible, "2026-06-01", "2026-06-22"),
            as_of: "2026-07-01",
            duties: &[
                "follow_up.flexible 2026-07-01/0 2026-07-01..2026-12-31 OPEN 2026-07-01",
                "policy_publicity 2026-01-01/0 2026-06-22..2026-12-31 OPEN 2026-06-22",
            ],
            next_review_on: "2027-01-01",
        },
        Example {
            history: "UNEMPLOYED known 2026-10-05",
            facts: joined("2026-10-05", "2026-10-05").status(UNEMPLOYED, "2026-09-01", "2026-10-05"),
            as_of: "2026-10-05",
            duties: &[
                "131.career_guidance 2026-01-01/1 2026-10-05..2026-12-31 OPEN 2026-10-05",
                "131.job_referral 2026-01-01/1 2026-10-05..2026-12-31 OPEN 2026-10-05",
                "131.skills_training 2026-01-01/1 2026-10-05..2026-12-31 OPEN 2026-10-05",
                "follow_up.unemployed 2026-10-01/0 2026-10-05..2026-10-31 OPEN 2026-10-05",
                "policy_publicity 2026-01-01/0 2026-10-05..2026-12-31 OPEN 2026-10-05",
            ],
            next_review_on: "2026-11-01",
        },
        Example {
            history: "recorded UNEMPLOYED on 01-05 by mistake, corrected on 02-10 to STABLE since 01-05",
            facts: first().status(STABLE, "2026-01-05", "2026-02-10").correcting_the_last(),
            as_of: "2026-02-10",
            duties: &[
                "131.career_guidance 2026-01-01/1 2026-01-05..2026-12-31 RELEASED 2026-02-10 LEVEL_CHANGED",
                "131.job_referral 2026-01-01/1 2026-01-05..2026-12-31 RELEASED 2026-02-10 LEVEL_CHANGED",
                "131.job_referral 2026-01-01/2 2026-01-05..2026-12-31 RELEASED 2026-02-10 LEVEL_CHANGED",
                "131.job_referral 2026-01-01/3 2026-01-05..2026-12-31 RELEASED 2026-02-10 LEVEL_CHANGED",
                "131.skills_training 2026-01-01/1 2026-01-05..2026-12-31 RELEASED 2026-02-10 LEVEL_CHANGED",
                "follow_up.stable 2026-01-01/0 2026-02-10..2026-12-31 OPEN 2026-02-10",
                "follow_up.unemployed 2026-01-01/0 2026-01-05..2026-01-31 MISSED 2026-02-06",
                "follow_up.unemployed 2026-02-01/0 2026-02-01..2026-02-28 RELEASED 2026-02-10 LEVEL_CHANGED",
                "policy_publicity 2026-01-01/0 2026-01-05..2026-12-31 OPEN 2026-01-05",
            ],
            next_review_on: "2027-01-01",
        },
        Example {
            history: "DECEASED 2026-05-12, known 2026-05-20",
            facts: first().status(EmploymentStatus::Deceased, "2026-05-12", "2026-05-20"),
            as_of: "2026-05-20",
            duties: &[
                "131.career_guidance 2026-01-01/1 2026-01-05..2026-12-31 RELEASED 2026-05-20 DECEASED",
                "131.job_referral 2026-01-01/1 2026-01-05..2026-12-31 RELEASED 2026-05-20 DECEASED",
                "131.job_referral 2026-01-01/2 2026-01-05..2026-12-31 RELEASED 2026-05-20 DECEASED",
                "131.job_referral 2026-01-01/3 2026-01-05..2026-12-31 RELEASED 2026-05-20 DECEASED",
                "131.skills_training 2026-01-01/1 2026-01-05..2026-12-31 RELEASED 2026-05-20 DECEASED",
                "follow_up.unemployed 2026-01-01/0 2026-01-05..2026-01-31 MISSED 2026-02-06",
                "follow_up.unemployed 2026-02-01/0 2026-02-01..2026-02-28 MISSED 2026-03-06",
                "follow_up.unemployed 2026-03-01/0 2026-03-01..2026-03-31 MISSED 2026-04-06",
                "follow_up.unemployed 2026-04-01/0 2026-04-01..2026-04-30 MISSED 2026-05-06",
                "follow_up.unemployed 2026-05-01/0 2026-05-01..2026-05-31 RELEASED 2026-05-20 DECEASED",
                "policy_publicity 2026-01-01/0 2026-01-05..2026-12-31 RELEASED 2026-05-20 DECEASED",
            ],
            next_review_on: "never",
        },
    ]
}

#[test]
fn the_worked_examples_of_the_domain_text_hold() {
    let standards = worked();
    for Example { history, facts, as_of, duties, next_review_on } in examples() {
        let answer = plan(&facts, &standards, day(as_of));
        let lines: Vec<_> = answer.duties.iter().map(line).collect();
        assert_eq!(lines, duties, "{history}, as of {as_of}");
        let next = answer.next_review_on.map_or("never".to_owned(), |day| day.to_string());
        assert_eq!(next, next_review_on, "{history}, as of {as_of}");
    }
}

/// Slot, state and target day of the job referrals of 2026.
fn referrals(facts: &History, as_of: &str) -> Vec<String> {
    let duties = plan(facts, &worked(), day(as_of)).duties;
    let referrals =
        duties.iter().filter(|duty| duty.service == Service::JobReferral && duty.due_on == day("2026-12-31"));
    referrals.map(|duty| format!("{} {} {}", duty.slot, duty.state.code(), duty.target_on)).collect()
}

#[test]
fn slots_of_a_quota_keep_an_even_pace_and_are_filled_from_the_lowest() {
    let referral = Services::NONE.with(Service::JobReferral);
    let facts =
        first().record("2026-01-04", RecordKind::Service, referral).record("2026-11-30", RecordKind::Service, referral);
    // The first lies before the spell and within the calendar year: it was entered already and settles at once.
    assert_eq!(referrals(&facts, "2026-01-05"), ["1 DONE 2026-05-05", "2 OPEN 2026-09-02", "3 OPEN 2026-12-31"]);
    assert_eq!(referrals(&facts, "2027-01-06"), ["1 DONE 2026-05-05", "2 DONE 2026-09-02", "3 MISSED 2026-12-31"]);
}

#[test]
fn a_quota_that_opens_again_owes_what_the_rest_of_the_year_owes_less_what_was_done() {
    let facts = first()
        .record("2026-02-10", RecordKind::Service, Services::NONE.with(Service::JobReferral))
        .status(STABLE, "2026-03-01", "2026-03-01")
        .status(UNEMPLOYED, "2026-08-10", "2026-08-10");
    assert_eq!(
        referrals(&facts, "2026-08-09"),
        ["1 DONE 2026-05-05", "2 RELEASED 2026-09-02", "3 RELEASED 2026-12-31"]
    );
    assert_eq!(referrals(&facts, "2026-08-10"), ["1 DONE 2026-05-05", "2 OPEN 2026-12-31", "3 RELEASED 2026-12-31"]);
}
