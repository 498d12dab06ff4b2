//! The way through time: from one day on which something can change to the next.

use chrono::NaiveDate;

use super::ledger::{Ledger, Opening};
use crate::model::{
    belief::{Belief, Knowledge},
    duty::Duty,
    exclusion::Exclusion,
    history::{History, Record, WaiverFact},
    period::{Period, days_after, next_month, next_year},
    standard::{Every, Rule, Standard, Standards, Window},
};

/// Calendar periods, the one that begins first first.
const PERIODS: [Every; 3] = [Every::Year, Every::HalfYear, Every::Month];

/// One person's planning, up to some day.
#[derive(Debug)]
pub(super) struct Walk<'a> {
    standards: &'a Standards,
    knowledge: Knowledge<'a>,
    /// In the order (entered_on, on, id).
    records: Vec<&'a Record>,
    /// The next step; `None`: the person never comes to the township.
    next: Option<NaiveDate>,
    /// How many records were entered up to the last step.
    entered: usize,
    /// In the order of their days.
    waivers: Vec<&'a WaiverFact>,
    /// How many waivers were decided up to the last step.
    waived: usize,
    /// Every kind of window that a standard knows.
    windows: Vec<Window>,
    /// How many of the days on which belief changes lie at or before the last step.
    learned: usize,
    /// What the office believes, on the day of the last step and until the next, about that very day.
    belief: Belief,
    /// The day walked to.
    today: NaiveDate,
    ledger: Ledger<'a>,
}

impl<'a> Walk<'a> {
    pub(super) fn new(history: &'a History, standards: &'a Standards) -> Self {
        let mut records: Vec<_> = history.records.iter().collect();
        records.sort_unstable_by_key(|record| (record.entered_on, record.on, record.id));
        let mut waivers: Vec<_> = history.waivers.iter().collect();
        waivers.sort_unstable_by_key(|waiver| waiver.on);
        let knowledge = Knowledge::of(history);
        let belief = knowledge.belief(NaiveDate::MIN, NaiveDate::MIN);
        Self {
            standards,
            records,
            next: knowledge.first_day(),
            knowledge,
            entered: 0,
            waivers,
            waived: 0,
            windows: standards.windows(),
            learned: 0,
            belief,
            today: NaiveDate::MIN,
            ledger: Ledger::default(),
        }
    }

    /// Takes all steps up to a day, that day's included.
    pub(super) fn to(&mut self, day: NaiveDate) {
        while let Some(next) = self.next.filter(|&next| next <= day) {
            self.step(next);
        }
        self.ledger.miss(day);
        self.today = day;
    }

    pub(super) fn duties(&self) -> Vec<Duty> {
        self.ledger.duties()
    }

    /// Why there is no duty at all. What holds and has none must have begun to hold too late in its period: else it
    /// would have opened then.
    pub(super) fn exclusion(&self) -> Option<Exclusion> {
        if !self.ledger.is_empty() {
            None
        } else if self.knowledge.is_of_a_household() && !self.belief.household {
            Some(Exclusion::NotRecognised)
        } else if !self.knowledge.is_of_a_household() && !self.belief.in_township {
            Some(Exclusion::NotInTownship)
        } else if self.belief.level == bangfu_kernel::ServiceLevel::Exited {
            Some(Exclusion::Exited)
        } else if self.every().any(|every| self.holding(every, self.today).next().is_some()) {
            Some(Exclusion::PeriodTooShort)
        } else {
            Some(Exclusion::NoRule)
        }
    }

    /// Walks on to the next day on which duties or exclusion change.
    pub(super) fn next_change(mut self) -> Option<NaiveDate> {
        let exclusion = self.exclusion();
        let quiet_from = self.quiet_from();
        loop {
            let next = self.next?;
            if let Some(missed) = self.ledger.first_missed().filter(|&missed| missed <= next) {
                return Some(missed);
            }
            if next > quiet_from && self.ledger.first_missed().is_none() {
                return None;
            }
            self.today = next;
            if self.step(next) || self.exclusion() != exclusion {
                return Some(next);
            }
        }
    }

    /// The day after which nothing opens that did not open on it or before: the first New Year after the last fact, record,
    /// waiver and standard, on which every calendar period begins, or the first day of the next window of each kind. They all
    /// come again as they were.
    fn quiet_from(&self) -> NaiveDate {
        let last_fact = self.knowledge.days().last().copied();
        let last_record = self.records.last().map(|record| record.entered_on);
        let last_waiver = self.waivers.last().map(|waiver| waiver.on);
        let last = [last_fact, last_record, last_waiver].into_iter().flatten().fold(self.today, NaiveDate::max);
        let last = last.max(self.standards.last_turn());
        self.windows.iter().filter_map(|&window| window_after(window, last)).fold(next_year(last), NaiveDate::max)
    }

    /// Every kind of period, the one that begins first first: "one duty of each rule, the earliest first".
    fn every(&self) -> impl Iterator<Item = Every> + use<'a> {
        PERIODS.into_iter().chain(self.windows.clone().into_iter().map(Every::Window))
    }

    /// One day, as the text has it: Missed, Done, Released, Opened. Tells whether a duty was settled, released or opened.
    fn step(&mut self, today: NaiveDate) -> bool {
        let yesterday = self.belief;
        let learns = self.learn(today);
        self.ledger.miss(today);
        let mut changed = false;
        while let Some(waiver) = self.waivers.get(self.waived).filter(|waiver| waiver.on <= today) {
            changed |= self.ledger.waive(waiver);
            self.waived += 1;
        }
        while let Some(record) = self.records.get(self.entered).filter(|record| record.entered_on <= today) {
            changed |= self.ledger.settle(record, today);
            self.entered += 1;
        }
        if learns {
            changed |= self.ledger.release(today, |day| self.knowledge.belief(day, today));
        }
        changed |= self.open_periods(today, learns);
        if learns {
            changed |= self.open_once(today, yesterday);
        }
        self.next = Some(self.following(today));
        changed
    }

    /// Whether belief about the day itself may be another one from today.
    fn learn(&mut self, today: NaiveDate) -> bool {
        let before = self.learned;
        self.learned += self.knowledge.days()[before..].partition_point(|&day| day <= today);
        let learns = self.learned > before;
        if learns {
            self.belief = self.knowledge.belief(today, today);
        }
        learns
    }

    /// The next day on which belief changes, a record is entered, a waiver is decided, or a month or a window begins.
    fn following(&self, today: NaiveDate) -> NaiveDate {
        let learned = self.knowledge.days().get(self.learned).copied();
        let entered = self.records.get(self.entered).map(|record| record.entered_on);
        let waived = self.waivers.get(self.waived).map(|waiver| waiver.on);
        let windows = self.windows.iter().filter_map(|&window| window_after(window, today));
        [learned, entered, waived].into_iter().flatten().chain(windows).fold(next_month(today), NaiveDate::min)
    }

    /// Rules of the running period of a kind that hold today, with their standard: the one of the period's first day.
    fn holding(
        &self,
        every: Every,
        today: NaiveDate,
    ) -> impl Iterator<Item = (&'a Standard, &'a Rule, Period)> + use<'a> {
        let (standards, belief) = (self.standards, self.belief);
        Period::of(every, today)
            .and_then(|period| Some((standards.in_force_on(period.start)?, period)))
            .into_iter()
            .flat_map(|(standard, period)| standard.rules.iter().map(move |rule| (standard, rule, period)))
            .filter(move |(_, rule, _)| rule.every == every && rule.who.holds(&belief))
    }

    /// Opens what holds today, with enough of its period left. Looked at where it can begin to hold: when the period
    /// begins and when belief changes.
    fn open_periods(&mut self, today: NaiveDate, learns: bool) -> bool {
        let mut changed = false;
        for every in self.every() {
            if !learns && Period::of(every, today).is_none_or(|period| period.start != today) {
                continue;
            }
            for (standard, rule, period) in self.holding(every, today) {
                if period.days_left(today) < i64::from(rule.min_days) {
                    continue;
                }
                let window_start = if rule.quota.is_some() {
                    period.start
                } else {
                    self.knowledge.held_since(&rule.who, today, period.start)
                };
                let opening = Opening { standard, rule, period, window_start, on: today };
                changed |= self.ledger.open(opening, &self.records[..self.entered], &self.waivers[..self.waived]);
            }
        }
        changed
    }

    /// Opens `once` rules that turn true today.
    fn open_once(&mut self, today: NaiveDate, yesterday: Belief) -> bool {
        let mut changed = false;
        let Some(standard) = self.standards.in_force_on(today) else { return false };
        for rule in &standard.rules {
            let Every::Once { within_days } = rule.every else { continue };
            if !rule.who.holds(&self.belief) || rule.who.holds(&yesterday) {
                continue;
            }
            let window_start = self.knowledge.held_since(&rule.who, today, NaiveDate::MIN);
            let before = window_start.pred_opt().unwrap_or(NaiveDate::MIN);
            if !rule.who.comes_after(&self.knowledge.belief(before, today)) {
                continue;
            }
            let period = Period { start: today, end: days_after(today, within_days) };
            let opening = Opening { standard, rule, period, window_start, on: today };
            changed |= self.ledger.open(opening, &self.records[..self.entered], &self.waivers[..self.waived]);
        }
        changed
    }
}

/// First day of the next window that begins after a day.
fn window_after(window: Window, day: NaiveDate) -> Option<NaiveDate> {
    let period = Period::around(window, day)?;
    if period.start > day {
        return Some(period.start);
    }
    Period::around(window, days_after(period.end, 1)).map(|next| next.start)
}
