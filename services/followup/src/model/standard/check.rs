//! What makes a document a standard: all of its faults at once, named by rule, or rules that are right.

use bangfu_kernel::{
    Error, ServiceLevel, calendar,
    error::{Rule as Sentence, Violations},
    fields::{self, enumerated, range, required, rule as sentence},
};
use chrono::{Datelike as _, NaiveDate};

use super::{
    Counts, Every, Quota, Rule, Standard, Who, Window,
    document::{Cadence, Document, Given, RuleEntry},
    together,
};
use crate::model::{
    period::{LONGEST_WINDOW_SIDE, shortest_window},
    service::Service,
};

/// Most rules of a standard.
pub const MOST_RULES: usize = 100;
/// Most days of grace, and most days a `once` rule may give.
const LONGEST: i64 = 366;
/// Most slots of a quota.
const MOST_SLOTS: i64 = 366;

/// A field and the rule it breaks.
pub type Fault = (String, Sentence);

impl Document {
    /// The standard it describes, or everything that is wrong with it, as the contract names it:
    /// "standard.rules[follow_up.stable].count"; a rule without a name of its own goes by its number.
    pub fn checked(&self) -> Result<Standard, Vec<Fault>> {
        let mut faults = self.unknown_keys.clone();
        let mut head = Check { path: "standard".to_owned(), faults: &mut faults };
        let version = head.name("version", &self.version, 32, |c| c.is_ascii_alphanumeric() || matches!(c, '.' | '-'));
        let in_force_from = head.day("in_force_from", self.in_force_from);
        if self.rules.is_empty() {
            head.fault("rules", required());
        }
        if self.rules.len() > MOST_RULES {
            head.fault("rules", sentence("must be 100 at most", "不得超过100条"));
        }
        let entries = &self.rules[..self.rules.len().min(MOST_RULES)];
        let mut rules = Vec::with_capacity(entries.len());
        for (i, entry) in entries.iter().enumerate() {
            let name = rule_name(i, &entry.id);
            let mut check = Check { path: format!("standard.rules[{name}]"), faults: &mut faults };
            if entries[..i].iter().any(|earlier| earlier.id == entry.id) {
                check.fault("rule_id", sentence("must be unique", "不得重复"));
            }
            let rule = check.rule(entry, self, in_force_from);
            // Without a level that is not known, a rule would seem to be owed to everybody.
            rules.extend(rule.filter(|_| entry.says_to_whom()).map(|rule| (name, rule)));
        }
        together::check(&rules, &mut faults);
        match (faults.is_empty(), in_force_from) {
            (true, Some(in_force_from)) => {
                let rules = rules.into_iter().map(|(_, rule)| rule).collect();
                Ok(Standard { version: version.into(), in_force_from, rules })
            }
            _ => Err(faults),
        }
    }

    /// What is wrong with its first day if it is to be published today: it would be in force already.
    pub fn late(&self, today: NaiveDate) -> Option<Fault> {
        let late = self.in_force_from.known().is_some_and(|first_day| first_day <= today);
        late.then(|| ("standard.in_force_from".to_owned(), sentence("must lie after today", "应晚于今天")))
    }
}

/// Faults as an error of the suite; it tells the first of them.
pub(super) fn refused(faults: Vec<Fault>) -> Error {
    let mut violations = Violations::default();
    for (field, rule) in faults {
        violations.add(field, rule);
    }
    Error::Invalid(violations)
}

/// What a rule goes by in a fault: its id if it can be one, else its number.
pub(super) fn rule_name(number: usize, id: &str) -> String {
    let is_a_name = !id.is_empty() && id.len() <= 64 && id.chars().all(of_a_rule_id);
    if is_a_name { id.to_owned() } else { (number + 1).to_string() }
}

fn of_a_rule_id(c: char) -> bool {
    c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '.' | '_')
}

/// One part of the document under check.
struct Check<'a> {
    path: String,
    faults: &'a mut Vec<Fault>,
}

impl Check<'_> {
    fn fault(&mut self, field: &str, sentence: Sentence) {
        let fault = (format!("{}.{field}", self.path), sentence);
        if !self.faults.contains(&fault) {
            self.faults.push(fault);
        }
    }

    fn rule(&mut self, entry: &RuleEntry, document: &Document, in_force_from: Option<NaiveDate>) -> Option<Rule> {
        let id = self.name("rule_id", &entry.id, 64, of_a_rule_id);
        let office_name = self.text("office_name", &entry.office_name, 64);
        let source = self.text("source", &entry.source, 256);
        let service = self.one("service", entry.service);
        let who = self.who(entry);
        let every = self.every(entry, in_force_from);
        let quota = self.quota(entry);
        let min_days = self.min_days(entry, document, every);
        let entry_grace_days = entry.entry_grace_days.or(document.entry_grace_days);
        let entry_grace_days = self.number("entry_grace_days", entry_grace_days, 0, LONGEST);
        let counts = self.counts(entry, service);
        Some(Rule {
            id: id.into(),
            office_name,
            source,
            service: service?,
            who,
            every: every?,
            quota,
            min_days,
            entry_grace_days,
            counts,
        })
    }

    fn who(&mut self, entry: &RuleEntry) -> Who {
        let levels = self.each("levels", &entry.levels);
        let groups = self.each("groups", &entry.groups);
        let after = self.each("after", &entry.after);
        if levels.contains(&ServiceLevel::Exited) {
            self.fault("levels", sentence("must not name EXITED: nothing is owed after an exit", "不得含退出人员"));
        }
        if entry.recognised == Given::Unknown {
            self.fault("recognised", enumerated());
        }
        if entry.household {
            for (field, named) in [
                ("levels", !entry.levels.is_empty()),
                ("groups", !entry.groups.is_empty()),
                ("recognised", !entry.recognised.is_nothing()),
                ("after", !entry.after.is_empty()),
            ] {
                if named {
                    self.fault(field, sentence("is for rules about people only", "仅用于针对个人的事项"));
                }
            }
        }
        Who { household: entry.household, levels, groups, recognised: entry.recognised.known(), after }
    }

    fn every(&mut self, entry: &RuleEntry, in_force_from: Option<NaiveDate>) -> Option<Every> {
        let cadence = self.one("every", entry.every)?;
        if cadence != Cadence::Window && entry.window.is_some() {
            self.fault("window", sentence("is for WINDOW rules only", "仅用于节令期间事项"));
        }
        if cadence != Cadence::Once {
            if entry.within_days != 0 {
                self.fault("within_days", sentence("is for ONCE rules only", "仅用于一次性事项"));
            }
            if !entry.after.is_empty() {
                self.fault("after", sentence("is for ONCE rules only", "仅用于一次性事项"));
            }
        }
        Some(match cadence {
            Cadence::Month => Every::Month,
            Cadence::HalfYear => Every::HalfYear,
            Cadence::Year => Every::Year,
            Cadence::Once => {
                Every::Once { within_days: self.number("within_days", Some(entry.within_days), 1, LONGEST) }
            }
            Cadence::Window => Every::Window(self.window(entry, in_force_from)?),
        })
    }

    fn window(&mut self, entry: &RuleEntry, in_force_from: Option<NaiveDate>) -> Option<Window> {
        let Some(window) = &entry.window else {
            self.fault("window", required());
            return None;
        };
        let side = LONGEST_WINDOW_SIDE.into();
        let days_before = self.number("window.days_before", Some(window.days_before), 0, side);
        let days_after = self.number("window.days_after", Some(window.days_after), 0, side);
        let festival = self.one("window.festival", window.festival)?;
        let years = in_force_from.map_or(calendar::LATEST, |day| day).year()..=calendar::LATEST.year();
        if years.into_iter().any(|year| festival.of(year).is_none()) {
            self.fault("window.festival", sentence("must have a day in every year", "每年都须有确定的日期"));
        }
        Some(Window { festival, days_before, days_after })
    }

    fn quota(&mut self, entry: &RuleEntry) -> Option<Quota> {
        let yearly = entry.every.known().is_none_or(|every| every == Cadence::Year);
        let count = if yearly {
            self.number("count", Some(entry.count), 1, MOST_SLOTS)
        } else {
            if entry.count != 1 {
                self.fault("count", sentence("must be 1: only YEAR rules have quotas", "应为1：仅每年事项可设多次"));
            }
            1
        };
        if yearly && count > 1 && entry.proration.is_nothing() {
            self.fault("proration", sentence("is required where count is above 1", "次数大于1时必填"));
        }
        if entry.proration == Given::Unknown {
            self.fault("proration", enumerated());
        }
        if !yearly && !entry.proration.is_nothing() {
            self.fault("proration", sentence("is for YEAR rules only", "仅用于每年事项"));
        }
        entry.proration.known().map(|proration| Quota { count, proration })
    }

    fn min_days(&mut self, entry: &RuleEntry, document: &Document, every: Option<Every>) -> u32 {
        match every.map(shortest_period) {
            Some(Some(shortest)) => self.number("min_days", entry.min_days.or(document.min_days), 1, shortest.into()),
            Some(None) => {
                if entry.min_days.is_some_and(|days| days != 0) {
                    self.fault("min_days", sentence("is not for ONCE rules", "不适用于一次性事项"));
                }
                0
            }
            None => 0,
        }
    }

    fn counts(&mut self, entry: &RuleEntry, service: Option<Service>) -> Counts {
        let usual = Counts::usual(service.unwrap_or(Service::FollowUp));
        let channels = match &entry.channels {
            Some(named) => self.each("channels", named),
            None => usual.channels,
        };
        if channels.is_empty() && service == Some(Service::FollowUp) {
            self.fault("channels", sentence("must be named for FOLLOW_UP", "跟踪服务须列明联系方式"));
        }
        let results = match &entry.results {
            Some(named) => self.each("results", named),
            None => usual.results,
        };
        if entry.results.as_ref().is_some_and(Vec::is_empty) {
            self.fault("results", required());
        }
        Counts { channels, results }
    }

    /// A word of certain characters.
    fn name(&mut self, field: &str, text: &str, most: usize, allowed: fn(char) -> bool) -> String {
        if text.is_empty() {
            self.fault(field, required());
        } else if text.len() > most || !text.chars().all(allowed) {
            self.fault(
                field,
                sentence("must be a short name of the characters of the contract", "含有不允许的字符或过长"),
            );
        }
        text.to_owned()
    }

    /// A text of one line.
    fn text(&mut self, field: &str, text: &str, most: usize) -> String {
        let mut faults = Violations::default();
        let text = fields::text("text", text, 1, most, &mut faults);
        for (_, sentence) in faults.iter() {
            self.fault(field, sentence.clone());
        }
        text
    }

    fn day(&mut self, field: &str, given: Given<NaiveDate>) -> Option<NaiveDate> {
        match given {
            Given::Nothing => self.fault(field, required()),
            Given::Is(day) if (calendar::EARLIEST..=calendar::LATEST).contains(&day) => return Some(day),
            Given::Unknown | Given::Is(_) => self.fault(
                field,
                sentence(
                    "must be an existing date between 1900-01-01 and 2100-12-31",
                    "应为1900-01-01至2100-12-31之间存在的日期",
                ),
            ),
        }
        None
    }

    fn number(&mut self, field: &str, given: Option<i64>, least: i64, most: i64) -> u32 {
        match given {
            None => self.fault(field, required()),
            Some(number) if !(least..=most).contains(&number) => self.fault(field, range(least, most)),
            Some(number) => return u32::try_from(number).unwrap_or_default(),
        }
        0
    }

    fn one<T>(&mut self, field: &str, given: Given<T>) -> Option<T> {
        match given {
            Given::Nothing => self.fault(field, required()),
            Given::Unknown => self.fault(field, enumerated()),
            Given::Is(value) => return Some(value),
        }
        None
    }

    fn each<T: Copy + PartialEq>(&mut self, field: &str, given: &[Given<T>]) -> Vec<T> {
        let mut values = Vec::with_capacity(given.len());
        for value in given {
            match *value {
                Given::Is(value) if values.contains(&value) => {
                    self.fault(field, sentence("must name each once", "不得重复"));
                }
                Given::Is(value) => values.push(value),
                Given::Nothing | Given::Unknown => self.fault(field, enumerated()),
            }
        }
        values
    }
}

/// Days of the shortest period of a kind: a rule that asked for more could not be reached in some years.
fn shortest_period(every: Every) -> Option<u32> {
    match every {
        Every::Month => Some(28),
        Every::HalfYear => Some(181),
        Every::Year => Some(365),
        Every::Once { .. } => None,
        Every::Window(window) => Some(shortest_window(window)),
    }
}

#[cfg(test)]
mod tests;
