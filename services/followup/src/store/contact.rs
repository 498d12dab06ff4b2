//! Contacts, and what they have in common with service records, which are rows of the same table (`store::service_record`).
//! Append-only: the one statement that changes a row voids it, and the role may write no other column.

use bangfu_kernel::{Error, calendar, error::Resource};
use bangfu_platform::db::{TownshipTx, fault};
use bangfu_proto::followup::v1 as proto;
use chrono::{DateTime, NaiveDate, Utc};
use prost::Message as _;
use uuid::Uuid;

use crate::{
    contact::{Contact, NewContact},
    entry::{Kind, Origin},
    model::{
        channel::channel_of,
        contact::result_of,
        history::{Record, RecordKind},
        service::{Services, service_of},
    },
    wire::number,
};

/// What the planner counts of a record, as it is kept.
struct Counted {
    contact_id: Uuid,
    person_id: Uuid,
    held_on: NaiveDate,
    entered_on: NaiveDate,
    kind: i16,
    channel: Option<i16>,
    result: Option<i16>,
    services: Vec<i16>,
}

/// Enters a contact at an instant. `false`: one of the same source and reference stands, and nothing was entered.
#[tracing::instrument(name = "db.contact.insert", level = "debug", skip_all)]
pub(crate) async fn insert(
    tx: &mut TownshipTx,
    contact_id: Uuid,
    contact: &NewContact,
    entered_at: DateTime<Utc>,
) -> Result<bool, Error> {
    let township = tx.township().to_owned();
    let entered_by = tx.permit().caller().subject.clone();
    let intention = contact.job_intention.as_ref();
    let services: Vec<_> = contact.services.iter().map(|it| number(proto::Service::from(it))).collect();
    let inserted = sqlx::query!(
        r#"
        INSERT INTO contact (
               township
             , contact_id
             , person_id
             , held_on
             , channel
             , result
             , answered_by
             , status_learned
             , intended_occupation
             , intended_wage_fen
             , intended_place
             , training_intention
             , difficulties
             , services
             , policies_told
             , subsidies_suggested
             , note
             , coordinator
             , source
             , source_ref
             , entered_on
             , entered_at
             , entered_by
             )
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23)
            ON CONFLICT (township, kind, source, source_ref) WHERE source_ref <> '' AND voided_at IS NULL
            DO NOTHING
        "#,
        township,
        contact_id,
        contact.person_id,
        contact.on,
        number(proto::Channel::from(contact.channel)),
        number(proto::ContactResult::from(contact.result)),
        contact.answered_by,
        contact.status_learned.as_ref().map(|learned| learned.message.encode_to_vec()),
        intention.map(|it| it.occupation.clone()),
        intention.map(|it| it.monthly_wage_fen),
        intention.map(|it| it.place.clone()),
        contact.training_intention,
        &contact.difficulties,
        &services,
        &contact.policies_told,
        &contact.subsidies_suggested,
        contact.note,
        contact.coordinator,
        contact.origin.source,
        contact.origin.source_ref,
        calendar::civil_date(entered_at),
        entered_at,
        entered_by,
    )
    .execute(tx)
    .await
    .map_err(fault)?;
    Ok(inserted.rows_affected() == 1)
}

/// The record of a kind and origin that stands, if one does.
#[tracing::instrument(name = "db.contact.standing", level = "debug", skip_all)]
pub(crate) async fn standing(tx: &mut TownshipTx, kind: Kind, origin: &Origin) -> Result<Option<Uuid>, Error> {
    let township = tx.township().to_owned();
    sqlx::query_scalar!(
        r#"
        SELECT contact_id
          FROM contact
         WHERE township = $1
           AND kind = $2
           AND source = $3
           AND source_ref = $4
           AND source_ref <> ''
           AND voided_at IS NULL
        "#,
        township,
        kind as i16,
        origin.source,
        origin.source_ref,
    )
    .fetch_optional(tx)
    .await
    .map_err(fault)
}

/// A contact. NOT_FOUND, also for a service record's id.
#[tracing::instrument(name = "db.contact.get", level = "debug", skip_all)]
pub(crate) async fn get(tx: &mut TownshipTx, contact_id: Uuid) -> Result<Contact, Error> {
    let township = tx.township().to_owned();
    sqlx::query_as!(
        Contact,
        r#"
        SELECT contact_id
             , person_id
             , held_on
             , channel AS "channel!"
             , result AS "result!"
             , answered_by
             , status_learned
             , intended_occupation
             , intended_wage_fen
             , intended_place
             , training_intention
             , difficulties
             , services
             , policies_told
             , subsidies_suggested
             , note
             , coordinator
             , source
             , source_ref
             , entered_at
             , entered_by
             , voided_at
             , voided_by
             , void_reason
          FROM contact
         WHERE township = $1
           AND contact_id = $2
           AND kind = 1
        "#,
        township,
        contact_id,
    )
    .fetch_optional(tx)
    .await
    .map_err(fault)?
    .ok_or(Error::NotFound(Resource::Contact))
}

/// Voids a contact or service record that stands; whether it stood.
#[tracing::instrument(name = "db.contact.void", level = "debug", skip_all)]
pub(crate) async fn void(tx: &mut TownshipTx, record_id: Uuid, reason: &str) -> Result<bool, Error> {
    let township = tx.township().to_owned();
    let (now, by) = (tx.clock().now(), tx.permit().caller().subject.clone());
    let voided = sqlx::query!(
        r#"
        UPDATE contact
           SET voided_at = $3
             , voided_by = $4
             , void_reason = $5
         WHERE township = $1
           AND contact_id = $2
           AND voided_at IS NULL
        "#,
        township,
        record_id,
        now,
        by,
        reason,
    )
    .execute(tx)
    .await
    .map_err(fault)?;
    Ok(voided.rows_affected() == 1)
}

/// Contacts of the township, or of one person, latest entered first, before a position.
#[tracing::instrument(name = "db.contact.list", level = "debug", skip_all)]
pub(crate) async fn list(
    tx: &mut TownshipTx,
    person_id: Option<Uuid>,
    before: Option<(DateTime<Utc>, Uuid)>,
    limit: i64,
) -> Result<Vec<Contact>, Error> {
    let township = tx.township().to_owned();
    let (before_at, before_id) = before.unzip();
    sqlx::query_as!(
        Contact,
        r#"
        SELECT contact_id
             , person_id
             , held_on
             , channel AS "channel!"
             , result AS "result!"
             , answered_by
             , status_learned
             , intended_occupation
             , intended_wage_fen
             , intended_place
             , training_intention
             , difficulties
             , services
             , policies_told
             , subsidies_suggested
             , note
             , coordinator
             , source
             , source_ref
             , entered_at
             , entered_by
             , voided_at
             , voided_by
             , void_reason
          FROM contact
         WHERE township = $1
           AND kind = 1
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

/// The contacts and service records of people that stand, as the planner counts them.
#[tracing::instrument(name = "db.contact.records", level = "debug", skip_all)]
pub(crate) async fn records(tx: &mut TownshipTx, person_ids: &[Uuid]) -> Result<Vec<(Uuid, Record)>, Error> {
    let township = tx.township().to_owned();
    let rows = sqlx::query_as!(
        Counted,
        r#"
        SELECT contact_id
             , person_id
             , held_on
             , entered_on
             , kind
             , channel
             , result
             , services
          FROM contact
         WHERE township = $1
           AND person_id = ANY ($2)
           AND voided_at IS NULL
        "#,
        township,
        person_ids,
    )
    .fetch_all(tx)
    .await
    .map_err(fault)?;
    rows.into_iter().map(counted).collect()
}

/// What was entered for people and voided since, each with whom it was of. It counts as never entered, but who entered it
/// stays known.
#[tracing::instrument(name = "db.contact.voided", level = "debug", skip_all)]
pub(crate) async fn voided(tx: &mut TownshipTx, person_ids: &[Uuid]) -> Result<Vec<(Uuid, Record)>, Error> {
    let township = tx.township().to_owned();
    let rows = sqlx::query_as!(
        Counted,
        r#"
        SELECT contact_id
             , person_id
             , held_on
             , entered_on
             , kind
             , channel
             , result
             , services
          FROM contact
         WHERE township = $1
           AND person_id = ANY ($2)
           AND voided_at IS NOT NULL
        "#,
        township,
        person_ids,
    )
    .fetch_all(tx)
    .await
    .map_err(fault)?;
    rows.into_iter().map(counted).collect()
}

fn counted(row: Counted) -> Result<(Uuid, Record), Error> {
    let kind = match row.kind {
        kind if kind == Kind::Service as i16 => Some(RecordKind::Service),
        _ => kind_of_contact(row.channel, row.result),
    };
    let kind = kind.ok_or_else(|| Error::internal(format!("contact {} has unknown numbers", row.contact_id)))?;
    let services: Services = row
        .services
        .into_iter()
        .filter_map(|it| proto::Service::try_from(i32::from(it)).ok().and_then(service_of))
        .collect();
    let record = Record { id: row.contact_id, on: row.held_on, entered_on: row.entered_on, kind, services };
    Ok((row.person_id, record))
}

fn kind_of_contact(channel: Option<i16>, result: Option<i16>) -> Option<RecordKind> {
    let channel = proto::Channel::try_from(i32::from(channel?)).ok().and_then(channel_of)?;
    let result = proto::ContactResult::try_from(i32::from(result?)).ok().and_then(result_of)?;
    Some(RecordKind::Contact { channel, result })
}

/// An entry was merged into another one: its contacts and service records go with it, and what they taught and is still on its way.
#[tracing::instrument(name = "db.contact.merge", level = "debug", skip_all)]
pub(crate) async fn merge(tx: &mut TownshipTx, merged: Uuid, kept: Uuid) -> Result<(), Error> {
    let township = tx.township().to_owned();
    sqlx::query!(
        r#"
        WITH moved AS (
            UPDATE contact
               SET person_id = $3
                 , merged_from = array_append(merged_from, $2)
             WHERE township = $1
               AND person_id = $2
            RETURNING contact_id
        )
        UPDATE delivery d
           SET person_id = $3
          FROM moved m
         WHERE d.township = $1
           AND d.contact_id = m.contact_id
           AND d.delivered_at IS NULL
           AND d.refused_at IS NULL
        "#,
        township,
        merged,
        kept,
    )
    .execute(tx)
    .await
    .map(drop)
    .map_err(fault)
}

/// The merge was undone: what came with it goes back.
#[tracing::instrument(name = "db.contact.unmerge", level = "debug", skip_all)]
pub(crate) async fn unmerge(tx: &mut TownshipTx, merged: Uuid, kept: Uuid) -> Result<Vec<Uuid>, Error> {
    let township = tx.township().to_owned();
    sqlx::query_scalar!(
        r#"
        UPDATE contact
           SET person_id = $2
             , merged_from = merged_from[1:cardinality(merged_from) - 1]
         WHERE township = $1
           AND person_id = $3
           AND merged_from[cardinality(merged_from)] = $2
        RETURNING contact_id
        "#,
        township,
        merged,
        kept,
    )
    .fetch_all(tx)
    .await
    .map_err(fault)
}
