//! Who serves somebody on a day: their own assignment, else the coordinator in the register, else the village's
//! assignment; and the stand-in of whoever is absent. The head of the contract's coordinator.proto says the same.
//!
//! The database settles all people of a township by the same rule in one statement (`store/serving.rs`).

use chrono::{Days, NaiveDate};

/// Who serves a village or a person for a while.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Spell {
    /// Who serves; empty: nobody.
    pub coordinator: String,
    /// First day.
    pub from: NaiveDate,
    /// First day it no longer holds.
    pub until: Option<NaiveDate>,
}

/// An absence with its stand-in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Away {
    /// Who is absent.
    pub coordinator: String,
    /// First day.
    pub from: NaiveDate,
    /// Last day.
    pub to: NaiveDate,
    /// Who stands in.
    pub stand_in: String,
}

/// Who serves a person on a day; empty: the unassigned queue.
///
/// `own` and `village` are the assignments of the person and of their village, of which one at most holds on a day;
/// `register` is the coordinator in the register, empty for none. A stand-in is followed no further: that they are not
/// absent themselves is seen to when an absence is entered.
pub fn serving<'a>(
    own: &'a [Spell],
    register: &'a str,
    village: &'a [Spell],
    absences: &'a [Away],
    on: NaiveDate,
) -> &'a str {
    let assigned = |spells: &'a [Spell]| spells.iter().find(|spell| spell.holds(on)).map(|it| it.coordinator.as_str());
    let named = [assigned(own), Some(register), assigned(village)];
    let Some(name) = named.into_iter().flatten().find(|name| !name.is_empty()) else { return "" };
    absences.iter().find(|away| away.coordinator == name && away.holds(on)).map_or(name, |away| &away.stand_in)
}

impl Spell {
    fn holds(&self, on: NaiveDate) -> bool {
        self.from <= on && self.until.is_none_or(|until| on < until)
    }
}

impl Away {
    fn holds(&self, on: NaiveDate) -> bool {
        self.from <= on && on <= self.to
    }
}

/// The day for which who serves is to be settled, if it was settled for `last` before. A clock that lags behind another
/// replica's round midnight does not turn the day back; one that had leapt ahead is not believed for ever.
pub fn settling_day(today: NaiveDate, last: Option<NaiveDate>) -> NaiveDate {
    let tomorrow = today.checked_add_days(Days::new(1));
    if last.is_some() && last == tomorrow { tomorrow.unwrap_or(today) } else { today }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().expect("a date")
    }

    /// "甲 2026-01-05 2026-02-01", the last left out: it holds.
    fn spells(text: &str) -> Vec<Spell> {
        text.split_terminator(", ")
            .map(|spell| {
                let mut words = spell.split(' ');
                let coordinator = words.next().expect("a name").replace('-', "");
                let from = day(words.next().expect("a day"));
                Spell { coordinator, from, until: words.next().map(day) }
            })
            .collect()
    }

    #[rstest]
    #[case::nobody("", "", "", "")]
    #[case::only_the_village("", "", "丙 2026-01-01", "丙")]
    #[case::the_register_beats_the_village("", "乙", "丙 2026-01-01", "乙")]
    #[case::ones_own_beats_both("甲 2026-01-01", "乙", "丙 2026-01-01", "甲")]
    #[case::on_the_first_day("甲 2026-02-10", "乙", "", "甲")]
    #[case::not_the_day_before("甲 2026-02-11", "乙", "", "乙")]
    #[case::no_longer_on_the_day_it_ends("甲 2026-01-01 2026-02-10", "乙", "", "乙")]
    #[case::on_the_last_day("甲 2026-01-01 2026-02-11", "乙", "", "甲")]
    #[case::the_next_takes_over("甲 2026-01-01 2026-02-10, 丁 2026-02-10", "乙", "", "丁")]
    #[case::ones_own_was_ended("甲 2026-01-01 2026-02-01, - 2026-02-01", "乙", "丙 2026-01-01", "乙")]
    #[case::the_villages_was_ended("", "", "丙 2026-01-01 2026-02-01, - 2026-02-01", "")]
    #[case::somebody_absent("", "病", "", "代")]
    #[case::absent_in_the_village("", "", "病 2026-01-01", "代")]
    #[case::absent_as_ones_own("病 2026-01-01", "乙", "", "代")]
    #[case::absent_yesterday("", "昨", "", "昨")]
    #[case::absent_tomorrow("", "明", "", "明")]
    #[case::a_stand_in_is_followed_no_further("", "二", "", "病")]
    fn who_serves(#[case] own: &str, #[case] register: &str, #[case] village: &str, #[case] expected: &str) {
        let away = |coordinator: &str, from: &str, to: &str, stand_in: &str| Away {
            coordinator: coordinator.to_owned(),
            from: day(from),
            to: day(to),
            stand_in: stand_in.to_owned(),
        };
        let absences = [
            away("病", "2026-02-10", "2026-02-10", "代"),
            away("昨", "2026-02-01", "2026-02-09", "代"),
            away("明", "2026-02-11", "2026-02-12", "代"),
            away("二", "2026-02-01", "2026-02-28", "病"),
        ];
        let (own, village) = (spells(own), spells(village));
        assert_eq!(serving(&own, register, &village, &absences, day("2026-02-10")), expected);
    }

    #[rstest]
    #[case::never(None, "2026-02-10")]
    #[case::days_ago(Some("2026-02-01"), "2026-02-10")]
    #[case::today(Some("2026-02-10"), "2026-02-10")]
    #[case::another_clock_is_past_midnight(Some("2026-02-11"), "2026-02-11")]
    #[case::a_clock_had_leapt(Some("2026-03-11"), "2026-02-10")]
    fn the_day_to_settle_for(#[case] last: Option<&str>, #[case] expected: &str) {
        assert_eq!(settling_day(day("2026-02-10"), last.map(day)), day(expected));
    }
}
