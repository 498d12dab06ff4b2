//! Rosters that were taken in.

use bangfu_kernel::Error;
use bangfu_platform::db::{TownshipTx, fault};
use chrono::NaiveDate;
use uuid::Uuid;

/// A roster that was taken in.
#[derive(Debug)]
pub(crate) struct NewImport<'a> {
    /// Its id.
    pub import_id: Uuid,
    /// 填报日期
    pub ledger_on: NaiveDate,
    /// As the caller named it.
    pub file_name: &'a str,
    /// Rows taken.
    pub accepted: i32,
    /// Rows that joined an earlier one.
    pub merged: i32,
    /// Rows not taken.
    pub rejected: i32,
}

/// Remembers an import.
#[tracing::instrument(name = "db.roster_import.insert", level = "debug", skip_all)]
pub(crate) async fn insert(tx: &mut TownshipTx, new: &NewImport<'_>) -> Result<(), Error> {
    let (township, now) = (tx.township().to_owned(), tx.clock().now());
    let actor = tx.permit().caller().subject.clone();
    sqlx::query!(
        r#"
        INSERT INTO roster_import (township, import_id, ledger_on, file_name, actor, accepted, merged, rejected, at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
        "#,
        township,
        new.import_id,
        new.ledger_on,
        new.file_name,
        actor,
        new.accepted,
        new.merged,
        new.rejected,
        now,
    )
    .execute(tx)
    .await
    .map(drop)
    .map_err(fault)
}
