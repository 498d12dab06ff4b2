//! What the parts of the registry mean for each other: a move, a merge, a household, a recognition, retention.

use bangfu::client::{Client, people::send, request_id};
use bangfu_proto::people::v1::{
    AddHouseholdMemberRequest, AppliedAt, AppliedBy, ApplyForRecognitionRequest, CreateHouseholdRequest,
    DifficultyType, EmploymentStatus as S, FindPersonRequest, GetEmploymentHistoryRequest, GetHouseholdRequest,
    GetRecognitionRequest, Household, HouseholdKind, HouseholdRelation, HouseholdState, ListPeopleRequest,
    ListRecognitionsRequest, MergePeopleRequest, NewEmployment, NewHouseholdMember, RecogniseHouseholdRequest,
    RegisterMatch, RegisterPersonRequest, RetentionKind, RevealPersonRequest, RosterRow, RosterStart,
    RunRetentionRequest, UnmergePeopleRequest,
};
use bangfu_testkit::{City, DADONG, LIBAO, reason, sample};

use crate::{
    transfers::{accept, offer},
    walls::get,
};

async fn somebody(clerk: &Client, n: u32) -> String {
    let employment =
        NewEmployment { employer: "样例厂".to_owned(), ..sample::employment(S::Unemployed, "2025-06-01") };
    let request = RegisterPersonRequest { employment: Some(employment), ..sample::person(n) };
    clerk.people().register_person(request).await.expect("registered").into_inner().person_id
}

async fn moves(from: &Client, to: &Client, person_id: &str, township: &str) {
    let transfer = offer(from, person_id, township).await.expect("offered");
    accept(to, &transfer.transfer_id).await.expect("accepted");
}

async fn recognised_home(city: &City, person_id: &str) -> Household {
    let head = NewHouseholdMember {
        person_id: person_id.to_owned(),
        relation: HouseholdRelation::Head.into(),
        ..Default::default()
    };
    let request = CreateHouseholdRequest {
        request_id: request_id(),
        kind: HouseholdKind::Urban.into(),
        members: vec![head],
        ..Default::default()
    };
    let home = city.clerk(DADONG).people().create_household(request).await.expect("entered").into_inner();
    let request = RecogniseHouseholdRequest {
        request_id: request_id(),
        household_id: home.household_id,
        evidence: "入户核实".to_owned(),
    };
    city.reviewer(DADONG).people().recognise_household(request).await.expect("recognised").into_inner()
}

async fn employers(client: &Client, person_id: &str) -> Vec<String> {
    let request = GetEmploymentHistoryRequest { person_id: person_id.to_owned(), ..Default::default() };
    let history = client.people().get_employment_history(request).await.expect("found").into_inner();
    history.records.into_iter().map(|record| record.employer).collect()
}

#[tokio::test]
async fn whoever_moves_leaves_their_household_and_takes_their_recognitions_along() {
    let city = City::new().await;
    let (here, there) = (city.clerk(DADONG), city.clerk(LIBAO));
    let id = somebody(&here, 1).await;
    let home = recognised_home(&city, &id).await;
    let request = ApplyForRecognitionRequest {
        request_id: request_id(),
        person_id: id.clone(),
        difficulty_type: DifficultyType::Disabled.into(),
        applied_by: AppliedBy::Self_.into(),
        applied_at: AppliedAt::Residence.into(),
        evidence: "残疾证".to_owned(),
        ..Default::default()
    };
    let applied = here.people().apply_for_recognition(request).await.expect("applied").into_inner();

    moves(&here, &there, &id, LIBAO).await;
    let request = GetHouseholdRequest { household_id: home.household_id, ..Default::default() };
    let left = here.people().get_household(request).await.expect("found").into_inner();
    assert_eq!((left.state(), left.members[0].until.is_some()), (HouseholdState::Cleared, true));
    let list = ListRecognitionsRequest { person_id: id.clone(), ..Default::default() };
    let ours = here.people().list_recognitions(list.clone()).await.expect("listed").into_inner().recognitions;
    assert!(ours.is_empty(), "listed where they live now");
    let read = GetRecognitionRequest { recognition_id: applied.recognition_id.clone(), ..Default::default() };
    assert!(here.people().get_recognition(read.clone()).await.is_ok(), "and read for thirty days");
    let theirs = there.people().list_recognitions(list).await.expect("listed").into_inner().recognitions;
    assert_eq!(theirs.len(), 1);
    assert_eq!(
        (theirs[0].recognition_id.as_str(), theirs[0].township.as_str()),
        (applied.recognition_id.as_str(), LIBAO)
    );
    let named = ListPeopleRequest { name: sample::name(1), ..Default::default() };
    let found = there.people().list_people(named.clone()).await.expect("listed").into_inner().people;
    assert_eq!(found.len(), 1, "found by name at once where they live now");
    assert!(here.people().list_people(named).await.expect("listed").into_inner().people.is_empty());
    city.turn_to("2026-02-05");
    assert_eq!(reason(&here.people().get_recognition(read).await.expect_err("no more")), "NOT_FOUND");
    city.close().await;
}

#[tokio::test]
async fn of_one_household_the_merged_entry_leaves_it_and_belongs_to_it_again_when_that_is_undone() {
    let city = City::new().await;
    let clerk = city.clerk(DADONG);
    let (kept, merged) = (somebody(&clerk, 1).await, somebody(&clerk, 2).await);
    let home = recognised_home(&city, &kept).await;
    let member = NewHouseholdMember {
        person_id: merged.clone(),
        relation: HouseholdRelation::Spouse.into(),
        ..Default::default()
    };
    let request = AddHouseholdMemberRequest {
        request_id: request_id(),
        household_id: home.household_id.clone(),
        member: Some(member),
    };
    clerk.people().add_household_member(request).await.expect("came");
    let present = async || {
        let request = GetHouseholdRequest { household_id: home.household_id.clone(), ..Default::default() };
        let home = clerk.people().get_household(request).await.expect("found").into_inner();
        home.members
            .into_iter()
            .filter(|member| member.until.is_none())
            .map(|member| member.person_id)
            .collect::<Vec<_>>()
    };
    let request = MergePeopleRequest {
        request_id: request_id(),
        kept_person_id: kept.clone(),
        merged_person_id: merged.clone(),
        reason: "同一人".to_owned(),
    };
    let merge = clerk.people().merge_people(request).await.expect("merged").into_inner();
    assert_eq!(present().await, std::slice::from_ref(&kept));
    let undo =
        UnmergePeopleRequest {
            request_id: request_id(), merge_id: merge.merge_id, reason: "并非同一人".to_owned()
        };
    clerk.people().unmerge_people(undo).await.expect("undone");
    assert_eq!(present().await, [kept, merged]);
    city.close().await;
}

#[tokio::test]
async fn a_roster_may_name_one_person_by_both_numbers() {
    let city = City::new().await;
    let clerk = city.clerk(DADONG);
    let (kept, merged) = (somebody(&clerk, 1).await, somebody(&clerk, 2).await);
    let request = MergePeopleRequest {
        request_id: request_id(),
        kept_person_id: kept.clone(),
        merged_person_id: merged,
        reason: "号码录错".to_owned(),
    };
    clerk.people().merge_people(request).await.expect("merged");
    let start = || RosterStart { request_id: request_id(), ..Default::default() };
    let second = RosterRow { name: sample::name(1), ..sample::row(2, 5) };
    let import = send(&clerk, start(), vec![sample::row(1, 4), second]).await.expect("imported");
    let met: Vec<_> = import.results.iter().map(|row| (row.person_id.as_str(), row.r#match())).collect();
    assert_eq!(met.len(), 2);
    assert!(met.iter().all(|(person, _)| *person == kept), "{met:?}");
    let other_name = send(&clerk, start(), vec![sample::row(1, 4), sample::row(2, 5)]).await.expect("imported");
    assert_eq!(other_name.results[1].r#match(), RegisterMatch::OtherName);
    city.close().await;
}

#[tokio::test]
async fn a_merged_number_moves_along_and_a_merge_is_not_undone_behind_a_move() {
    let city = City::new().await;
    let (here, there) = (city.clerk(DADONG), city.clerk(LIBAO));
    let (kept, merged) = (somebody(&here, 1).await, somebody(&here, 2).await);
    let request = MergePeopleRequest {
        request_id: request_id(),
        kept_person_id: kept.clone(),
        merged_person_id: merged.clone(),
        reason: "同一人".to_owned(),
    };
    let merge = here.people().merge_people(request).await.expect("merged").into_inner();
    assert_eq!(reason(&offer(&here, &merged, LIBAO).await.expect_err("no more")), "PERSON_MERGED");
    moves(&here, &there, &kept, LIBAO).await;
    for n in [1, 2] {
        let find = FindPersonRequest { id_number: sample::id_number(n) };
        assert_eq!(there.people().find_person(find).await.expect("found").into_inner().person_id, kept, "{n}");
        let again = here.people().register_person(sample::person(n)).await.expect_err("elsewhere");
        assert_eq!(reason(&again), "PERSON_REGISTERED_ELSEWHERE", "{n}");
    }
    let undo =
        UnmergePeopleRequest {
            request_id: request_id(), merge_id: merge.merge_id, reason: "并非同一人".to_owned()
        };
    let refused = here.people().unmerge_people(undo.clone()).await.expect_err("it moved");
    assert_eq!(reason(&refused), "PERSON_TRANSFERRED");
    // Back again, it can.
    moves(&there, &here, &kept, DADONG).await;
    let undo = UnmergePeopleRequest { request_id: request_id(), ..undo };
    here.people().unmerge_people(undo).await.expect("undone");
    assert_eq!((employers(&here, &kept).await.len(), employers(&here, &merged).await.len()), (1, 1));
    city.close().await;
}

#[tokio::test]
async fn what_is_left_behind_is_anonymised_after_thirty_days_and_whole_again_when_they_come_back() {
    let city = City::new().await;
    let (here, there) = (city.clerk(DADONG), city.clerk(LIBAO));
    let id = somebody(&here, 1).await;
    moves(&here, &there, &id, LIBAO).await;
    let run = || RunRetentionRequest { request_id: request_id(), township: DADONG.to_owned(), validate_only: false };
    let gone = async |day: &str| {
        city.turn_to(day);
        let counts = city.bureau().people().run_retention(run()).await.expect("run").into_inner().counts;
        counts.into_iter().find(|it| it.kind() == RetentionKind::TransferredPerson).expect("a line a rule").records
    };
    assert_eq!(gone("2026-02-04").await, 0, "the sender may read until today");
    assert!(get(&here, &id).await.is_ok());
    assert_eq!(gone("2026-02-05").await, 1);
    assert_eq!(gone("2026-02-06").await, 0, "once");
    let everything: Vec<String> = sqlx::query_scalar("SELECT e::text FROM employment e WHERE township = $1")
        .bind(DADONG)
        .fetch_all(&mut city.look("people").await)
        .await
        .expect("rows");
    assert!(!everything.is_empty() && everything.iter().all(|row| !row.contains("样例厂")), "{everything:?}");
    let reveal = RevealPersonRequest { person_id: id.clone(), reason: "上门走访".to_owned() };
    let whole = there.people().reveal_person(reveal.clone()).await.expect("shown").into_inner();
    assert_eq!((whole.name, whole.id_number), (sample::name(1), sample::id_number(1)));

    moves(&there, &here, &id, DADONG).await;
    let back = here.people().reveal_person(reveal).await.expect("shown").into_inner();
    assert_eq!((back.name, back.id_number), (sample::name(1), sample::id_number(1)));
    assert_eq!(employers(&here, &id).await, ["样例厂"]);
    city.close().await;
}
