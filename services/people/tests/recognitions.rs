//! Recognition of difficulty: applied for, checked against the register, made public, decided, revoked; nobody decides
//! their own.

use bangfu::client::{Client, date, request_id};
use bangfu_kernel::Role;
use bangfu_proto::{
    common::v1::CalendarDate,
    people::v1::{
        AppliedAt, AppliedBy, ApplyForRecognitionRequest, CheckRecognitionRequest, DecideRecognitionRequest,
        DifficultyType as T, EmploymentStatus as S, GetRecognitionRequest, Group, ListRecognitionsRequest, Recognition,
        RecognitionFact, RecognitionState, RecordEmploymentRequest, RevokeRecognitionRequest,
        WithdrawRecognitionRequest,
    },
};
use bangfu_testkit::{City, DADONG, LIBAO, reason, sample};
use tonic::Status;
use tonic_types::StatusExt as _;

use crate::walls::get;

fn on(day: &str) -> Option<CalendarDate> {
    date(day.parse().expect("a date"))
}

fn application(person_id: &str, of: T) -> ApplyForRecognitionRequest {
    ApplyForRecognitionRequest {
        request_id: request_id(),
        person_id: person_id.to_owned(),
        difficulty_type: of.into(),
        applied_by: AppliedBy::Self_.into(),
        applied_at: AppliedAt::HouseholdRegistration.into(),
        evidence: "证明".to_owned(),
        ..Default::default()
    }
}

async fn applies(client: &Client, request: ApplyForRecognitionRequest) -> Result<Recognition, Status> {
    client.people().apply_for_recognition(request).await.map(tonic::Response::into_inner)
}

async fn checks(client: &Client, of: &Recognition, passed: bool) -> Result<Recognition, Status> {
    let request = CheckRecognitionRequest {
        request_id: request_id(),
        recognition_id: of.recognition_id.clone(),
        passed,
        note: "已核实".to_owned(),
    };
    client.people().check_recognition(request).await.map(tonic::Response::into_inner)
}

async fn decides(client: &Client, of: &Recognition, granted: bool) -> Result<Recognition, Status> {
    let request = DecideRecognitionRequest {
        request_id: request_id(),
        township: of.township.clone(),
        recognition_id: of.recognition_id.clone(),
        granted,
        note: "同意".to_owned(),
    };
    client.people().decide_recognition(request).await.map(tonic::Response::into_inner)
}

async fn revokes(client: &Client, of: &Recognition, day: &str) -> Result<Recognition, Status> {
    let request = RevokeRecognitionRequest {
        request_id: request_id(),
        township: of.township.clone(),
        recognition_id: of.recognition_id.clone(),
        revoked_on: on(day),
        reason: "已稳定就业".to_owned(),
    };
    client.people().revoke_recognition(request).await.map(tonic::Response::into_inner)
}

async fn withdraws(client: &Client, of: &Recognition) -> Result<Recognition, Status> {
    let request = WithdrawRecognitionRequest {
        request_id: request_id(),
        recognition_id: of.recognition_id.clone(),
        reason: "本人放弃".to_owned(),
    };
    client.people().withdraw_recognition(request).await.map(tonic::Response::into_inner)
}

async fn read(client: &Client, of: &Recognition) -> Recognition {
    let request = GetRecognitionRequest { recognition_id: of.recognition_id.clone(), ..Default::default() };
    client.people().get_recognition(request).await.expect("found").into_inner()
}

async fn somebody(clerk: &Client, n: u32, status: S, since: &str) -> String {
    let request = sample::person_who_is(n, status, since);
    clerk.people().register_person(request).await.expect("registered").into_inner().person_id
}

fn refused(answer: Result<Recognition, Status>) -> String {
    reason(&answer.expect_err("refused"))
}

#[tokio::test]
async fn one_is_applied_for_checked_published_decided_and_revoked() {
    let city = City::new().await;
    let (clerk, reviewer, bureau) = (city.clerk(DADONG), city.reviewer(DADONG), city.bureau());
    let id = somebody(&clerk, 1, S::Unemployed, "2024-12-01").await;

    let request = application(&id, T::LongTermUnemployed);
    let applied = applies(&clerk, request.clone()).await.expect("applied");
    assert_eq!(applies(&clerk, request).await.expect("repeated"), applied);
    assert_eq!((applied.state(), applied.applied_on), (RecognitionState::Applied, on("2026-01-05")));
    let facts: Vec<_> = applied.facts.iter().map(|fact| (fact.fact(), fact.holds)).collect();
    assert_eq!(facts, [(RecognitionFact::Unemployed, true), (RecognitionFact::UnemployedForAYear, true)]);
    assert_eq!(refused(applies(&clerk, application(&id, T::LongTermUnemployed)).await), "RECOGNITION_STANDS");
    assert_eq!(refused(decides(&bureau, &applied, true).await), "ILLEGAL_TRANSITION");
    assert_eq!(refused(revokes(&bureau, &applied, "2026-01-05").await), "ILLEGAL_TRANSITION");
    assert_eq!(read(&clerk, &applied).await, applied, "what is refused changes nothing");

    city.turn_to("2026-01-06");
    let published = checks(&reviewer, &applied, true).await.expect("passed");
    assert_eq!(published.state(), RecognitionState::Published);
    assert_eq!((published.published_on, published.published_until), (on("2026-01-06"), on("2026-01-12")));
    city.turn_to("2026-01-12");
    let early = decides(&bureau, &published, true).await.expect_err("the notice runs");
    assert_eq!(reason(&early), "PUBLICITY_RUNS");
    let info = early.get_details_error_info().expect("details");
    assert_eq!(info.metadata.get("until").map(String::as_str), Some("2026-01-12"));

    city.turn_to("2026-01-13");
    let recognised = decides(&bureau, &published, true).await.expect("granted");
    assert_eq!((recognised.state(), recognised.recognised_on), (RecognitionState::Recognised, on("2026-01-13")));
    let member = |groups: &bangfu_proto::people::v1::Person| {
        groups.memberships.iter().any(|m| m.group() == Group::EmploymentDifficulty && m.until.is_none())
    };
    assert!(member(&get(&clerk, &id).await.expect("found")));
    assert_eq!(refused(withdraws(&clerk, &recognised).await), "ILLEGAL_TRANSITION");

    city.turn_to("2026-03-01");
    assert_eq!(refused(revokes(&bureau, &recognised, "2026-01-12").await), "FIELD_INVALID");
    let revoked = revokes(&bureau, &recognised, "2026-02-20").await.expect("revoked");
    assert_eq!((revoked.state(), revoked.revoked_on), (RecognitionState::Revoked, on("2026-02-20")));
    assert!(!member(&get(&clerk, &id).await.expect("found")));
    assert_eq!(refused(revokes(&bureau, &recognised, "2026-03-01").await), "ILLEGAL_TRANSITION");
    assert!(applies(&clerk, application(&id, T::LongTermUnemployed)).await.is_ok(), "and again from the beginning");
    city.close().await;
}

#[tokio::test]
async fn the_register_has_to_bear_out_what_is_claimed() {
    let city = City::new().await;
    let (clerk, reviewer, bureau) = (city.clerk(DADONG), city.reviewer(DADONG), city.bureau());
    let recent = somebody(&clerk, 1, S::Unemployed, "2025-06-01").await;
    let applied = applies(&clerk, application(&recent, T::LongTermUnemployed)).await.expect("applied");
    let missing = checks(&reviewer, &applied, true).await.expect_err("half a year only");
    assert_eq!(reason(&missing), "FACTS_MISSING");
    let info = missing.get_details_error_info().expect("details");
    assert_eq!(info.metadata.get("facts").map(String::as_str), Some("UNEMPLOYED_FOR_A_YEAR"));
    assert_eq!(checks(&reviewer, &applied, false).await.expect("refused").state(), RecognitionState::Refused);

    // Work found while the notice runs: the city cannot grant any more.
    let long = somebody(&clerk, 2, S::Unemployed, "2024-06-01").await;
    let applied = applies(&clerk, application(&long, T::LongTermUnemployed)).await.expect("applied");
    let published = checks(&reviewer, &applied, true).await.expect("passed");
    let request = RecordEmploymentRequest {
        request_id: request_id(),
        person_id: long,
        employment: Some(sample::employment(S::Flexible, "2026-01-05")),
        ..Default::default()
    };
    clerk.people().record_employment(request).await.expect("recorded");
    city.turn_to("2026-01-20");
    let missing = decides(&bureau, &published, true).await.expect_err("at work");
    let info = missing.get_details_error_info().expect("details");
    assert_eq!(info.metadata.get("facts").map(String::as_str), Some("UNEMPLOYED,UNEMPLOYED_FOR_A_YEAR"));
    let rejected = decides(&bureau, &published, false).await.expect("rejected");
    assert_eq!((rejected.state(), rejected.recognised_on), (RecognitionState::Rejected, None));

    // Older age is read off the ID number: of two born in 1980 the woman counts, the man does not.
    let woman = somebody(&clerk, 3, S::Unemployed, "2024-06-01").await;
    let applied = applies(&clerk, application(&woman, T::OlderAge)).await.expect("applied");
    assert_eq!(checks(&reviewer, &applied, true).await.expect("passed").state(), RecognitionState::Published);
    let man = somebody(&clerk, 336, S::Unemployed, "2024-06-01").await;
    let applied = applies(&clerk, application(&man, T::OlderAge)).await.expect("applied");
    assert_eq!(refused(checks(&reviewer, &applied, true).await), "FACTS_MISSING");
    let withdrawn = withdraws(&clerk, &applied).await.expect("withdrawn");
    assert_eq!((withdrawn.state(), withdrawn.end_reason.as_str()), (RecognitionState::Withdrawn, "本人放弃"));
    assert_eq!(refused(checks(&reviewer, &applied, true).await), "ILLEGAL_TRANSITION");
    city.close().await;
}

#[tokio::test]
async fn types_hold_by_date_and_place_and_some_ask_for_evidence() {
    let city = City::new().await;
    let clerk = city.clerk(DADONG);
    let id = somebody(&clerk, 1, S::Unemployed, "2024-12-01").await;
    let at = |of, place: AppliedAt, day: &str, evidence: &str| ApplyForRecognitionRequest {
        applied_at: place.into(),
        applied_on: on(day),
        evidence: evidence.to_owned(),
        ..application(&id, of)
    };
    let (home, residence) = (AppliedAt::HouseholdRegistration, AppliedAt::Residence);
    for (request, field) in [
        (at(T::LowIncomeRuralHousehold, home, "2022-01-01", ""), "difficulty_type"),
        (at(T::LowIncomePopulation, home, "2021-12-31", ""), "difficulty_type"),
        (at(T::LandTaken, residence, "2026-01-05", "证明"), "applied_at"),
        (at(T::Disabled, residence, "2026-01-05", ""), "evidence"),
        (at(T::Disabled, residence, "2026-01-06", "残疾证"), "applied_on"),
    ] {
        let status = applies(&clerk, request).await.expect_err(field);
        let bad = status.get_details_bad_request().expect("violations");
        let fields: Vec<_> = bad.field_violations.iter().map(|violation| violation.field.as_str()).collect();
        assert_eq!(fields, [field]);
    }
    for request in [
        at(T::LowIncomeRuralHousehold, residence, "2021-12-31", ""),
        at(T::LowIncomePopulation, residence, "2022-01-01", ""),
        at(T::Disabled, residence, "2026-01-05", "残疾证"),
        at(T::LandTaken, home, "2026-01-05", "证明"),
    ] {
        assert_eq!(applies(&clerk, request).await.expect("applied").state(), RecognitionState::Applied);
    }
    let list = |state: RecognitionState, page_token: String| ListRecognitionsRequest {
        page_size: 3,
        page_token,
        person_id: id.clone(),
        state: state.into(),
        ..Default::default()
    };
    let mut people = clerk.people();
    let first = people.list_recognitions(list(RecognitionState::Applied, String::new())).await.expect("a page");
    let first = first.into_inner();
    let second = people.list_recognitions(list(RecognitionState::Applied, first.next_page_token)).await;
    let second = second.expect("a page").into_inner();
    assert_eq!((first.recognitions.len(), second.recognitions.len(), second.next_page_token.as_str()), (3, 1, ""));
    assert_eq!(first.recognitions[0].r#type(), T::LandTaken, "the latest first");
    let none = people.list_recognitions(list(RecognitionState::Revoked, String::new())).await.expect("a page");
    assert!(none.into_inner().recognitions.is_empty());
    city.close().await;
}

#[tokio::test]
async fn nobody_decides_their_own_entry_and_another_township_sees_nothing() {
    let city = City::new().await;
    let both = city.caller("li", &[Role::Clerk, Role::Reviewer], Some(DADONG), &[]);
    let id = somebody(&both, 1, S::Unemployed, "2024-12-01").await;
    let applied = applies(&both, application(&id, T::LongTermUnemployed)).await.expect("applied");
    assert_eq!(refused(checks(&both, &applied, true).await), "OWN_ENTRY");
    let reviewer = city.reviewer(DADONG);
    let published = checks(&reviewer, &applied, true).await.expect("passed");
    city.turn_to("2026-02-01");
    for who in ["li", "reviewer-1"] {
        let same = city.caller(who, &[Role::Bureau], None, &[]);
        assert_eq!(refused(decides(&same, &published, true).await), "OWN_ENTRY", "{who}");
    }
    let elsewhere = Recognition { township: LIBAO.to_owned(), ..published.clone() };
    assert_eq!(refused(decides(&city.bureau(), &elsewhere, true).await), "NOT_FOUND");
    assert_eq!(refused(checks(&city.reviewer(LIBAO), &published, true).await), "NOT_FOUND");
    assert!(decides(&city.bureau(), &published, true).await.is_ok());
    city.close().await;
}

#[tokio::test]
async fn of_two_applications_at_once_one_stands() {
    let city = City::new().await;
    let clerk = city.clerk(DADONG);
    let id = somebody(&clerk, 1, S::Unemployed, "2024-12-01").await;
    let (one, other) =
        tokio::join!(applies(&clerk, application(&id, T::Disabled)), applies(&clerk, application(&id, T::Disabled)),);
    assert!(one.is_ok() != other.is_ok(), "{one:?} {other:?}");
    city.close().await;
}
