//! Steps of duties as they stand in the feed, and as WatchDuties tells them.

use bangfu_kernel::Error;
use bangfu_platform::feed::{Event, Item, NewEvent};
use bangfu_proto::{common::v1 as common, followup::v1 as proto};
use prost::Message as _;

use super::{date, instant, number};
use crate::{
    model::duty::DutyState,
    store::{duty::Step, subject::Subject},
};

/// The event of a step. Its kind is the number of the state reached; the township is left to the cursor it goes with.
pub(crate) fn stored(step: &Step, previous: Option<DutyState>, subject: &Subject) -> NewEvent {
    let duty = &step.duty;
    let recommended = step.recommended.as_ref();
    let moved = recommended.and_then(|it| it.moved.as_ref());
    let state = proto::DutyState::from(duty.state);
    let previous = previous.map_or(proto::DutyState::Unspecified, proto::DutyState::from);
    let (person_id, household_id) = super::whose(step.person_id, subject.household);
    let duty = proto::Duty {
        duty_id: step.duty_id.to_string(),
        township: String::new(),
        person_id,
        rule: duty.rule.to_string(),
        service: proto::Service::from(duty.service).into(),
        period_start: date(duty.period_start),
        slot: i32::try_from(duty.slot).unwrap_or_default(),
        opens_on: date(duty.opens_on),
        due_on: date(duty.due_on),
        window_start: date(duty.window_start),
        target_on: date(duty.target_on),
        state: state.into(),
        state_on: date(duty.state_on),
        settled_by_contact_id: duty.settled_by.map(|id| id.to_string()).unwrap_or_default(),
        release_reason: duty.reason.map(|reason| proto::ReleaseReason::from(reason).into()).unwrap_or_default(),
        standard_version: duty.standard_version.to_string(),
        village: subject.village.clone(),
        coordinator: subject.serving.clone(),
        missed_from: date(duty.missed_from),
        recommended_on: recommended.and_then(|it| date(it.on)),
        recommended_by: recommended.map(|it| proto::RecommendedBy::from(it.by).into()).unwrap_or_default(),
        moved_from: moved.and_then(|(day, _)| date(*day)),
        moved_because: moved.map(|(_, why)| why.clone()).unwrap_or_default(),
        household_id,
        waiver_id: step.waiver_id.map(|id| id.to_string()).unwrap_or_default(),
    };
    let event = proto::DutyEvent { duty: Some(duty), previous_state: previous.into(), cursor: None, occurred_at: None };
    NewEvent { kind: number(state), payload: event.encode_to_vec() }
}

/// One message of the stream.
pub(crate) fn told(item: Item) -> Result<proto::WatchDutiesResponse, Error> {
    use proto::watch_duties_response::Item as Told;
    let item = match item {
        Item::Event(cursor, event) => Told::Event(with_cursor(cursor, &event)?),
        Item::Bookmark(cursor) => Told::Bookmark(common::Bookmark { cursor: Some(cursor) }),
    };
    Ok(proto::WatchDutiesResponse { item: Some(item) })
}

fn with_cursor(cursor: common::Cursor, event: &Event) -> Result<proto::DutyEvent, Error> {
    let mut told =
        proto::DutyEvent::decode(event.payload.as_slice()).map_err(|error| Error::Internal(Box::new(error)))?;
    if let Some(duty) = &mut told.duty {
        duty.township.clone_from(&cursor.township);
    }
    told.cursor = Some(cursor);
    told.occurred_at = Some(instant(event.occurred_at));
    Ok(told)
}
