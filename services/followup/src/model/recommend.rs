//! The day on which a duty is best done (建议日期): the duties of a coordinator are spread evenly over the working days of
//! their windows, each slot of a quota over its own part of the window, so that it keeps its pace. Domain text, section 5.
//!
//! A recommendation binds nobody and decides nothing: any day of the window will do. It lies within the window, and on a
//! working day where the window has one.

use std::collections::BTreeMap;

use bangfu_proto::followup::v1 as proto;
use chrono::{NaiveDate, TimeDelta};

use super::workdays::WorkDays;

/// The day recommended, and what it comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recommendation {
    /// The day.
    pub on: NaiveDate,
    /// What it comes from.
    pub by: By,
    /// Where it was moved off a day of rest: that day, and why it is one.
    pub moved: Option<(NaiveDate, String)>,
}

/// What a recommended day comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum By {
    /// 均衡安排
    Spread,
    /// 按进度: spread over the slot's own part of the window.
    Pace,
    /// 期内无工作日: the last day, for no working day is left.
    LastDay,
    /// 均衡安排（无放假安排表）: a year of the window has no table.
    SpreadWithoutTable,
}

/// What is left of a duty's window: both days included; never empty, unless the duty is overdue.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Window {
    /// Last day to do it.
    pub due_on: NaiveDate,
    /// First day it can still be done.
    pub from: NaiveDate,
}

/// How many duties of one coordinator are recommended for which day.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DayLoad(BTreeMap<NaiveDate, u32>);

impl DayLoad {
    /// More duties on a day.
    pub fn add(&mut self, on: NaiveDate, count: u32) {
        let load = self.0.entry(on).or_default();
        *load = load.saturating_add(count);
    }

    /// How many there are on a day.
    pub fn of(&self, on: NaiveDate) -> u32 {
        self.0.get(&on).copied().unwrap_or_default()
    }
}

/// The part of what is left of a window that is a slot's own: from the day after the target of the slot before (the first
/// one's from the opening) to its own target. So the slots of a quota follow each other, and no two people's same slots need
/// fall on one day. A slot that is behind has as many days as its part had, from the first one on that is left.
///
/// `target_on` lies `slot / n` of the way from `opens_on` to the end: that of the slot before, `(slot - 1) / slot` of the way
/// to this one's.
pub fn part_of_slot(window: Window, slot: u32, opens_on: NaiveDate, target_on: NaiveDate) -> Window {
    if window.from > window.due_on {
        return window;
    }
    let before = i64::from(slot.saturating_sub(1));
    let days_before = target_on.signed_duration_since(opens_on).num_days() * before / i64::from(slot.max(1));
    let begins = days_before + i64::from(before > 0);
    let begins = opens_on.checked_add_signed(TimeDelta::days(begins)).unwrap_or(opens_on).min(target_on);
    if target_on >= window.from {
        return Window { from: begins.clamp(window.from, window.due_on), due_on: target_on.min(window.due_on) };
    }
    let caught_up = window.from.checked_add_signed(target_on.signed_duration_since(begins)).unwrap_or(window.due_on);
    Window { due_on: caught_up.clamp(window.from, window.due_on), ..window }
}

/// What was found for a slot in its part of the window, which may be all of it. A part without a working day: the one nearest
/// to its end.
pub fn in_its_part(days: &WorkDays, window: Window, part: Window, found: Recommendation) -> Recommendation {
    if part == window {
        found
    } else if found.by == By::LastDay {
        near(days, window, part.due_on)
    } else {
        Recommendation { by: By::Pace, ..found }
    }
}

/// The day itself (moved into what is left of the window), or the working day before it, or the one after it where there is
/// none before.
fn near(days: &WorkDays, window: Window, target_on: NaiveDate) -> Recommendation {
    if window.from > window.due_on {
        return last_day(window);
    }
    let target = target_on.clamp(window.from, window.due_on);
    let Some(why) = days.why_not(target) else { return Recommendation { on: target, by: By::Pace, moved: None } };
    let moved = Some((target, why.to_owned()));
    let (before, after) = (days.before(target), days.after(target));
    if before >= window.from {
        Recommendation { on: before, by: By::Pace, moved }
    } else if after <= window.due_on {
        Recommendation { on: after, by: By::Pace, moved }
    } else {
        last_day(window)
    }
}

/// The day for a duty that is raised alone: `place` says which working day of the window, counted round and round.
pub fn placed(days: &WorkDays, window: Window, place: u64) -> Recommendation {
    let working: Vec<_> = days.within(window.from, window.due_on).collect();
    let number = u64::try_from(working.len()).ok().and_then(|count| place.checked_rem(count));
    let on = number.and_then(|number| working.get(usize::try_from(number).ok()?));
    on.map_or_else(|| last_day(window), |&on| spread_on(days, window, on))
}

/// The days for duties of one coordinator that share a window, in the order in which they come: neighbours in that order
/// (people of one village) are neighbours in time.
///
/// The least loaded working days are filled first, up to the same level; what is left above that level goes, one each, to
/// days at an even pace. Without any load before, `count` duties over n days make `count / n` on each, rounded down or up.
pub fn spread(days: &WorkDays, window: Window, count: usize, load: &mut DayLoad) -> Vec<Recommendation> {
    let working: Vec<_> = days.within(window.from, window.due_on).collect();
    if working.is_empty() {
        return vec![last_day(window); count];
    }
    let before: Vec<_> = working.iter().map(|&on| load.of(on)).collect();
    let mut recommended = Vec::with_capacity(count);
    for (&on, more) in working.iter().zip(filled(&before, count)) {
        load.add(on, more);
        recommended.extend((0..more).map(|_| spread_on(days, window, on)));
    }
    recommended
}

/// How many of `count` go on each day, so that the days with least are as level as can be.
fn filled(before: &[u32], count: usize) -> Vec<u32> {
    let count = u32::try_from(count).unwrap_or(u32::MAX);
    let to_fill = |level: u32| before.iter().map(|&load| u64::from(level.saturating_sub(load))).sum::<u64>();
    // The highest level that can be filled everywhere lies between these two.
    let mut low = before.iter().copied().min().unwrap_or_default();
    let mut high = low.saturating_add(count).saturating_add(1);
    while high - low > 1 {
        let middle = low + (high - low) / 2;
        if to_fill(middle) <= u64::from(count) { low = middle } else { high = middle }
    }
    let level = low;
    let mut more: Vec<_> = before.iter().map(|&load| level.saturating_sub(load)).collect();
    let mut level_days: Vec<_> =
        more.iter_mut().zip(before).filter(|(_, load)| **load <= level).map(|(it, _)| it).collect();
    let rest = usize::try_from(u64::from(count).saturating_sub(to_fill(level))).unwrap_or_default();
    for number in 0..rest.min(level_days.len()) {
        // The middle of the number-th of `rest` equal parts.
        let place = (2 * number + 1) * level_days.len() / (2 * rest);
        *level_days[place] += 1;
    }
    more
}

fn spread_on(days: &WorkDays, window: Window, on: NaiveDate) -> Recommendation {
    let tables = days.without_table(window.from, window.due_on).next().is_none();
    Recommendation { on, by: if tables { By::Spread } else { By::SpreadWithoutTable }, moved: None }
}

fn last_day(window: Window) -> Recommendation {
    Recommendation { on: window.due_on, by: By::LastDay, moved: None }
}

impl From<By> for proto::RecommendedBy {
    fn from(by: By) -> Self {
        match by {
            By::Spread => Self::Spread,
            By::Pace => Self::Pace,
            By::LastDay => Self::LastDay,
            By::SpreadWithoutTable => Self::SpreadWithoutTable,
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rstest::rstest;

    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().expect("a date")
    }

    fn window(from: &str, due_on: &str) -> Window {
        Window { from: day(from), due_on: day(due_on) }
    }

    fn shipped() -> WorkDays {
        WorkDays::shipped().expect("the shipped tables")
    }

    #[rstest]
    #[case::a_working_day_stays("2026-04-30", "2026-04-30", None)]
    #[case::before_a_holiday("2026-10-04", "2026-09-30", Some("国庆节"))]
    #[case::before_a_weekend("2026-08-30", "2026-08-28", Some("周末"))]
    #[case::a_makeup_day_is_worked("2026-02-28", "2026-02-28", None)]
    #[case::onto_the_makeup_day("2026-02-15", "2026-02-14", Some("春节"))]
    fn a_part_without_a_working_day_gives_the_one_before_its_end(
        #[case] target: &str,
        #[case] on: &str,
        #[case] why: Option<&str>,
    ) {
        let found = near(&shipped(), window("2026-01-05", "2026-12-31"), day(target));
        let moved = why.map(|why| (day(target), why.to_owned()));
        assert_eq!(found, Recommendation { on: day(on), by: By::Pace, moved });
    }

    #[test]
    fn with_rest_before_it_it_is_the_day_after_and_with_rest_all_around_the_last_day() {
        let days = shipped();
        let found = near(&days, window("2026-10-01", "2026-12-31"), day("2026-10-03"));
        assert_eq!((found.on, found.moved), (day("2026-10-08"), Some((day("2026-10-03"), "国庆节".to_owned()))));
        let all_rest = window("2026-10-01", "2026-10-07");
        let last = Recommendation { on: day("2026-10-07"), by: By::LastDay, moved: None };
        assert_eq!(near(&days, all_rest, day("2026-10-03")), last);
        assert_eq!(placed(&days, all_rest, 17), last);
        assert_eq!(spread(&days, all_rest, 1, &mut DayLoad::default()), [last]);
        let late = near(&days, window("2026-07-01", "2026-12-31"), day("2026-05-01"));
        assert_eq!((late.on, late.moved), (day("2026-07-01"), None), "its target is over");
    }

    #[rstest]
    #[case::the_only_one_has_the_whole_window("2026-01-01", 1, 1, "2026-01-05", ("2026-01-05", "2026-12-31"))]
    #[case::the_first_of_three("2026-01-01", 1, 3, "2026-01-01", ("2026-01-01", "2026-05-02"))]
    #[case::the_second("2026-01-01", 2, 3, "2026-01-01", ("2026-05-03", "2026-08-31"))]
    #[case::the_last("2026-01-01", 3, 3, "2026-01-01", ("2026-09-01", "2026-12-31"))]
    #[case::begun_already("2026-01-01", 2, 3, "2026-06-10", ("2026-06-10", "2026-08-31"))]
    #[case::on_its_last_day("2026-01-01", 1, 3, "2026-05-02", ("2026-05-02", "2026-05-02"))]
    #[case::behind_as_many_days_as_it_had("2026-01-01", 2, 3, "2026-09-01", ("2026-09-01", "2026-12-30"))]
    #[case::behind_and_not_beyond_the_end("2026-01-01", 1, 3, "2026-12-01", ("2026-12-01", "2026-12-31"))]
    #[case::opened_late("2026-12-30", 2, 3, "2026-12-30", ("2026-12-30", "2026-12-30"))]
    #[case::overdue("2026-01-01", 1, 1, "2027-01-02", ("2027-01-02", "2026-12-31"))]
    fn a_slot_has_its_own_part_of_the_window(
        #[case] opens_on: &str,
        #[case] slot: u32,
        #[case] of: i64,
        #[case] today: &str,
        #[case] part: (&str, &str),
    ) {
        let (opens_on, end) = (day(opens_on), day("2026-12-31"));
        let target_on = opens_on + TimeDelta::days((end - opens_on).num_days() * i64::from(slot) / of);
        let whole = Window { from: day(today), due_on: end };
        assert_eq!(part_of_slot(whole, slot, opens_on, target_on), window(part.0, part.1));
    }

    #[test]
    fn slots_are_spread_over_their_part_which_is_their_pace_unless_it_is_all_there_is() {
        let (days, whole) = (shipped(), window("2026-01-05", "2026-12-31"));
        let part = part_of_slot(whole, 2, day("2026-01-05"), day("2026-09-01"));
        let found = spread(&days, part, 600, &mut DayLoad::default());
        let found: Vec<_> = found.into_iter().map(|it| in_its_part(&days, whole, part, it)).collect();
        assert!(found.iter().all(|it| it.by == By::Pace && (part.from..=part.due_on).contains(&it.on)));
        let busiest = found.iter().map(|it| found.iter().filter(|other| other.on == it.on).count()).max();
        assert!(busiest <= Some(600_usize.div_ceil(days.within(part.from, part.due_on).count())), "{busiest:?}");
        let alone = in_its_part(&days, whole, part, placed(&days, part, 7));
        assert_eq!((alone.by, alone.moved), (By::Pace, None));
        assert_eq!(in_its_part(&days, whole, whole, placed(&days, whole, 7)).by, By::Spread);
        let golden_week = window("2026-10-01", "2026-10-07");
        let found = in_its_part(&days, whole, golden_week, placed(&days, golden_week, 7));
        assert_eq!((found.on, found.by), (day("2026-09-30"), By::Pace), "no working day in its part");
    }

    #[test]
    fn one_that_is_overdue_is_recommended_for_its_last_day() {
        let overdue = window("2026-02-03", "2026-01-30");
        assert_eq!(near(&shipped(), overdue, day("2026-01-30")).by, By::LastDay);
        assert_eq!(spread(&shipped(), overdue, 2, &mut DayLoad::default())[1].on, day("2026-01-30"));
    }

    #[test]
    fn the_least_loaded_days_come_first() {
        let mut load = DayLoad::default();
        let week = window("2026-03-02", "2026-03-06");
        load.add(day("2026-03-02"), 3);
        load.add(day("2026-03-04"), 1);
        let on: Vec<_> = spread(&shipped(), week, 5, &mut load).into_iter().map(|it| it.on).collect();
        assert_eq!(on, ["2026-03-03", "2026-03-04", "2026-03-05", "2026-03-06", "2026-03-06"].map(day));
        assert_eq!(spread(&shipped(), week, 1, &mut load)[0].on, day("2026-03-05"));
    }

    #[test]
    fn a_year_without_a_table_is_told() {
        let found = placed(&shipped(), window("2027-10-01", "2027-10-31"), 0);
        assert_eq!((found.on, found.by), (day("2027-10-01"), By::SpreadWithoutTable));
        assert_eq!(placed(&shipped(), window("2026-10-01", "2026-10-31"), 0).by, By::Spread);
    }

    fn windows() -> impl Strategy<Value = Window> {
        (0_u64..800, 0_u64..400).prop_map(|(after, length)| {
            let from = day("2025-01-01") + chrono::Days::new(after);
            Window { from, due_on: from + chrono::Days::new(length) }
        })
    }

    proptest! {
        #[test]
        fn it_lies_within_the_window_and_on_a_working_day_where_there_is_one(
            window in windows(), target in 0_u64..900, opened in 0_u64..400, slot in 1_u32..6, place: u64,
            loads in prop::collection::vec((0_u64..900, 0_u32..9), 0..60),
        ) {
            let days = shipped();
            let target = day("2025-01-01") + chrono::Days::new(target);
            let mut load = DayLoad::default();
            for (after, count) in loads {
                load.add(day("2025-01-01") + chrono::Days::new(after), count);
            }
            let mut found = spread(&days, window, 7, &mut load);
            prop_assert_eq!(found.len(), 7);
            found.extend([near(&days, window, target), placed(&days, window, place)]);
            let opens_on = (window.from - chrono::Days::new(opened)).min(target);
            let part = part_of_slot(window, slot, opens_on, target);
            prop_assert!(window.from <= part.from && part.from <= part.due_on && part.due_on <= window.due_on, "{:?}", part);
            for it in [placed(&days, part, place), spread(&days, part, 1, &mut load).remove(0)] {
                found.push(in_its_part(&days, window, part, it));
            }
            let any = days.within(window.from, window.due_on).next().is_some();
            for it in found {
                prop_assert!((window.from..=window.due_on).contains(&it.on), "{:?}", it);
                prop_assert_eq!(days.is_working(it.on), any, "{:?}", it);
                prop_assert_eq!(it.by == By::LastDay, !any);
            }
        }

        #[test]
        fn duties_opened_together_are_spread_evenly_and_neighbours_stay_neighbours(window in windows(), count in 0_usize..600) {
            let days = shipped();
            let working: Vec<_> = days.within(window.from, window.due_on).collect();
            prop_assume!(!working.is_empty());
            let found = spread(&days, window, count, &mut DayLoad::default());
            prop_assert!(found.is_sorted_by_key(|it| it.on), "in the order of villages");
            let (least, most) = (count / working.len(), count.div_ceil(working.len()));
            for on in working {
                let there = found.iter().filter(|it| it.on == on).count();
                prop_assert!((least..=most).contains(&there), "{} on {}: {}..{}", there, on, least, most);
            }
        }

        #[test]
        fn batches_after_each_other_come_out_as_even_as_one(window in windows(), counts in prop::collection::vec(0_usize..90, 1..8)) {
            let days = shipped();
            let working: Vec<_> = days.within(window.from, window.due_on).collect();
            prop_assume!(!working.is_empty());
            let mut load = DayLoad::default();
            for &count in &counts {
                spread(&days, window, count, &mut load);
            }
            let count = u32::try_from(counts.iter().sum::<usize>()).expect("few");
            let n = u32::try_from(working.len()).expect("few");
            for on in working {
                prop_assert!((count / n..=count.div_ceil(n)).contains(&load.of(on)), "{}", on);
            }
        }
    }
}
