//! The sweep: plans the people whose review day has come, raises what has become due and closes what was missed.
//!
//! Work is derived from data: each batch commits by itself, with the duties, their events and the next review days, so a
//! sweep that dies leaves whole batches behind and the next one does the rest. Two at the same time take turns by a lease
//! (`sweep/lease.rs`); without it they would do no harm, only the same work.

mod batch;
mod lease;
mod turn;

use std::sync::Arc;

use bangfu_kernel::{Error, Township};
use bangfu_platform::{auth::Permit, id};
use chrono::NaiveDate;
use tokio::{sync::Mutex, task::JoinSet};
use tracing::Instrument as _;
use uuid::Uuid;

use crate::{
    Followup,
    model::standard::Standards,
    replan::Tally,
    store::{self, subject::ReviewKey, sweep::Sweep},
};

/// Batches of a township under way at the same time: while one is being written, the next one is planned.
const HANDS: usize = 2;

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
}

/// Sweeps townships, one after the other. A township that fails does not keep the others from being swept; the first
/// failure is the answer then.
pub(crate) async fn run(
    svc: &Followup,
    permit: &Permit,
    townships: &[Township],
    as_of: NaiveDate,
) -> Result<Vec<Sweep>, Error> {
    let mut sweeps = Vec::with_capacity(townships.len());
    let mut failure = None;
    for township in townships {
        match of_township(svc, permit.at(Some(township.clone()))?, as_of).await {
            Ok(sweep) => sweeps.push(sweep),
            Err(error @ (Error::Stopping | Error::Deadline)) => return Err(error),
            Err(error) => {
                tracing::error!(error = &error as &dyn std::error::Error, %township, "a sweep failed");
                failure = failure.or(Some(error));
            }
        }
    }
    failure.map_or(Ok(sweeps), Err)
}

#[tracing::instrument(name = "job.sweep", skip_all, fields(township = permit.township().map(Township::as_str), %as_of))]
async fn of_township(svc: &Followup, permit: Permit, as_of: NaiveDate) -> Result<Sweep, Error> {
    let sweep_id = id::new(&svc.ground.clock);
    let next = Arc::new(Mutex::new(Some(ReviewKey::FIRST)));
    let standards = svc.standards().await?;
    let sweeper = Sweeper { svc: svc.clone(), permit, sweep_id, as_of, standards, next };
    sweeper.claim().await?;
    match sweeper.turned_and_swept().await {
        Ok(tally) => sweeper.finish(&tally).await,
        Err(error) => {
            // Whoever comes next need not wait for the lease to run out.
            if let Err(left) = sweeper.give_back().await {
                tracing::debug!(error = &left as &dyn std::error::Error, "the lease stays behind");
            }
            Err(error)
        }
    }
}

impl Sweeper {
    async fn turned_and_swept(&self) -> Result<Tally, Error> {
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

    async fn finish(&self, tally: &Tally) -> Result<Sweep, Error> {
        let mut tx = self.svc.ground.db.township(&self.permit).await?;
        let sweep = store::sweep::finish(&mut tx, self.sweep_id, tally).await?;
        if store::lease::beat(&mut tx, self.sweep_id).await? {
            store::lease::hand(&mut tx, None).await?;
        }
        tx.commit().await?;
        metrics::counter!("bangfu_followup_people_swept_total").increment(tally.in_scope.unsigned_abs());
        Ok(sweep)
    }
}
