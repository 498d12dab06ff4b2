//! Which townships are known here: those that are followed. The auth layer asks for every township's call.

use std::{sync::PoisonError, time::Duration};

use bangfu_kernel::{Error, Township};
use bangfu_platform::auth::{Permit, layer::Directory};
use tokio::time::{Instant, timeout_at};

use crate::{Followup, store};

/// How long a call waits for the follower to learn of a township that the registry has just entered.
const PATIENCE: Duration = Duration::from_secs(2);
/// How often a waiting call looks for itself: another replica may be the one that follows.
const LOOK: Duration = Duration::from_millis(100);

#[async_trait::async_trait]
impl Directory for Followup {
    async fn knows(&self, township: &Township, deadline: Option<Instant>) -> Result<bool, Error> {
        if self.known.lock().unwrap_or_else(PoisonError::into_inner).contains(township) {
            return Ok(true);
        }
        let permit = self.permit("followup.directory", Some(township.clone()));
        let permit = deadline.into_iter().fold(permit, Permit::until);
        let known = self.wait_until_followed(&permit, 1, PATIENCE).await?;
        if known {
            self.known.lock().unwrap_or_else(PoisonError::into_inner).insert(township.clone());
        }
        Ok(known)
    }
}

impl Followup {
    /// Waits until event `seq` of the permit's township's people feed has been applied here; `false`: not in that time.
    async fn wait_until_followed(&self, permit: &Permit, seq: i64, within: Duration) -> Result<bool, Error> {
        let end = Instant::now() + within;
        let mut followed = self.followed.subscribe();
        loop {
            followed.mark_unchanged();
            let mut tx = self.ground.db.township(permit).await?;
            let position = store::township::find(&mut tx).await?;
            tx.commit().await?;
            if position.is_some_and(|position| position.seq >= seq) {
                return Ok(true);
            }
            let now = Instant::now();
            if now >= end {
                return Ok(false);
            }
            let _woken = timeout_at(end.min(now + LOOK), followed.changed()).await;
        }
    }
}
