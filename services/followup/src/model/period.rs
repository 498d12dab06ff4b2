//! Periods (周期): calendar months, half-years, years, and the days around a festival. Domain text, section 3.

use chrono::{Datelike as _, Days, Months, NaiveDate};

use super::standard::{Every, Window};

/// Most days on either side of a festival: the windows of two years never meet.
pub const LONGEST_WINDOW_SIDE: u32 = 150;

/// A period.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Period {
    /// First day.
    pub start: NaiveDate,
    /// Last day.
    pub end: NaiveDate,
}

impl Period {
    /// The period that a day lies in; `None`: it lies in none, or what is owed once has none.
    pub fn of(every: Every, day: NaiveDate) -> Option<Self> {
        let month = day.month0();
        let (first_month0, months) = match every {
            Every::Month => (month, 1),
            Every::HalfYear => (month / 6 * 6, 6),
            Every::Year => (0, 12),
            Every::Once { .. } => return None,
            Every::Window(window) => return Self::around(window, day).filter(|period| period.start <= day),
        };
        let start = day.with_day(1)?.with_month0(first_month0)?;
        let end = start.checked_add_months(Months::new(months))?.pred_opt()?;
        Some(Self { start, end })
    }

    /// The window that `day` lies in, or the next one.
    pub fn around(window: Window, day: NaiveDate) -> Option<Self> {
        (day.year() - 1..=day.year() + 2)
            .filter_map(|year| window.festival.of(year))
            .map(|festival| Self {
                start: days_before(festival, window.days_before),
                end: days_after(festival, window.days_after),
            })
            .find(|period| day <= period.end)
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

fn days_before(day: NaiveDate, days: u32) -> NaiveDate {
    day.checked_sub_days(Days::new(days.into())).unwrap_or(NaiveDate::MIN)
}

/// Days of a window: every year as many.
pub fn shortest_window(window: Window) -> u32 {
    window.days_before.saturating_add(window.days_after).saturating_add(1)
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
    use crate::model::festival::Festival;

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
    fn a_window_lies_around_its_festival_every_year() {
        let date = |text: &str| text.parse::<NaiveDate>().expect("a date");
        let spring = |days_before, days_after| Window { festival: Festival::SpringFestival, days_before, days_after };
        for (window, day, found) in [
            (spring(15, 30), "2026-02-01", None),
            (spring(15, 30), "2026-02-02", Some(("2026-02-02", "2026-03-19"))),
            (spring(15, 30), "2026-03-19", Some(("2026-02-02", "2026-03-19"))),
            (spring(15, 30), "2026-03-20", None),
            (spring(60, 0), "2024-12-01", Some(("2024-11-30", "2025-01-29"))),
            (spring(150, 150), "2026-12-31", Some(("2026-09-09", "2027-07-06"))),
        ] {
            let found = found.map(|(start, end)| Period { start: date(start), end: date(end) });
            assert_eq!(Period::of(Every::Window(window), date(day)), found, "{day}");
        }
        let next = Period::around(spring(15, 30), date("2026-03-20")).map(|period| period.start);
        assert_eq!(next, Some(date("2027-01-22")));
    }

    #[test]
    fn what_is_owed_once_has_no_calendar_period() {
        assert_eq!(Period::of(Every::Once { within_days: 30 }, NaiveDate::default()), None);
    }
}
