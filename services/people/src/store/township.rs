//! The directory.

use bangfu_kernel::{Error, Township};
use bangfu_platform::db::{CityTx, TownshipTx, fault};
use uuid::Uuid;

use crate::model::township::Entry;

/// Enters the unit's township; false: it stands there already.
#[tracing::instrument(name = "db.township.insert", level = "debug", skip_all)]
pub(crate) async fn insert(tx: &mut TownshipTx, name: &str) -> Result<bool, Error> {
    let (township, now) = (tx.township().to_owned(), tx.clock().now());
    let inserted = sqlx::query!(
        r#"
        INSERT INTO township (township, name, version, created_at, updated_at)
        VALUES ($1, $2, 1, $3, $3)
        ON CONFLICT ON CONSTRAINT township_stands_once_in_the_directory DO NOTHING
        "#,
        township,
        name,
        now,
    )
    .execute(tx)
    .await
    .map_err(fault)?;
    Ok(inserted.rows_affected() == 1)
}

/// The unit's township, locked until the unit ends; `None`: it is not in the directory.
#[tracing::instrument(name = "db.township.lock", level = "debug", skip_all)]
pub(crate) async fn lock(tx: &mut TownshipTx) -> Result<Option<Entry>, Error> {
    let (code, township) = (tx.code().clone(), tx.township().to_owned());
    let row = sqlx::query!("SELECT name, version FROM township WHERE township = $1 FOR NO KEY UPDATE", township)
        .fetch_optional(tx)
        .await
        .map_err(fault)?;
    Ok(row.map(|row| Entry { township: code, name: row.name, version: row.version }))
}

/// Changes the name; the new version.
#[tracing::instrument(name = "db.township.rename", level = "debug", skip_all)]
pub(crate) async fn rename(tx: &mut TownshipTx, name: &str) -> Result<i64, Error> {
    let (township, now) = (tx.township().to_owned(), tx.clock().now());
    sqlx::query_scalar!(
        r#"
        UPDATE township
           SET name = $2
             , version = version + 1
             , updated_at = $3
         WHERE township = $1
        RETURNING version
        "#,
        township,
        name,
        now,
    )
    .fetch_one(tx)
    .await
    .map_err(fault)
}

/// The unit's township; `None`: it is not in the directory.
#[tracing::instrument(name = "db.township.find", level = "debug", skip_all)]
pub(crate) async fn find(tx: &mut TownshipTx) -> Result<Option<Entry>, Error> {
    let (code, township) = (tx.code().clone(), tx.township().to_owned());
    let row = sqlx::query!("SELECT name, version FROM township WHERE township = $1", township)
        .fetch_optional(tx)
        .await
        .map_err(fault)?;
    Ok(row.map(|row| Entry { township: code, name: row.name, version: row.version }))
}

/// The city's townships after a code, by code.
#[tracing::instrument(name = "db.township.list", level = "debug", skip_all)]
pub(crate) async fn list(tx: &mut CityTx, after: &str, limit: i64) -> Result<Vec<Entry>, Error> {
    sqlx::query!(
        r#"
        SELECT township
             , name
             , version
          FROM township
         WHERE township > $1
         ORDER BY township
         LIMIT $2
        "#,
        after,
        limit,
    )
    .fetch_all(tx)
    .await
    .map_err(fault)?
    .into_iter()
    .map(|row| {
        let township: Township = row.township.parse().map_err(|error| Error::Internal(Box::new(error)))?;
        Ok(Entry { township, name: row.name, version: row.version })
    })
    .collect()
}

/// The township somebody belongs to: one index probe a township, for no index leads from a person to a township.
#[tracing::instrument(name = "db.township.of_person", level = "debug", skip_all)]
pub(crate) async fn of_person(tx: &mut CityTx, person_id: Uuid) -> Result<Option<Township>, Error> {
    let found = sqlx::query_scalar!(
        r#"
        SELECT t.township
          FROM township t
         WHERE EXISTS (SELECT FROM person p
                        WHERE p.township = t.township AND p.person_id = $1 AND p.left_on IS NULL)
        "#,
        person_id,
    )
    .fetch_optional(tx)
    .await
    .map_err(fault)?;
    found.map(|code| code.parse().map_err(|error| Error::Internal(Box::new(error)))).transpose()
}
