//! Changes of the registry as events of its feed: ids and facts, no names, no numbers.

use bangfu_kernel::{Error, Township, calendar};
use bangfu_platform::feed::{Item, NewEvent};
use bangfu_proto::{
    common::v1::Bookmark,
    people::v1::{
        self as proto, PersonEvent, PersonEventKind, WatchPeopleResponse, person_event::Change,
        watch_people_response::Item as Step,
    },
};
use chrono::NaiveDate;
use prost::Message as _;
use uuid::Uuid;

use super::{employment, membership, timestamp};
use crate::{
    model::{
        employment::EmploymentRecord,
        household::Household,
        membership::Membership,
        merge::Merge,
        recognition::Recognition,
        registration::{EmploymentRegistration, UnemploymentRegistration},
        survey::Survey,
    },
    store::moving::Arrival,
};

/// Somebody entered the register.
pub(crate) fn registered(
    person_id: Uuid,
    joined_on: NaiveDate,
    village: &str,
    coordinator: &str,
    memberships: &[Membership],
    record: Option<&EmploymentRecord>,
) -> NewEvent {
    let change = Change::Registered(proto::PersonRegistered {
        joined_on: Some(calendar::message(joined_on)),
        join_known_on: Some(calendar::message(joined_on)),
        village: village.to_owned(),
        coordinator: coordinator.to_owned(),
        memberships: membership::facts(memberships),
        employment: record.map(employment::fact),
    });
    event(Some(person_id), change)
}

/// A record about their employment was entered.
pub(crate) fn employment_recorded(person_id: Uuid, record: &EmploymentRecord) -> NewEvent {
    let employment = Some(employment::fact(record));
    event(Some(person_id), Change::EmploymentRecorded(proto::EmploymentRecorded { employment }))
}

/// Memberships were added or ended; all of them, as they stand now.
pub(crate) fn memberships_changed(person_id: Uuid, memberships: &[Membership]) -> NewEvent {
    let memberships = membership::facts(memberships);
    event(Some(person_id), Change::MembershipsChanged(proto::MembershipsChanged { memberships }))
}

/// Village or coordinator changed.
pub(crate) fn assignment_changed(person_id: Uuid, village: &str, coordinator: &str) -> NewEvent {
    let (village, coordinator) = (village.to_owned(), coordinator.to_owned());
    event(Some(person_id), Change::AssignmentChanged(proto::AssignmentChanged { village, coordinator }))
}

/// A registration of being unemployed was made or cancelled, as it stands now.
pub(crate) fn unemployment_registered(registration: &UnemploymentRegistration) -> NewEvent {
    let cancelled = registration.cancelled.as_ref();
    let change = Change::UnemploymentRegistered(proto::UnemploymentRegistered {
        registration_id: registration.registration_id.to_string(),
        registered_on: Some(calendar::message(registration.registered_on)),
        cancelled_on: cancelled.map(|cancelled| calendar::message(cancelled.on)),
        cancellation_reason: cancelled.map(|cancelled| cancelled.reason).unwrap_or_default().into(),
    });
    event(Some(registration.person_id), change)
}

/// A beginning or an end of employment was registered.
pub(crate) fn employment_registered(registration: &EmploymentRegistration) -> NewEvent {
    let change = Change::EmploymentRegistered(proto::EmploymentRegistered {
        registration_id: registration.registration_id.to_string(),
        record_id: registration.record_id.to_string(),
        event: registration.event.into(),
        registered_on: Some(calendar::message(registration.registered_on)),
        late: registration.is_late(),
    });
    event(Some(registration.person_id), change)
}

/// Answers were entered.
pub(crate) fn survey_recorded(survey: &Survey) -> NewEvent {
    let change = Change::SurveyRecorded(proto::SurveyRecorded {
        survey_id: survey.survey_id.to_string(),
        asked_on: Some(calendar::message(survey.answers.asked_on)),
        wants_work: super::survey::wants_work(survey.answers.wants_work).into(),
        wants_training: !survey.answers.training_wish.is_empty(),
    });
    event(Some(survey.person_id), change)
}

/// A recognition of difficulty moved on, as it stands now.
pub(crate) fn recognition_changed(recognition: &Recognition) -> NewEvent {
    event(Some(recognition.person_id), Change::RecognitionChanged(recognition_fact(recognition)))
}

fn recognition_fact(recognition: &Recognition) -> proto::RecognitionChanged {
    proto::RecognitionChanged {
        recognition_id: recognition.recognition_id.to_string(),
        r#type: recognition.difficulty.into(),
        state: recognition.state.into(),
        recognised_on: recognition.recognised_on.map(calendar::message),
        revoked_on: recognition.revoked.map(|(on, _)| calendar::message(on)),
        revoked_known_on: recognition.revoked.map(|(_, known_on)| calendar::message(known_on)),
    }
}

/// An entry was merged into another one.
pub(crate) fn merged(merge: &Merge) -> NewEvent {
    let change = Change::Merged(proto::PersonMerged {
        into_person_id: merge.kept_id.to_string(),
        merged_on: Some(calendar::message(merge.merged_on)),
    });
    event(Some(merge.merged_id), change)
}

/// A merge was undone.
pub(crate) fn unmerged(merge: &Merge, on: NaiveDate) -> NewEvent {
    let change = Change::Unmerged(proto::PersonUnmerged {
        from_person_id: merge.kept_id.to_string(),
        unmerged_on: Some(calendar::message(on)),
    });
    event(Some(merge.merged_id), change)
}

/// All facts of somebody, as they stand now.
pub(crate) fn restated(
    person_id: Uuid,
    records: &[EmploymentRecord],
    memberships: &[Membership],
    recognitions: &[Recognition],
    dropped: &[Uuid],
) -> NewEvent {
    let change = Change::Restated(proto::PersonRestated {
        memberships: membership::facts(memberships),
        employment: records.iter().map(employment::fact).collect(),
        dropped_record_ids: dropped.iter().map(Uuid::to_string).collect(),
        recognitions: recognitions
            .iter()
            .filter(|recognition| recognition.recognised_on.is_some())
            .map(recognition_fact)
            .collect(),
    });
    event(Some(person_id), change)
}

/// Somebody left for another township.
pub(crate) fn left(
    person_id: Uuid,
    transfer_id: Uuid,
    left_on: NaiveDate,
    known_on: NaiveDate,
    to: &Township,
) -> NewEvent {
    let change = Change::Left(proto::PersonLeft {
        left_on: Some(calendar::message(left_on)),
        left_known_on: Some(calendar::message(known_on)),
        to_township: to.to_string(),
        transfer_id: transfer_id.to_string(),
    });
    event(Some(person_id), change)
}

/// A household, as it stands now.
pub(crate) fn household_changed(household: &Household) -> NewEvent {
    event(None, Change::HouseholdChanged(super::household::fact(household)))
}

/// Somebody came from another township.
pub(crate) fn arrived(
    person_id: Uuid,
    transfer_id: Uuid,
    arrival: &Arrival<'_>,
    from: &Township,
    memberships: &[Membership],
    records: &[EmploymentRecord],
) -> NewEvent {
    let change = Change::Arrived(proto::PersonArrived {
        joined_on: Some(calendar::message(arrival.joined_on)),
        join_known_on: Some(calendar::message(arrival.join_known_on)),
        village: arrival.village.to_owned(),
        coordinator: arrival.coordinator.to_owned(),
        memberships: membership::facts(memberships),
        employment: records.iter().map(employment::fact).collect(),
        from_township: from.to_string(),
        transfer_id: transfer_id.to_string(),
    });
    event(Some(person_id), change)
}

/// Somebody was anonymised.
pub(crate) fn anonymised(person_id: Uuid, on: NaiveDate) -> NewEvent {
    event(Some(person_id), Change::Anonymised(proto::PersonAnonymised { anonymised_on: Some(calendar::message(on)) }))
}

/// The directory entry was made or changed.
pub(crate) fn township_changed(name: &str) -> NewEvent {
    event(None, Change::TownshipChanged(proto::TownshipChanged { name: name.to_owned() }))
}

/// An item of a watch as its message.
pub(crate) fn response(item: Item) -> Result<WatchPeopleResponse, Error> {
    let step = match item {
        Item::Event(cursor, event) => {
            let told =
                PersonEvent::decode(event.payload.as_slice()).map_err(|error| Error::Internal(Box::new(error)))?;
            let occurred_at = Some(timestamp(event.occurred_at));
            Step::Event(PersonEvent { cursor: Some(cursor), occurred_at, ..told })
        }
        Item::Bookmark(cursor) => Step::Bookmark(Bookmark { cursor: Some(cursor) }),
    };
    Ok(WatchPeopleResponse { item: Some(step) })
}

/// The number of a kind, as events are stored with it.
pub(crate) fn kind(kind: PersonEventKind) -> i16 {
    // The contract's numbers are small.
    i16::try_from(i32::from(kind)).unwrap_or_default()
}

fn event(person_id: Option<Uuid>, change: Change) -> NewEvent {
    let kind = kind(match change {
        Change::Registered(_) => PersonEventKind::Registered,
        Change::EmploymentRecorded(_) => PersonEventKind::EmploymentRecorded,
        Change::MembershipsChanged(_) => PersonEventKind::MembershipsChanged,
        Change::AssignmentChanged(_) => PersonEventKind::AssignmentChanged,
        Change::TownshipChanged(_) => PersonEventKind::TownshipChanged,
        Change::UnemploymentRegistered(_) => PersonEventKind::UnemploymentRegistered,
        Change::EmploymentRegistered(_) => PersonEventKind::EmploymentRegistered,
        Change::SurveyRecorded(_) => PersonEventKind::SurveyRecorded,
        Change::RecognitionChanged(_) => PersonEventKind::RecognitionChanged,
        Change::HouseholdChanged(_) => PersonEventKind::HouseholdChanged,
        Change::Merged(_) => PersonEventKind::Merged,
        Change::Unmerged(_) => PersonEventKind::Unmerged,
        Change::Restated(_) => PersonEventKind::Restated,
        Change::Left(_) => PersonEventKind::Left,
        Change::Arrived(_) => PersonEventKind::Arrived,
        Change::Anonymised(_) => PersonEventKind::Anonymised,
    });
    let person_id = person_id.map(|id| id.to_string()).unwrap_or_default();
    let message = PersonEvent { cursor: None, occurred_at: None, person_id, change: Some(change) };
    NewEvent { kind, payload: message.encode_to_vec() }
}

#[cfg(test)]
mod tests {
    use bangfu_platform::feed::Event;
    use bangfu_proto::common::v1::Cursor;

    use super::*;

    #[test]
    fn an_event_comes_back_with_its_place_and_time() {
        let id = Uuid::from_u128(7);
        let new = assignment_changed(id, "双溪村", "甲");
        let at = chrono::DateTime::UNIX_EPOCH;
        let stored = Event { seq: 3, kind: new.kind, payload: new.payload, occurred_at: at };
        let cursor = Cursor { township: "320685102".to_owned(), epoch: "e".to_owned(), seq: 3 };
        let Some(Step::Event(told)) = response(Item::Event(cursor.clone(), stored)).expect("a response").item else {
            panic!("an event")
        };
        assert_eq!((told.cursor, told.person_id), (Some(cursor), id.to_string()));
        assert_eq!(told.occurred_at, Some(timestamp(at)));
        assert!(matches!(told.change, Some(Change::AssignmentChanged(changed)) if changed.village == "双溪村"));
    }
}
