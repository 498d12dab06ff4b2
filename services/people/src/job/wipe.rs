//! Wipes lists that were not committed in time, in townships that do not look at their matches any more.

use std::time::Duration;

use bangfu_kernel::Error;
use tokio::time::sleep;

use super::permit;
use crate::{People, store};

/// How often it is looked for them; a list may stand a little longer than its 30 days.
const EVERY: Duration = Duration::from_hours(1);

/// Looks at once, and then from time to time, until the ground is stopping.
pub(crate) async fn run(svc: People) {
    loop {
        if let Err(error) = pass(&svc).await {
            tracing::error!(error = &error as &dyn std::error::Error, "lists that are overdue were not wiped");
        }
        tokio::select! {
            () = svc.ground.stopping.begun() => return,
            () = sleep(EVERY) => {}
        }
    }
}

async fn pass(svc: &People) -> Result<(), Error> {
    let permit = permit(svc, "people.wipe", None);
    let mut tx = svc.ground.db.city(&permit).await?;
    let overdue = store::data_match::overdue(&mut tx, svc.ground.clock.now()).await?;
    tx.commit().await?;
    for township in overdue {
        let mut tx = svc.ground.db.township(&permit.at(Some(township))?).await?;
        store::data_match::expire(&mut tx).await?;
        tx.commit().await?;
    }
    Ok(())
}
