//! Working days (工作日): the State Council's yearly notice as a table a year, with make-up working days. Domain text,
//! section 5.

mod document;
mod table;

use std::{collections::BTreeMap, sync::Arc};

use bangfu_kernel::Error;
use chrono::{Datelike as _, Days, NaiveDate, Weekday};

pub use table::{Draft, MOST_DAYS_OFF, YEARS, YearTable};

/// Tables that come with the suite.
const SHIPPED: [&str; 2] = [include_str!("../../calendars/2025.toml"), include_str!("../../calendars/2026.toml")];

/// Why a day is no working day when no holiday is: 周末.
const WEEKEND: &str = "周末";

/// The working days of all years. A year without a table falls back to Monday to Friday, and says so ([`Self::table`]).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct WorkDays(BTreeMap<i32, Arc<YearTable>>);

impl WorkDays {
    /// Those that come with the suite: 2025 and 2026.
    pub fn shipped() -> Result<Self, Error> {
        let tables = SHIPPED.into_iter().map(YearTable::parse).collect::<Result<Vec<_>, _>>()?;
        Ok(Self::default().with(tables))
    }

    /// The same with these tables in place of those that stand for their years.
    #[must_use]
    pub fn with(mut self, tables: impl IntoIterator<Item = YearTable>) -> Self {
        self.0.extend(tables.into_iter().map(|table| (table.year, Arc::new(table))));
        self
    }

    /// The table of a year; `None`: there is none, and its working days are a guess.
    pub fn table(&self, year: i32) -> Option<&YearTable> {
        self.0.get(&year).map(AsRef::as_ref)
    }

    /// Years of a span that have no table.
    pub fn without_table(&self, from: NaiveDate, to: NaiveDate) -> impl Iterator<Item = i32> {
        (from.year()..=to.year()).filter(|year| self.table(*year).is_none())
    }

    /// Whether a day is a working day.
    pub fn is_working(&self, day: NaiveDate) -> bool {
        self.why_not(day).is_none()
    }

    /// Why a day is no working day: the holiday, or 周末. `None`: it is one.
    pub fn why_not(&self, day: NaiveDate) -> Option<&str> {
        let table = self.table(day.year());
        if let Some(name) = table.and_then(|table| table.days_off.get(&day)) {
            return Some(name);
        }
        let worked = table.is_some_and(|table| table.makeup_days.contains(&day));
        (is_weekend(day) && !worked).then_some(WEEKEND)
    }

    /// The day itself if it is a working day, or the next one: what is due on a day of rest is due then.
    pub fn on_or_after(&self, day: NaiveDate) -> NaiveDate {
        day.iter_days().find(|day| self.is_working(*day)).unwrap_or(day)
    }

    /// The next working day.
    pub fn after(&self, day: NaiveDate) -> NaiveDate {
        self.on_or_after(day.checked_add_days(Days::new(1)).unwrap_or(day))
    }

    /// The working day before.
    pub fn before(&self, day: NaiveDate) -> NaiveDate {
        days_back(day).skip(1).find(|day| self.is_working(*day)).unwrap_or(day)
    }

    /// The working days of a span, both ends included.
    pub fn within(&self, from: NaiveDate, to: NaiveDate) -> impl Iterator<Item = NaiveDate> {
        from.iter_days().take_while(move |day| *day <= to).filter(|day| self.is_working(*day))
    }
}

/// The day and those before it, backwards.
fn days_back(day: NaiveDate) -> impl Iterator<Item = NaiveDate> {
    std::iter::successors(Some(day), NaiveDate::pred_opt)
}

fn is_weekend(day: NaiveDate) -> bool {
    matches!(day.weekday(), Weekday::Sat | Weekday::Sun)
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().expect("a date")
    }

    fn shipped() -> WorkDays {
        WorkDays::shipped().expect("the shipped tables")
    }

    /// Every day off and every make-up day of section 5, with the working days beside them.
    #[rstest]
    #[case::new_year("2025-01-01", "2025-01-01", "元旦")]
    #[case::spring_festival("2025-01-28", "2025-02-04", "春节")]
    #[case::qingming("2025-04-04", "2025-04-06", "清明节")]
    #[case::labour_day("2025-05-01", "2025-05-05", "劳动节")]
    #[case::dragon_boat("2025-05-31", "2025-06-02", "端午节")]
    #[case::national_day_and_mid_autumn("2025-10-01", "2025-10-08", "国庆节、中秋节")]
    #[case::new_year("2026-01-01", "2026-01-03", "元旦")]
    #[case::spring_festival("2026-02-15", "2026-02-23", "春节")]
    #[case::qingming("2026-04-04", "2026-04-06", "清明节")]
    #[case::labour_day("2026-05-01", "2026-05-05", "劳动节")]
    #[case::dragon_boat("2026-06-19", "2026-06-21", "端午节")]
    #[case::mid_autumn("2026-09-25", "2026-09-27", "中秋节")]
    #[case::national_day("2026-10-01", "2026-10-07", "国庆节")]
    fn holidays_are_days_off_by_name(#[case] from: &str, #[case] to: &str, #[case] name: &str) {
        let days = shipped();
        let span = day(from).iter_days().take_while(|it| *it <= day(to));
        assert!(span.map(|it| days.why_not(it)).all(|why| why == Some(name)));
        for beside in [day(from).pred_opt(), day(to).succ_opt()].into_iter().flatten() {
            assert_ne!(days.why_not(beside), Some(name), "{beside}");
        }
    }

    #[rstest]
    #[case(2025, &["01-26", "02-08", "04-27", "09-28", "10-11"], 28)]
    #[case(2026, &["01-04", "02-14", "02-28", "05-09", "09-20", "10-10"], 33)]
    fn makeup_days_are_the_only_weekends_worked(#[case] year: i32, #[case] makeup: &[&str], #[case] off: usize) {
        let days = shipped();
        let year_of = |days: &WorkDays| {
            days.within(day(&format!("{year}-01-01")), day(&format!("{year}-12-31"))).collect::<Vec<_>>()
        };
        let weekends: Vec<_> = year_of(&days).into_iter().filter(|it| is_weekend(*it)).collect();
        assert_eq!(weekends, makeup.iter().map(|it| day(&format!("{year}-{it}"))).collect::<Vec<_>>());
        assert_eq!(days.table(year).map(|table| table.days_off.len()), Some(off));
    }

    /// Quarterly returns are due on the 5th after the quarter, rolled forward.
    #[rstest]
    #[case::q1("2026-04-05", "2026-04-07")]
    #[case::q2("2026-07-05", "2026-07-06")]
    #[case::q3("2026-10-05", "2026-10-08")]
    #[case::a_working_day_stays("2026-01-05", "2026-01-05")]
    #[case::onto_a_makeup_day("2026-01-03", "2026-01-04")]
    fn what_is_due_on_a_day_of_rest_rolls_forward(#[case] due: &str, #[case] rolled: &str) {
        assert_eq!(shipped().on_or_after(day(due)), day(rolled));
    }

    #[test]
    fn the_working_days_before_and_after_skip_rest() {
        let days = shipped();
        assert_eq!(days.before(day("2026-10-08")), day("2026-09-30"));
        assert_eq!(days.after(day("2026-09-30")), day("2026-10-08"));
        assert_eq!(days.after(day("2026-10-09")), day("2026-10-10"), "made up for on a Saturday");
        let week = days.within(day("2026-09-21"), day("2026-09-27")).collect::<Vec<_>>();
        assert_eq!(week, ["2026-09-21", "2026-09-22", "2026-09-23", "2026-09-24"].map(day));
        assert_eq!(days.within(day("2026-10-02"), day("2026-10-01")).count(), 0);
    }

    #[test]
    fn a_year_without_a_table_is_monday_to_friday_and_says_so() {
        let days = shipped();
        assert!(days.table(2027).is_none());
        assert_eq!(days.without_table(day("2026-12-01"), day("2028-01-01")).collect::<Vec<_>>(), [2027, 2028]);
        assert_eq!(days.without_table(day("2025-12-01"), day("2026-12-31")).count(), 0);
        assert!(days.is_working(day("2027-10-01")), "nobody said otherwise");
        assert_eq!(days.why_not(day("2027-10-02")), Some("周末"));
    }

    #[test]
    fn a_later_table_of_a_year_replaces_the_one_that_stands() {
        let table = YearTable { year: 2026, ..YearTable::default() };
        let days = shipped().with([table]);
        assert!(days.is_working(day("2026-10-01")));
        assert!(!days.is_working(day("2025-10-01")), "other years stay");
    }
}
