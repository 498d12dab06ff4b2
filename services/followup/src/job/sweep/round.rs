//! A round over townships: several workers, and those of other replicas, each take the next one that nobody sweeps.

use std::{
    collections::{BTreeMap, VecDeque},
    sync::Arc,
    time::Duration,
};

use bangfu_kernel::{Error, Township};
use bangfu_platform::{auth::Permit, id};
use chrono::NaiveDate;
use tokio::{sync::Mutex, time::sleep};

use super::{
    Sweeper,
    lease::{Claim, Need, Silence},
};
use crate::{
    Followup,
    model::workdays::WorkDays,
    replan::Recommender,
    store::{self, subject::ReviewKey, sweep::Sweep},
};

/// How often a round looks whether a township that another one sweeps is free.
const LOOK: Duration = Duration::from_millis(100);

/// Townships to be swept, and those who wait for being so.
#[derive(Debug)]
pub(super) struct Round {
    svc: Followup,
    permit: Permit,
    as_of: NaiveDate,
    need: Need,
    days: Arc<WorkDays>,
    /// Those nobody has taken, and how long each one's holder has been silent.
    waiting: Mutex<VecDeque<(Township, Silence)>>,
}

impl Round {
    /// A round over these townships, those with the fewest people due first.
    pub(super) async fn begin(
        svc: &Followup,
        permit: &Permit,
        townships: &[Township],
        as_of: NaiveDate,
        need: Need,
    ) -> Result<Self, Error> {
        let mut townships = townships.to_vec();
        let mut due = BTreeMap::new();
        if townships.len() > 1 {
            let mut tx = svc.ground.db.city(permit).await?;
            due.extend(store::subject::due_by_township(&mut tx, as_of).await?);
            tx.commit().await?;
        }
        townships.sort_by_key(|township| due.get(township.as_str()).copied().unwrap_or_default());
        let waiting = townships.into_iter().map(|township| (township, Silence::default())).collect();
        let days = svc.workdays().await?;
        Ok(Self { svc: svc.clone(), permit: permit.clone(), as_of, need, days, waiting: Mutex::new(waiting) })
    }

    /// Sweeps townships until none is left: what was swept, and the first failure.
    pub(super) async fn work(&self) -> Result<(Vec<Sweep>, Option<Error>), Error> {
        let (mut sweeps, mut failure) = (Vec::new(), None);
        let mut held = 0;
        loop {
            let mut waiting = self.waiting.lock().await;
            let Some((township, mut silence)) = waiting.pop_front() else { break };
            let others = waiting.len();
            drop(waiting);
            let sweeper = self.sweeper(&township).await?;
            let swept = match sweeper.claim(&mut silence, self.need).await {
                Ok(Claim::Held) => {
                    self.waiting.lock().await.push_back((township, silence));
                    held += 1;
                    if held > others {
                        held = 0;
                        self.pause().await?;
                    }
                    continue;
                }
                Ok(Claim::NotNeeded) => continue,
                Ok(Claim::Taken) => sweeper.run().await.map(|sweep| sweeps.push(sweep)),
                Err(error) => Err(error),
            };
            held = 0;
            match swept {
                Ok(()) => {}
                Err(error @ (Error::Stopping | Error::Deadline)) => return Err(error),
                Err(error) => {
                    tracing::error!(error = &error as &dyn std::error::Error, %township, "a sweep failed");
                    failure = failure.or(Some(error));
                }
            }
        }
        Ok((sweeps, failure))
    }

    async fn sweeper(&self, township: &Township) -> Result<Sweeper, Error> {
        Ok(Sweeper {
            svc: self.svc.clone(),
            permit: self.permit.at(Some(township.clone()))?,
            sweep_id: id::new(&self.svc.ground.clock),
            as_of: self.as_of,
            standards: self.svc.standards().await?,
            next: Arc::new(Mutex::new(Some(ReviewKey::FIRST))),
            recommender: Recommender::for_sweep(Arc::clone(&self.days)),
        })
    }

    async fn pause(&self) -> Result<(), Error> {
        tokio::select! {
            () = self.svc.ground.stopping.begun() => Err(Error::Stopping),
            () = sleep(LOOK) => Ok(()),
        }
    }
}
