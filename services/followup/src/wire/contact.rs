//! A contact as it is kept → its message.

use bangfu_kernel::Error;
use bangfu_proto::followup::v1 as proto;
use prost::Message as _;
use uuid::Uuid;

use super::{date, instant};
use crate::contact::Contact;

/// The message, with the duties that the contact settled.
pub(crate) fn message(contact: Contact, settled: &[(Uuid, Uuid)]) -> Result<proto::Contact, Error> {
    let learned = contact.status_learned.map(|encoded| proto::StatusLearned::decode(encoded.as_slice()));
    let duties = settled.iter().filter(|(contact_id, _)| *contact_id == contact.contact_id);
    Ok(proto::Contact {
        contact_id: contact.contact_id.to_string(),
        person_id: contact.person_id.to_string(),
        on: date(contact.held_on),
        channel: contact.channel.into(),
        result: contact.result.into(),
        answered_by: contact.answered_by,
        status_learned: learned.transpose().map_err(|error| Error::Internal(Box::new(error)))?,
        job_intention: contact.intended_occupation.map(|occupation| proto::JobIntention {
            occupation,
            monthly_wage_fen: contact.intended_wage_fen.unwrap_or_default(),
            place: contact.intended_place.unwrap_or_default(),
        }),
        training_intention: contact.training_intention,
        difficulties: contact.difficulties,
        services: contact.services.into_iter().map(i32::from).collect(),
        policies_told: contact.policies_told,
        subsidies_suggested: contact.subsidies_suggested,
        note: contact.note,
        coordinator: contact.coordinator,
        source: contact.source,
        source_ref: contact.source_ref,
        entered_at: Some(instant(contact.entered_at)),
        entered_by: contact.entered_by,
        voided_at: contact.voided_at.map(instant),
        voided_by: contact.voided_by.unwrap_or_default(),
        void_reason: contact.void_reason.unwrap_or_default(),
        settled_duty_ids: duties.map(|(_, duty_id)| duty_id.to_string()).collect(),
    })
}
