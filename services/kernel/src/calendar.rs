//! Civil dates in the bureau's time zone, Asia/Shanghai, between 1900 and 2100.

use bangfu_proto::common::v1::CalendarDate;
use chrono::{DateTime, Datelike as _, NaiveDate, NaiveDateTime, NaiveTime, TimeZone as _, Utc};
use chrono_tz::Asia::Shanghai;

/// First date the suite knows.
pub const EARLIEST: NaiveDate = NaiveDate::from_ymd_opt(1900, 1, 1).expect("a date");
/// Last date the suite knows.
pub const LATEST: NaiveDate = NaiveDate::from_ymd_opt(2100, 12, 31).expect("a date");

/// The civil date in Asia/Shanghai at an instant.
pub fn civil_date(instant: DateTime<Utc>) -> NaiveDate {
    instant.with_timezone(&Shanghai).date_naive()
}

/// The date and time of day in Asia/Shanghai at an instant.
pub fn civil_time(instant: DateTime<Utc>) -> NaiveDateTime {
    instant.with_timezone(&Shanghai).naive_local()
}

/// Nine in the morning of a day in Asia/Shanghai.
pub fn morning(day: NaiveDate) -> DateTime<Utc> {
    let nine = NaiveTime::from_hms_opt(9, 0, 0).unwrap_or_default();
    Shanghai
        .from_local_datetime(&day.and_time(nine))
        .earliest()
        .map_or(DateTime::UNIX_EPOCH, |at| at.with_timezone(&Utc))
}

/// The first instant of a day in Asia/Shanghai.
pub fn midnight(day: NaiveDate) -> DateTime<Utc> {
    Shanghai
        .from_local_datetime(&day.and_time(NaiveTime::MIN))
        .earliest()
        .map_or(DateTime::UNIX_EPOCH, |at| at.with_timezone(&Utc))
}

/// The message of a date.
pub fn message(date: NaiveDate) -> CalendarDate {
    CalendarDate {
        year: date.year(),
        month: i32::try_from(date.month()).unwrap_or_default(),
        day: i32::try_from(date.day()).unwrap_or_default(),
    }
}

/// The date of a message; `None` when there is no such date between 1900 and 2100.
pub fn date(message: &CalendarDate) -> Option<NaiveDate> {
    let (month, day) = (u32::try_from(message.month).ok()?, u32::try_from(message.day).ok()?);
    let date = NaiveDate::from_ymd_opt(message.year, month, day)?;
    (EARLIEST..=LATEST).contains(&date).then_some(date)
}

/// Full years between two dates: the age of somebody born on `born` on the day `on`. Somebody born on 29 February
/// is a year older from 1 March in common years.
pub fn full_years(born: NaiveDate, on: NaiveDate) -> i32 {
    let had_birthday = (on.month(), on.day()) >= (born.month(), born.day());
    on.year() - born.year() - i32::from(!had_birthday)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().expect("a date")
    }

    #[test]
    fn beijing_is_already_tomorrow_at_four_in_the_afternoon_utc() {
        let at = |text: &str| civil_date(text.parse().expect("an instant"));
        assert_eq!(at("2026-03-31T15:59:59Z"), day("2026-03-31"));
        assert_eq!(at("2026-03-31T16:00:00Z"), day("2026-04-01"));
    }

    #[test]
    fn dates_that_do_not_exist_or_lie_outside_1900_to_2100_are_none() {
        for (year, month, day) in
            [(1899, 12, 31), (2101, 1, 1), (2026, 2, 29), (2026, 0, 1), (2026, 13, 1), (2026, 1, -1), (0, 0, 0)]
        {
            assert_eq!(date(&CalendarDate { year, month, day }), None, "{year}-{month}-{day}");
        }
        assert_eq!(date(&CalendarDate { year: 2024, month: 2, day: 29 }), Some(day("2024-02-29")));
    }

    #[test]
    fn age_turns_on_the_birthday() {
        assert_eq!(full_years(day("2010-01-05"), day("2026-01-04")), 15);
        assert_eq!(full_years(day("2010-01-05"), day("2026-01-05")), 16);
        assert_eq!(full_years(day("2008-02-29"), day("2026-02-28")), 17);
        assert_eq!(full_years(day("2008-02-29"), day("2026-03-01")), 18);
    }
}
