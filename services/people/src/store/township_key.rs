//! The townships' data keys, wrapped.

use std::sync::Arc;

use bangfu_kernel::Error;
use bangfu_platform::db::{TownshipTx, fault};

use crate::vault::{TownshipKey, Vault, WrappedKey};

/// Stores a township's key.
#[tracing::instrument(name = "db.township_key.insert", level = "debug", skip_all)]
pub(crate) async fn insert(tx: &mut TownshipTx, key: &WrappedKey) -> Result<(), Error> {
    let (township, now) = (tx.township().to_owned(), tx.clock().now());
    sqlx::query!(
        r#"
        INSERT INTO township_key (township, number, algorithm, wrapped, created_at)
        VALUES ($1, $2, $3, $4, $5)
        "#,
        township,
        key.number,
        key.algorithm,
        &key.wrapped,
        now,
    )
    .execute(tx)
    .await
    .map(drop)
    .map_err(fault)
}

/// The key of the unit's township, from memory if it was used before. A township that is not in the directory has none.
#[tracing::instrument(name = "db.township_key.get", level = "debug", skip_all)]
pub(crate) async fn get(tx: &mut TownshipTx, vault: &Vault) -> Result<Arc<TownshipKey>, Error> {
    let (code, township) = (tx.code().clone(), tx.township().to_owned());
    if let Some(key) = vault.kept(&code) {
        return Ok(key);
    }
    let wrapped = sqlx::query_as!(
        WrappedKey,
        r#"
        SELECT number
             , algorithm
             , wrapped
          FROM township_key
         WHERE township = $1
         ORDER BY number DESC
         LIMIT 1
        "#,
        township,
    )
    .fetch_optional(tx)
    .await
    .map_err(fault)?
    .ok_or_else(|| Error::internal("the township has no data key"))?;
    vault.unwrap(&code, &wrapped)
}
