//! The record of sweeps: what each expected and what it did.

use std::collections::BTreeMap;

use bangfu_kernel::{Error, Township};
use bangfu_platform::db::{CityTx, TownshipTx, fault};
use chrono::{DateTime, NaiveDate, Utc};
use sqlx::types::Json;
use uuid::Uuid;

use crate::replan::Tally;

/// A sweep of one township as it is recorded.
#[derive(Debug, Clone)]
#[expect(clippy::struct_field_names, reason = "columns are named as in the table")]
pub(crate) struct Sweep {
    pub(crate) sweep_id: Uuid,
    pub(crate) township: String,
    pub(crate) as_of: NaiveDate,
    pub(crate) in_scope: i64,
    pub(crate) with_duties: i64,
    pub(crate) failed: i64,
    pub(crate) raised_days_late: i32,
    pub(crate) excluded: Json<BTreeMap<String, i64>>,
    pub(crate) raised: Json<BTreeMap<String, i64>>,
    pub(crate) done: Json<BTreeMap<String, i64>>,
    pub(crate) missed: Json<BTreeMap<String, i64>>,
    pub(crate) released: Json<BTreeMap<String, i64>>,
    pub(crate) started_at: DateTime<Utc>,
    /// `None`: running, or its process died.
    pub(crate) finished_at: Option<DateTime<Utc>>,
}

/// Notes that a sweep begins.
#[tracing::instrument(name = "db.sweep.insert", level = "debug", skip_all)]
pub(crate) async fn insert(tx: &mut TownshipTx, sweep_id: Uuid, as_of: NaiveDate) -> Result<(), Error> {
    let (township, now) = (tx.township().to_owned(), tx.clock().now());
    sqlx::query!(
        r#"
        INSERT INTO sweep (township, sweep_id, as_of, started_at)
        VALUES ($1, $2, $3, $4)
        "#,
        township,
        sweep_id,
        as_of,
        now,
    )
    .execute(tx)
    .await
    .map(drop)
    .map_err(fault)
}

/// Notes what a sweep did, and that it is over; as it is recorded.
#[tracing::instrument(name = "db.sweep.finish", level = "debug", skip_all)]
pub(crate) async fn finish(tx: &mut TownshipTx, sweep_id: Uuid, tally: &Tally) -> Result<Sweep, Error> {
    let (township, now) = (tx.township().to_owned(), tx.clock().now());
    sqlx::query_as!(
        Sweep,
        r#"
        UPDATE sweep
           SET in_scope = $3
             , with_duties = $4
             , failed = $5
             , raised_days_late = $12
             , excluded = $6
             , raised = $7
             , done = $8
             , missed = $9
             , released = $10
             , finished_at = $11
         WHERE township = $1
           AND sweep_id = $2
        RETURNING sweep_id
             , township
             , as_of
             , in_scope
             , with_duties
             , failed
             , raised_days_late
             , excluded AS "excluded: _"
             , raised AS "raised: _"
             , done AS "done: _"
             , missed AS "missed: _"
             , released AS "released: _"
             , started_at
             , finished_at
        "#,
        township,
        sweep_id,
        tally.in_scope,
        tally.with_duties,
        tally.failed,
        Json(&tally.excluded) as _,
        Json(&tally.raised) as _,
        Json(&tally.done) as _,
        Json(&tally.missed) as _,
        Json(&tally.released) as _,
        now,
        tally.raised_days_late,
    )
    .fetch_one(tx)
    .await
    .map_err(fault)
}

/// Where a list of sweeps goes on: before this one.
pub(crate) type Before = (DateTime<Utc>, String, Uuid);

/// Sweeps of the unit's township, latest first.
#[tracing::instrument(name = "db.sweep.list", level = "debug", skip_all)]
pub(crate) async fn list(tx: &mut TownshipTx, before: Option<Before>, limit: i64) -> Result<Vec<Sweep>, Error> {
    let township = tx.township().to_owned();
    let (before_at, before_id) = before.map(|(at, _, id)| (at, id)).unzip();
    sqlx::query_as!(
        Sweep,
        r#"
        SELECT sweep_id
             , township
             , as_of
             , in_scope
             , with_duties
             , failed
             , raised_days_late
             , excluded AS "excluded: _"
             , raised AS "raised: _"
             , done AS "done: _"
             , missed AS "missed: _"
             , released AS "released: _"
             , started_at
             , finished_at
          FROM sweep
         WHERE township = $1
           AND ($2::timestamptz IS NULL OR (started_at, sweep_id) < ($2, $3))
         ORDER BY started_at DESC, sweep_id DESC
         LIMIT $4
        "#,
        township,
        before_at,
        before_id,
        limit,
    )
    .fetch_all(tx)
    .await
    .map_err(fault)
}

/// Sweeps of all townships, latest first.
#[tracing::instrument(name = "db.sweep.list_city", level = "debug", skip_all)]
pub(crate) async fn list_city(tx: &mut CityTx, before: Option<Before>, limit: i64) -> Result<Vec<Sweep>, Error> {
    let (before_at, before_township, before_id) = match before {
        Some((at, township, id)) => (Some(at), Some(township), Some(id)),
        None => (None, None, None),
    };
    sqlx::query_as!(
        Sweep,
        r#"
        SELECT sweep_id
             , township
             , as_of
             , in_scope
             , with_duties
             , failed
             , raised_days_late
             , excluded AS "excluded: _"
             , raised AS "raised: _"
             , done AS "done: _"
             , missed AS "missed: _"
             , released AS "released: _"
             , started_at
             , finished_at
          FROM sweep
         WHERE $1::timestamptz IS NULL
            OR (started_at, township, sweep_id) < ($1, $2, $3)
         ORDER BY started_at DESC, township DESC, sweep_id DESC
         LIMIT $4
        "#,
        before_at,
        before_township,
        before_id,
        limit,
    )
    .fetch_all(tx)
    .await
    .map_err(fault)
}

/// As of which day each township's latest finished sweep was; `None`: there is none.
#[tracing::instrument(name = "db.sweep.last", level = "debug", skip_all)]
pub(crate) async fn last(tx: &mut CityTx) -> Result<Vec<(Township, Option<NaiveDate>)>, Error> {
    sqlx::query!(
        r#"
        SELECT t.township
             , (SELECT s.as_of
                  FROM sweep AS s
                 WHERE s.township = t.township
                   AND s.finished_at IS NOT NULL
                 ORDER BY s.started_at DESC
                 LIMIT 1) AS as_of
          FROM township AS t
         ORDER BY t.township
        "#
    )
    .fetch_all(tx)
    .await
    .map_err(fault)?
    .into_iter()
    .map(|row| {
        let township = row.township.parse().map_err(|error| Error::Internal(Box::new(error)))?;
        Ok((township, row.as_of))
    })
    .collect()
}

/// As of which day the unit's township was swept last; `None`: never to the end.
#[tracing::instrument(name = "db.sweep.last_of", level = "debug", skip_all)]
pub(crate) async fn last_of(tx: &mut TownshipTx) -> Result<Option<NaiveDate>, Error> {
    let township = tx.township().to_owned();
    sqlx::query_scalar!(
        r#"
        SELECT as_of
          FROM sweep
         WHERE township = $1
           AND finished_at IS NOT NULL
         ORDER BY started_at DESC
         LIMIT 1
        "#,
        township,
    )
    .fetch_optional(tx)
    .await
    .map_err(fault)
}
