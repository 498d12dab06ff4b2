//! The document of a standard: TOML as people write it, turned into rules, with all its faults told at once.

use std::sync::Arc;

use bangfu_kernel::{
    Error, Group, ServiceLevel,
    error::{Rule as Sentence, Violations},
    fields::{range, required, rule as sentence},
};
use chrono::NaiveDate;
use serde::Deserialize;

use super::{Counts, Every, Proration, Quota, Rule, Standard, Who, Window};
use crate::model::{
    channel::Channel,
    contact::ContactResult,
    festival::Festival,
    period::{LONGEST_WINDOW_SIDE, shortest_window},
    service::Service,
};

/// Most days of grace, and most days a `once` rule may give.
const LONGEST: u32 = 366;
/// Most slots of a quota.
const MOST_SLOTS: u32 = 366;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Document {
    version: String,
    in_force_from: NaiveDate,
    /// For rules that do not say otherwise.
    min_days: u32,
    /// For rules that do not say otherwise.
    entry_grace_days: u32,
    #[serde(default, rename = "rule")]
    rules: Vec<RuleEntry>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RuleEntry {
    id: String,
    office_name: String,
    source: String,
    service: Service,
    #[serde(default)]
    levels: Vec<ServiceLevel>,
    #[serde(default)]
    groups: Vec<Group>,
    recognised: Option<bool>,
    #[serde(default)]
    household: bool,
    #[serde(default)]
    after: Vec<ServiceLevel>,
    every: Cadence,
    within_days: Option<u32>,
    window: Option<Window>,
    count: u32,
    quota: Option<Proration>,
    min_days: Option<u32>,
    entry_grace_days: Option<u32>,
    channels: Option<Vec<Channel>>,
    results: Option<Vec<ContactResult>>,
}

#[derive(Deserialize, Clone, Copy, PartialEq)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
enum Cadence {
    Month,
    HalfYear,
    Year,
    Once,
    Window,
}

pub(super) fn standard(toml: &str) -> Result<Standard, Error> {
    let document: Document = toml::from_str(toml).map_err(|error| unreadable(&error))?;
    let mut faults = Violations::default();
    if document.version.trim().is_empty() {
        faults.add("version", required());
    }
    if document.rules.is_empty() {
        faults.add("rule", required());
    }
    for (i, entry) in document.rules.iter().enumerate() {
        if document.rules[..i].iter().any(|earlier| earlier.id == entry.id) {
            faults.add(format!("rule[{}].id", entry.id), sentence("must be unique", "不得重复"));
        }
    }
    let defaults = (document.min_days, document.entry_grace_days);
    let rules =
        document.rules.into_iter().enumerate().map(|(i, entry)| rule(i, entry, defaults, &mut faults)).collect();
    faults.check()?;
    Ok(Standard { version: document.version.into(), in_force_from: document.in_force_from, rules })
}

/// A rule of its entry; what is wrong with it is added to the faults under the rule's id (its number, without one).
fn rule(number: usize, entry: RuleEntry, (min_days, entry_grace_days): (u32, u32), faults: &mut Violations) -> Rule {
    let name = if entry.id.trim().is_empty() { (number + 1).to_string() } else { entry.id.clone() };
    let mut fault = |field: &str, sentence: Sentence| faults.add(format!("rule[{name}].{field}"), sentence);

    for (field, text) in [("id", &entry.id), ("office_name", &entry.office_name), ("source", &entry.source)] {
        if text.trim().is_empty() {
            fault(field, required());
        }
    }
    if entry.levels.contains(&ServiceLevel::Exited) {
        fault("levels", sentence("must not name EXITED: nothing is owed after an exit", "不得含退出人员"));
    }

    let every = every(&entry, &mut fault);
    let min_days = entry.min_days.unwrap_or(min_days);
    let entry_grace_days = entry.entry_grace_days.unwrap_or(entry_grace_days);
    if let Some(shortest) = shortest_period(every)
        && !(1..=shortest).contains(&min_days)
    {
        fault("min_days", range(1, shortest.into()));
    }
    if entry_grace_days > LONGEST {
        fault("entry_grace_days", range(0, LONGEST.into()));
    }
    let quota = quota(&entry, &mut fault);
    let usual = Counts::usual(entry.service);
    let counts =
        Counts { channels: entry.channels.unwrap_or(usual.channels), results: entry.results.unwrap_or(usual.results) };

    Rule {
        id: Arc::from(entry.id),
        office_name: entry.office_name,
        source: entry.source,
        service: entry.service,
        who: Who {
            household: entry.household,
            levels: entry.levels,
            groups: entry.groups,
            recognised: entry.recognised,
            after: entry.after,
        },
        every,
        quota,
        min_days,
        entry_grace_days,
        counts,
    }
}

fn every(entry: &RuleEntry, fault: &mut impl FnMut(&str, Sentence)) -> Every {
    if entry.every != Cadence::Window && entry.window.is_some() {
        fault("window", sentence("is for WINDOW rules only", "仅用于节令期间事项"));
    }
    if entry.every != Cadence::Once {
        if entry.within_days.is_some() {
            fault("within_days", sentence("is for ONCE rules only", "仅用于一次性事项"));
        }
        if !entry.after.is_empty() {
            fault("after", sentence("is for ONCE rules only", "仅用于一次性事项"));
        }
    }
    match entry.every {
        Cadence::Month => Every::Month,
        Cadence::HalfYear => Every::HalfYear,
        Cadence::Year => Every::Year,
        Cadence::Once => match entry.within_days {
            Some(within_days) if (1..=LONGEST).contains(&within_days) => Every::Once { within_days },
            Some(_) => {
                fault("within_days", range(1, LONGEST.into()));
                Every::Once { within_days: 0 }
            }
            None => {
                fault("within_days", required());
                Every::Once { within_days: 0 }
            }
        },
        Cadence::Window => Every::Window(window(entry, fault)),
    }
}

fn window(entry: &RuleEntry, fault: &mut impl FnMut(&str, Sentence)) -> Window {
    let Some(window) = entry.window else {
        fault("window", required());
        return Window { festival: Festival::SpringFestival, days_before: 0, days_after: 0 };
    };
    for (field, days) in [("window.days_before", window.days_before), ("window.days_after", window.days_after)] {
        if days > LONGEST_WINDOW_SIDE {
            fault(field, range(0, LONGEST_WINDOW_SIDE.into()));
        }
    }
    window
}

fn quota(entry: &RuleEntry, fault: &mut impl FnMut(&str, Sentence)) -> Option<Quota> {
    let most = if entry.every == Cadence::Year { MOST_SLOTS } else { 1 };
    if !(1..=most).contains(&entry.count) {
        fault("count", range(1, most.into()));
    }
    if entry.count > 1 && entry.quota.is_none() {
        fault("quota", sentence("is required where count is above 1", "数量大于1时必填"));
    }
    if entry.quota.is_some() && entry.every != Cadence::Year {
        fault("quota", sentence("is for YEAR rules only", "仅用于每年事项"));
    }
    entry.quota.map(|proration| Quota { count: entry.count, proration })
}

/// Days of the shortest period of a kind: a rule that asked for more would skip years without telling.
fn shortest_period(every: Every) -> Option<u32> {
    match every {
        Every::Month => Some(28),
        Every::HalfYear => Some(181),
        Every::Year => Some(365),
        Every::Once { .. } => None,
        Every::Window(window) => Some(shortest_window(window)),
    }
}

fn unreadable(error: &toml::de::Error) -> Error {
    let en = format!("must be a TOML document of a standard: {}", error.message());
    Error::field("standard", Sentence { en: en.into(), zh: "应为TOML格式的服务标准".into() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_fault_of_a_document_is_told_at_once_and_by_rule() {
        let document = r#"
            version = ""
            in_force_from = "2026-01-01"
            min_days = 10
            entry_grace_days = 5
            [[rule]]
            id = "a"
            office_name = "甲"
            source = "default"
            service = "FOLLOW_UP"
            levels = ["EXITED"]
            every = "MONTH"
            count = 0
            min_days = 29
            [[rule]]
            id = "a"
            office_name = ""
            source = "default"
            service = "JOB_REFERRAL"
            every = "YEAR"
            count = 3
            within_days = 30
            after = ["STABLE"]
            [[rule]]
            id = "b"
            office_name = "乙"
            source = "default"
            service = "JOB_REFERRAL"
            every = "ONCE"
            count = 1
            quota = "FULL"
            entry_grace_days = 1000
        "#;
        let Err(Error::Invalid(faults)) = standard(document) else { panic!("it has faults") };
        let fields: Vec<_> = faults.iter().map(|(field, _)| &**field).collect();
        assert_eq!(
            fields,
            [
                "version",
                "rule[a].id",
                "rule[a].levels",
                "rule[a].min_days",
                "rule[a].count",
                "rule[a].office_name",
                "rule[a].within_days",
                "rule[a].after",
                "rule[a].quota",
                "rule[b].within_days",
                "rule[b].entry_grace_days",
                "rule[b].quota",
            ]
        );
    }

    #[test]
    fn what_is_no_document_of_a_standard_is_refused_in_words() {
        for text in ["", "version = 1", "]]", "version = \"x\"\nin_force_from = \"2026-02-30\""] {
            assert!(matches!(standard(text), Err(Error::Invalid(_))), "{text}");
        }
    }
}
