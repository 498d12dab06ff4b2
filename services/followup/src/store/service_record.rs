//! Service records: rows of the table `contact` of the kind 2. What is the same for both kinds stands in `store::contact`.

use bangfu_kernel::{Error, calendar, error::Resource};
use bangfu_platform::db::{TownshipTx, fault};
use bangfu_proto::followup::v1 as proto;
use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::{
    service_record::{NewService, ServiceRecord},
    wire::number,
};

/// Enters a service at an instant. `false`: one of the same source and reference stands, and nothing was entered.
#[tracing::instrument(name = "db.service_record.insert", level = "debug", skip_all)]
pub(crate) async fn insert(
    tx: &mut TownshipTx,
    record_id: Uuid,
    given: &NewService,
    entered_at: DateTime<Utc>,
) -> Result<bool, Error> {
    let township = tx.township().to_owned();
    let entered_by = tx.permit().caller().subject.clone();
    let services = [number(proto::Service::from(given.service))];
    let inserted = sqlx::query!(
        r#"
        INSERT INTO contact (
               township
             , contact_id
             , kind
             , person_id
             , held_on
             , services
             , outcome
             , note
             , coordinator
             , source
             , source_ref
             , policies_told
             , entered_on
             , entered_at
             , entered_by
             , answered_by
             , training_intention
             , difficulties
             , subsidies_suggested
             )
        VALUES ($1, $2, 2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, '', '', '{}', '{}')
            ON CONFLICT (township, kind, source, source_ref) WHERE source_ref <> '' AND voided_at IS NULL
            DO NOTHING
        "#,
        township,
        record_id,
        given.person_id,
        given.on,
        &services,
        given.outcome,
        given.note,
        given.coordinator,
        given.origin.source,
        given.origin.source_ref,
        &given.policies_told,
        calendar::civil_date(entered_at),
        entered_at,
        entered_by,
    )
    .execute(tx)
    .await
    .map_err(fault)?;
    Ok(inserted.rows_affected() == 1)
}

/// A service record. NOT_FOUND, also for a contact's id.
#[tracing::instrument(name = "db.service_record.get", level = "debug", skip_all)]
pub(crate) async fn get(tx: &mut TownshipTx, record_id: Uuid) -> Result<ServiceRecord, Error> {
    let township = tx.township().to_owned();
    sqlx::query_as!(
        ServiceRecord,
        r#"
        SELECT contact_id AS record_id
             , person_id
             , held_on
             , services
             , outcome
             , note
             , coordinator
             , source
             , source_ref
             , policies_told
             , entered_at
             , entered_by
             , voided_at
             , voided_by
             , void_reason
          FROM contact
         WHERE township = $1
           AND contact_id = $2
           AND kind = 2
        "#,
        township,
        record_id,
    )
    .fetch_optional(tx)
    .await
    .map_err(fault)?
    .ok_or(Error::NotFound(Resource::ServiceRecord))
}

/// Service records of the township, or of one person, latest entered first, before a position.
#[tracing::instrument(name = "db.service_record.list", level = "debug", skip_all)]
pub(crate) async fn list(
    tx: &mut TownshipTx,
    person_id: Option<Uuid>,
    before: Option<(DateTime<Utc>, Uuid)>,
    limit: i64,
) -> Result<Vec<ServiceRecord>, Error> {
    let township = tx.township().to_owned();
    let (before_at, before_id) = before.unzip();
    sqlx::query_as!(
        ServiceRecord,
        r#"
        SELECT contact_id AS record_id
             , person_id
             , held_on
             , services
             , outcome
             , note
             , coordinator
             , source
             , source_ref
             , policies_told
             , entered_at
             , entered_by
             , voided_at
             , voided_by
             , void_reason
          FROM contact
         WHERE township = $1
           AND kind = 2
           AND ($2::uuid IS NULL OR person_id = $2)
           AND ($3::timestamptz IS NULL OR (entered_at, contact_id) < ($3, $4))
         ORDER BY entered_at DESC, contact_id DESC
         LIMIT $5
        "#,
        township,
        person_id,
        before_at,
        before_id,
        limit,
    )
    .fetch_all(tx)
    .await
    .map_err(fault)
}
