//! The townships' data keys, wrapped.

use std::{collections::BTreeMap, sync::Arc};

use bangfu_kernel::{Error, Township};
use bangfu_platform::db::{CityTx, TownshipTx, fault};
use tokio::time::Instant;

use crate::vault::{TownshipKey, Vault, WrappedKey};

/// Stores a township's key.
#[tracing::instrument(name = "db.township_key.insert", level = "debug", skip_all)]
pub(crate) async fn insert(tx: &mut TownshipTx, key: &WrappedKey) -> Result<(), Error> {
    let (township, now) = (tx.township().to_owned(), tx.clock().now());
    sqlx::query!(
        r#"
        INSERT INTO township_key (township, number, algorithm, wrapped, sealing, created_at)
        VALUES ($1, $2, $3, $4, $5, $6)
        "#,
        township,
        key.number,
        key.algorithm,
        &key.wrapped,
        key.sealing,
        now,
    )
    .execute(tx)
    .await
    .map(drop)
    .map_err(fault)
}

/// The keys of the unit's township, from memory if they were read a moment ago. A township that is not in the directory
/// has none.
#[tracing::instrument(name = "db.township_key.get", level = "debug", skip_all)]
pub(crate) async fn get(tx: &mut TownshipTx, vault: &Vault) -> Result<Arc<TownshipKey>, Error> {
    let code = tx.code().clone();
    if let Some(key) = vault.kept(&code) {
        return Ok(key);
    }
    let read_at = Instant::now();
    let wrapped = list(tx).await?;
    if wrapped.is_empty() {
        return Err(Error::internal("the township has no data key"));
    }
    vault.unwrap(&code, &wrapped, read_at)
}

/// All keys of the unit's township, in the order of their numbers.
#[tracing::instrument(name = "db.township_key.list", level = "debug", skip_all)]
pub(crate) async fn list(tx: &mut TownshipTx) -> Result<Vec<WrappedKey>, Error> {
    let township = tx.township().to_owned();
    sqlx::query_as!(
        WrappedKey,
        r#"
        SELECT number
             , algorithm
             , wrapped
             , sealing
          FROM township_key
         WHERE township = $1
         ORDER BY number
        "#,
        township,
    )
    .fetch_all(tx)
    .await
    .map_err(fault)
}

/// All keys of the city.
#[tracing::instrument(name = "db.township_key.of_city", level = "debug", skip_all)]
pub(crate) async fn of_city(tx: &mut CityTx) -> Result<BTreeMap<Township, Vec<WrappedKey>>, Error> {
    let rows = sqlx::query!(
        r#"
        SELECT township
             , number
             , algorithm
             , wrapped
             , sealing
          FROM township_key
         ORDER BY township
                , number
        "#,
    )
    .fetch_all(tx)
    .await
    .map_err(fault)?;
    let mut keys: BTreeMap<Township, Vec<WrappedKey>> = BTreeMap::new();
    for row in rows {
        let township = row.township.parse().map_err(|error| Error::Internal(Box::new(error)))?;
        let key =
            WrappedKey { number: row.number, algorithm: row.algorithm, wrapped: row.wrapped, sealing: row.sealing };
        keys.entry(township).or_default().push(key);
    }
    Ok(keys)
}

/// Wraps a key anew.
#[tracing::instrument(name = "db.township_key.rewrap", level = "debug", skip_all)]
pub(crate) async fn rewrap(tx: &mut TownshipTx, number: i16, wrapped: &[u8]) -> Result<(), Error> {
    let township = tx.township().to_owned();
    sqlx::query!("UPDATE township_key SET wrapped = $3 WHERE township = $1 AND number = $2", township, number, wrapped,)
        .execute(tx)
        .await
        .map(drop)
        .map_err(fault)
}
