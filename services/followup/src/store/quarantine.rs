//! Those whose plan fails, until it succeeds.

use bangfu_kernel::Error;
use bangfu_platform::db::{CityTx, TownshipTx, fault};
use chrono::{DateTime, Utc};
use uuid::Uuid;

/// Somebody whose plan fails.
#[derive(Debug, Clone)]
pub(crate) struct Quarantined {
    pub(crate) township: String,
    pub(crate) person_id: Uuid,
    /// `person_id` is a household's id.
    pub(crate) household: bool,
    pub(crate) since: DateTime<Utc>,
    pub(crate) last: DateTime<Utc>,
    pub(crate) attempts: i32,
    pub(crate) correlation_id: String,
}

/// Where a list goes on: after this one.
pub(crate) type After = (String, Uuid);

/// Notes that plans failed, and under which id the log has the cause.
#[tracing::instrument(name = "db.quarantine.put", level = "debug", skip_all)]
pub(crate) async fn put(tx: &mut TownshipTx, failed: &[(Uuid, bool)], correlation_id: &str) -> Result<(), Error> {
    let (township, now) = (tx.township().to_owned(), tx.clock().now());
    let (person_ids, households): (Vec<_>, Vec<_>) = failed.iter().copied().unzip();
    sqlx::query!(
        r#"
        INSERT INTO quarantine AS q (township, person_id, household, since, last, correlation_id)
        SELECT $1
             , person_id
             , household
             , $4
             , $4
             , $5
          FROM UNNEST($2::uuid[], $3::boolean[]) AS f (person_id, household)
            ON CONFLICT ON CONSTRAINT quarantine_holds_somebody_once
            DO UPDATE
           SET last = EXCLUDED.last
             , attempts = q.attempts + 1
             , correlation_id = EXCLUDED.correlation_id
        "#,
        township,
        &person_ids,
        &households,
        now,
        correlation_id,
    )
    .execute(tx)
    .await
    .map(drop)
    .map_err(fault)
}

/// Those of the people named who are there.
#[tracing::instrument(name = "db.quarantine.among", level = "debug", skip_all)]
pub(crate) async fn among(tx: &mut TownshipTx, people: &[Uuid]) -> Result<Vec<Uuid>, Error> {
    let township = tx.township().to_owned();
    sqlx::query_scalar!(
        r#"
        SELECT person_id
          FROM quarantine
         WHERE township = $1
           AND person_id = ANY ($2)
        "#,
        township,
        people,
    )
    .fetch_all(tx)
    .await
    .map_err(fault)
}

/// Lets go of those whose plan has succeeded.
#[tracing::instrument(name = "db.quarantine.release", level = "debug", skip_all)]
pub(crate) async fn release(tx: &mut TownshipTx, planned: &[Uuid]) -> Result<(), Error> {
    let township = tx.township().to_owned();
    let released = sqlx::query!(
        r#"
        DELETE FROM quarantine
         WHERE township = $1
           AND person_id = ANY ($2)
        "#,
        township,
        planned,
    )
    .execute(tx)
    .await
    .map_err(fault)?;
    if released.rows_affected() > 0 {
        tracing::info!(released = released.rows_affected(), "plans that had failed succeed again");
    }
    Ok(())
}

/// How many there are in the unit's township.
#[tracing::instrument(name = "db.quarantine.count", level = "debug", skip_all)]
pub(crate) async fn count(tx: &mut TownshipTx) -> Result<i64, Error> {
    let township = tx.township().to_owned();
    sqlx::query_scalar!(r#"SELECT count(*) AS "count!" FROM quarantine WHERE township = $1"#, township)
        .fetch_one(tx)
        .await
        .map_err(fault)
}

/// Those of the unit's township, by id.
#[tracing::instrument(name = "db.quarantine.list", level = "debug", skip_all)]
pub(crate) async fn list(tx: &mut TownshipTx, after: Option<After>, limit: i64) -> Result<Vec<Quarantined>, Error> {
    let township = tx.township().to_owned();
    sqlx::query_as!(
        Quarantined,
        r#"
        SELECT township
             , person_id
             , household
             , since
             , last
             , attempts
             , correlation_id
          FROM quarantine
         WHERE township = $1
           AND ($2::uuid IS NULL OR person_id > $2)
         ORDER BY person_id
         LIMIT $3
        "#,
        township,
        after.map(|(_, person_id)| person_id),
        limit,
    )
    .fetch_all(tx)
    .await
    .map_err(fault)
}

/// Those of the whole city, by township and id.
#[tracing::instrument(name = "db.quarantine.list_city", level = "debug", skip_all)]
pub(crate) async fn list_city(tx: &mut CityTx, after: Option<After>, limit: i64) -> Result<Vec<Quarantined>, Error> {
    let (after_township, after_id) = after.unzip();
    sqlx::query_as!(
        Quarantined,
        r#"
        SELECT township
             , person_id
             , household
             , since
             , last
             , attempts
             , correlation_id
          FROM quarantine
         WHERE $1::text IS NULL
            OR (township, person_id) > ($1, $2)
         ORDER BY township, person_id
         LIMIT $3
        "#,
        after_township,
        after_id,
        limit,
    )
    .fetch_all(tx)
    .await
    .map_err(fault)
}
