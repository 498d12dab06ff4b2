//! Counts of a preview: duties by month and rule under both standards, and what falls due for each coordinator.

use std::{
    collections::BTreeMap,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::Arc,
};

use bangfu_kernel::Township;
use bangfu_proto::followup::v1::{OverCapacity, PreviewRow, PreviewStandardResponse};
use chrono::{Datelike as _, Months, NaiveDate};

use super::{Somebody, Trial};
use crate::{
    model::{
        duty::{Duty, DutyState},
        plan::plan,
    },
    wire::date,
};

/// Months that are looked at: the one the standard begins in, and eleven more.
const MONTHS: u32 = 12;

/// What one township would owe, so far.
#[derive(Debug)]
pub(super) struct Figures {
    /// First day of the first month.
    first: NaiveDate,
    /// Last day of the last one.
    last: NaiveDate,
    people: i64,
    failed: i64,
    /// By month and rule: now, then.
    opening: BTreeMap<(NaiveDate, Arc<str>), (i64, i64)>,
    /// By coordinator and month: still to be done under the standard tried out.
    due: BTreeMap<(String, NaiveDate), i64>,
}

impl Figures {
    /// None yet, of twelve months from the one of a day.
    pub(super) fn new(from: NaiveDate) -> Self {
        let first = month(from);
        let after = first.checked_add_months(Months::new(MONTHS)).unwrap_or(NaiveDate::MAX);
        let last = after.pred_opt().unwrap_or(after);
        Self { first, last, people: 0, failed: 0, opening: BTreeMap::new(), due: BTreeMap::new() }
    }

    /// With these people, planned under both as of the end of the twelve months.
    pub(super) fn planned(mut self, trial: &Trial, people: &[Somebody]) -> Self {
        for somebody in people {
            self.people += i64::from(!somebody.household);
            let Ok(history) = &somebody.history else {
                self.failed += 1;
                continue;
            };
            // One person must not end a preview.
            let both = catch_unwind(AssertUnwindSafe(|| {
                (plan(history, &trial.now, self.last).duties, plan(history, &trial.then, self.last).duties)
            }));
            let Ok((now, then)) = both else {
                self.failed += 1;
                continue;
            };
            for duty in &now {
                self.opens(duty, |(now, _)| *now += 1);
            }
            for duty in &then {
                self.opens(duty, |(_, then)| *then += 1);
                self.falls_due(duty, &somebody.coordinator);
            }
        }
        self
    }

    fn opens(&mut self, duty: &Duty, count: impl FnOnce(&mut (i64, i64))) {
        if (self.first..=self.last).contains(&duty.opens_on) {
            count(self.opening.entry((month(duty.opens_on), Arc::clone(&duty.rule))).or_default());
        }
    }

    /// Nobody has anything to do for what is done, released or waived.
    fn falls_due(&mut self, duty: &Duty, coordinator: &str) {
        let undone = matches!(duty.state, DutyState::Open | DutyState::Missed);
        if undone && (self.first..=self.last).contains(&duty.due_on) {
            *self.due.entry((coordinator.to_owned(), month(duty.due_on))).or_default() += 1;
        }
    }

    /// The answer for a township. `capacity`: what a coordinator can do in a month; `None`: nothing was said.
    pub(super) fn message(
        self,
        township: &Township,
        capacity: impl Fn(&str) -> Option<i64>,
    ) -> PreviewStandardResponse {
        let rows = self.opening.into_iter().map(|((month, rule), (now, then))| PreviewRow {
            month: date(month),
            rule: rule.to_string(),
            now,
            then,
        });
        let over = self.due.into_iter().filter_map(|((coordinator, month), due)| {
            let capacity = capacity(&coordinator)?;
            (due > capacity).then(|| OverCapacity { coordinator, month: date(month), due, capacity })
        });
        PreviewStandardResponse {
            township: township.to_string(),
            rows: rows.collect(),
            over_capacity: over.collect(),
            people: self.people,
            failed: self.failed,
        }
    }
}

/// First day of its month.
fn month(day: NaiveDate) -> NaiveDate {
    day.with_day(1).unwrap_or(day)
}
