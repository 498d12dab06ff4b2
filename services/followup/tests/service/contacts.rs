//! Contacts: what they refuse, what they settle, and what voiding them undoes.

use bangfu::client::{date, request_id};
use bangfu_proto::followup::v1::{
    ContactResult, ListContactsRequest, ListDutiesRequest, RecordContactRequest, Service, VoidContactRequest,
};
use bangfu_testkit::{City, DADONG, LIBAO, reason};
use tonic::Code;

use crate::steps::{contact, duties, duties_of, record, standing, state, sweep, the, unemployed};

fn void(contact_id: &str) -> VoidContactRequest {
    VoidContactRequest { request_id: request_id(), contact_id: contact_id.to_owned(), reason: "记错人".to_owned() }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_contact_repeated_under_its_request_id_is_entered_once() {
    let city = City::new().await;
    let people = unemployed(&city, 0..1, "2026-01-05").await;
    let clerk = city.clerk(DADONG);
    let request = contact(&city, &people[0]);
    let first = record(&clerk, request.clone()).await;
    assert_eq!(record(&clerk, request.clone()).await, first);
    assert_eq!(first.settled_duty_ids.len(), 1, "also before the first sweep");
    let listed = clerk.followup().list_contacts(ListContactsRequest::default()).await.expect("listed").into_inner();
    assert_eq!(listed.contacts, [first]);

    let other = RecordContactRequest { note: "另一件事".into(), ..request };
    let refused = clerk.followup().record_contact(other).await.expect_err("another request");
    assert_eq!(reason(&refused), "REQUEST_ID_REUSED");
    city.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn contacts_of_strangers_of_the_future_and_of_other_villages_are_refused() {
    let city = City::new().await;
    let people = unemployed(&city, 0..1, "2026-01-05").await;
    let refused = async |client: bangfu::client::Client, request: RecordContactRequest| {
        let status = client.followup().record_contact(request).await.expect_err("refused");
        (status.code(), reason(&status))
    };
    let mine = contact(&city, &people[0]);
    let invalid = (Code::InvalidArgument, "FIELD_INVALID".to_owned());
    let tomorrow = date(city.clock.today() + chrono::Days::new(1));
    let yesterday = date(city.clock.today() - chrono::Days::new(1));
    assert_eq!(refused(city.clerk(DADONG), RecordContactRequest { on: tomorrow, ..mine.clone() }).await, invalid);
    assert_eq!(refused(city.clerk(DADONG), RecordContactRequest { on: yesterday, ..mine.clone() }).await, invalid);
    let unnamed = RecordContactRequest { services: vec![Service::PolicyPublicity.into()], ..mine.clone() };
    assert_eq!(refused(city.clerk(DADONG), unnamed).await, invalid, "a policy told has a name");
    assert_eq!(
        refused(city.coordinator(DADONG, &["李庄"]), mine.clone()).await,
        (Code::PermissionDenied, "VILLAGE_NOT_YOURS".to_owned())
    );
    let not_there = (Code::NotFound, "NOT_FOUND".to_owned());
    assert_eq!(refused(city.clerk(LIBAO), mine.clone()).await, not_there, "another township's");
    assert_eq!(refused(city.clerk(DADONG), contact(&city, &request_id())).await, not_there, "nobody");
    city.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_voided_contact_had_settled_is_open_again_or_missed() {
    let city = City::new().await;
    let people = unemployed(&city, 0..1, "2026-01-05").await;
    sweep(&city).await;
    let clerk = city.clerk(DADONG);
    let january = record(&clerk, contact(&city, &people[0])).await;
    city.turn_to("2026-02-05");
    let february = record(&clerk, contact(&city, &people[0])).await;
    city.turn_to("2026-02-10");
    assert_eq!(standing(&duties(&city).await).get("follow_up.unemployed DONE"), Some(&2));

    let voided = clerk.followup().void_contact(void(&february.contact_id)).await.expect("voided").into_inner();
    assert_eq!((voided.void_reason.as_str(), voided.settled_duty_ids.len()), ("记错人", 0));
    clerk.followup().void_contact(void(&january.contact_id)).await.expect("voided");
    let owed = duties(&city).await;
    assert_eq!(state(the(&owed, "follow_up.unemployed", "2026-01-01")), "MISSED", "its day is over");
    assert_eq!(state(the(&owed, "follow_up.unemployed", "2026-02-01")), "OPEN");

    let again = clerk.followup().void_contact(void(&january.contact_id)).await.expect_err("voided already");
    assert_eq!(reason(&again), "CONTACT_VOIDED");
    city.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_three_referrals_the_voided_one_opens_its_own_slot_and_the_others_keep_theirs() {
    let city = City::new().await;
    let people = unemployed(&city, 0..1, "2026-01-05").await;
    sweep(&city).await;
    let clerk = city.clerk(DADONG);
    let mut contacts = Vec::new();
    for day in ["2026-01-06", "2026-01-07", "2026-01-08"] {
        city.turn_to(day);
        let referral =
            RecordContactRequest { services: vec![Service::JobReferral.into()], ..contact(&city, &people[0]) };
        contacts.push(record(&clerk, referral).await.contact_id);
    }
    clerk.followup().void_contact(void(&contacts[0])).await.expect("voided");
    let request = ListDutiesRequest { rule: "131.job_referral".into(), ..Default::default() };
    let slots: Vec<_> = duties_of(&clerk, request)
        .await
        .into_iter()
        .map(|duty| (duty.slot, state(&duty), duty.settled_by_contact_id))
        .collect();
    assert_eq!(slots, [(1, "OPEN", String::new()), (2, "DONE", contacts[1].clone()), (3, "DONE", contacts[2].clone())]);
    city.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn coordinators_void_only_what_they_entered_and_nobody_anothers_townships() {
    let city = City::new().await;
    let people = unemployed(&city, 0..1, "2026-01-05").await;
    let by_clerk = record(&city.clerk(DADONG), contact(&city, &people[0])).await;
    let by_coordinator = record(&city.coordinator(DADONG, &[]), contact(&city, &people[0])).await;

    let refused = async |client: bangfu::client::Client, id: &str| {
        reason(&client.followup().void_contact(void(id)).await.expect_err("refused"))
    };
    assert_eq!(refused(city.coordinator(DADONG, &[]), &by_clerk.contact_id).await, "ROLE_MISSING");
    assert_eq!(refused(city.clerk(LIBAO), &by_clerk.contact_id).await, "NOT_FOUND");
    assert_eq!(refused(city.clerk(DADONG), &request_id()).await, "NOT_FOUND");
    let own = void(&by_coordinator.contact_id);
    city.coordinator(DADONG, &[]).followup().void_contact(own).await.expect("their own");
    city.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_attempt_settles_nothing() {
    let city = City::new().await;
    let people = unemployed(&city, 0..1, "2026-01-05").await;
    sweep(&city).await;
    let attempt = RecordContactRequest { result: ContactResult::NoAnswer.into(), ..contact(&city, &people[0]) };
    assert!(record(&city.clerk(DADONG), attempt).await.settled_duty_ids.is_empty());
    assert!(duties(&city).await.iter().all(|duty| state(duty) == "OPEN"));
    city.close().await;
}
