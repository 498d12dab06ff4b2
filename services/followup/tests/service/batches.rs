//! Lists entered at once: every row for itself, again and again, and two at the same moment.

use std::collections::BTreeSet;

use bangfu::client::{Client, date, request_id};
use bangfu_proto::followup::v1::{
    ListContactsRequest, RecordContactRequest, RecordContactsRequest, RecordContactsResponse, RecordServiceRequest,
    RecordServicesRequest, RecordServicesResponse, Service, StatusLearned, VoidServiceRequest,
};
use bangfu_proto::people::v1::EmploymentStatus;
use bangfu_testkit::{City, DADONG, LIBAO, reason};

use crate::{
    services::{listed, serve, service},
    steps::{contact, duties, standing, sweep, unemployed},
};

async fn enter(client: &Client, services: &[RecordServiceRequest]) -> RecordServicesResponse {
    let request = RecordServicesRequest { services: services.to_vec() };
    client.followup().record_services(request).await.expect("taken").into_inner()
}

async fn enter_contacts(client: &Client, contacts: &[RecordContactRequest]) -> RecordContactsResponse {
    let request = RecordContactsRequest { contacts: contacts.to_vec() };
    client.followup().record_contacts(request).await.expect("taken").into_inner()
}

/// The reasons of refusal, "" for rows that were entered.
fn reasons(answer: &RecordServicesResponse) -> Vec<&str> {
    let reason = |row| Option::as_ref(row).map_or("", |error: &bangfu_proto::followup::v1::RowError| &error.reason);
    answer.rows.iter().map(|row| reason(&row.error)).collect()
}

/// A row of another system's list.
fn sourced(city: &City, person_id: &str, source_ref: &str) -> RecordServiceRequest {
    RecordServiceRequest {
        source: "SURVEY_MANAGEMENT".into(),
        source_ref: source_ref.into(),
        ..service(city, person_id, Service::JobReferral)
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bad_row_keeps_no_good_one_from_being_entered_and_all_is_told_again() {
    let city = City::new().await;
    let people = unemployed(&city, 0..2, "2026-01-05").await;
    sweep(&city).await;
    let clerk = city.clerk(DADONG);
    let good = |n: usize| service(&city, &people[n], Service::JobReferral);
    let first = good(0);
    let rows = [
        first.clone(),
        service(&city, &request_id(), Service::JobReferral),
        RecordServiceRequest { person_id: "320699198001010019".into(), on: None, ..good(1) },
        first.clone(),
        RecordServiceRequest { note: "另一件事".into(), ..first },
        good(1),
    ];
    let answer = enter(&clerk, &rows).await;
    assert_eq!(reasons(&answer), ["", "NOT_FOUND", "FIELD_INVALID", "", "REQUEST_ID_REUSED", ""]);
    assert_eq!(answer.rows[0], answer.rows[3], "the same row twice is one record");
    let error = answer.rows[2].error.as_ref().expect("refused");
    assert_eq!(error.fields, ["person_id", "on"]);
    assert!(error.message.contains("日期") && !format!("{answer:?}").contains("320699198001010019"), "{error:?}");
    assert_eq!(answer.rows[1].error.as_ref().map(|error| error.message.as_str()), Some("没有找到该服务对象。"));
    assert_eq!(listed(&clerk).await.len(), 2);
    let standing = standing(&duties(&city).await);
    assert_eq!(standing.get("131.job_referral DONE"), Some(&2));

    assert_eq!(enter(&clerk, &rows).await, answer, "sent again, answered the same");
    assert_eq!(listed(&clerk).await.len(), 2);
    city.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_has_1_to_500_rows_and_other_townships_people_are_nobody() {
    let city = City::new().await;
    let people = unemployed(&city, 0..1, "2026-01-05").await;
    let row = service(&city, &people[0], Service::JobReferral);
    for rows in [0, 501] {
        let request = RecordServicesRequest { services: vec![row.clone(); rows] };
        let refused = city.clerk(DADONG).followup().record_services(request).await.expect_err("refused");
        assert_eq!(reason(&refused), "FIELD_INVALID", "{rows}");
        let request = RecordContactsRequest { contacts: vec![contact(&city, &people[0]); rows] };
        let refused = city.clerk(DADONG).followup().record_contacts(request).await.expect_err("refused");
        assert_eq!(reason(&refused), "FIELD_INVALID", "{rows}");
    }
    assert_eq!(reasons(&enter(&city.clerk(LIBAO), std::slice::from_ref(&row)).await), ["NOT_FOUND"]);
    let answer = enter(&city.coordinator(DADONG, &["李庄"]), &[row]).await;
    assert_eq!(reasons(&answer), ["VILLAGE_NOT_YOURS"]);
    city.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_days_paper_list_of_contacts_is_entered_row_by_row() {
    let city = City::new().await;
    let people = unemployed(&city, 0..3, "2026-01-05").await;
    sweep(&city).await;
    let clerk = city.clerk(DADONG);
    let learned = StatusLearned {
        status: EmploymentStatus::Flexible.into(),
        effective_on: date(city.clock.today()),
        ..Default::default()
    };
    let rows = [
        contact(&city, &people[0]),
        RecordContactRequest { channel: 0, ..contact(&city, &people[1]) },
        RecordContactRequest { status_learned: Some(learned), ..contact(&city, &people[2]) },
    ];
    let answer = enter_contacts(&clerk, &rows).await;
    let entered: Vec<_> = answer.rows.iter().map(|row| row.contact.is_some()).collect();
    assert_eq!(entered, [true, false, true]);
    assert_eq!(answer.rows[1].error.as_ref().map(|error| error.fields.clone()), Some(vec!["channel".to_owned()]));
    assert_eq!(enter_contacts(&clerk, &rows).await, answer);
    let contacts = clerk.followup().list_contacts(ListContactsRequest::default()).await.expect("listed").into_inner();
    assert_eq!(contacts.contacts.len(), 2);
    crate::steps::until("the status learned in the list reached the registry", async || {
        let request = bangfu_proto::people::v1::GetPersonRequest { person_id: people[2].clone(), ..Default::default() };
        let person = clerk.people().get_person(request).await.expect("a person").into_inner();
        person.employment.is_some_and(|record| record.status() == EmploymentStatus::Flexible)
    })
    .await;
    city.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_export_taken_twice_and_in_halves_stands_once() {
    let city = City::new().await;
    let people = unemployed(&city, 0..3, "2026-01-05").await;
    sweep(&city).await;
    let clerk = city.clerk(DADONG);
    let export = || -> Vec<_> { (0..6).map(|n| sourced(&city, &people[n % 3], &format!("line-{n}"))).collect() };
    let first = enter(&clerk, &export()[..3]).await;
    let whole = enter(&clerk, &export()).await;
    assert_eq!(whole.rows[..3], first.rows, "what stands is returned as it is, under another request id too");
    assert_eq!(enter(&city.coordinator(DADONG, &[]), &export()).await, whole, "by somebody else, too");
    assert_eq!(listed(&clerk).await.len(), 6);
    assert_eq!(standing(&duties(&city).await).get("131.job_referral DONE"), Some(&6));

    // What was voided stands no more, and may be taken again.
    let record = whole.rows[4].service_record.clone().expect("entered");
    let void = VoidServiceRequest {
        request_id: request_id(),
        service_record_id: record.service_record_id.clone(),
        reason: "导入有误".into(),
    };
    clerk.followup().void_service(void).await.expect("voided");
    let again = enter(&clerk, &export()).await;
    assert_ne!(again.rows[4].service_record.as_ref().map(|it| &it.service_record_id), Some(&record.service_record_id));
    assert_eq!(listed(&clerk).await.iter().filter(|record| record.voided_at.is_none()).count(), 6);

    let other_source = RecordServiceRequest { source: "PARTNER".into(), ..sourced(&city, &people[0], "line-0") };
    assert!(serve(&clerk, other_source).await.settled_duty_ids.len() <= 1);
    assert_eq!(listed(&clerk).await.iter().filter(|record| record.voided_at.is_none()).count(), 7);
    city.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_line_taken_by_many_at_once_stands_once() {
    let city = City::new().await;
    let people = unemployed(&city, 0..2, "2026-01-05").await;
    sweep(&city).await;
    let clerk = city.clerk(DADONG);
    for round in 0..10 {
        let line = format!("line-{round}");
        // Under one person's id and under another's: only the index stands between the latter, and one of both is told so.
        let takers: Vec<_> = (0..8)
            .map(|n| {
                let (client, row) = (clerk.clone(), sourced(&city, &people[n % 2], &line));
                tokio::spawn(async move { (n % 2, client.followup().record_service(row).await) })
            })
            .collect();
        let (mut ids, mut refused) = (BTreeSet::new(), BTreeSet::new());
        for taker in takers {
            match taker.await.expect("it ends") {
                (whose, Ok(record)) => ids.insert((whose, record.into_inner().service_record_id)),
                (whose, Err(status)) => refused.insert((whose, bangfu_testkit::reason(&status))),
            };
        }
        assert_eq!(ids.len(), 1, "round {round}");
        let others = ids.iter().map(|(whose, _)| (1 - whose, "FIELD_INVALID".to_owned())).collect();
        assert_eq!(refused, others, "round {round}");
        assert_eq!(listed(&clerk).await.len(), round + 1);
    }
    city.close().await;
}
