//! Festivals (节令): days of the Chinese calendar, computed by the ICU library. Domain text, section 5.

use std::sync::OnceLock;

use chrono::NaiveDate;
use icu_calendar::{Date, Iso, types::Month};

/// Festivals whose day is known for every year.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Festival {
    /// 春节: first day of the first month of the Chinese calendar.
    SpringFestival,
}

impl Festival {
    /// 春节 …: the office's word.
    pub fn office_word(self) -> &'static str {
        match self {
            Self::SpringFestival => "春节",
        }
    }

    /// Its day in a year of the civil calendar.
    pub fn of(self, year: i32) -> Option<NaiveDate> {
        match self {
            Self::SpringFestival => kept(year),
        }
    }
}

/// Computing one takes as long as planning a person's year does, and everybody's plan asks: those of our time are kept.
fn kept(year: i32) -> Option<NaiveDate> {
    const FIRST: i32 = 1950;
    static KEPT: [OnceLock<Option<NaiveDate>>; 200] = [const { OnceLock::new() }; 200];
    let place = usize::try_from(year.saturating_sub(FIRST)).ok().and_then(|place| KEPT.get(place));
    place.map_or_else(|| spring_festival(year), |kept| *kept.get_or_init(|| spring_festival(year)))
}

fn spring_festival(year: i32) -> Option<NaiveDate> {
    let first = Date::try_new_chinese_traditional(year, Month::new(1), 1).ok()?.to_calendar(Iso);
    NaiveDate::from_ymd_opt(first.era_year().year, first.month().ordinal.into(), first.day_of_month().0.into())
}

#[cfg(test)]
mod tests {
    use chrono::Datelike as _;

    use super::*;

    /// Days as the almanacs of these years have them.
    #[test]
    fn spring_festival_falls_where_the_almanac_has_it() {
        for day in [
            "2000-02-05",
            "2015-02-19",
            "2019-02-05",
            "2020-01-25",
            "2021-02-12",
            "2022-02-01",
            "2023-01-22",
            "2024-02-10",
            "2025-01-29",
            "2026-02-17",
            "2027-02-06",
            "2028-01-26",
            "2029-02-13",
            "2030-02-03",
            "2033-01-31",
            "2034-02-19",
            "2050-01-23",
            "2099-01-21",
        ] {
            let day: NaiveDate = day.parse().expect("a date");
            assert_eq!(Festival::SpringFestival.of(day.year()), Some(day));
        }
    }
}
