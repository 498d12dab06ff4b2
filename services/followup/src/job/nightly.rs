//! Sweeps every night shortly after midnight, at once when nights were missed, and a moment after people have come in:
//! whoever was entered today has their duties today.

mod newcomers;

use std::time::Duration;

use bangfu_kernel::{Error, Township, calendar};
use chrono::{NaiveDate, TimeDelta};
use tokio::time::sleep;

use self::newcomers::Newcomers;
use super::sweep;
use crate::{Followup, store};

/// How long after midnight in Asia/Shanghai the day begins for sweeping.
const AFTER_MIDNIGHT: TimeDelta = TimeDelta::minutes(5);
/// How often the clock is looked at.
const LOOK: Duration = Duration::from_secs(1);
/// How long a sweep that failed waits for its repetition.
const PAUSE: Duration = Duration::from_secs(10);

/// Sweeps until the ground is stopping.
pub(crate) async fn run(svc: Followup) {
    let mut swept = None;
    let mut newcomers = Newcomers::default();
    let mut wait = LOOK;
    loop {
        let before = svc.ground.clock.now();
        tokio::select! {
            () = svc.ground.stopping.begun() => return,
            () = sleep(wait) => {}
        }
        let now = svc.ground.clock.now();
        wait = LOOK;
        let today = calendar::civil_date(now - AFTER_MIDNIGHT);
        if !runs(now - before) {
            continue;
        }
        let done = if swept == Some(today) { newcomers.sweep(&svc, today).await } else { night(&svc, today).await };
        match done {
            Ok(()) => swept = Some(today),
            Err(Error::Stopping) => return,
            Err(error) => {
                tracing::error!(error = &error as &dyn std::error::Error, %today, "a sweep of our own failed");
                metrics::counter!("bangfu_followup_nightly_failures_total").increment(1);
                wait = PAUSE;
            }
        }
    }
}

/// Whether the clock runs as clocks do. One that stands still or leaps is turned by somebody (a simulation, a test), who
/// says with RunSweep when a day is over.
fn runs(passed: TimeDelta) -> bool {
    passed > TimeDelta::zero() && passed < TimeDelta::minutes(10)
}

/// Sweeps the townships that were not swept for today yet, and forgets results that are no longer repeated.
async fn night(svc: &Followup, today: NaiveDate) -> Result<(), Error> {
    if today < svc.standards.first_day() {
        return Ok(());
    }
    let permit = svc.permit("followup.nightly", None);
    let mut tx = svc.ground.db.city(&permit).await?;
    let last = store::sweep::last(&mut tx).await?;
    tx.commit().await?;
    let due: Vec<Township> =
        last.into_iter().filter(|(_, as_of)| as_of.is_none_or(|as_of| as_of < today)).map(|(it, _)| it).collect();
    for sweep in sweep::run(svc, &permit, &due, today, sweep::Need::OnceADay).await? {
        let (township, in_scope, failed) = (sweep.township, sweep.in_scope, sweep.failed);
        tracing::info!(%township, in_scope, failed, %today, "swept");
    }
    let city = svc.ground.city.parse::<Township>().map_err(|error| Error::Internal(Box::new(error)))?;
    for township in due.into_iter().chain([city]) {
        let mut tx = svc.ground.db.township(&permit.at(Some(township))?).await?;
        tx.expire_requests().await?;
        tx.commit().await?;
    }
    Ok(())
}
