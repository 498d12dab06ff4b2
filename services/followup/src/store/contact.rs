//! Contacts. Append-only: the one statement that changes a row voids it, and the role may write no other column.

use bangfu_kernel::{Error, calendar, error::Resource};
use bangfu_platform::db::{TownshipTx, fault};
use bangfu_proto::followup::v1 as proto;
use chrono::{DateTime, NaiveDate, Utc};
use prost::Message as _;
use uuid::Uuid;

use crate::{
    contact::{Contact, NewContact},
    model::{
        channel::channel_of,
        contact::result_of,
        history::{Record, RecordKind},
        service::{Services, service_of},
    },
    wire::number,
};

/// Enters a contact at an instant.
#[tracing::instrument(name = "db.contact.insert", level = "debug", skip_all)]
pub(crate) async fn insert(
    tx: &mut TownshipTx,
    contact_id: Uuid,
    contact: &NewContact,
    entered_at: DateTime<Utc>,
) -> Result<(), Error> {
    let township = tx.township().to_owned();
    let entered_by = tx.permit().caller().subject.clone();
    let intention = contact.job_intention.as_ref();
    let services: Vec<_> = contact.services.iter().map(|it| number(proto::Service::from(it))).collect();
    sqlx::query!(
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
             , entered_on
             , entered_at
             , entered_by
             )
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21)
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
        calendar::civil_date(entered_at),
        entered_at,
        entered_by,
    )
    .execute(tx)
    .await
    .map(drop)
    .map_err(fault)
}

/// A contact. NOT_FOUND.
#[tracing::instrument(name = "db.contact.get", level = "debug", skip_all)]
pub(crate) async fn get(tx: &mut TownshipTx, contact_id: Uuid) -> Result<Contact, Error> {
    let township = tx.township().to_owned();
    sqlx::query_as!(
        Contact,
        r#"
        SELECT contact_id
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
             , entered_at
             , entered_by
             , voided_at
             , voided_by
             , void_reason
          FROM contact
         WHERE township = $1
           AND contact_id = $2
        "#,
        township,
        contact_id,
    )
    .fetch_optional(tx)
    .await
    .map_err(fault)?
    .ok_or(Error::NotFound(Resource::Contact))
}

/// Voids a contact that stands. CONTACT_VOIDED when it does not.
#[tracing::instrument(name = "db.contact.void", level = "debug", skip_all)]
pub(crate) async fn void(tx: &mut TownshipTx, contact_id: Uuid, reason: &str) -> Result<(), Error> {
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
        contact_id,
        now,
        by,
        reason,
    )
    .execute(tx)
    .await
    .map_err(fault)?;
    if voided.rows_affected() == 1 { Ok(()) } else { Err(Error::ContactVoided { contact_id }) }
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
             , entered_at
             , entered_by
             , voided_at
             , voided_by
             , void_reason
          FROM contact
         WHERE township = $1
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

/// The contacts of people that stand, as the planner counts them.
#[tracing::instrument(name = "db.contact.records", level = "debug", skip_all)]
pub(crate) async fn records(tx: &mut TownshipTx, person_ids: &[Uuid]) -> Result<Vec<(Uuid, Record)>, Error> {
    struct Row {
        contact_id: Uuid,
        person_id: Uuid,
        held_on: NaiveDate,
        entered_on: NaiveDate,
        channel: i16,
        result: i16,
        services: Vec<i16>,
    }

    let township = tx.township().to_owned();
    let rows = sqlx::query_as!(
        Row,
        r#"
        SELECT contact_id
             , person_id
             , held_on
             , entered_on
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
    rows.into_iter()
        .map(|row| {
            let channel = proto::Channel::try_from(i32::from(row.channel)).ok().and_then(channel_of);
            let result = proto::ContactResult::try_from(i32::from(row.result)).ok().and_then(result_of);
            let (Some(channel), Some(result)) = (channel, result) else {
                return Err(Error::internal(format!("contact {} has unknown numbers", row.contact_id)));
            };
            let services: Services = row
                .services
                .into_iter()
                .filter_map(|it| proto::Service::try_from(i32::from(it)).ok().and_then(service_of))
                .collect();
            let kind = RecordKind::Contact { channel, result };
            let record = Record { id: row.contact_id, on: row.held_on, entered_on: row.entered_on, kind, services };
            Ok((row.person_id, record))
        })
        .collect()
}
