//! Keeps this process's keys within their lease, and carries on with changes of keys (密钥轮换) that were begun.
//!
//! The work is derived from data: whichever process sees a change under way goes on with it, as often and in as many of
//! them as it likes. Killed at any moment, it begins again with what is still under an older key.

use std::{collections::HashMap, time::Duration};

use bangfu_kernel::{Error, Township};
use tokio::time::{Instant, sleep};

use super::{permit, reseal};
use crate::{
    People,
    model::{audit::Action, rotation::Stage},
    store,
    vault::{ANEW, LEASE},
};

/// How often it looks for changes under way.
const LOOK: Duration = Duration::from_millis(500);
/// Pause after a failure.
const PAUSE: Duration = Duration::from_secs(5);
/// How long a key is announced before it seals: whoever has not read it by then, may not use the keys it read.
const ANNOUNCED: Duration = LEASE.saturating_mul(2);

/// Reads all keys anew until the ground is stopping.
pub(crate) async fn learn(svc: People) {
    loop {
        if let Err(error) = read(&svc).await {
            // Beyond the lease every unit of work reads its own: slower, and never wrong.
            tracing::warn!(error = &error as &dyn std::error::Error, "the townships' keys cannot be read");
        }
        tokio::select! {
            () = svc.ground.stopping.begun() => return,
            () = sleep(ANEW) => {}
        }
    }
}

async fn read(svc: &People) -> Result<(), Error> {
    let read_at = Instant::now();
    let mut tx = svc.ground.db.city(&permit(svc, "people.keys", None)).await?;
    let keys = store::township_key::of_city(&mut tx).await?;
    tx.commit().await?;
    for (township, wrapped) in keys {
        if let Err(error) = svc.vault.unwrap(&township, &wrapped, read_at) {
            tracing::error!(error = &error as &dyn std::error::Error, %township, "a key does not open");
        }
    }
    Ok(())
}

/// Since when this process knows a key to be announced, and to seal.
#[derive(Clone, Copy)]
struct Seen {
    announced: Instant,
    sealing: Option<Instant>,
}

/// Goes on with changes of keys until the ground is stopping.
pub(crate) async fn change(svc: People) {
    let mut seen = HashMap::new();
    let mut wait = LOOK;
    loop {
        tokio::select! {
            () = svc.ground.stopping.begun() => return,
            () = sleep(wait) => {}
        }
        wait = LOOK;
        if let Err(error) = round(&svc, &mut seen).await {
            if matches!(error, Error::Stopping) {
                return;
            }
            tracing::error!(error = &error as &dyn std::error::Error, "a change of keys has to wait");
            wait = PAUSE;
        }
    }
}

async fn round(svc: &People, seen: &mut HashMap<(Township, i16), Seen>) -> Result<(), Error> {
    let mut tx = svc.ground.db.city(&permit(svc, "people.keys", None)).await?;
    let under_way = store::rotation::under_way(&mut tx).await?;
    tx.commit().await?;
    seen.retain(|key, _| under_way.contains(key));
    let mut failed = Ok(());
    for (township, number) in under_way {
        let seen =
            seen.entry((township.clone(), number)).or_insert_with(|| Seen { announced: Instant::now(), sealing: None });
        match step(svc, township, number, seen).await {
            Err(Error::Stopping) => return Err(Error::Stopping),
            // One township does not hold up the others.
            stepped => failed = failed.and(stepped),
        }
    }
    failed
}

/// What can be done now for one change.
async fn step(svc: &People, township: Township, number: i16, seen: &mut Seen) -> Result<(), Error> {
    let permit = permit(svc, "people.keys", Some(township.clone()));
    let mut tx = svc.ground.db.township(&permit).await?;
    let stage = store::rotation::find(&mut tx).await?.filter(|it| it.number == number).map(|it| it.stage());
    match stage {
        Some(Stage::Announced) if seen.announced.elapsed() >= ANNOUNCED => {
            store::rotation::seal(&mut tx, number).await?;
            tx.commit().await?;
            tracing::info!(%township, number, "a new key seals");
        }
        Some(Stage::Resealing) => {
            tx.commit().await?;
            read(svc).await?;
            let sealing = *seen.sealing.get_or_insert_with(Instant::now);
            reseal::pass(svc, &permit, number).await?;
            // Until all processes have read that it seals, some go on sealing under the one before.
            if sealing.elapsed() >= LEASE {
                finish(svc, &permit, number).await?;
            }
        }
        _ => tx.commit().await?,
    }
    Ok(())
}

/// Ends a change when nothing is left under an older key.
async fn finish(svc: &People, permit: &bangfu_platform::auth::Permit, number: i16) -> Result<(), Error> {
    let mut tx = svc.ground.db.township(permit).await?;
    if store::reseal::remaining(&mut tx, number).await? == 0 && store::rotation::finish(&mut tx, number).await? {
        let resealed = store::rotation::find(&mut tx).await?.map_or(0, |rotation| rotation.resealed);
        let what = format!("key {number}: {resealed} rows sealed anew");
        store::audit::append(&mut tx, Action::RotateKey, None, &what).await?;
        tracing::info!(township = %tx.code(), number, resealed, "a change of keys is done");
    }
    tx.commit().await
}
