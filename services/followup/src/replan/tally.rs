//! What planning people came to: the figures of a sweep.

use std::collections::BTreeMap;

use bangfu_kernel::Error;
use chrono::NaiveDate;

use crate::model::{
    duty::{Duty, DutyState},
    plan::Plan,
};

/// Counts of people and of steps.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Tally {
    /// People planned, or tried to be.
    pub(crate) in_scope: i64,
    /// Of them, those who have a duty.
    pub(crate) with_duties: i64,
    /// Of them, those whose plan failed; they stand among the excluded too.
    pub(crate) failed: i64,
    /// The others, by reason.
    pub(crate) excluded: BTreeMap<String, i64>,
    /// Duties raised, by rule.
    pub(crate) raised: BTreeMap<String, i64>,
    /// Duties that became DONE, by rule.
    pub(crate) done: BTreeMap<String, i64>,
    /// Duties that became MISSED, by rule.
    pub(crate) missed: BTreeMap<String, i64>,
    /// Duties that became RELEASED, by rule.
    pub(crate) released: BTreeMap<String, i64>,
    /// The most days by which a duty was raised after it had opened.
    pub(crate) raised_days_late: i32,
}

/// The reason under which people whose plan failed are excluded.
const PLAN_FAILED: &str = "PLAN_FAILED";
/// Facts that came late may leave somebody with duties that no plan would raise today; they have duties all the same.
const NO_REASON: &str = "NO_REASON";

impl Tally {
    /// Somebody was planned; `had_duties`: the ledger held some before.
    pub(super) fn planned(&mut self, plan: &Plan, had_duties: bool) {
        if had_duties || !plan.duties.is_empty() {
            self.with_duties += 1;
        } else {
            add(&mut self.excluded, plan.exclusion.map_or(NO_REASON, |exclusion| exclusion.code()), 1);
        }
    }

    /// Somebody could not be planned.
    pub(crate) fn failed(&mut self) {
        self.failed += 1;
        add(&mut self.excluded, PLAN_FAILED, 1);
    }

    /// A duty was raised, in whatever state, on a day.
    pub(super) fn raised(&mut self, duty: &Duty, on: NaiveDate) {
        add(&mut self.raised, &duty.rule, 1);
        let late = i32::try_from((on - duty.opens_on).num_days()).unwrap_or(i32::MAX);
        self.raised_days_late = self.raised_days_late.max(late);
        self.reached(duty);
    }

    /// A duty made a step.
    pub(super) fn stepped(&mut self, previous: DutyState, duty: &Duty) {
        if previous != duty.state {
            self.reached(duty);
        }
    }

    fn reached(&mut self, duty: &Duty) {
        match duty.state {
            DutyState::Done => add(&mut self.done, &duty.rule, 1),
            DutyState::Missed => add(&mut self.missed, &duty.rule, 1),
            DutyState::Released => add(&mut self.released, &duty.rule, 1),
            DutyState::Open | DutyState::Waived => {}
        }
    }

    /// Takes in the figures of another batch.
    pub(crate) fn merge(&mut self, other: Self) {
        self.in_scope += other.in_scope;
        self.with_duties += other.with_duties;
        self.failed += other.failed;
        self.raised_days_late = self.raised_days_late.max(other.raised_days_late);
        for (mine, theirs) in [
            (&mut self.excluded, other.excluded),
            (&mut self.raised, other.raised),
            (&mut self.done, other.done),
            (&mut self.missed, other.missed),
            (&mut self.released, other.released),
        ] {
            for (key, count) in theirs {
                add(mine, &key, count);
            }
        }
    }

    /// That nobody was skipped silently: everybody in scope has a duty or a named exclusion.
    pub(crate) fn prove(&self) -> Result<(), Error> {
        let excluded: i64 = self.excluded.values().sum();
        let unnamed = self.excluded.get(NO_REASON).copied().unwrap_or_default();
        if self.in_scope == self.with_duties + excluded && unnamed == 0 {
            return Ok(());
        }
        let Self { in_scope, with_duties, .. } = self;
        Err(Error::internal(format!(
            "{in_scope} people in scope, {with_duties} with duties, {excluded} excluded, {unnamed} without a reason"
        )))
    }
}

fn add(counts: &mut BTreeMap<String, i64>, key: &str, by: i64) {
    match counts.get_mut(key) {
        Some(count) => *count += by,
        None => drop(counts.insert(key.to_owned(), by)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::exclusion::Exclusion;

    #[test]
    fn a_sweep_that_cannot_account_for_everybody_fails() {
        let nothing = |exclusion| Plan { duties: Vec::new(), next_review_on: None, exclusion };
        let mut tally = Tally { in_scope: 2, ..Tally::default() };
        tally.planned(&nothing(Some(Exclusion::Exited)), false);
        assert!(tally.prove().is_err(), "one of two is missing");
        tally.failed();
        assert!(tally.prove().is_ok());

        let mut other = Tally { in_scope: 1, ..Tally::default() };
        other.planned(&nothing(None), false);
        assert!(other.prove().is_err(), "nothing owed, and no reason why");

        let mut third = Tally { in_scope: 1, ..Tally::default() };
        third.planned(&nothing(None), true);
        tally.merge(third);
        assert!(tally.prove().is_ok());
        assert_eq!((tally.in_scope, tally.with_duties, tally.failed), (3, 1, 1));
    }
}
