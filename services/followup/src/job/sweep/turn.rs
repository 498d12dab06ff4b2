//! The turn of standards: whoever was planned before a standard was known has a review day that knows nothing of it. When
//! it comes into force everybody of the township is reviewed once, by the first sweep from that day on.

use bangfu_kernel::Error;
use uuid::Uuid;

use super::Sweeper;
use crate::store;

/// People brought forward with one commit.
const CHUNK: i64 = 10_000;

impl Sweeper {
    /// Brings everybody's review forward to the first day of a standard that has come into force since the township's last
    /// turn, if there is one. A death in the middle leaves some to be brought forward again: only the last commit notes
    /// that the turn is done.
    pub(super) async fn turn(&self) -> Result<(), Error> {
        let mut tx = self.svc.ground.db.township(&self.permit).await?;
        let since = store::township::turned_on(&mut tx).await?;
        let Some((first, last)) = self.standards.turns(since, self.as_of) else { return tx.commit().await };
        let mut after = Some(Uuid::nil());
        while let Some(person_id) = after {
            if self.svc.ground.stopping.has_begun() {
                return Err(Error::Stopping);
            }
            after = store::subject::bring_forward(&mut tx, first, person_id, CHUNK).await?;
            store::lease::beat(&mut tx, self.sweep_id).await?;
            if after.is_some() {
                tx.commit().await?;
                tx = self.svc.ground.db.township(&self.permit).await?;
            }
        }
        store::township::turn(&mut tx, last).await?;
        tx.commit().await?;
        tracing::info!(from = %first, to = %last, "a standard has come into force: everybody is reviewed");
        Ok(())
    }
}
