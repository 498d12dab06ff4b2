//! One pass over a township's rows that stand under an older key, batch by batch, each a unit of work of its own.

use std::time::Duration;

use bangfu_kernel::Error;
use bangfu_platform::{auth::Permit, db::TownshipTx};
use rand::{SeedableRng as _, rngs::StdRng};
use tokio::time::sleep;
use uuid::Uuid;

use crate::{
    People, blocking,
    store::{self, reseal::Rows},
    vault::Column,
};

/// Rows of a unit of work: they are locked for as long as it takes, some hundredths of a second.
const BATCH: i64 = 500;
/// A breath between two batches, for those who serve.
const BREATH: Duration = Duration::from_millis(2);

/// Seals anew what nobody else holds. Errors: STOPPING in the middle of it, between two batches.
pub(crate) async fn pass(svc: &People, permit: &Permit, number: i16) -> Result<(), Error> {
    let mut tables: Vec<&str> = Column::ALL.iter().map(|column| column.place().0).collect();
    tables.dedup();
    for table in tables {
        let mut after = Some((Uuid::nil(), Uuid::nil()));
        while let Some(place) = after {
            if svc.ground.stopping.has_begun() {
                return Err(Error::Stopping);
            }
            after = batch(svc, permit, table, number, place).await?;
            sleep(BREATH).await;
        }
    }
    Ok(())
}

/// The next batch of a table; where it ended, `None`: there was none.
async fn batch(
    svc: &People,
    permit: &Permit,
    table: &'static str,
    number: i16,
    after: (Uuid, Uuid),
) -> Result<Option<(Uuid, Uuid)>, Error> {
    let mut tx = svc.ground.db.township(permit).await?;
    let rows = take(&mut tx, table, number, after).await?;
    let Some(last) = rows.person_id.last().copied().zip(rows.id.last().copied()) else {
        tx.commit().await?;
        return Ok(None);
    };
    let key = store::township_key::get(&mut tx, &svc.vault).await?;
    if key.seals_under() != number {
        return Err(Error::internal(format!("key {number} does not seal here yet")));
    }
    let rows = blocking::run(move || {
        let mut chance = StdRng::from_os_rng();
        let columns = Column::ALL.into_iter().filter(|column| column.place().0 == table);
        let mut rows = rows;
        for (column, values) in columns.zip(&mut rows.sealed) {
            for (&id, value) in rows.id.iter().zip(values) {
                *value = value.as_deref().map(|value| key.reseal(id, column, value, &mut chance)).transpose()?;
            }
        }
        Ok(rows)
    })
    .await?;
    let written = write(&mut tx, table, &rows).await?;
    store::rotation::count(&mut tx, number, i64::try_from(written).unwrap_or(i64::MAX)).await?;
    tx.commit().await?;
    Ok(Some(last))
}

async fn take(tx: &mut TownshipTx, table: &str, number: i16, after: (Uuid, Uuid)) -> Result<Rows, Error> {
    match table {
        "person" => store::reseal::people(tx, number, after, BATCH).await,
        "survey" => store::reseal::surveys(tx, number, after, BATCH).await,
        "transfer" => store::reseal::transfers(tx, number, after, BATCH).await,
        "data_match_row" => store::reseal::listed_rows(tx, number, after, BATCH).await,
        other => Err(Error::internal(format!("nothing seals rows of {other} anew"))),
    }
}

async fn write(tx: &mut TownshipTx, table: &str, rows: &Rows) -> Result<u64, Error> {
    match table {
        "person" => store::reseal::write_people(tx, rows).await,
        "survey" => store::reseal::write_surveys(tx, rows).await,
        "transfer" => store::reseal::write_transfers(tx, rows).await,
        "data_match_row" => store::reseal::write_listed_rows(tx, rows).await,
        other => Err(Error::internal(format!("nothing seals rows of {other} anew"))),
    }
}
