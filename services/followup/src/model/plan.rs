//! The planner: what is owed to one person by when, and where it stands. Domain text, section 3, "The planner".
//!
//! A pure function: no clock, no database, no earlier plan. It gives the same answer asked daily, once after three days
//! of downtime, or for a date long past. The text goes day by day; this goes from one day on which something can change
//! to the next: days on which belief changes, a record is entered, or a month begins. A duty misses its day by itself
//! (`missed_from`), whatever else happens. `tests/plan/reference.rs` walks every day and is compared with it.

mod ledger;
mod walk;

use chrono::NaiveDate;

use super::{duty::Duty, exclusion::Exclusion, history::History, standard::Standards};
use walk::Walk;

/// The answer of the planner.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    /// All duties ever raised, sorted by identity: rule, period_start, slot.
    pub duties: Vec<Duty>,
    /// The next day on which the answer differs with no new facts; `None`: it never does. Facts of the history that the
    /// office learns only after the day asked about are no new facts.
    pub next_review_on: Option<NaiveDate>,
    /// Why there is no duty at all; `None` where there are some.
    pub exclusion: Option<Exclusion>,
}

/// Plans one person as of a day: with what the office knew on that day, that day's steps included.
pub fn plan(history: &History, standards: &Standards, as_of: NaiveDate) -> Plan {
    let mut walk = Walk::new(history, standards);
    walk.to(as_of);
    let duties = walk.duties();
    let exclusion = walk.exclusion();
    Plan { duties, next_review_on: walk.next_change(), exclusion }
}
