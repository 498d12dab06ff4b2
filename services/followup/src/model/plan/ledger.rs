//! The duties of one person while they are planned: the steps Missed, Done, Released and Opened of a day.

use chrono::{NaiveDate, TimeDelta};

use crate::model::{
    belief::Belief,
    duty::{Duty, DutyState, ReleaseReason},
    history::{Record, WaiverFact},
    period::{Period, days_after},
    standard::{Quota, Rule, Standard},
};

/// All duties raised so far. Each step tells whether it changed anything.
#[derive(Debug, Default)]
pub(super) struct Ledger<'s> {
    entries: Vec<Entry<'s>>,
    /// Which entries are OPEN.
    open: Vec<usize>,
}

/// A duty and the rule it was raised under.
#[derive(Debug)]
struct Entry<'s> {
    rule: &'s Rule,
    duty: Duty,
}

/// An opening of a rule: for a period, or once.
#[derive(Debug, Clone, Copy)]
pub(super) struct Opening<'s> {
    pub(super) standard: &'s Standard,
    pub(super) rule: &'s Rule,
    pub(super) period: Period,
    pub(super) window_start: NaiveDate,
    pub(super) on: NaiveDate,
}

impl<'s> Ledger<'s> {
    /// The duties, sorted by identity.
    pub(super) fn duties(&self) -> Vec<Duty> {
        let mut duties: Vec<_> = self.entries.iter().map(|entry| entry.duty.clone()).collect();
        duties.sort_unstable_by(|a, b| a.identity().cmp(&b.identity()));
        duties
    }

    pub(super) fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// The first day on which an OPEN duty is missed, if nothing happens before.
    pub(super) fn first_missed(&self) -> Option<NaiveDate> {
        self.open.iter().map(|&i| self.entries[i].duty.missed_from).min()
    }

    /// Step 1: duties whose days of grace were over before `today` are MISSED, each on its own day.
    pub(super) fn miss(&mut self, today: NaiveDate) {
        self.open.retain(|&i| {
            let duty = &mut self.entries[i].duty;
            let missed = duty.missed_from <= today;
            if missed {
                step(duty, DutyState::Missed, duty.missed_from);
            }
            !missed
        });
    }

    /// A duty let off by a decision: whatever was OPEN or MISSED is WAIVED.
    pub(super) fn waive(&mut self, waiver: &WaiverFact) -> bool {
        let waived = self.entries.iter().rposition(|Entry { duty, .. }| {
            waiver.lets_off(duty) && matches!(duty.state, DutyState::Open | DutyState::Missed)
        });
        if let Some(i) = waived {
            step(&mut self.entries[i].duty, DutyState::Waived, waiver.on);
            self.open.retain(|&open| open != i);
        }
        waived.is_some()
    }

    /// Step 2: a record entered `today` settles, of each rule, the earliest OPEN duty that it fits.
    pub(super) fn settle(&mut self, record: &Record, today: NaiveDate) -> bool {
        let mut fitting: Vec<usize> = self.open.iter().copied().filter(|&i| fits(record, &self.entries[i])).collect();
        fitting.sort_unstable_by(|&a, &b| self.entries[a].duty.identity().cmp(&self.entries[b].duty.identity()));
        fitting.dedup_by(|b, a| self.entries[*a].duty.rule == self.entries[*b].duty.rule);
        for &i in &fitting {
            self.done(i, record, today);
        }
        !fitting.is_empty()
    }

    /// Step 3: OPEN duties whose "who" no longer holds, as believed `today` about `today` or the last day to do it, are
    /// RELEASED.
    pub(super) fn release(&mut self, today: NaiveDate, belief: impl Fn(NaiveDate) -> Belief) -> bool {
        let before = self.open.len();
        self.open.retain(|&i| {
            let Entry { rule, duty } = &mut self.entries[i];
            let reason = ReleaseReason::of(&rule.who, &belief(today.min(duty.due_on)));
            if reason.is_some() {
                step(duty, DutyState::Released, today);
                duty.reason = reason;
            }
            reason.is_none()
        });
        self.open.len() != before
    }

    /// Step 4: the duty, or the slots of the quota, are OPEN unless they are so already or stand finally; `entered`, in
    /// the order (entered_on, on, id), settles at once what it fits. What was let off on this very day, or as it was
    /// known to stand before, is raised WAIVED: whoever decided saw it OPEN, so no record of before had settled it.
    pub(super) fn open(&mut self, opening: Opening<'s>, entered: &[&Record], decided: &[&WaiverFact]) -> bool {
        let slots = self.slots_to_open(&opening);
        let changed = !slots.is_empty();
        let mut opened = Vec::with_capacity(slots.len());
        for slot in slots {
            let i = self.raise(&opening, slot);
            if decided.iter().any(|waiver| waiver.lets_off(&self.entries[i].duty)) {
                step(&mut self.entries[i].duty, DutyState::Waived, opening.on);
                self.open.retain(|&open| open != i);
            } else {
                opened.push(i);
            }
        }
        let mut left = opened.iter().copied();
        let Some(mut next) = left.next() else { return changed };
        for record in entered {
            if fits(record, &self.entries[next]) && !self.has_settled(record, opening.rule) {
                self.done(next, record, opening.on);
                let Some(following) = left.next() else { break };
                next = following;
            }
        }
        true
    }

    /// Slot 0 where there is no quota. Of a quota, as many of the lowest not DONE as are owed less those DONE.
    fn slots_to_open(&self, opening: &Opening<'s>) -> Vec<u32> {
        let state = |slot| self.find(opening, slot).map(|i| self.entries[i].duty.state);
        let standing = |slot| state(slot).is_some_and(|state| state == DutyState::Open || state.is_final());
        let Some(quota) = opening.rule.quota else {
            return if standing(0) { Vec::new() } else { vec![0] };
        };
        if (1..=quota.count).any(|slot| state(slot) == Some(DutyState::Open)) {
            return Vec::new();
        }
        let is_done = |slot| state(slot) == Some(DutyState::Done);
        let done = (1..=quota.count).filter(|&slot| is_done(slot)).count();
        let owed = (quota.slots(opening.on) as usize).saturating_sub(done);
        // A slot that was let off is one of those owed, and stays so.
        (1..=quota.count).filter(|&slot| !is_done(slot)).take(owed).filter(|&slot| !standing(slot)).collect()
    }

    /// Raises a duty, or opens it again.
    fn raise(&mut self, opening: &Opening<'s>, slot: u32) -> usize {
        let &Opening { standard, rule, period, window_start, on } = opening;
        let duty = Duty {
            rule: rule.id.clone(),
            service: rule.service,
            period_start: period.start,
            slot,
            opens_on: on,
            due_on: period.end,
            window_start,
            target_on: rule.quota.map_or(period.end, |quota| target(quota, slot, on, period.end)),
            missed_from: days_after(period.end, rule.entry_grace_days.saturating_add(1)),
            state: DutyState::Open,
            state_on: on,
            settled_by: None,
            reason: None,
            standard_version: standard.version.clone(),
        };
        let entry = Entry { rule, duty };
        let i = self.find(opening, slot).unwrap_or(self.entries.len());
        if i == self.entries.len() {
            self.entries.push(entry);
        } else {
            self.entries[i] = entry;
        }
        self.open.push(i);
        i
    }

    /// The entry of this identity. Latest first: what is looked for is seldom old. A period that begins today, or a
    /// `once` rule, has none yet.
    fn find(&self, opening: &Opening<'s>, slot: u32) -> Option<usize> {
        if opening.period.start == opening.on {
            return None;
        }
        self.entries.iter().rposition(|Entry { duty, .. }| {
            duty.period_start == opening.period.start && duty.slot == slot && duty.rule == opening.rule.id
        })
    }

    /// One record settles one duty of each rule, and no second one later.
    fn has_settled(&self, record: &Record, rule: &Rule) -> bool {
        self.entries.iter().any(|Entry { duty, .. }| duty.settled_by == Some(record.id) && duty.rule == rule.id)
    }

    fn done(&mut self, i: usize, record: &Record, today: NaiveDate) {
        let duty = &mut self.entries[i].duty;
        step(duty, DutyState::Done, today);
        duty.settled_by = Some(record.id);
        self.open.retain(|&open| open != i);
    }
}

fn fits(record: &Record, Entry { rule, duty }: &Entry<'_>) -> bool {
    duty.window_holds(record.on) && rule.counts(record)
}

fn step(duty: &mut Duty, state: DutyState, on: NaiveDate) {
    duty.state = state;
    duty.state_on = on;
}

/// `slot/n` of the way from the opening to the end of the year, rounded down to a day.
fn target(quota: Quota, slot: u32, opens_on: NaiveDate, end: NaiveDate) -> NaiveDate {
    let days = (end - opens_on).num_days() * i64::from(slot) / i64::from(quota.slots(opens_on).max(1));
    opens_on + TimeDelta::days(days)
}
