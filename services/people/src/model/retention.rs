//! Rules of retention (保存期限): how long what is kept, and what becomes of it then. They are data: `retention/rules.toml`.

use bangfu_kernel::Error;
use chrono::{Days, Months, NaiveDate};
use serde::Deserialize;

const RULES: &str = include_str!("../../retention/rules.toml");

/// Kinds of records with a rule of their own; what each is, says `RetentionKind` of the contract.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Kind {
    /// 已退出人员
    ExitedPerson,
    /// 已转出人员
    TransferredPerson,
    /// 备注 of people who are EXITED.
    ExitedRemark,
    /// 备注 of surveys.
    SurveyNote,
    /// Summaries of imports.
    RosterImport,
    /// Results kept to be repeated.
    RequestResult,
    /// 操作日志
    Audit,
}

impl Kind {
    /// All of them.
    pub const ALL: [Self; 7] = [
        Self::ExitedPerson,
        Self::TransferredPerson,
        Self::ExitedRemark,
        Self::SurveyNote,
        Self::RosterImport,
        Self::RequestResult,
        Self::Audit,
    ];
}

/// What becomes of records whose time is over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Means {
    /// 匿名化
    Anonymise,
    /// The value goes.
    Empty,
    /// The row goes.
    Delete,
    /// Nothing goes.
    Keep,
}

/// One rule.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    /// What it is about.
    pub kind: Kind,
    /// The office's word for it.
    pub office_name: String,
    /// Law and article, or "default".
    pub source: String,
    /// Kept for so many months,
    pub months: Option<u32>,
    /// or for so many days.
    pub days: Option<u64>,
    /// What becomes of it then.
    pub means: Means,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    rule: Vec<Rule>,
}

impl Rule {
    /// What is dated before this day is too old.
    pub fn kept_from(&self, today: NaiveDate) -> NaiveDate {
        let months = Months::new(self.months.unwrap_or_default());
        let days = Days::new(self.days.unwrap_or_default());
        today.checked_sub_months(months).and_then(|day| day.checked_sub_days(days)).unwrap_or(NaiveDate::MIN)
    }
}

/// The rules that this version ships with: one for each kind, in the order in which they are followed.
pub fn rules() -> Result<Vec<Rule>, Error> {
    let File { rule } = toml::from_str(RULES).map_err(|error| Error::Internal(Box::new(error)))?;
    Ok(rule)
}

/// The first year of the five that a year of birth is one of.
pub fn blurred(birth_year: i16) -> i16 {
    birth_year - birth_year.rem_euclid(5)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_has_one_rule_with_a_source_and_one_length() {
        let rules = rules().expect("they can be read");
        assert_eq!(rules.iter().map(|rule| rule.kind).collect::<Vec<_>>(), Kind::ALL);
        for rule in &rules {
            assert!(rule.months.is_some() != rule.days.is_some(), "{rule:?}");
            assert!(!rule.source.is_empty() && !rule.office_name.is_empty(), "{rule:?}");
        }
        let audit = rules.iter().find(|rule| rule.kind == Kind::Audit).expect("a rule");
        assert_eq!(audit.means, Means::Keep, "the law: six months at least; the chain: all of it");
    }

    #[test]
    fn what_is_kept_is_counted_in_civil_months_and_days() {
        let rule = |months, days| Rule { months, days, ..rules().expect("rules").remove(0) };
        let day = |text: &str| text.parse::<NaiveDate>().expect("a date");
        for (months, days, today, from) in [
            (Some(60), None, "2026-01-05", "2021-01-05"),
            (Some(12), None, "2024-02-29", "2023-02-28"),
            (None, Some(30), "2026-01-05", "2025-12-06"),
        ] {
            assert_eq!(rule(months, days).kept_from(day(today)), day(from));
        }
    }

    #[test]
    fn a_year_of_birth_becomes_the_first_of_five() {
        for (year, first) in [(1980, 1980), (1984, 1980), (1985, 1985), (1999, 1995), (2000, 2000)] {
            assert_eq!(blurred(year), first);
        }
    }
}
