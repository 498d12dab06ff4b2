//! The table of a year, and the rules that it keeps: all its faults are told at once.

use std::{
    collections::{BTreeMap, BTreeSet},
    ops::RangeInclusive,
};

use bangfu_kernel::{
    error::{Rule, Violations},
    fields::{self, rule},
};
use chrono::{Datelike as _, NaiveDate};

/// Years that a table may be of.
pub const YEARS: RangeInclusive<i32> = 2000..=2100;
/// Most days off in a year.
pub const MOST_DAYS_OFF: usize = 60;

/// The working days of one year: Monday to Friday less the days off, and the make-up days.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct YearTable {
    /// Which year.
    pub year: i32,
    /// Number of the notice.
    pub source: String,
    /// 放假: days off, each with its holiday's name.
    pub days_off: BTreeMap<NaiveDate, String>,
    /// 调休上班: Saturdays and Sundays that are worked.
    pub makeup_days: BTreeSet<NaiveDate>,
}

/// A table as somebody wrote it.
#[derive(Debug, Clone, Default)]
pub struct Draft {
    /// Which year.
    pub year: i32,
    /// Number of the notice.
    pub source: String,
    /// Days off with their holidays' names; a day that cannot be read was told already, and is left out.
    pub days_off: Vec<(NaiveDate, String)>,
    /// Make-up working days.
    pub makeup_days: Vec<NaiveDate>,
}

impl Draft {
    /// The table, if the draft keeps the rules: a year from 2000 to 2100; every day in it, and named once; make-up days on
    /// Saturdays and Sundays that are not off; at most 60 days off, each with a name of 1 to 16 characters.
    pub fn check(self, faults: &mut Violations) -> YearTable {
        if !YEARS.contains(&self.year) {
            faults.add("calendar.year", fields::range((*YEARS.start()).into(), (*YEARS.end()).into()));
        }
        if self.days_off.len() > MOST_DAYS_OFF {
            faults.add("calendar.days_off", at_most_days_off());
        }
        let mut table = YearTable {
            year: self.year,
            source: fields::text("calendar.source", &self.source, 0, 128, faults),
            ..YearTable::default()
        };
        for (on, name) in self.days_off {
            let field = |name: &str| format!("calendar.days_off[{on}].{name}");
            let mut of_name = Violations::default();
            let name = fields::text("name", &name, 1, 16, &mut of_name);
            for (_, rule) in of_name.iter() {
                faults.add(field("name"), of(on, rule.clone()));
            }
            if !lies_in(self.year, on) {
                faults.add(field("on"), of(on, not_in_the_year()));
            }
            if table.days_off.insert(on, name).is_some() {
                faults.add(field("on"), of(on, twice()));
            }
        }
        for on in self.makeup_days {
            let mut fault = |rule| faults.add(format!("calendar.makeup_days[{on}]"), of(on, rule));
            if !lies_in(self.year, on) {
                fault(not_in_the_year());
            }
            if !super::is_weekend(on) {
                fault(rule(
                    "must be a Saturday or Sunday: others are worked anyway",
                    "应为周六或周日，其他日子本来上班",
                ));
            }
            if table.days_off.contains_key(&on) {
                fault(rule("must not be a day off as well", "不得同时为放假日"));
            }
            if !table.makeup_days.insert(on) {
                fault(twice());
            }
        }
        table
    }
}

/// Whether a day lies in the year; in a year that is none, no day is told besides.
fn lies_in(year: i32, on: NaiveDate) -> bool {
    on.year() == year || !YEARS.contains(&year)
}

/// The office's sentence names no path: which day it is about is said in its rule.
fn of(on: NaiveDate, rule: Rule) -> Rule {
    Rule { zh: format!("（{on}）{}", rule.zh).into(), ..rule }
}

fn at_most_days_off() -> Rule {
    Rule {
        en: format!("must have at most {MOST_DAYS_OFF} days").into(),
        zh: format!("放假日不得超过{MOST_DAYS_OFF}天").into(),
    }
}

fn not_in_the_year() -> Rule {
    rule("must lie in the year", "应在该年度内")
}

fn twice() -> Rule {
    rule("must stand here once", "不得重复")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().expect("a date")
    }

    fn faults(draft: Draft) -> Vec<String> {
        let mut faults = Violations::default();
        draft.check(&mut faults);
        faults.iter().map(|(field, rule)| format!("{field} {}", rule.en)).collect()
    }

    #[test]
    fn all_faults_of_a_table_are_told_at_once() {
        let draft = Draft {
            year: 2027,
            source: "字".repeat(129),
            days_off: vec![
                (day("2027-01-01"), "元旦".to_owned()),
                (day("2027-01-01"), "元旦".to_owned()),
                (day("2026-12-31"), String::new()),
                (day("2027-01-02"), "元".repeat(17)),
            ],
            makeup_days: vec![
                day("2027-01-04"),
                day("2027-01-02"),
                day("2027-01-09"),
                day("2027-01-09"),
                day("2028-01-01"),
            ],
        };
        assert_eq!(
            faults(draft),
            [
                "calendar.source must have at most 128 characters",
                "calendar.days_off[2027-01-01].on must stand here once",
                "calendar.days_off[2026-12-31].name is required",
                "calendar.days_off[2026-12-31].on must lie in the year",
                "calendar.days_off[2027-01-02].name must have at most 16 characters",
                "calendar.makeup_days[2027-01-04] must be a Saturday or Sunday: others are worked anyway",
                "calendar.makeup_days[2027-01-02] must not be a day off as well",
                "calendar.makeup_days[2027-01-09] must stand here once",
                "calendar.makeup_days[2028-01-01] must lie in the year",
            ]
        );
        assert_eq!(faults(Draft { year: 1999, ..Draft::default() }), ["calendar.year must be 2000 to 2100"]);
        let days = |count| day("2027-01-01").iter_days().take(count).map(|on| (on, "假".to_owned())).collect();
        assert_eq!(faults(Draft { year: 2027, days_off: days(60), ..Draft::default() }), Vec::<String>::new());
        let many = Draft { year: 2027, days_off: days(61), ..Draft::default() };
        assert_eq!(faults(many), ["calendar.days_off must have at most 60 days"]);
    }
}
