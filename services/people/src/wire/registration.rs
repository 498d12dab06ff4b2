//! Registrations as messages.

use bangfu_kernel::calendar;
use bangfu_proto::people::v1 as proto;

use super::timestamp;
use crate::model::registration::{EmploymentRegistration, UnemploymentRegistration};

/// The message of a registration of being unemployed.
pub(crate) fn unemployment(registration: &UnemploymentRegistration) -> proto::UnemploymentRegistration {
    let cancelled = registration.cancelled.as_ref();
    proto::UnemploymentRegistration {
        registration_id: registration.registration_id.to_string(),
        person_id: registration.person_id.to_string(),
        registered_on: Some(calendar::message(registration.registered_on)),
        evidence: registration.evidence.clone(),
        cancelled_on: cancelled.map(|cancelled| calendar::message(cancelled.on)),
        cancellation_reason: cancelled.map(|cancelled| cancelled.reason).unwrap_or_default().into(),
        cancellation_evidence: cancelled.map(|cancelled| cancelled.evidence.clone()).unwrap_or_default(),
        created_at: Some(timestamp(registration.created_at)),
    }
}

/// The message of a registration of a beginning or an end of employment.
pub(crate) fn employment(registration: &EmploymentRegistration) -> proto::EmploymentRegistration {
    proto::EmploymentRegistration {
        registration_id: registration.registration_id.to_string(),
        person_id: registration.person_id.to_string(),
        record_id: registration.record_id.to_string(),
        registered_by: registration.registered_by.into(),
        event: registration.event.into(),
        registered_on: Some(calendar::message(registration.registered_on)),
        due_on: Some(calendar::message(registration.due_on)),
        late: registration.is_late(),
        evidence: registration.evidence.clone(),
        created_at: Some(timestamp(registration.created_at)),
    }
}
