//! The sweep: plans the people whose review day has come, raises what has become due and closes what was missed.
//!
//! Work is derived from data: each batch commits by itself, with the duties, their events and the next review days, so a
//! sweep that dies leaves whole batches behind and the next one does the rest. Replicas share the townships by leases
//! (`sweep/lease.rs`, `sweep/round.rs`); without them they would do no harm, only the same work.

mod batch;
mod lease;
mod recommending;
mod round;
mod turn;

use std::sync::Arc;

use bangfu_kernel::{Error, Township};
use bangfu_platform::auth::Permit;
use chrono::NaiveDate;
use tokio::{sync::Mutex, task::JoinSet};
use tracing::Instrument as _;
use uuid::Uuid;

pub(crate) use self::lease::Need;
use self::round::Round;
use crate::{
    Followup,
    model::standard::Standards,
    replan::{Recommender, Tally},
    serves,
    store::{self, subject::ReviewKey, sweep::Sweep},
};

/// Townships swept at the same time by one call: a large one does not keep the small ones waiting.
const TOWNSHIPS: usize = 2;
/// Batches of a township under way at the same time: while one is being written, the next is planned, and a third waits for
/// its disk.
const HANDS: usize = 4;

/// One township's sweep at work.
#[derive(Debug, Clone)]
struct Sweeper {
    svc: Followup,
    /// For this township.
    permit: Permit,
    sweep_id: Uuid,
    as_of: NaiveDate,
    standards: Arc<Standards>,
    /// Where the next batch begins; `None`: there is none.
    next: Arc<Mutex<Option<ReviewKey>>>,
    /// Shared by the hands: what one recommends, the others see.
    recommender: Recommender,
}

/// Sweeps townships, those with the fewest people due first. A township that fails does not keep the others from being
/// swept; the first failure is the answer then.
pub(crate) async fn run(
    svc: &Followup,
    permit: &Permit,
    townships: &[Township],
    as_of: NaiveDate,
    need: Need,
) -> Result<Vec<Sweep>, Error> {
    let round = Arc::new(Round::begin(svc, permit, townships, as_of, need).await?);
    let mut workers = JoinSet::new();
    for _ in 0..TOWNSHIPS.min(townships.len()) {
        let round = Arc::clone(&round);
        workers.spawn(async move { round.work().await }.in_current_span());
    }
    let mut sweeps = Vec::with_capacity(townships.len());
    let mut failure = None;
    while let Some(done) = workers.join_next().await {
        match done.map_err(|error| Error::Internal(Box::new(error))).flatten() {
            Ok((swept, failed)) => {
                sweeps.extend(swept);
                failure = failure.or(failed);
            }
            Err(error) => failure = Some(error),
        }
    }
    sweeps.sort_by(|one, other| one.township.cmp(&other.township));
    failure.map_or(Ok(sweeps), Err)
}

impl Sweeper {
    /// Sweeps the township it has claimed.
    #[tracing::instrument(name = "job.sweep", skip_all, fields(township = self.permit.township().map(Township::as_str), as_of = %self.as_of))]
    async fn run(self) -> Result<Sweep, Error> {
        match self.turned_and_swept().await {
            Ok(tally) => {
                self.tell_years_without_table();
                self.finish(&tally).await
            }
            Err(error) => {
                // Whoever comes next need not wait for the lease to run out.
                if let Err(left) = self.give_back().await {
                    tracing::debug!(error = &left as &dyn std::error::Error, "the lease stays behind");
                }
                Err(error)
            }
        }
    }

    async fn turned_and_swept(&self) -> Result<Tally, Error> {
        self.hand_over().await?;
        self.turn().await?;
        self.sweep().await
    }

    async fn sweep(&self) -> Result<Tally, Error> {
        let mut hands = JoinSet::new();
        for _ in 0..HANDS {
            let sweeper = self.clone();
            hands.spawn(async move { sweeper.batches().await }.in_current_span());
        }
        let mut total = Tally::default();
        let mut failure = None;
        while let Some(done) = hands.join_next().await {
            match done.map_err(|error| Error::Internal(Box::new(error))).flatten() {
                Ok(tally) => total.merge(tally),
                Err(error) => failure = failure.or(Some(error)),
            }
        }
        failure.map_or(Ok(()), Err)?;
        total.prove()?;
        Ok(total)
    }

    /// Before anything is raised: who serves whom may have turned since the last sweep.
    async fn hand_over(&self) -> Result<(), Error> {
        let mut tx = self.svc.ground.db.township(&self.permit).await?;
        store::subject::adopt(&mut tx).await?;
        serves::turn(&mut tx).await?;
        tx.commit().await
    }

    async fn finish(&self, tally: &Tally) -> Result<Sweep, Error> {
        let mut tx = self.svc.ground.db.township(&self.permit).await?;
        let sweep = store::sweep::finish(&mut tx, self.sweep_id, tally).await?;
        if store::lease::beat(&mut tx, self.sweep_id).await? {
            store::lease::hand(&mut tx, None).await?;
        }
        let quarantined = store::quarantine::count(&mut tx).await?;
        tx.commit().await?;
        metrics::counter!("bangfu_followup_people_swept_total").increment(tally.in_scope.unsigned_abs());
        if tally.raised.values().any(|&raised| raised > 0) {
            metrics::histogram!("bangfu_followup_raised_days_late").record(f64::from(tally.raised_days_late));
        }
        let township = sweep.township.clone();
        metrics::gauge!("bangfu_followup_quarantined", "township" => township).set(f64::from(to_u32(quarantined)));
        Ok(sweep)
    }
}

fn to_u32(count: i64) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}
