//! A standard ↔ its message of the contract.

use bangfu_kernel::{Group, ServiceLevel, calendar};
use bangfu_proto::{common::v1::CalendarDate, followup::v1 as proto, people::v1 as people};

use super::{
    Every, Proration, Rule, Standard,
    document::{Cadence, Document, Given, RuleEntry, WindowEntry},
};
use crate::model::{channel::Channel, contact::ContactResult, festival::Festival, service::Service};

impl From<&proto::Standard> for Document {
    fn from(message: &proto::Standard) -> Self {
        Self {
            version: message.version.clone(),
            in_force_from: message.in_force_from.as_ref().map_or(Given::Nothing, day),
            min_days: None,
            entry_grace_days: None,
            unknown_keys: Vec::new(),
            rules: message.rules.iter().map(RuleEntry::from).collect(),
        }
    }
}

impl From<&proto::DutyRule> for RuleEntry {
    fn from(message: &proto::DutyRule) -> Self {
        Self {
            id: message.rule_id.clone(),
            office_name: message.office_name.clone(),
            source: message.source.clone(),
            service: of(&Service::ALL, message.service, |it| proto::Service::from(it).into()),
            levels: each(&message.levels, level),
            groups: each(&message.groups, |number| of(&Group::ALL, number, |it| people::Group::from(it).into())),
            recognised: of(&[true, false], message.recognised, |it| recognised(Some(it)).into()),
            household: message.household,
            every: of(&Cadence::ALL, message.every, |it| proto::Cadence::from(it).into()),
            within_days: message.within_days.into(),
            after: each(&message.after, level),
            count: message.count.into(),
            proration: of(&[Proration::ByMonth, Proration::Full], message.proration, |it| {
                proto::Proration::from(it).into()
            }),
            min_days: Some(message.min_days.into()),
            entry_grace_days: Some(message.entry_grace_days.into()),
            channels: Some(each(&message.channels, |number| {
                of(&Channel::ALL, number, |it| proto::Channel::from(it).into())
            })),
            results: Some(each(&message.results, |number| {
                of(&ContactResult::ALL, number, |it| proto::ContactResult::from(it).into())
            })),
            window: message.window.as_ref().map(|window| WindowEntry {
                festival: of(&[Festival::SpringFestival], window.festival, |it| proto::Festival::from(it).into()),
                days_before: window.days_before.into(),
                days_after: window.days_after.into(),
            }),
        }
    }
}

/// The message of a standard, without who published it.
impl From<&Standard> for proto::Standard {
    fn from(standard: &Standard) -> Self {
        Self {
            version: standard.version.to_string(),
            in_force_from: Some(calendar::message(standard.in_force_from)),
            rules: standard.rules.iter().map(proto::DutyRule::from).collect(),
            published_at: None,
            published_by: String::new(),
        }
    }
}

impl From<&Rule> for proto::DutyRule {
    fn from(rule: &Rule) -> Self {
        let (within_days, window) = match rule.every {
            Every::Month | Every::HalfYear | Every::Year => (0, None),
            Every::Once { within_days } => (signed(within_days), None),
            Every::Window(window) => {
                let festival = proto::Festival::from(window.festival).into();
                let (days_before, days_after) = (signed(window.days_before), signed(window.days_after));
                (0, Some(proto::Window { festival, days_before, days_after }))
            }
        };
        let levels = |levels: &[ServiceLevel]| levels.iter().map(|&it| people::ServiceLevel::from(it).into()).collect();
        Self {
            rule_id: rule.id.to_string(),
            office_name: rule.office_name.clone(),
            source: rule.source.clone(),
            service: proto::Service::from(rule.service).into(),
            levels: levels(&rule.who.levels),
            groups: rule.who.groups.iter().map(|&it| people::Group::from(it).into()).collect(),
            recognised: recognised(rule.who.recognised).into(),
            household: rule.who.household,
            every: proto::Cadence::from(Cadence::from(rule.every)).into(),
            within_days,
            after: levels(&rule.who.after),
            count: rule.quota.map_or(1, |quota| signed(quota.count)),
            proration: rule.quota.map_or(proto::Proration::Unspecified, |it| it.proration.into()).into(),
            window,
            min_days: signed(rule.min_days),
            entry_grace_days: signed(rule.entry_grace_days),
            channels: rule.counts.channels.iter().map(|&it| proto::Channel::from(it).into()).collect(),
            results: rule.counts.results.iter().map(|&it| proto::ContactResult::from(it).into()).collect(),
        }
    }
}

impl Cadence {
    /// All of them, in the order of the contract.
    pub const ALL: [Self; 5] = [Self::Month, Self::HalfYear, Self::Year, Self::Once, Self::Window];
}

impl From<Cadence> for proto::Cadence {
    fn from(cadence: Cadence) -> Self {
        match cadence {
            Cadence::Month => Self::Month,
            Cadence::HalfYear => Self::HalfYear,
            Cadence::Year => Self::Year,
            Cadence::Once => Self::Once,
            Cadence::Window => Self::Window,
        }
    }
}

impl From<Proration> for proto::Proration {
    fn from(proration: Proration) -> Self {
        match proration {
            Proration::ByMonth => Self::ByMonth,
            Proration::Full => Self::Full,
        }
    }
}

impl From<Festival> for proto::Festival {
    fn from(festival: Festival) -> Self {
        match festival {
            Festival::SpringFestival => Self::SpringFestival,
        }
    }
}

fn recognised(recognised: Option<bool>) -> proto::Recognised {
    match recognised {
        Some(true) => proto::Recognised::Yes,
        Some(false) => proto::Recognised::No,
        None => proto::Recognised::Unspecified,
    }
}

/// A day that does not exist is as good as a word that does not.
fn day(message: &CalendarDate) -> Given<chrono::NaiveDate> {
    calendar::date(message).map_or(Given::Unknown, Given::Is)
}

fn level(number: i32) -> Given<ServiceLevel> {
    of(&ServiceLevel::ALL, number, |it| people::ServiceLevel::from(it).into())
}

/// The value that has a number in the contract; 0 stands for nothing given.
fn of<T: Copy>(all: &[T], number: i32, of: impl Fn(T) -> i32) -> Given<T> {
    match all.iter().find(|&&it| of(it) == number) {
        Some(&it) => Given::Is(it),
        None if number == 0 => Given::Nothing,
        None => Given::Unknown,
    }
}

fn each<T>(numbers: &[i32], of: impl Fn(i32) -> Given<T>) -> Vec<Given<T>> {
    numbers.iter().map(|&number| of(number)).collect()
}

/// Days and counts of a standard are small.
fn signed(number: u32) -> i32 {
    i32::try_from(number).unwrap_or(i32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::standard::NOTICE;

    #[test]
    fn a_standard_comes_back_from_its_message() {
        let notice = Standard::parse(NOTICE).expect("it is valid");
        let message = proto::Standard::from(&notice);
        assert_eq!(Document::from(&message).checked(), Ok(notice));
    }

    #[test]
    fn numbers_that_the_contract_does_not_know_are_told_and_do_not_hide_other_faults() {
        let mut message = proto::Standard::from(&Standard::parse(NOTICE).expect("it is valid"));
        message.in_force_from = Some(CalendarDate { year: 2026, month: 2, day: 30 });
        message.rules.truncate(1);
        message.rules[0].service = 99;
        message.rules[0].every = 0;
        message.rules[0].levels = vec![0];
        message.rules[0].recognised = 7;
        message.rules[0].results = vec![99];
        let faults = Document::from(&message).checked().expect_err("it has faults");
        let fields: Vec<_> = faults.iter().map(|(field, _)| &**field).collect();
        let of_rule = |field: &str| format!("standard.rules[follow_up.stable].{field}");
        assert_eq!(
            fields,
            [
                "standard.in_force_from".to_owned(),
                of_rule("service"),
                of_rule("levels"),
                of_rule("recognised"),
                of_rule("every"),
                of_rule("results"),
            ]
        );
    }
}
