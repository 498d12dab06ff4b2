//! The sessions of one door: handed out in the order in which they are asked for, and not waited for in vain.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use bangfu_kernel::Error;
use sqlx::{PgPool, Postgres, pool::PoolConnection};
use tokio::time::{Instant, timeout_at};

use super::fault::unreachable;

/// A door's sessions. Cloning gives another handle.
#[derive(Debug, Clone)]
pub(super) struct Sessions {
    pub(super) pool: PgPool,
    /// How many have been handed out so far: whoever gets none knows by it whether others did.
    handed_out: Arc<AtomicU64>,
}

impl Sessions {
    pub(super) fn new(pool: PgPool) -> Self {
        Self { pool, handed_out: Arc::default() }
    }

    /// A session. A call that nobody waits for any more must not keep its place among the calls while it waits for one.
    /// Errors: DEADLINE; OVERLOADED when there are none to be had but for others; UNAVAILABLE when nobody gets any.
    pub(super) async fn acquire(&self, deadline: Option<Instant>) -> Result<PoolConnection<Postgres>, Error> {
        let before = self.handed_out.load(Ordering::SeqCst);
        let asked = self.pool.acquire();
        let acquired = match deadline {
            Some(deadline) => timeout_at(deadline, asked).await.map_err(|_elapsed| Error::Deadline)?,
            None => asked.await,
        };
        match acquired {
            Ok(session) => {
                self.handed_out.fetch_add(1, Ordering::SeqCst);
                Ok(session)
            }
            Err(sqlx::Error::PoolTimedOut) if self.handed_out.load(Ordering::SeqCst) != before => {
                Err(Error::Overloaded { limit: "database" })
            }
            Err(error) => Err(unreachable(error)),
        }
    }
}
