//! Claiming a township: one sweep at a time holds its lease. The term is measured by whoever waits, on its own steady
//! clock, so neither a wrong clock nor one that stands still makes a dead holder immortal or a living one dead.

use std::time::Duration;

use bangfu_kernel::Error;
use bangfu_platform::db::TownshipTx;
use tokio::time::Instant;

use super::Sweeper;
use crate::store::{self, lease::Lease};

/// A holder whose lease has not been renewed for so long is dead. It renews it with every batch.
const TERM: Duration = Duration::from_secs(10);

/// When a township that is free need not be swept after all: another replica may have done it meanwhile.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Need {
    /// Somebody has asked for it.
    Asked,
    /// Unless it was swept as of the day, or a later one.
    OnceADay,
    /// While anybody is due.
    AnybodyDue,
}

/// What came of trying to claim a township.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Claim {
    /// It is ours; the sweep has begun.
    Taken,
    /// Another sweep holds it, and lives.
    Held,
    /// See `Need`.
    NotNeeded,
}

/// How a lease was seen last, and since when it has not changed.
#[derive(Debug, Default)]
pub(super) struct Silence(Option<(Lease, Instant)>);

impl Silence {
    /// Whether the holder of this lease is dead, or none.
    fn is_free(&mut self, lease: Lease) -> bool {
        let seen = self.0.filter(|(before, _)| *before == lease);
        let since = seen.map_or_else(Instant::now, |(_, since)| since);
        self.0 = Some((lease, since));
        let dead = lease.holder.is_some() && since.elapsed() >= TERM;
        if dead {
            tracing::warn!("the lease of a sweep that went silent is taken over");
        }
        lease.holder.is_none() || dead
    }
}

impl Sweeper {
    /// Takes the lease, if it is free, and notes that the sweep begins.
    pub(super) async fn claim(&self, silence: &mut Silence, need: Need) -> Result<Claim, Error> {
        let mut tx = self.svc.ground.db.township(&self.permit).await?;
        let Some(lease) = store::lease::lock(&mut tx).await? else { return Ok(Claim::Held) };
        if !silence.is_free(lease) {
            return Ok(Claim::Held);
        }
        if !self.is_needed(&mut tx, need).await? {
            return Ok(Claim::NotNeeded);
        }
        store::lease::hand(&mut tx, Some(self.sweep_id)).await?;
        store::sweep::insert(&mut tx, self.sweep_id, self.as_of).await?;
        tx.commit().await?;
        Ok(Claim::Taken)
    }

    async fn is_needed(&self, tx: &mut TownshipTx, need: Need) -> Result<bool, Error> {
        Ok(match need {
            Need::Asked => true,
            Need::OnceADay => store::sweep::last_of(tx).await?.is_none_or(|last| last < self.as_of),
            Need::AnybodyDue => store::subject::anybody_due(tx, self.as_of).await?,
        })
    }

    /// Gives the lease back, unless somebody else has taken it.
    pub(super) async fn give_back(&self) -> Result<(), Error> {
        let mut tx = self.svc.ground.db.township(&self.permit).await?;
        if store::lease::beat(&mut tx, self.sweep_id).await? {
            store::lease::hand(&mut tx, None).await?;
        }
        tx.commit().await
    }
}
