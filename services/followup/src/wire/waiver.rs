//! A waiver → its message.

use bangfu_proto::followup::v1 as proto;

use super::{date, instant};
use crate::waiver::Waiver;

/// The message of a waiver.
pub(crate) fn message(waiver: Waiver) -> proto::Waiver {
    // A household has no person's id.
    let (person_id, _household_id) = super::whose(waiver.person_id, waiver.household);
    proto::Waiver {
        waiver_id: waiver.waiver_id.to_string(),
        duty_id: waiver.duty_id.to_string(),
        person_id,
        reason: waiver.reason.into(),
        text: waiver.text,
        evidence_ids: waiver.evidence.iter().map(ToString::to_string).collect(),
        state: waiver.state.into(),
        requested_at: Some(instant(waiver.requested_at)),
        requested_by: waiver.requested_by,
        decided_at: waiver.decided_at.map(instant),
        decided_by: waiver.decided_by.unwrap_or_default(),
        decision: waiver.decision.unwrap_or_default(),
        revoked_at: waiver.revoked_at.map(instant),
        revoked_by: waiver.revoked_by.unwrap_or_default(),
        revocation: waiver.revocation.unwrap_or_default(),
        rule: waiver.rule,
        period_start: date(waiver.period_start),
    }
}
