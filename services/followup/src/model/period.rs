//! Periods (周期): calendar months, half-years and years. Domain text, section 3.

use chrono::{Datelike as _, Days, Months, NaiveDate};

use super::standard::Every;

/// A calendar period.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Period {
    /// First day.
    pub start: NaiveDate,
    /// Last day.
    pub end: NaiveDate,
}

impl Period {
    /// The period that a day lies in; `None` for what has no calendar period.
    pub fn of(every: Every, day: NaiveDate) -> Option<Self> {
        let month = day.month0();
        let (first_month0, months) = match every {
            Every::Month => (month, 1),
            Every::HalfYear => (month / 6 * 6, 6),
            Every::Year => (0, 12),
            Every::Once { .. } => return None,
        };
        let start = day.with_day(1)?.with_month0(first_month0)?;
        let end = start.checked_add_months(Months::new(months))?.pred_opt()?;
        Some(Self { start, end })
    }

    /// Days from `day` to the end of the period, both included.
    pub fn days_left(&self, day: NaiveDate) -> i64 {
        (self.end - day).num_days() + 1
    }
}

/// The day so many days later; the last day there is, should that be beyond it.
pub fn days_after(day: NaiveDate, days: u32) -> NaiveDate {
    day.checked_add_days(Days::new(days.into())).unwrap_or(NaiveDate::MAX)
}

/// First day of the next month.
pub fn next_month(day: NaiveDate) -> NaiveDate {
    day.with_day(1).and_then(|first| first.checked_add_months(Months::new(1))).unwrap_or(NaiveDate::MAX)
}

/// First day of the next year.
pub fn next_year(day: NaiveDate) -> NaiveDate {
    NaiveDate::from_ymd_opt(day.year() + 1, 1, 1).unwrap_or(NaiveDate::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_lies_in_one_period_of_each_kind() {
        for (every, day, start, end) in [
            (Every::Month, "2024-02-29", "2024-02-01", "2024-02-29"),
            (Every::Month, "2026-12-31", "2026-12-01", "2026-12-31"),
            (Every::HalfYear, "2026-06-30", "2026-01-01", "2026-06-30"),
            (Every::HalfYear, "2026-07-01", "2026-07-01", "2026-12-31"),
            (Every::Year, "2026-08-31", "2026-01-01", "2026-12-31"),
        ] {
            let date = |text: &str| text.parse::<NaiveDate>().expect("a date");
            assert_eq!(Period::of(every, date(day)), Some(Period { start: date(start), end: date(end) }), "{day}");
        }
    }

    #[test]
    fn what_is_owed_once_has_no_calendar_period() {
        assert_eq!(Period::of(Every::Once { within_days: 30 }, NaiveDate::default()), None);
    }
}
