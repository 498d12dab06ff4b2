//! Batches of a sweep: read with their locks, planned, written and committed, each by itself.

use std::time::Instant;

use bangfu_kernel::Error;
use bangfu_platform::db::TownshipTx;
use uuid::Uuid;

use super::Sweeper;
use crate::{
    replan::{self, Because, Tally},
    store::{self, subject::Subject},
};

/// People planned with one commit.
const BATCH: i64 = 1_000;

impl Sweeper {
    /// Takes batches until there is none left.
    pub(super) async fn batches(&self) -> Result<Tally, Error> {
        let mut total = Tally::default();
        while let Some((tx, subjects)) = self.take().await? {
            let people: Vec<_> = subjects.iter().map(|subject| subject.person_id).collect();
            match self.together(tx, subjects, Because::OfDays).await {
                Ok(tally) => total.merge(tally),
                // A conflict: somebody held one of these and waited for another of them. One by one nobody waits for two.
                Err(Error::Internal(cause) | Error::Conflict(cause)) => {
                    tracing::warn!(cause = cause.as_ref() as &dyn std::error::Error, "planning people one by one");
                    total.merge(self.one_by_one(&people).await?);
                }
                Err(error) => return Err(error),
            }
        }
        Ok(total)
    }

    /// The next batch, its people locked.
    async fn take(&self) -> Result<Option<(TownshipTx, Vec<Subject>)>, Error> {
        if self.svc.ground.stopping.has_begun() {
            return Err(Error::Stopping);
        }
        let mut next = self.next.lock().await;
        let Some(after) = *next else { return Ok(None) };
        let mut tx = self.svc.ground.db.township(&self.permit).await?;
        let begin = Instant::now();
        let due = store::subject::lock_due(&mut tx, self.as_of, after, BATCH).await?;
        replan::spent("read", begin.elapsed());
        *next = due.next;
        let any = due.next.is_some() || !due.subjects.is_empty();
        Ok(any.then_some((tx, due.subjects)))
    }

    async fn together(&self, mut tx: TownshipTx, subjects: Vec<Subject>, because: Because) -> Result<Tally, Error> {
        let tally =
            replan::people(&mut tx, &self.standards, &self.recommender, subjects, self.as_of, because, &[]).await?;
        // Last, for the hands of a sweep share the lease's row.
        store::lease::beat(&mut tx, self.sweep_id).await?;
        tx.commit().await?;
        Ok(tally)
    }

    /// One person whose duties cannot be written must not keep the others of the batch from theirs.
    async fn one_by_one(&self, people: &[Uuid]) -> Result<Tally, Error> {
        let mut total = Tally::default();
        for &person_id in people {
            match self.one(person_id).await {
                Ok(tally) => total.merge(tally),
                Err(Error::Internal(cause)) => {
                    let correlation_id = replan::correlation_id();
                    tracing::error!(
                        %person_id,
                        cause = cause.as_ref() as &dyn std::error::Error,
                        correlation_id,
                        "a person's duties cannot be written"
                    );
                    metrics::counter!("bangfu_followup_plan_failures_total").increment(1);
                    self.quarantine(person_id, &correlation_id).await?;
                    total.in_scope += 1;
                    total.failed();
                }
                Err(error) => return Err(error),
            }
        }
        Ok(total)
    }

    async fn one(&self, person_id: Uuid) -> Result<Tally, Error> {
        let mut tx = self.svc.ground.db.township(&self.permit).await?;
        let mut subjects = store::subject::lock_all(&mut tx, &[person_id]).await?;
        subjects.retain(|subject| subject.next_review_on.is_some_and(|next| next <= self.as_of));
        self.together(tx, subjects, Because::OfFacts).await
    }

    /// Whose duties could not be written is listed, though the unit of work that tried is gone.
    async fn quarantine(&self, person_id: Uuid, correlation_id: &str) -> Result<(), Error> {
        let mut tx = self.svc.ground.db.township(&self.permit).await?;
        let failed: Vec<_> = store::subject::lock_all(&mut tx, &[person_id]).await?;
        let failed: Vec<_> = failed.iter().map(|subject| (subject.person_id, subject.household)).collect();
        store::quarantine::put(&mut tx, &failed, correlation_id).await?;
        tx.commit().await
    }
}
