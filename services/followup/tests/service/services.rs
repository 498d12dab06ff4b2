//! Service records: what they refuse, what they settle, and what voiding them undoes.

use bangfu::client::{Client, date, request_id};
use bangfu_proto::{
    followup::v1::{
        ListContactsRequest, ListDutiesRequest, ListServicesRequest, RecordServiceRequest, Service, ServiceRecord,
        VoidContactRequest, VoidServiceRequest,
    },
    people::v1::EmploymentStatus,
};
use bangfu_testkit::{City, DADONG, LIBAO, reason, sample};
use tonic::Code;

use crate::households::home;
use crate::steps::{contact, duties, duties_of, record, standing, state, sweep, the, unemployed};

/// A service given today.
pub(crate) fn service(city: &City, person_id: &str, service: Service) -> RecordServiceRequest {
    RecordServiceRequest {
        request_id: request_id(),
        person_id: person_id.to_owned(),
        on: date(city.clock.today()),
        service: service.into(),
        outcome: "已推荐，待面试".to_owned(),
        ..Default::default()
    }
}

pub(crate) async fn serve(client: &Client, request: RecordServiceRequest) -> ServiceRecord {
    client.followup().record_service(request).await.expect("recorded").into_inner()
}

/// All records of the caller's township, latest first.
pub(crate) async fn listed(client: &Client) -> Vec<ServiceRecord> {
    let request = ListServicesRequest { page_size: 500, ..Default::default() };
    client.followup().list_services(request).await.expect("listed").into_inner().service_records
}

fn void(id: &str) -> VoidServiceRequest {
    VoidServiceRequest { request_id: request_id(), service_record_id: id.to_owned(), reason: "记错人".to_owned() }
}

/// Slot, state and evidence of the referrals owed.
async fn referrals(client: &Client) -> Vec<(i32, &'static str, String)> {
    let request = ListDutiesRequest { rule: "131.job_referral".into(), ..Default::default() };
    let duties = duties_of(client, request).await;
    duties.iter().map(|duty| (duty.slot, state(duty), duty.settled_by_contact_id.clone())).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn referrals_fill_the_lowest_slots_and_a_voided_one_opens_its_own() {
    let city = City::new().await;
    let people = unemployed(&city, 0..1, "2026-01-05").await;
    sweep(&city).await;
    let clerk = city.clerk(DADONG);
    let open = |slot| (slot, "OPEN", String::new());
    let first = serve(&clerk, service(&city, &people[0], Service::JobReferral)).await;
    assert_eq!(first.settled_duty_ids.len(), 1);
    let done = |slot, record: &ServiceRecord| (slot, "DONE", record.service_record_id.clone());
    assert_eq!(referrals(&clerk).await, [done(1, &first), open(2), open(3)]);
    city.turn_to("2026-02-02");
    let second = serve(&clerk, service(&city, &people[0], Service::JobReferral)).await;
    let third = serve(&clerk, service(&city, &people[0], Service::JobReferral)).await;
    assert_eq!(referrals(&clerk).await, [done(1, &first), done(2, &second), done(3, &third)]);
    let fourth = serve(&clerk, service(&city, &people[0], Service::JobReferral)).await;
    assert!(fourth.settled_duty_ids.is_empty(), "three are owed");

    let voided = clerk.followup().void_service(void(&second.service_record_id)).await.expect("voided").into_inner();
    assert_eq!((voided.void_reason.as_str(), voided.voided_by.as_str()), ("记错人", "clerk-1"));
    let left = referrals(&clerk).await;
    assert_eq!((&left[0], &left[2]), (&done(1, &first), &done(3, &third)));
    assert_eq!(left[1], done(2, &fourth), "the fourth takes the place that came free");
    let again = clerk.followup().void_service(void(&second.service_record_id)).await.expect_err("voided already");
    assert_eq!((again.code(), reason(&again).as_str()), (Code::FailedPrecondition, "ILLEGAL_TRANSITION"));
    city.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_service_settles_no_follow_up_and_teaches_no_status() {
    let city = City::new().await;
    let people = unemployed(&city, 0..1, "2026-01-05").await;
    sweep(&city).await;
    let clerk = city.clerk(DADONG);
    let refused = clerk.followup().record_service(service(&city, &people[0], Service::FollowUp)).await;
    assert_eq!(reason(&refused.expect_err("a follow-up takes a contact")), "FIELD_INVALID");
    serve(&clerk, service(&city, &people[0], Service::CareerGuidance)).await;
    let told = RecordServiceRequest {
        policies_told: vec!["社保补贴".into()],
        ..service(&city, &people[0], Service::PolicyPublicity)
    };
    assert_eq!(serve(&clerk, told).await.policies_told, ["社保补贴"]);
    let standing = standing(&duties(&city).await);
    for line in ["131.career_guidance DONE", "policy_publicity DONE", "follow_up.unemployed OPEN"] {
        assert_eq!(standing.get(line), Some(&1), "{line} in {standing:?}");
    }
    city.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn not_eligible_is_help_with_unemployment_insurance_too() {
    let city = City::new().await;
    unemployed(&city, 0..1, "2026-01-05").await;
    sweep(&city).await;
    city.turn_to("2026-01-10");
    let clerk = city.clerk(DADONG);
    let veteran = sample::person_who_is(1, EmploymentStatus::Unemployed, "2026-01-10");
    let id = clerk.people().register_person(veteran).await.expect("registered").into_inner().person_id;
    city.settle().await;
    sweep(&city).await;
    let request =
        || ListDutiesRequest { rule: "unemployment_benefit".into(), person_id: id.clone(), ..Default::default() };
    let owed = duties_of(&clerk, request()).await;
    assert_eq!(owed.iter().map(state).collect::<Vec<_>>(), ["OPEN"], "owed once, within 30 days");
    let told = RecordServiceRequest {
        outcome: "不符合条件 not eligible".into(),
        ..service(&city, &id, Service::UnemploymentInsuranceHelp)
    };
    let record = serve(&clerk, told).await;
    let owed = duties_of(&clerk, request()).await;
    assert_eq!((state(&owed[0]), &owed[0].settled_by_contact_id), ("DONE", &record.service_record_id));

    clerk.followup().void_service(void(&record.service_record_id)).await.expect("voided");
    assert_eq!(state(&duties_of(&clerk, request()).await[0]), "OPEN");
    city.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn services_of_strangers_of_other_days_and_of_other_villages_are_refused() {
    let city = City::new().await;
    let people = unemployed(&city, 0..1, "2026-01-05").await;
    let refused = async |client: Client, request: RecordServiceRequest| {
        let status = client.followup().record_service(request).await.expect_err("refused");
        (status.code(), reason(&status))
    };
    let mine = service(&city, &people[0], Service::JobReferral);
    let invalid = (Code::InvalidArgument, "FIELD_INVALID".to_owned());
    for day in [city.clock.today() + chrono::Days::new(1), city.clock.today() - chrono::Days::new(1)] {
        let other_day = RecordServiceRequest { on: date(day), ..mine.clone() };
        assert_eq!(refused(city.clerk(DADONG), other_day).await, invalid, "{day}");
    }
    let not_yours = (Code::PermissionDenied, "VILLAGE_NOT_YOURS".to_owned());
    assert_eq!(refused(city.coordinator(DADONG, &["李庄"]), mine.clone()).await, not_yours);
    let not_there = (Code::NotFound, "NOT_FOUND".to_owned());
    assert_eq!(refused(city.clerk(LIBAO), mine.clone()).await, not_there, "another township's");
    let nobodys = service(&city, &request_id(), Service::JobReferral);
    assert_eq!(refused(city.clerk(DADONG), nobodys).await, not_there, "nobody");
    assert_eq!(listed(&city.clerk(DADONG)).await, []);
    city.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn contacts_and_services_are_told_apart_and_coordinators_void_only_what_they_entered() {
    let city = City::new().await;
    let people = unemployed(&city, 0..1, "2026-01-05").await;
    let (clerk, coordinator) = (city.clerk(DADONG), city.coordinator(DADONG, &["双溪村"]));
    let met = record(&clerk, contact(&city, &people[0])).await;
    let given = service(&city, &people[0], Service::JobReferral);
    let by_clerk = serve(&clerk, given.clone()).await;
    assert_eq!(serve(&clerk, given.clone()).await, by_clerk, "repeated");
    let by_coordinator = serve(&coordinator, service(&city, &people[0], Service::SkillsTraining)).await;
    assert_eq!(by_coordinator.coordinator, "coordinator-1");

    assert_eq!(listed(&clerk).await, [by_coordinator.clone(), by_clerk.clone()]);
    let contacts = clerk.followup().list_contacts(ListContactsRequest::default()).await.expect("listed").into_inner();
    assert_eq!(contacts.contacts, std::slice::from_ref(&met));

    let refused =
        async |client: &Client, id: &str| reason(&client.followup().void_service(void(id)).await.expect_err("refused"));
    assert_eq!(refused(&clerk, &met.contact_id).await, "NOT_FOUND", "a contact is no service");
    let as_contact = VoidContactRequest {
        request_id: request_id(),
        contact_id: by_clerk.service_record_id.clone(),
        reason: "记错人".into(),
    };
    let as_contact = clerk.followup().void_contact(as_contact).await.expect_err("a service is no contact");
    assert_eq!(reason(&as_contact), "NOT_FOUND");
    assert_eq!(refused(&coordinator, &by_clerk.service_record_id).await, "ROLE_MISSING");
    assert_eq!(refused(&city.clerk(LIBAO), &by_clerk.service_record_id).await, "NOT_FOUND");
    coordinator.followup().void_service(void(&by_coordinator.service_record_id)).await.expect("their own");

    let other = RecordServiceRequest { note: "另一件事".into(), ..given };
    let reused = clerk.followup().record_service(other).await.expect_err("another request");
    assert_eq!(reason(&reused), "REQUEST_ID_REUSED");
    city.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_service_before_the_first_sweep_counts_as_one_after_it_does() {
    let city = City::new().await;
    let people = unemployed(&city, 0..1, "2026-01-05").await;
    let clerk = city.clerk(DADONG);
    let given = serve(&clerk, service(&city, &people[0], Service::SkillsTraining)).await;
    assert_eq!(given.settled_duty_ids.len(), 1);
    sweep(&city).await;
    let owed = duties(&city).await;
    assert_eq!(the(&owed, "131.skills_training", "2026-01-01").settled_by_contact_id, given.service_record_id);
    city.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_post_offered_to_a_member_is_offered_to_the_household_and_a_household_is_no_person() {
    let city = City::new().await;
    let people = unemployed(&city, 0..2, "2025-12-01").await;
    let home = home(&city, &people).await;
    sweep(&city).await;
    let clerk = city.clerk(DADONG);
    let clearing = async || {
        let request = ListDutiesRequest { rule: "household_clearing".into(), ..Default::default() };
        duties_of(&clerk, request).await.iter().map(state).collect::<Vec<_>>()
    };
    assert_eq!(clearing().await, ["OPEN"]);
    let offered = serve(&clerk, service(&city, &people[1], Service::HouseholdClearing)).await;
    assert_eq!((clearing().await, offered.settled_duty_ids.len()), (vec!["DONE"], 1));
    clerk.followup().void_service(void(&offered.service_record_id)).await.expect("voided");
    assert_eq!(clearing().await, ["OPEN"]);
    let refused = clerk.followup().record_service(service(&city, &home, Service::HouseholdClearing)).await;
    assert_eq!(reason(&refused.expect_err("no person")), "NOT_FOUND");
    city.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn lists_of_services_turn_their_pages() {
    let city = City::new().await;
    let people = unemployed(&city, 0..2, "2026-01-05").await;
    let clerk = city.clerk(DADONG);
    for n in 0..5 {
        serve(&clerk, service(&city, &people[n % 2], Service::JobReferral)).await;
    }
    let mut request = ListServicesRequest { page_size: 2, person_id: people[0].clone(), ..Default::default() };
    let mut found = Vec::new();
    loop {
        let page = clerk.followup().list_services(request.clone()).await.expect("a page").into_inner();
        found.extend(page.service_records);
        if page.next_page_token.is_empty() {
            break;
        }
        request.page_token = page.next_page_token;
    }
    let expected: Vec<_> = listed(&clerk).await.into_iter().filter(|it| it.person_id == people[0]).collect();
    assert_eq!((found.len(), found), (3, expected));
    city.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reference_names_one_record_and_is_refused_for_another() {
    let city = City::new().await;
    let people = unemployed(&city, 0..2, "2026-01-05").await;
    sweep(&city).await;
    city.turn_to("2026-01-06");
    let clerk = city.clerk(DADONG);
    let from = |given: RecordServiceRequest| RecordServiceRequest {
        source: "人力资源市场系统".to_owned(),
        source_ref: "4711".to_owned(),
        ..given
    };
    let given = || from(service(&city, &people[0], Service::JobReferral));
    let first = serve(&clerk, given()).await;
    let reworded = RecordServiceRequest { outcome: "已录用".to_owned(), ..given() };
    assert_eq!(serve(&clerk, reworded).await, first, "the same service: as it stands");
    for (what, other) in [
        ("another person", from(service(&city, &people[1], Service::JobReferral))),
        ("another service", from(service(&city, &people[0], Service::CareerGuidance))),
        ("another day", RecordServiceRequest { on: date("2026-01-05".parse().expect("a date")), ..given() }),
    ] {
        let refused = clerk.followup().record_service(other).await.expect_err(what);
        assert_eq!(reason(&refused), "FIELD_INVALID", "{what}");
        assert!(refused.message().contains("source_ref"), "{what}: {}", refused.message());
    }
    assert_eq!(listed(&clerk).await.len(), 1);
    clerk.followup().void_service(void(&first.service_record_id)).await.expect("voided");
    serve(&clerk, from(service(&city, &people[1], Service::JobReferral))).await;
    city.close().await;
}
