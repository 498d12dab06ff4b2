//! Absences of coordinators, each with its stand-in.

use bangfu_kernel::{Error, error::Resource};
use bangfu_platform::db::{TownshipTx, fault};
use chrono::NaiveDate;
use uuid::Uuid;

/// An absence.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(clippy::struct_field_names, reason = "columns are named as in the table")]
pub(crate) struct Absence {
    pub(crate) absence_id: Uuid,
    /// Who is absent.
    pub(crate) coordinator: String,
    /// First day.
    pub(crate) from_on: NaiveDate,
    /// Last day.
    pub(crate) to_on: NaiveDate,
    pub(crate) stand_in: String,
}

/// An absence that keeps another one from being entered: one of the two is absent on one of its days, or the one who would
/// be absent stands in for somebody then.
#[tracing::instrument(name = "db.absence.find_overlapping", level = "debug", skip_all)]
pub(crate) async fn find_overlapping(tx: &mut TownshipTx, absence: &Absence) -> Result<Option<Uuid>, Error> {
    let township = tx.township().to_owned();
    sqlx::query_scalar!(
        r#"
        SELECT absence_id
          FROM absence
         WHERE township = $1
           AND from_on <= $5
           AND to_on >= $4
           AND (coordinator IN ($2, $3) OR stand_in = $2)
           AND NOT cancelled
         ORDER BY from_on, absence_id
         LIMIT 1
        "#,
        township,
        absence.coordinator,
        absence.stand_in,
        absence.from_on,
        absence.to_on,
    )
    .fetch_optional(tx)
    .await
    .map_err(fault)
}

/// Enters an absence. Its stand-in has been entered.
#[tracing::instrument(name = "db.absence.insert", level = "debug", skip_all)]
pub(crate) async fn insert(tx: &mut TownshipTx, absence: &Absence) -> Result<(), Error> {
    let township = tx.township().to_owned();
    let (now, by) = (tx.clock().now(), tx.permit().caller().subject.clone());
    sqlx::query!(
        r#"
        INSERT INTO absence (township, absence_id, coordinator, from_on, to_on, stand_in, entered_by, entered_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
        "#,
        township,
        absence.absence_id,
        absence.coordinator,
        absence.from_on,
        absence.to_on,
        absence.stand_in,
        by,
        now,
    )
    .execute(tx)
    .await
    .map(drop)
    .map_err(fault)
}

/// An absence that is not over on a day. NOT_FOUND.
#[tracing::instrument(name = "db.absence.get", level = "debug", skip_all)]
pub(crate) async fn get(tx: &mut TownshipTx, absence_id: Uuid, today: NaiveDate) -> Result<Absence, Error> {
    let township = tx.township().to_owned();
    sqlx::query_as!(
        Absence,
        r#"
        SELECT absence_id
             , coordinator
             , from_on
             , to_on
             , stand_in
          FROM absence
         WHERE township = $1
           AND absence_id = $2
           AND to_on >= $3
           AND NOT cancelled
        "#,
        township,
        absence_id,
        today,
    )
    .fetch_optional(tx)
    .await
    .map_err(fault)?
    .ok_or(Error::NotFound(Resource::Absence))
}

/// Ends an absence: a day is its last one, or it never was.
#[tracing::instrument(name = "db.absence.end", level = "debug", skip_all)]
pub(crate) async fn end(tx: &mut TownshipTx, absence_id: Uuid, last: Option<NaiveDate>) -> Result<(), Error> {
    let township = tx.township().to_owned();
    let ended = sqlx::query!(
        r#"
        UPDATE absence
           SET to_on = COALESCE($3, to_on)
             , cancelled = $3::date IS NULL
         WHERE township = $1
           AND absence_id = $2
        "#,
        township,
        absence_id,
        last,
    )
    .execute(tx)
    .await
    .map_err(fault)?;
    if ended.rows_affected() == 1 { Ok(()) } else { Err(Error::internal("an absence that was just read is gone")) }
}

/// Absences that are not over on a day, by their first day.
#[tracing::instrument(name = "db.absence.list", level = "debug", skip_all)]
pub(crate) async fn list(tx: &mut TownshipTx, today: NaiveDate) -> Result<Vec<Absence>, Error> {
    let township = tx.township().to_owned();
    sqlx::query_as!(
        Absence,
        r#"
        SELECT absence_id
             , coordinator
             , from_on
             , to_on
             , stand_in
          FROM absence
         WHERE township = $1
           AND to_on >= $2
           AND NOT cancelled
         ORDER BY from_on, absence_id
        "#,
        township,
        today,
    )
    .fetch_all(tx)
    .await
    .map_err(fault)
}
