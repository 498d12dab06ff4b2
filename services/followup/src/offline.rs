//! Asking the planner offline: histories from a file, duties as lines. For people who write standards and want to see what
//! one would do. Domain text, section 3, "Asking the planner offline".

mod history;

use bangfu_kernel::Error;
use chrono::NaiveDate;
use serde::Serialize;

use crate::model::{
    duty::{Duty, DutyState, ReleaseReason},
    plan::plan,
    service::Service,
    standard::Standards,
};

pub use history::{Id, Subject, subjects};

/// One duty as it is printed: a JSON object a line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Line {
    /// The person or household, as the file names it.
    pub subject: Id,
    /// Id of the rule.
    pub rule: String,
    /// What is owed.
    pub service: Service,
    /// First day of the period.
    pub period_start: NaiveDate,
    /// 1..n for quotas, 0 where there is none.
    pub slot: u32,
    /// The day it was opened, lately.
    pub opens_on: NaiveDate,
    /// Last day to do it.
    pub due_on: NaiveDate,
    /// Where it stands.
    #[serde(serialize_with = "state")]
    pub state: DutyState,
    /// The day of its last step; OPEN: `opens_on`.
    pub state_on: NaiveDate,
    /// DONE: the record that settled it, as the file names it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub settled_by: Option<Id>,
    /// RELEASED: why.
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "reason")]
    pub reason: Option<ReleaseReason>,
}

/// All duties of all subjects as of a day, sorted by subject, rule, period and slot.
pub fn lines(subjects: &[Subject], standards: &Standards, as_of: NaiveDate) -> Result<Vec<Line>, Error> {
    let mut order: Vec<_> = subjects.iter().collect();
    order.sort_by(|a, b| a.id.cmp(&b.id));
    let mut lines = Vec::new();
    for subject in order {
        for duty in plan(&subject.history, standards, as_of).duties {
            lines.push(line(subject, &duty)?);
        }
    }
    lines.sort_by(|a, b| key(a).cmp(&key(b)));
    Ok(lines)
}

fn key(line: &Line) -> (&Id, &str, NaiveDate, u32) {
    (&line.subject, &line.rule, line.period_start, line.slot)
}

fn line(subject: &Subject, duty: &Duty) -> Result<Line, Error> {
    let settled_by = duty
        .settled_by
        .map(|id| {
            subject.record(id).cloned().ok_or_else(|| Error::internal("a duty is settled by nothing in the file"))
        })
        .transpose()?;
    Ok(Line {
        subject: subject.id.clone(),
        rule: duty.rule.to_string(),
        service: duty.service,
        period_start: duty.period_start,
        slot: duty.slot,
        opens_on: duty.opens_on,
        due_on: duty.due_on,
        state: duty.state,
        state_on: duty.state_on,
        settled_by,
        reason: duty.reason,
    })
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde calls it with a reference")]
fn state<S: serde::Serializer>(state: &DutyState, to: S) -> Result<S::Ok, S::Error> {
    to.serialize_str(state.code())
}

#[expect(clippy::ref_option, clippy::trivially_copy_pass_by_ref, reason = "serde calls it with a reference")]
fn reason<S: serde::Serializer>(reason: &Option<ReleaseReason>, to: S) -> Result<S::Ok, S::Error> {
    to.serialize_str(reason.map(ReleaseReason::code).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: &str = r#"{"persons":[
        {"id":"p2","township":"320685102","joined_on":"2026-01-05","join_known_on":"2026-01-05","statuses":[
            {"id":"s1","status":"UNEMPLOYED","effective_on":"2026-01-05","known_on":"2026-01-05"},
            {"id":"s2","status":"UNIT_EMPLOYED","contract_months":12,"insured":true,"effective_on":"2026-03-10","known_on":"2026-03-20","corrects":null}],
         "groups":[{"group":"VETERAN","from":"2026-01-05","known_on":"2026-01-05"}],
         "recognitions":[{"type":"OLDER_AGE","from":"2026-01-05","known_on":"2026-01-05"}],
         "records":[{"id":"r1","kind":"CONTACT","on":"2026-03-20","entered_on":"2026-03-20","channel":"PHONE","result":"REACHED_SELF","services":["FOLLOW_UP"]}]}],
      "households":[{"id":"h1","township":"320685102","recognised_on":"2026-03-01","known_on":"2026-03-01",
         "records":[{"id":7,"kind":"SERVICE","on":"2026-03-10","entered_on":"2026-03-11","services":["HOUSEHOLD_CLEARING"]}]}]}"#;

    #[test]
    fn the_worked_example_comes_out_line_by_line() {
        let subjects = subjects(FILE).expect("it is valid");
        let standards = Standards::shipped().expect("it is valid");
        let lines = lines(&subjects, &standards, "2026-03-20".parse().expect("a date")).expect("planned");
        let text: Vec<_> = lines.iter().map(|line| serde_json::to_string(line).expect("a line")).collect();
        assert_eq!(
            text[0],
            r#"{"subject":"h1","rule":"household_clearing","service":"HOUSEHOLD_CLEARING","period_start":"2026-03-01","slot":0,"opens_on":"2026-03-01","due_on":"2026-03-31","state":"DONE","state_on":"2026-03-11","settled_by":7}"#
        );
        let found: Vec<_> = lines[1..]
            .iter()
            .map(|line| format!("{} {} {} {}", line.rule, line.period_start, line.slot, line.state.code()))
            .collect();
        assert_eq!(
            found,
            [
                "131.career_guidance 2026-01-01 1 RELEASED",
                "131.job_referral 2026-01-01 1 RELEASED",
                "131.job_referral 2026-01-01 2 RELEASED",
                "131.job_referral 2026-01-01 3 RELEASED",
                "131.skills_training 2026-01-01 1 RELEASED",
                "follow_up.stable 2026-01-01 0 DONE",
                "follow_up.unemployed 2026-01-01 0 MISSED",
                "follow_up.unemployed 2026-02-01 0 MISSED",
                "follow_up.unemployed 2026-03-01 0 DONE",
                "policy_publicity 2026-01-01 0 OPEN",
                "registration_help 2026-03-20 0 OPEN",
                "unemployment_benefit 2026-01-05 0 MISSED",
            ]
        );
        assert!(
            text[1].ends_with(r#""state":"RELEASED","state_on":"2026-03-20","reason":"LEVEL_CHANGED"}"#),
            "{}",
            text[1]
        );
    }

    #[test]
    fn what_is_no_history_is_refused_with_its_place() {
        for (file, told) in [
            ("", "line 1"),
            (r#"{"persons":[{"id":"p"}]}"#, "joined_on"),
            (&FILE.replace("UNEMPLOYED", "NAPPING"), "NAPPING"),
            (&FILE.replace(r#","channel":"PHONE""#, ""), "channel"),
            (&FILE.replace(r#""recognised_on":"2026-03-01""#, r#""recognised_on":"2026-02-30""#), "line 8"),
        ] {
            let Err(error) = subjects(file) else { panic!("{file} is accepted") };
            assert!(error.to_string().contains(told), "{told}: {error}");
        }
    }

    #[test]
    fn ids_decide_in_their_own_order_and_numbers_by_their_size() {
        let both = |first: &str, second: &str| {
            let file = format!(
                r#"{{"persons":[{{"id":1,"township":"x","joined_on":"2026-01-05","join_known_on":"2026-01-05","statuses":[
                    {{"id":{first},"status":"UNEMPLOYED","effective_on":"2026-01-05","known_on":"2026-01-05"}},
                    {{"id":{second},"status":"RETIRED","effective_on":"2026-01-05","known_on":"2026-01-05"}}]}}]}}"#
            );
            let subjects = subjects(&file).expect("it is valid");
            let standards = Standards::shipped().expect("it is valid");
            lines(&subjects, &standards, "2026-01-05".parse().expect("a date")).expect("planned").is_empty()
        };
        assert!(both("9", "10") && !both("10", "9"), "numbers");
        assert!(both("\"s10\"", "\"s9\"") && !both("\"s9\"", "\"s10\""), "texts");
    }
}
