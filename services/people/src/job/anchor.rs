//! Notes the heads of all audit trails outside the database: when it starts, every minute that something was added, and once
//! more when everything has stopped.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    time::Duration,
};

use bangfu_kernel::Error;
use tokio::time::sleep;

use super::permit;
use crate::{
    People,
    anchor::{self, Anchor},
    blocking, store,
    wire::hex,
};

/// How often it looks.
const LOOK: Duration = Duration::from_mins(1);

/// Notes them until the ground is stopping.
pub(crate) async fn run(svc: People, file: PathBuf) {
    loop {
        if let Err(error) = note(&svc, &file).await {
            tracing::error!(error = &error as &dyn std::error::Error, "heads of audit trails cannot be noted");
            metrics::counter!("bangfu_people_anchor_failures_total").increment(1);
        }
        tokio::select! {
            () = svc.ground.stopping.begun() => return,
            () = sleep(LOOK) => {}
        }
    }
}

/// Notes the heads that moved. One that went back, or has another hash than was noted, is told and never noted: the file
/// goes on telling what was there.
pub(crate) async fn note(svc: &People, file: &Path) -> Result<(), Error> {
    let (of_read, of_append) = (file.to_owned(), file.to_owned());
    let noted = blocking::run(move || {
        let anchors = anchor::read(&of_read).map_err(|error| Error::Internal(Box::new(error)))?;
        let latest = anchor::latest(&anchors);
        Ok(latest.into_values().map(|it| (it.township.clone(), it.clone())).collect::<BTreeMap<_, _>>())
    })
    .await?;
    let (townships, seqs): (Vec<_>, Vec<_>) = noted.values().map(|it| (it.township.clone(), it.seq)).unzip();
    let mut tx = svc.ground.db.city(&permit(svc, "people.anchor", None)).await?;
    let heads = store::audit::heads(&mut tx).await?;
    let hashes = store::audit::hashes_of_city(&mut tx, &townships, &seqs).await?;
    tx.commit().await?;

    let now: BTreeMap<_, _> = hashes.into_iter().map(|(township, _, hash)| (township, hex(&hash))).collect();
    for anchor in noted.values().filter(|it| now.get(&it.township) != Some(&it.hash)) {
        let (township, entry) = (&anchor.township, anchor.seq);
        tracing::error!(township, entry, "the audit trail is not what it was: see `bangfu audit verify`");
        metrics::counter!("bangfu_people_audit_broken_total").increment(1);
    }
    let at = svc.ground.clock.now();
    let moved: Vec<_> = heads
        .into_iter()
        .filter(|(township, seq, _)| {
            noted.get(township).is_none_or(|it| now.get(township) == Some(&it.hash) && it.seq < *seq)
        })
        .map(|(township, seq, hash)| Anchor { township, seq, hash: hex(&hash), at })
        .collect();
    if moved.is_empty() {
        return Ok(());
    }
    blocking::run(move || anchor::append(&of_append, &moved).map_err(|error| Error::Internal(Box::new(error)))).await
}
