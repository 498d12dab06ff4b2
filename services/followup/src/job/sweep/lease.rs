//! Claiming a township: one sweep at a time holds its lease. The term is measured by whoever waits, on its own steady
//! clock, so neither a wrong clock nor one that stands still makes a dead holder immortal or a living one dead.

use std::time::Duration;

use bangfu_kernel::Error;
use tokio::time::{Instant, sleep};

use super::Sweeper;
use crate::store::{self, lease::Lease};

/// A holder whose lease has not been renewed for so long is dead. It renews it with every batch.
const TERM: Duration = Duration::from_secs(10);
/// How often a waiting sweep looks.
const LOOK: Duration = Duration::from_millis(100);

impl Sweeper {
    /// Waits for the lease, takes it, and notes that the sweep begins.
    pub(super) async fn claim(&self) -> Result<(), Error> {
        let mut seen: Option<(Lease, Instant)> = None;
        loop {
            let mut tx = self.svc.ground.db.township(&self.permit).await?;
            if let Some(lease) = store::lease::lock(&mut tx).await? {
                let since = seen.filter(|(before, _)| *before == lease).map_or_else(Instant::now, |(_, since)| since);
                let dead = since.elapsed() >= TERM;
                if lease.holder.is_none() || dead {
                    if dead {
                        tracing::warn!("the lease of a sweep that went silent is taken over");
                    }
                    store::lease::hand(&mut tx, Some(self.sweep_id)).await?;
                    store::sweep::insert(&mut tx, self.sweep_id, self.as_of).await?;
                    return tx.commit().await;
                }
                seen = Some((lease, since));
            }
            drop(tx);
            tokio::select! {
                () = self.svc.ground.stopping.begun() => return Err(Error::Stopping),
                () = sleep(LOOK) => {}
            }
        }
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
