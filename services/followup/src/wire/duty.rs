//! A listed duty → its message.

use bangfu_proto::followup::v1 as proto;

use super::date;
use crate::store::duty_list::Listed;

/// The message of a duty of a township.
pub(crate) fn message(township: &str, duty: Listed) -> proto::Duty {
    let (person_id, household_id) = super::whose(duty.person_id, duty.household);
    proto::Duty {
        duty_id: duty.duty_id.to_string(),
        township: township.to_owned(),
        person_id,
        rule: duty.rule,
        service: duty.service.into(),
        period_start: date(duty.period_start),
        slot: duty.slot.into(),
        opens_on: date(duty.opens_on),
        due_on: date(duty.due_on),
        window_start: date(duty.window_start),
        target_on: date(duty.target_on),
        state: duty.state.into(),
        state_on: date(duty.state_on),
        settled_by_contact_id: duty.settled_by.map(|id| id.to_string()).unwrap_or_default(),
        release_reason: duty.release_reason.unwrap_or_default().into(),
        standard_version: duty.standard_version,
        village: duty.village,
        coordinator: duty.coordinator,
        missed_from: date(duty.missed_from),
        recommended_on: duty.recommended_on.and_then(date),
        recommended_by: duty.recommended_by.unwrap_or_default().into(),
        moved_from: duty.moved_from.and_then(date),
        moved_because: duty.moved_because.unwrap_or_default(),
        household_id,
        waiver_id: duty.waiver_id.map(|id| id.to_string()).unwrap_or_default(),
    }
}
