//! Gives the hashes that people are found by to whoever has none: entered before there were any, or come from elsewhere.

use std::time::Duration;

use bangfu_kernel::{Error, IdNumber, Township};
use tokio::time::sleep;

use super::{permit, townships};
use crate::{
    People, blocking,
    register::twins,
    store::{self, register::TokenColumns},
    vault::Column,
};

/// How long it rests when everybody has them.
const REST: Duration = Duration::from_secs(30);
/// Entries done in one unit of work.
const BATCH: i64 = 1_000;

/// Runs until the ground is stopping.
pub(crate) async fn run(svc: People) {
    loop {
        if let Err(error) = everywhere(&svc).await {
            tracing::warn!(error = &error as &dyn std::error::Error, "hashes could not be completed");
        }
        tokio::select! {
            () = svc.ground.stopping.begun() => return,
            () = sleep(REST) => {}
        }
    }
}

async fn everywhere(svc: &People) -> Result<(), Error> {
    for township in townships(svc, "people.tokens").await? {
        while !svc.ground.stopping.has_begun() && batch(svc, &township).await? {}
    }
    Ok(())
}

/// Completes a few entries; whether there were any.
async fn batch(svc: &People, township: &Township) -> Result<bool, Error> {
    let mut tx = svc.ground.db.township(&permit(svc, "people.tokens", Some(township.clone()))).await?;
    let entries = store::duplicate::without_tokens(&mut tx, BATCH).await?;
    if entries.is_empty() {
        tx.commit().await?;
        return Ok(false);
    }
    let key = store::township_key::get(&mut tx, &svc.vault).await?;
    let (vault, here, opening) = (svc.vault.clone(), township.clone(), key.clone());
    let (people, tokens) = blocking::run(move || {
        let (mut people, mut tokens) = (Vec::with_capacity(entries.len()), TokenColumns::default());
        for entry in entries {
            let id = entry.person_id;
            let name = opening.open(id, Column::Name, &entry.name)?;
            let number = opening.open(id, Column::IdNumber, &entry.id_number)?;
            let number: IdNumber =
                number.parse().map_err(|_faults| Error::internal(format!("the number of {id} is none")))?;
            tokens.push(&vault.tokens(&here, &name, &number));
            people.push(id);
        }
        Ok((people, tokens))
    })
    .await?;
    store::duplicate::set_tokens(&mut tx, &people, &tokens).await?;
    twins::search(&mut tx, &key, &people, &tokens).await?;
    tx.commit().await?;
    Ok(true)
}
