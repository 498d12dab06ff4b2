//! The change of townships' data keys, as it stands beside the newest of them.

use bangfu_kernel::{Error, Township};
use bangfu_platform::db::{CityTx, TownshipTx, fault};

use crate::model::rotation::Rotation;

/// The latest of the unit's township; `None`: it is not in the directory.
#[tracing::instrument(name = "db.rotation.find", level = "debug", skip_all)]
pub(crate) async fn find(tx: &mut TownshipTx) -> Result<Option<Rotation>, Error> {
    let township = tx.township().to_owned();
    sqlx::query_as!(
        Rotation,
        r#"
        SELECT number
             , sealing
             , resealed
             , created_at
             , finished_at
          FROM township_key
         WHERE township = $1
         ORDER BY number DESC
         LIMIT 1
        "#,
        township,
    )
    .fetch_optional(tx)
    .await
    .map_err(fault)
}

/// Those under way in the city: township and key.
#[tracing::instrument(name = "db.rotation.under_way", level = "debug", skip_all)]
pub(crate) async fn under_way(tx: &mut CityTx) -> Result<Vec<(Township, i16)>, Error> {
    sqlx::query!(
        r#"
        SELECT township
             , number
          FROM township_key
         WHERE number > 1
           AND finished_at IS NULL
         ORDER BY township
        "#,
    )
    .fetch_all(tx)
    .await
    .map_err(fault)?
    .into_iter()
    .map(|row| Ok((row.township.parse().map_err(|error| Error::Internal(Box::new(error)))?, row.number)))
    .collect()
}

/// The announced key seals from now on.
#[tracing::instrument(name = "db.rotation.seal", level = "debug", skip_all)]
pub(crate) async fn seal(tx: &mut TownshipTx, number: i16) -> Result<(), Error> {
    let township = tx.township().to_owned();
    sqlx::query!(
        "UPDATE township_key SET sealing = true WHERE township = $1 AND number = $2 AND NOT sealing",
        township,
        number,
    )
    .execute(tx)
    .await
    .map(drop)
    .map_err(fault)
}

/// Counts rows that were sealed anew.
#[tracing::instrument(name = "db.rotation.count", level = "debug", skip_all)]
pub(crate) async fn count(tx: &mut TownshipTx, number: i16, resealed: i64) -> Result<(), Error> {
    let township = tx.township().to_owned();
    sqlx::query!(
        "UPDATE township_key SET resealed = resealed + $3 WHERE township = $1 AND number = $2",
        township,
        number,
        resealed,
    )
    .execute(tx)
    .await
    .map(drop)
    .map_err(fault)
}

/// Nothing is left to be sealed anew; false: another process has said so before.
#[tracing::instrument(name = "db.rotation.finish", level = "debug", skip_all)]
pub(crate) async fn finish(tx: &mut TownshipTx, number: i16) -> Result<bool, Error> {
    let (township, now) = (tx.township().to_owned(), tx.clock().now());
    let finished = sqlx::query!(
        "UPDATE township_key SET finished_at = $3 WHERE township = $1 AND number = $2 AND finished_at IS NULL",
        township,
        number,
        now,
    )
    .execute(tx)
    .await
    .map_err(fault)?;
    Ok(finished.rows_affected() == 1)
}
