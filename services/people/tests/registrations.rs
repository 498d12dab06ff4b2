//! Registrations: of being unemployed, with ten ways out; of beginnings and ends of employment, in time or late.

use bangfu::client::{Client, date, request_id};
use bangfu_proto::{
    common::v1::CalendarDate,
    people::v1::{
        CancelUnemploymentRequest, CancellationReason, EmploymentRegistration, EmploymentStatus as S,
        GetRegistrationsRequest, Group, LeaveGroupRequest, RecordEmploymentRequest, RegisterEmploymentRequest,
        RegisterUnemploymentRequest, RegisteredBy, RegisteredEvent, Registrations, UnemploymentRegistration,
    },
};
use bangfu_testkit::{City, DADONG, reason, sample};
use tonic::Status;

use crate::walls::get;

fn on(day: &str) -> Option<CalendarDate> {
    date(day.parse().expect("a date"))
}

fn unemployed(person_id: &str, registered_on: &str) -> RegisterUnemploymentRequest {
    RegisterUnemploymentRequest {
        request_id: request_id(),
        person_id: person_id.to_owned(),
        registered_on: on(registered_on),
        evidence: "就业创业证".to_owned(),
    }
}

fn cancel(person_id: &str, cancelled_on: &str, reason: CancellationReason) -> CancelUnemploymentRequest {
    CancelUnemploymentRequest {
        request_id: request_id(),
        person_id: person_id.to_owned(),
        cancelled_on: on(cancelled_on),
        reason: reason.into(),
        evidence: "劳动合同".to_owned(),
    }
}

async fn registers(client: &Client, request: RegisterUnemploymentRequest) -> Result<UnemploymentRegistration, Status> {
    client.people().register_unemployment(request).await.map(tonic::Response::into_inner)
}

async fn cancels(client: &Client, request: CancelUnemploymentRequest) -> Result<UnemploymentRegistration, Status> {
    client.people().cancel_unemployment(request).await.map(tonic::Response::into_inner)
}

async fn all(client: &Client, person_id: &str) -> Registrations {
    let request = GetRegistrationsRequest { person_id: person_id.to_owned(), township: String::new() };
    client.people().get_registrations(request).await.expect("listed").into_inner()
}

async fn becomes(client: &Client, person_id: &str, status: S, since: &str) -> String {
    let request = RecordEmploymentRequest {
        request_id: request_id(),
        person_id: person_id.to_owned(),
        employment: Some(sample::employment(status, since)),
        ..Default::default()
    };
    client.people().record_employment(request).await.expect("recorded").into_inner().record_id
}

/// Somebody unemployed since 2025-12-01 who has left the group they were registered with.
async fn unregistered(clerk: &Client) -> String {
    let request = sample::person_who_is(1, S::Unemployed, "2025-12-01");
    let id = clerk.people().register_person(request).await.expect("registered").into_inner().person_id;
    let request = LeaveGroupRequest {
        request_id: request_id(),
        person_id: id.clone(),
        group: Group::RegisteredUnemployed.into(),
        until: on("2026-01-05"),
        evidence: "未办理登记".to_owned(),
    };
    clerk.people().leave_group(request).await.expect("left");
    id
}

async fn is_member(client: &Client, person_id: &str) -> bool {
    let person = get(client, person_id).await.expect("found");
    person.memberships.iter().any(|m| m.group() == Group::RegisteredUnemployed && m.until.is_none())
}

#[tokio::test]
async fn whoever_is_registered_is_a_member_until_it_is_cancelled_in_one_of_ten_ways() {
    let city = City::new().await;
    let clerk = city.clerk(DADONG);
    let id = unregistered(&clerk).await;
    city.turn_to("2026-02-01");
    for (number, day) in (1..=10).zip(2..) {
        let reason_word = CancellationReason::try_from(number).expect("a way");
        let today = format!("2026-02-{day:02}");
        city.turn_to(&today);
        assert!(!is_member(&clerk, &id).await);
        assert_eq!(
            reason(&cancels(&clerk, cancel(&id, &today, reason_word)).await.expect_err("none")),
            "NO_REGISTRATION"
        );
        let request = unemployed(&id, &today);
        let stands = registers(&clerk, request.clone()).await.expect("registered");
        assert_eq!(registers(&clerk, request).await.expect("repeated"), stands);
        assert!(is_member(&clerk, &id).await);
        let twice = registers(&clerk, unemployed(&id, &today)).await.expect_err("it stands");
        assert_eq!(reason(&twice), "REGISTRATION_STANDS");

        let early = cancels(&clerk, cancel(&id, "2026-01-31", reason_word)).await.expect_err("before it began");
        assert_eq!(reason(&early), "FIELD_INVALID");
        let cancelled = cancels(&clerk, cancel(&id, &today, reason_word)).await.expect("cancelled");
        assert_eq!((cancelled.cancellation_reason(), cancelled.cancelled_on), (reason_word, on(&today)));
        assert_eq!(cancelled.registration_id, stands.registration_id);
        assert_eq!(all(&clerk, &id).await.unemployment.last(), Some(&cancelled));
    }
    assert_eq!(all(&clerk, &id).await.unemployment.len(), 10);

    // Cancelled by mistake and made again on the same day.
    registers(&clerk, unemployed(&id, "2026-02-11")).await.expect("registered");
    assert!(is_member(&clerk, &id).await);
    city.close().await;
}

#[tokio::test]
async fn nobody_is_registered_as_unemployed_who_is_not_believed_to_be() {
    let city = City::new().await;
    let clerk = city.clerk(DADONG);
    let id = unregistered(&clerk).await;
    assert_eq!(reason(&registers(&clerk, unemployed(&id, "2025-11-30")).await.expect_err("before")), "NOT_UNEMPLOYED");
    becomes(&clerk, &id, S::Flexible, "2026-01-03").await;
    assert_eq!(reason(&registers(&clerk, unemployed(&id, "2026-01-05")).await.expect_err("works")), "NOT_UNEMPLOYED");
    registers(&clerk, unemployed(&id, "2026-01-02")).await.expect("they were, that day");
    assert!(is_member(&clerk, &id).await, "a registration stands, so they are a member");
    let by_coordinator = registers(&city.coordinator(DADONG, &[]), unemployed(&id, "2026-01-02")).await;
    assert_eq!(reason(&by_coordinator.expect_err("a clerk's business")), "ROLE_MISSING");
    city.close().await;
}

#[tokio::test]
async fn a_beginning_is_registered_within_thirty_days_an_end_within_fifteen_and_later_is_marked() {
    let city = City::new().await;
    let clerk = city.clerk(DADONG);
    let id = unregistered(&clerk).await;
    city.turn_to("2026-04-01");
    let work = becomes(&clerk, &id, S::UnitEmployed, "2026-02-01").await;
    let end = becomes(&clerk, &id, S::Unemployed, "2026-03-10").await;
    let retired = becomes(&clerk, &id, S::Retired, "2026-04-01").await;
    let entry = |record_id: &str, registered_on: &str| RegisterEmploymentRequest {
        request_id: request_id(),
        person_id: id.clone(),
        record_id: record_id.to_owned(),
        registered_by: RegisteredBy::Employer.into(),
        registered_on: on(registered_on),
        evidence: "备案表".to_owned(),
    };
    let register = async |request: RegisterEmploymentRequest| -> Result<EmploymentRegistration, Status> {
        clerk.people().register_employment(request).await.map(tonic::Response::into_inner)
    };

    assert_eq!(reason(&register(entry(&work, "2026-01-31")).await.expect_err("before it began")), "FIELD_INVALID");
    let begun = register(entry(&work, "2026-03-03")).await.expect("registered");
    assert_eq!((begun.event(), begun.due_on, begun.late), (RegisteredEvent::Begin, on("2026-03-03"), false));
    assert_eq!(reason(&register(entry(&work, "2026-03-03")).await.expect_err("twice")), "RECORD_NOT_REGISTRABLE");
    let ended = register(entry(&end, "2026-03-26")).await.expect("registered");
    assert_eq!((ended.event(), ended.due_on, ended.late), (RegisteredEvent::End, on("2026-03-25"), true));
    for strange in [retired, request_id()] {
        let refused = register(entry(&strange, "2026-04-01")).await.expect_err("no such thing to register");
        assert_eq!(reason(&refused), "RECORD_NOT_REGISTRABLE");
    }
    assert_eq!(all(&clerk, &id).await.employment, [begun, ended]);
    city.close().await;
}
