//! A service record as it is kept → its message.

use bangfu_proto::followup::v1 as proto;
use uuid::Uuid;

use super::{date, instant};
use crate::service_record::ServiceRecord;

/// The message, with the duties that the record settled: pairs of record and duty.
pub(crate) fn message(record: ServiceRecord, settled: &[(Uuid, Uuid)]) -> proto::ServiceRecord {
    let duties = settled.iter().filter(|(record_id, _)| *record_id == record.record_id);
    proto::ServiceRecord {
        service_record_id: record.record_id.to_string(),
        person_id: record.person_id.to_string(),
        on: date(record.held_on),
        service: record.services.first().map_or(0, |&number| number.into()),
        outcome: record.outcome,
        note: record.note,
        coordinator: record.coordinator,
        source: record.source,
        source_ref: record.source_ref,
        entered_at: Some(instant(record.entered_at)),
        entered_by: record.entered_by,
        voided_at: record.voided_at.map(instant),
        voided_by: record.voided_by.unwrap_or_default(),
        void_reason: record.void_reason.unwrap_or_default(),
        settled_duty_ids: duties.map(|(_, duty_id)| duty_id.to_string()).collect(),
        policies_told: record.policies_told,
    }
}
