//! Work in two townships within one unit: what a transfer needs, and nothing else.
//!
//! The wall stays: at every moment one township is set, statements name it and row security enforces it. What changes is
//! which one, for the time of a closure, and only for a holder of a [`Crossing`], which a permit gives out for one other
//! township of the same city (`Permit::crossing`, guarded by `disallowed-methods`).

use std::sync::atomic::Ordering;

use bangfu_kernel::{Error, Township};

use super::TownshipTx;
use crate::{auth::Crossing, feed};

impl TownshipTx {
    /// Runs `act` in the crossing's township, in the same transaction, and comes back. Events emitted inside go into that
    /// township's feed.
    ///
    /// Whoever locks rows of the same kind on both sides does so in the order of the townships' codes, or begins with
    /// rows that only one of the two holds. After a failed statement, or when the future is dropped, the unit stays where
    /// it was and can only be dropped.
    pub async fn across<T>(
        &mut self,
        crossing: &Crossing,
        act: impl AsyncFnOnce(&mut Self) -> Result<T, Error>,
    ) -> Result<T, Error> {
        if self.abroad || crossing.from() != self.code() {
            return Err(Error::internal("a crossing that does not begin here"));
        }
        self.abroad = true;
        self.stand_in(crossing.to()).await?;
        let result = act(self).await;
        if !self.unit.state.poisoned.load(Ordering::SeqCst) {
            self.stand_in(crossing.from()).await?;
            self.abroad = false;
        }
        result
    }

    /// Sets the township that row security goes by, and `township()` with it.
    async fn stand_in(&mut self, township: &Township) -> Result<(), Error> {
        // The code is digits only, parsed before; transaction-local, always.
        let set = self.unit.simple(format!("SELECT set_config('bangfu.township', '{township}', true)")).await;
        if set.is_err() {
            self.unit.state.poisoned.store(true, Ordering::SeqCst);
        }
        set?;
        self.township = township.clone();
        Ok(())
    }

    /// Makes the unit durable: events first (the feeds' heads are locked as late as possible, several in the order of
    /// their townships' codes, so that no two units wait for each other), then COMMIT.
    /// `Ok` means: it is there, whatever happens next.
    #[tracing::instrument(name = "db.commit", level = "debug", skip_all)]
    pub async fn commit(mut self) -> Result<(), Error> {
        if self.abroad {
            return Err(Error::internal("commit in the middle of a crossing"));
        }
        let events = std::mem::take(&mut self.events);
        let told = !events.is_empty();
        for (township, events) in events {
            if township != self.township {
                self.stand_in(&township).await?;
            }
            feed::append(&mut self, events).await?;
        }
        self.unit.commit().await?;
        if told {
            self.hub.moved();
        }
        Ok(())
    }
}
