//! A row of the suite: an attack or a fault, tried in two sizes by the same code. `make test` runs each quickly, as a test
//! of its own; `make torture` runs each long and prints one JSON line a row.
//!
//! A row panics when something does not hold. It counts what it did, and every fault that it injects: one that never
//! fired fails the row, for it has shown nothing.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
};

use futures::future::LocalBoxFuture;
use serde_json::{Value, json};

use crate::chance::Chance;

/// Set to run rows with another seed, such as one that failed.
const SEED: &str = "BANGFU_SEED";

/// One row, by its name: `acknowledged::an_answer_lost_after_commit_is_repeated_with_one_effect`.
#[derive(Clone, Copy)]
pub struct Row {
    /// Area and name.
    pub name: &'static str,
    /// What it does.
    pub run: fn(Run) -> LocalBoxFuture<'static, ()>,
}

/// How a row is run, and what it counts. Cloning gives another handle.
#[derive(Debug, Clone)]
pub struct Run {
    long: bool,
    seed: u64,
    counts: Arc<Mutex<Counts>>,
}

#[derive(Debug, Default)]
struct Counts {
    done: BTreeMap<String, u64>,
    faults: BTreeMap<String, u64>,
}

impl Run {
    /// A quick run; the seed is 1 unless `BANGFU_SEED` says otherwise.
    pub fn quick() -> Self {
        let seed = std::env::var(SEED).ok().map_or(1, |seed| seed.parse().expect("BANGFU_SEED is a number"));
        Self { long: false, seed, counts: Arc::default() }
    }

    /// A long run.
    pub fn long(seed: u64) -> Self {
        Self { long: true, seed, counts: Arc::default() }
    }

    /// How often, how many, how long: in a quick run, and in a long one.
    pub fn of<T>(&self, quick: T, long: T) -> T {
        if self.long { long } else { quick }
    }

    /// The seed, for messages.
    pub fn seed(&self) -> u64 {
        self.seed
    }

    /// Chance of this run; each `lane` has its own.
    pub fn chance(&self, lane: u64) -> Chance {
        Chance::new(self.seed.wrapping_mul(0x9e37_79b9_7f4a_7c15).wrapping_add(lane))
    }

    /// Counts what was done: `calls`, `foreign rows`. Zero makes it appear in the line.
    pub fn count(&self, what: &str, times: u64) {
        *self.counts().done.entry(what.to_owned()).or_default() += times;
    }

    /// Counts a fault that fired. Zero announces it: the row fails unless it fires later.
    pub fn fault(&self, what: &str, times: u64) {
        *self.counts().faults.entry(what.to_owned()).or_default() += times;
    }

    /// Every fault has fired.
    pub fn prove(&self) {
        let never: Vec<_> =
            self.counts().faults.iter().filter(|(_, times)| **times == 0).map(|(what, _)| what.clone()).collect();
        assert!(never.is_empty(), "faults that never fired: {never:?} (seed {})", self.seed);
    }

    /// What was counted, for the line.
    pub fn told(&self) -> Value {
        let counts = self.counts();
        json!({ "seed": self.seed, "counts": counts.done, "faults": counts.faults })
    }

    fn counts(&self) -> std::sync::MutexGuard<'_, Counts> {
        self.counts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Runs a row as a test.
pub async fn quick<F: Future<Output = ()>>(row: impl FnOnce(Run) -> F) {
    let run = Run::quick();
    row(run.clone()).await;
    run.prove();
}
