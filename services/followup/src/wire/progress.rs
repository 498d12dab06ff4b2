//! Progress: which year is asked for, and one person's duties, rule by rule.

use std::collections::BTreeMap;

use bangfu_kernel::{error::Violations, fields::range};
use bangfu_proto::followup::v1::{DutyState, RuleProgress};
use chrono::{Datelike as _, NaiveDate};

use crate::{
    model::standard::Standards,
    store::{duty_list::Listed, progress::Wanted},
    wire,
};

/// Years that can be asked for: from that of the notice on.
const FIRST: i32 = 2021;
/// As far as the suite's dates go.
const LAST: i32 = 2100;

/// The year asked for; 0: this one.
pub(crate) fn of_year(year: i32, today: NaiveDate, rule: Option<String>, faults: &mut Violations) -> Wanted {
    let year = if year == 0 { today.year() } else { year };
    if !(FIRST..=LAST).contains(&year) {
        faults.add("year", range(FIRST.into(), LAST.into()));
    }
    let day = |month, day| NaiveDate::from_ymd_opt(year, month, day).unwrap_or_default();
    Wanted { from: day(1, 1), to: day(12, 31), rule, today }
}

/// A person's duties by rule, each rule's by period and slot, counted.
pub(crate) fn by_rule(
    township: &str,
    duties: Vec<Listed>,
    standards: &Standards,
    today: NaiveDate,
) -> Vec<RuleProgress> {
    let mut rules = BTreeMap::<_, Vec<_>>::new();
    for duty in duties {
        rules.entry(duty.rule.clone()).or_default().push(duty);
    }
    rules
        .into_iter()
        .map(|(rule, mut duties)| {
            duties.sort_unstable_by_key(|duty| (duty.period_start, duty.slot));
            let target = duties.iter().filter(|duty| counts_towards_target(duty, today)).count();
            let latest = duties.last().map(|duty| (duty.standard_version.clone(), duty.service));
            let (version, service) = latest.unwrap_or_default();
            let office_name = office_name(standards, &version, &rule);
            let duties: Vec<_> = duties.into_iter().map(|duty| wire::duty::message(township, duty)).collect();
            let [done, open, missed, waived, released] =
                [DutyState::Done, DutyState::Open, DutyState::Missed, DutyState::Waived, DutyState::Released]
                    .map(|state| count(duties.iter().filter(|duty| duty.state() == state).count()));
            RuleProgress {
                rule,
                office_name,
                service: service.into(),
                owed: done + open + missed + waived,
                done,
                open,
                missed,
                waived,
                released,
                target: count(target),
                duties,
            }
        })
        .collect()
}

fn counts_towards_target(duty: &Listed, today: NaiveDate) -> bool {
    duty.state != wire::number(DutyState::Released) && duty.target_on <= today
}

/// The office's name of a rule under the standard that raised it last, or else its id.
fn office_name(standards: &Standards, version: &str, rule: &str) -> String {
    let standard = standards.iter().find(|standard| &*standard.version == version);
    let found = standard.and_then(|standard| standard.rules.iter().find(|known| &*known.id == rule));
    found.map_or_else(|| rule.to_owned(), |rule| rule.office_name.clone())
}

fn count(duties: usize) -> i32 {
    i32::try_from(duties).unwrap_or(i32::MAX)
}
