//! Whatever is wrong with a request is told at once, all of it, in both languages, and nothing happens.

use std::collections::BTreeSet;

use bangfu::client::request_id;
use bangfu_kernel::Role;
use bangfu_proto::{
    ACCESS,
    common::v1::{CalendarDate, DateRange},
    followup::v1 as followup,
    people::v1 as people,
};
use bangfu_testkit::{City, DADONG, reason, sample};
use tonic::Code;
use tonic_types::StatusExt as _;

use bangfu_tests::{
    all_wrong::{Refused, all_wrong, begin, rows, send, told},
    steps::{contact, on, sweep, unemployed},
};

/// The fields of a FIELD_INVALID, after a look at how it is told.
fn faults(what: &str, answer: Refused) -> BTreeSet<String> {
    let status = answer.expect_err(what);
    assert_eq!((status.code(), reason(&status).as_str()), (Code::InvalidArgument, "FIELD_INVALID"), "{what}: {status}");
    let details = status.get_error_details();
    let sentence = details.localized_message().expect("a sentence for the office");
    assert!(sentence.locale == "zh-CN" && chinese(&sentence.message), "{what}: {sentence:?}");
    let violations = &details.bad_request().expect("violations").field_violations;
    for violation in violations {
        assert!(violation.description.is_ascii() && !violation.description.is_empty(), "{what}: {violation:?}");
        let told = violation.localized_message.as_ref().expect("a rule for the office");
        assert!(told.locale == "zh-CN" && chinese(&told.message), "{what}: {violation:?}");
    }
    violations.iter().map(|violation| violation.field.clone()).collect()
}

fn chinese(text: &str) -> bool {
    text.chars().any(|c| ('\u{4e00}'..='\u{9fff}').contains(&c))
}

#[tokio::test(flavor = "multi_thread")]
async fn every_rpc_lists_all_faults_of_a_request_at_once_in_both_languages() {
    let city = City::new().await;
    for rule in ACCESS {
        let method = rule.path.rsplit('/').next().unwrap_or_default();
        let (answer, fields) = all_wrong(&city, method).await;
        let expected: BTreeSet<_> = fields.split_whitespace().map(str::to_owned).collect();
        if expected.is_empty() {
            answer.unwrap_or_else(|refused| panic!("{method}, whose request has no fields: {refused}"));
            continue;
        }
        assert_eq!(faults(method, answer), expected, "{method}");
    }
    city.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_with_nothing_in_it_is_told_what_is_required() {
    let city = City::new().await;
    let (clerk, bureau) = (city.clerk(DADONG), city.bureau());
    let (mut registry, mut follow) = (clerk.people(), clerk.followup());
    let table: [(&str, Refused, &str); 10] = [
        (
            "RegisterPerson",
            told(registry.register_person(people::RegisterPersonRequest::default()).await),
            "request_id name id_number groups",
        ),
        (
            "RecordEmployment",
            told(registry.record_employment(people::RecordEmploymentRequest::default()).await),
            "request_id person_id employment",
        ),
        (
            "RevealPerson",
            told(registry.reveal_person(people::RevealPersonRequest::default()).await),
            "person_id reason",
        ),
        (
            "UpsertTownship",
            told(bureau.people().upsert_township(people::UpsertTownshipRequest::default()).await),
            "request_id code name",
        ),
        (
            "RecordContact",
            told(follow.record_contact(followup::RecordContactRequest::default()).await),
            "request_id person_id on channel result",
        ),
        (
            "VoidContact",
            told(follow.void_contact(followup::VoidContactRequest::default()).await),
            "request_id contact_id reason",
        ),
        ("GetWorkload", told(follow.get_workload(followup::GetWorkloadRequest::default()).await), "group_by"),
        (
            "BatchGetPeople of the city",
            told(bureau.people().batch_get_people(people::BatchGetPeopleRequest::default()).await),
            "person_ids township",
        ),
        (
            "RecordEmployment of a service",
            told(city.service().people().record_employment(people::RecordEmploymentRequest::default()).await),
            "request_id person_id employment township",
        ),
        (
            "ListDuties of the city",
            told(bureau.followup().list_duties(followup::ListDutiesRequest::default()).await),
            "township",
        ),
    ];
    for (method, answer, fields) in table {
        let expected = fields.split_whitespace().map(str::to_owned).collect();
        assert_eq!(faults(method, answer), expected, "{method}");
    }
    city.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_date_that_does_not_exist_lies_outside_the_centuries_or_ahead_is_named() {
    let city = City::new().await;
    let person_id = unemployed(&city, DADONG, 0..1, "2026-01-05").await.swap_remove(0);
    let (clerk, bureau) = (city.clerk(DADONG), city.bureau());
    let day = |year, month, day| CalendarDate { year, month, day };
    let impossible =
        [day(1899, 12, 31), day(2101, 1, 1), day(2026, 2, 30), day(2026, 13, 1), day(0, 0, 0), day(2026, -1, 1)];
    // Valid, and tomorrow or later.
    let ahead = [day(2026, 1, 6), day(2100, 12, 31)];
    for (date, exists) in impossible.iter().map(|date| (*date, false)).chain(ahead.iter().map(|date| (*date, true))) {
        let date = Some(date);
        let status = people::NewEmployment {
            effective_on: date,
            ..sample::employment(people::EmploymentStatus::Retired, "2026-01-05")
        };
        let known = people::NewEmployment {
            known_on: date,
            ..sample::employment(people::EmploymentStatus::Retired, "2026-01-05")
        };
        let record = |employment| people::RecordEmploymentRequest {
            request_id: request_id(),
            person_id: person_id.clone(),
            employment: Some(employment),
            ..Default::default()
        };
        let register = people::RegisterPersonRequest { employment: Some(status.clone()), ..sample::person(5) };
        let held = followup::RecordContactRequest { on: date, ..contact(&city, &person_id) };
        let learned = followup::StatusLearned { status: 1, effective_on: date, ..Default::default() };
        let learned = followup::RecordContactRequest { status_learned: Some(learned), ..contact(&city, &person_id) };
        let as_of = followup::RunSweepRequest { request_id: request_id(), as_of: date, ..Default::default() };
        let start = people::RosterStart { request_id: request_id(), ledger_on: date, ..Default::default() };
        let (mut registry, mut follow) = (clerk.people(), clerk.followup());
        let mut table: Vec<(&str, Refused)> = vec![
            ("employment.effective_on", told(registry.record_employment(record(status)).await)),
            ("employment.known_on", told(registry.record_employment(record(known)).await)),
            ("employment.effective_on", told(registry.register_person(register).await)),
            ("on", told(follow.record_contact(held).await)),
            ("status_learned.effective_on", told(follow.record_contact(learned).await)),
            ("as_of", told(bureau.followup().run_sweep(as_of).await)),
            ("start.ledger_on", told(send(&clerk, vec![begin(start), rows(0..1)]).await)),
        ];
        if !exists {
            for (field, due) in
                [("due.from", DateRange { from: date, to: None }), ("due.to", DateRange { from: None, to: date })]
            {
                let duties = followup::ListDutiesRequest { due: Some(due), ..Default::default() };
                let workload = followup::GetWorkloadRequest { group_by: 1, due: Some(due), ..Default::default() };
                table.push((field, told(follow.list_duties(duties).await)));
                table.push((field, told(follow.get_workload(workload).await)));
            }
        }
        for (field, answer) in table {
            assert_eq!(faults(field, answer), [field.to_owned()].into(), "{date:?}");
        }
    }
    for (as_of, before) in [("2021-02-28", true), ("2021-03-01", false)] {
        let request = followup::RunSweepRequest { request_id: request_id(), as_of: on(as_of), ..Default::default() };
        let answer = told(bureau.followup().run_sweep(request).await);
        assert_eq!(answer.is_err(), before, "{as_of}");
    }
    let before = followup::RecordContactRequest { on: on("2026-01-04"), ..contact(&city, &person_id) };
    assert_eq!(
        faults("before they joined", told(clerk.followup().record_contact(before).await)),
        ["on".to_owned()].into()
    );
    city.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn no_list_takes_a_page_of_less_than_nothing_or_more_than_five_hundred() {
    let city = City::new().await;
    let clerk = city.clerk(DADONG);
    let (mut registry, mut follow) = (clerk.people(), clerk.followup());
    for page_size in [-1, 501, i32::MIN, i32::MAX] {
        let people = people::ListPeopleRequest { page_size, ..Default::default() };
        let townships = people::ListTownshipsRequest { page_size, ..Default::default() };
        let duties = followup::ListDutiesRequest { page_size, ..Default::default() };
        let contacts = followup::ListContactsRequest { page_size, ..Default::default() };
        let sweeps = followup::ListSweepsRequest { page_size, ..Default::default() };
        for answer in [
            told(registry.list_people(people).await),
            told(registry.list_townships(townships).await),
            told(follow.list_duties(duties).await),
            told(follow.list_contacts(contacts).await),
            told(follow.list_sweeps(sweeps).await),
        ] {
            assert_eq!(faults("page_size", answer), ["page_size".to_owned()].into(), "{page_size}");
        }
    }
    let token = followup::ListDutiesRequest { page_token: "x".repeat(9_000), ..Default::default() };
    assert_eq!(reason(&follow.list_duties(token).await.expect_err("no token")), "PAGE_TOKEN_INVALID");
    city.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_id_is_good_for_one_request_of_one_caller() {
    let city = City::new().await;
    let person_id = unemployed(&city, DADONG, 0..1, "2026-01-05").await.swap_remove(0);
    let (clerk, bureau) = (city.clerk(DADONG), city.bureau());
    let id = request_id();
    let record = followup::RecordContactRequest { request_id: id.clone(), ..contact(&city, &person_id) };
    let first = clerk.followup().record_contact(record.clone()).await.expect("recorded").into_inner();
    assert_eq!(clerk.followup().record_contact(record.clone()).await.expect("repeated").into_inner(), first);
    let sweep_id = request_id();
    let run = followup::RunSweepRequest { request_id: sweep_id.clone(), ..Default::default() };
    bureau.followup().run_sweep(run.clone()).await.expect("swept");
    let register = people::RegisterPersonRequest { request_id: id.clone(), ..sample::person(1) };
    clerk.people().register_person(register.clone()).await.expect("the registry keeps its own");

    let other = followup::RecordContactRequest { note: "另一件事".to_owned(), ..record.clone() };
    let void = followup::VoidContactRequest {
        request_id: id.clone(),
        contact_id: first.contact_id,
        reason: "录入有误".to_owned(),
    };
    let second_clerk = city.caller("clerk-2", &[Role::Clerk], Some(DADONG), &[]);
    let employment = people::RecordEmploymentRequest {
        request_id: id.clone(),
        person_id,
        employment: Some(sample::employment(people::EmploymentStatus::Flexible, "2026-01-05")),
        ..Default::default()
    };
    let start = people::RosterStart { request_id: id.clone(), ..Default::default() };
    let reused = [
        ("another content", id.clone(), told(clerk.followup().record_contact(other).await)),
        ("another method", id.clone(), told(clerk.followup().void_contact(void).await)),
        ("another caller", id.clone(), told(second_clerk.followup().record_contact(record).await)),
        (
            "another sweep",
            sweep_id.clone(),
            told(
                bureau.followup().run_sweep(followup::RunSweepRequest { townships: vec![DADONG.into()], ..run }).await,
            ),
        ),
        (
            "another person",
            id.clone(),
            told(
                clerk.people().register_person(people::RegisterPersonRequest { name: "另样".into(), ..register }).await,
            ),
        ),
        ("a status", id.clone(), told(clerk.people().record_employment(employment).await)),
        ("a roster", id.clone(), told(send(&clerk, vec![begin(start), rows(4..5)]).await)),
    ];
    for (what, id, answer) in reused {
        let refused = answer.expect_err(what);
        assert_eq!((refused.code(), reason(&refused).as_str()), (Code::InvalidArgument, "REQUEST_ID_REUSED"), "{what}");
        let info = refused.get_details_error_info().expect("info");
        assert_eq!(info.metadata.get("request_id"), Some(&id), "{what}");
    }
    assert_eq!(sweep(&city).await.len(), 2);
    city.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn faults_by_the_thousand_are_told_in_a_few_and_break_no_connection() {
    let city = City::new().await;
    let clerk = city.clerk(DADONG);
    let same = (0..1_000).map(|n| sample::row(n % 7, 4)).collect();
    let start = people::RosterStart { request_id: request_id(), ..Default::default() };
    let twice = people::import_roster_request::Part::Rows(people::RosterRows { rows: same });
    let each_twice = (0..500).flat_map(|row| [sample::row(1, row + 4), sample::row(1, row + 4)]).collect();
    let each_twice = people::import_roster_request::Part::Rows(people::RosterRows { rows: each_twice });
    for part in [twice, each_twice] {
        let answer = told(send(&clerk, vec![begin(start.clone()), part]).await);
        assert_eq!(faults("row numbers twice", answer), ["rows.row".to_owned()].into());
    }
    let ids = people::BatchGetPeopleRequest { person_ids: vec!["x".to_owned(); 500], ..Default::default() };
    assert_eq!(faults("ids", told(clerk.people().batch_get_people(ids).await)), ["person_ids".to_owned()].into());
    let states = followup::ListDutiesRequest { states: vec![99; 10_000], ..Default::default() };
    assert_eq!(faults("states", told(clerk.followup().list_duties(states).await)), ["states".to_owned()].into());
    city.close().await;
}
