//! Registrations: of being unemployed, and of a beginning or an end of employment.

use bangfu_kernel::Error;
use bangfu_platform::db::{TownshipTx, constraint, fault};
use bangfu_proto::people::v1::{CancellationReason, RegisteredBy, RegisteredEvent};
use chrono::{DateTime, NaiveDate, Utc};
use uuid::Uuid;

use crate::model::registration::{Cancelled, EmploymentRegistration, UnemploymentRegistration};

/// Enters a registration of being unemployed. Errors: REGISTRATION_STANDS.
#[tracing::instrument(name = "db.unemployment_registration.insert", level = "debug", skip_all)]
pub(crate) async fn insert_unemployment(tx: &mut TownshipTx, new: &UnemploymentRegistration) -> Result<(), Error> {
    // Whoever calls holds the person's lock, so nobody else enters one in the meantime.
    if let Some(standing) = standing(tx, new.person_id).await? {
        return Err(Error::RegistrationStands { registration_id: standing.registration_id });
    }
    let township = tx.township().to_owned();
    sqlx::query!(
        r#"
        INSERT INTO unemployment_registration (township, person_id, registration_id, registered_on, evidence, created_at)
        VALUES ($1, $2, $3, $4, $5, $6)
        "#,
        township,
        new.person_id,
        new.registration_id,
        new.registered_on,
        new.evidence,
        new.created_at,
    )
    .execute(tx)
    .await
    .map(drop)
    .map_err(fault)
}

/// Cancels a registration of being unemployed.
#[tracing::instrument(name = "db.unemployment_registration.cancel", level = "debug", skip_all)]
pub(crate) async fn cancel(
    tx: &mut TownshipTx,
    person_id: Uuid,
    registration_id: Uuid,
    cancelled: &Cancelled,
) -> Result<(), Error> {
    let township = tx.township().to_owned();
    let updated = sqlx::query!(
        r#"
        UPDATE unemployment_registration
           SET cancelled_on = $4
             , cancellation_reason = $5
             , cancellation_evidence = $6
         WHERE township = $1
           AND person_id = $2
           AND registration_id = $3
           AND cancelled_on IS NULL
        "#,
        township,
        person_id,
        registration_id,
        cancelled.on,
        cancelled.reason.as_str_name().trim_start_matches("CANCELLATION_REASON_"),
        cancelled.evidence,
    )
    .execute(tx)
    .await
    .map_err(fault)?;
    if updated.rows_affected() == 1 { Ok(()) } else { Err(Error::NoRegistration) }
}

/// The registration of being unemployed that stands; `None`: none does.
pub(crate) async fn standing(tx: &mut TownshipTx, person_id: Uuid) -> Result<Option<UnemploymentRegistration>, Error> {
    let all = unemployment(tx, person_id).await?;
    Ok(all.into_iter().find(|registration| registration.cancelled.is_none()))
}

/// All registrations of being unemployed of one person, in the order of entry.
#[tracing::instrument(name = "db.unemployment_registration.list", level = "debug", skip_all)]
pub(crate) async fn unemployment(tx: &mut TownshipTx, person_id: Uuid) -> Result<Vec<UnemploymentRegistration>, Error> {
    let township = tx.township().to_owned();
    sqlx::query!(
        r#"
        SELECT registration_id
             , registered_on
             , evidence
             , cancelled_on
             , cancellation_reason
             , cancellation_evidence
             , created_at
          FROM unemployment_registration
         WHERE township = $1
           AND person_id = $2
         ORDER BY registration_id
        "#,
        township,
        person_id,
    )
    .fetch_all(tx)
    .await
    .map_err(fault)?
    .into_iter()
    .map(|row| {
        let cancelled = match (row.cancelled_on, row.cancellation_reason) {
            (Some(on), Some(reason)) => Some(Cancelled {
                on,
                reason: CancellationReason::from_str_name(&format!("CANCELLATION_REASON_{reason}"))
                    .ok_or_else(|| Error::internal(format!("{reason} is no reason of cancelling")))?,
                evidence: row.cancellation_evidence,
            }),
            _ => None,
        };
        Ok(UnemploymentRegistration {
            registration_id: row.registration_id,
            person_id,
            registered_on: row.registered_on,
            evidence: row.evidence,
            cancelled,
            created_at: row.created_at,
        })
    })
    .collect()
}

/// Enters a registration of a beginning or an end of employment. Errors: RECORD_NOT_REGISTRABLE when the record is
/// registered already.
#[tracing::instrument(name = "db.employment_registration.insert", level = "debug", skip_all)]
pub(crate) async fn insert_employment(tx: &mut TownshipTx, new: &EmploymentRegistration) -> Result<(), Error> {
    let township = tx.township().to_owned();
    sqlx::query!(
        r#"
        INSERT INTO employment_registration (township, person_id, registration_id, record_id, registered_by, event
                                           , registered_on, due_on, evidence, created_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
        "#,
        township,
        new.person_id,
        new.registration_id,
        new.record_id,
        new.registered_by.as_str_name().trim_start_matches("REGISTERED_BY_"),
        new.event.as_str_name().trim_start_matches("REGISTERED_EVENT_"),
        new.registered_on,
        new.due_on,
        new.evidence,
        new.created_at,
    )
    .execute(tx)
    .await
    .map(drop)
    .map_err(|error| match constraint(&error) {
        Some("employment_record_is_registered_once") => Error::RecordNotRegistrable { record_id: new.record_id },
        _ => fault(error),
    })
}

struct EmploymentRow {
    registration_id: Uuid,
    record_id: Uuid,
    registered_by: String,
    event: String,
    registered_on: NaiveDate,
    due_on: NaiveDate,
    evidence: String,
    created_at: DateTime<Utc>,
}

/// All registrations of beginnings and ends of employment of one person, in the order of entry.
#[tracing::instrument(name = "db.employment_registration.list", level = "debug", skip_all)]
pub(crate) async fn employment(tx: &mut TownshipTx, person_id: Uuid) -> Result<Vec<EmploymentRegistration>, Error> {
    let township = tx.township().to_owned();
    sqlx::query_as!(
        EmploymentRow,
        r#"
        SELECT registration_id
             , record_id
             , registered_by
             , event
             , registered_on
             , due_on
             , evidence
             , created_at
          FROM employment_registration
         WHERE township = $1
           AND person_id = $2
         ORDER BY registration_id
        "#,
        township,
        person_id,
    )
    .fetch_all(tx)
    .await
    .map_err(fault)?
    .into_iter()
    .map(|row| row.registration(person_id))
    .collect()
}

impl EmploymentRow {
    fn registration(self, person_id: Uuid) -> Result<EmploymentRegistration, Error> {
        let strange = || Error::internal(format!("registration {} cannot be read", self.registration_id));
        Ok(EmploymentRegistration {
            registration_id: self.registration_id,
            person_id,
            record_id: self.record_id,
            registered_by: RegisteredBy::from_str_name(&format!("REGISTERED_BY_{}", self.registered_by))
                .ok_or_else(strange)?,
            event: RegisteredEvent::from_str_name(&format!("REGISTERED_EVENT_{}", self.event)).ok_or_else(strange)?,
            registered_on: self.registered_on,
            due_on: self.due_on,
            evidence: self.evidence,
            created_at: self.created_at,
        })
    }
}
