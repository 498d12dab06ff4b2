//! Households: who lives together, whether anybody works, recognition and clearing.

use bangfu::client::{Client, date, people::send, request_id};
use bangfu_proto::{
    common::v1::CalendarDate,
    people::v1::{
        AddHouseholdMemberRequest, CreateHouseholdRequest, EmploymentStatus as S, GetHouseholdRequest, Household,
        HouseholdKind, HouseholdOther, HouseholdRelation as R, HouseholdState, ListHouseholdsRequest,
        NewHouseholdMember, RecogniseHouseholdRequest, RecordEmploymentRequest, RemoveHouseholdMemberRequest,
        RosterStart, UpdateHouseholdRequest,
    },
};
use bangfu_testkit::{City, DADONG, LIBAO, reason, sample};
use tonic::Status;

fn on(day: &str) -> Option<CalendarDate> {
    date(day.parse().expect("a date"))
}

fn member(person_id: &str, relation: R) -> NewHouseholdMember {
    NewHouseholdMember { person_id: person_id.to_owned(), relation: relation.into(), from: None }
}

fn home(members: Vec<NewHouseholdMember>) -> CreateHouseholdRequest {
    CreateHouseholdRequest { request_id: request_id(), kind: HouseholdKind::Urban.into(), members, others: Vec::new() }
}

async fn creates(client: &Client, request: CreateHouseholdRequest) -> Result<Household, Status> {
    client.people().create_household(request).await.map(tonic::Response::into_inner)
}

async fn recognises(client: &Client, of: &Household) -> Result<Household, Status> {
    let request = RecogniseHouseholdRequest {
        request_id: request_id(),
        household_id: of.household_id.clone(),
        evidence: "入户核实".to_owned(),
    };
    client.people().recognise_household(request).await.map(tonic::Response::into_inner)
}

async fn adds(client: &Client, of: &Household, new: NewHouseholdMember) -> Result<Household, Status> {
    let request = AddHouseholdMemberRequest {
        request_id: request_id(),
        household_id: of.household_id.clone(),
        member: Some(new),
    };
    client.people().add_household_member(request).await.map(tonic::Response::into_inner)
}

async fn removes(client: &Client, of: &Household, person_id: &str, day: &str) -> Result<Household, Status> {
    let request = RemoveHouseholdMemberRequest {
        request_id: request_id(),
        household_id: of.household_id.clone(),
        person_id: person_id.to_owned(),
        until: on(day),
    };
    client.people().remove_household_member(request).await.map(tonic::Response::into_inner)
}

async fn updates(client: &Client, of: &Household, works: bool, etag: &str) -> Result<Household, Status> {
    let request = UpdateHouseholdRequest {
        request_id: request_id(),
        household_id: of.household_id.clone(),
        etag: etag.to_owned(),
        others: vec![HouseholdOther { relation: R::Spouse.into(), birth_year: 1990, works }],
    };
    client.people().update_household(request).await.map(tonic::Response::into_inner)
}

async fn read(client: &Client, of: &Household) -> Household {
    let request = GetHouseholdRequest { household_id: of.household_id.clone(), township: String::new() };
    client.people().get_household(request).await.expect("found").into_inner()
}

async fn somebody(clerk: &Client, n: u32, status: S) -> String {
    let request = sample::person_who_is(n, status, "2025-12-01");
    clerk.people().register_person(request).await.expect("registered").into_inner().person_id
}

async fn becomes(client: &Client, person_id: &str, status: S, since: &str) {
    let request = RecordEmploymentRequest {
        request_id: request_id(),
        person_id: person_id.to_owned(),
        employment: Some(sample::employment(status, since)),
        ..Default::default()
    };
    client.people().record_employment(request).await.expect("recorded");
}

#[tokio::test]
async fn a_household_without_work_is_recognised_cleared_when_one_works_and_recognised_again() {
    let city = City::new().await;
    let (clerk, reviewer) = (city.clerk(DADONG), city.reviewer(DADONG));
    let (head, spouse) = (somebody(&clerk, 1, S::Unemployed).await, somebody(&clerk, 2, S::NoIntention).await);
    let request = home(vec![member(&spouse, R::Spouse), member(&head, R::Head)]);
    let entered = creates(&clerk, request.clone()).await.expect("entered");
    assert_eq!(creates(&clerk, request).await.expect("repeated"), entered);
    assert_eq!((entered.state(), entered.without_work), (HouseholdState::Entered, true));
    assert_eq!(entered.members[0].person_id, head, "the head first");

    let recognised = recognises(&reviewer, &entered).await.expect("recognised");
    assert_eq!((recognised.state(), recognised.spells.len()), (HouseholdState::Recognised, 1));
    assert_eq!(recognised, read(&clerk, &entered).await);
    assert_eq!(reason(&recognises(&reviewer, &entered).await.expect_err("twice")), "ILLEGAL_TRANSITION");

    city.turn_to("2026-02-10");
    becomes(&clerk, &spouse, S::Flexible, "2026-02-03").await;
    let cleared = read(&clerk, &entered).await;
    assert_eq!((cleared.state(), cleared.without_work), (HouseholdState::Cleared, false));
    let spell = &cleared.spells[0];
    assert_eq!((spell.cleared_on, spell.cleared_known_on), (on("2026-02-03"), on("2026-02-10")));
    assert_eq!(spell.cleared_by_person_id, spouse);

    // A roster tells the end of it: the same path, the same consequence.
    city.turn_to("2026-03-02");
    let start = RosterStart { request_id: request_id(), ..Default::default() };
    let row = bangfu_proto::people::v1::RosterRow {
        status: "失业".to_owned(),
        status_since: "2026-03-01".to_owned(),
        ..sample::row(2, 4)
    };
    send(&clerk, start, vec![row]).await.expect("imported");
    let again = read(&clerk, &entered).await;
    assert_eq!((again.state(), again.spells.len()), (HouseholdState::Recognised, 2));
    assert_eq!((again.spells[1].recognised_on, again.spells[1].by.as_str()), (on("2026-03-01"), ""));
    city.close().await;
}

#[tokio::test]
async fn nobody_belongs_to_two_households_and_members_come_and_go() {
    let city = City::new().await;
    let (clerk, reviewer) = (city.clerk(DADONG), city.reviewer(DADONG));
    let (one, two) = (somebody(&clerk, 1, S::Unemployed).await, somebody(&clerk, 2, S::UnitEmployed).await);
    let first = creates(&clerk, home(vec![member(&one, R::Head)])).await.expect("entered");
    let taken = creates(&clerk, home(vec![member(&two, R::Head), member(&one, R::Spouse)])).await.expect_err("two");
    assert_eq!(reason(&taken), "PERSON_IN_HOUSEHOLD");
    let second = creates(&clerk, home(vec![member(&two, R::Head)])).await.expect("nothing of the refused one stayed");
    assert_eq!(reason(&adds(&clerk, &second, member(&one, R::Spouse)).await.expect_err("two")), "PERSON_IN_HOUSEHOLD");
    assert_eq!(
        reason(&adds(&clerk, &second, member(&two, R::Spouse)).await.expect_err("twice")),
        "PERSON_IN_HOUSEHOLD"
    );

    recognises(&reviewer, &first).await.expect("recognised");
    city.turn_to("2026-02-01");
    assert_eq!(reason(&removes(&clerk, &first, &two, "2026-02-01").await.expect_err("not there")), "NOT_FOUND");
    assert_eq!(reason(&removes(&clerk, &first, &one, "2026-01-04").await.expect_err("before")), "FIELD_INVALID");
    let left = removes(&clerk, &first, &one, "2026-02-01").await.expect("left");
    assert_eq!((left.state(), left.members[0].until), (HouseholdState::Cleared, on("2026-02-01")));
    assert_eq!(reason(&adds(&clerk, &second, member(&one, R::Head)).await.expect_err("two heads")), "FIELD_INVALID");
    let joined = adds(&clerk, &second, member(&one, R::Spouse)).await.expect("joined");
    assert_eq!((joined.members.len(), joined.without_work), (2, false));
    let missing = recognises(&reviewer, &second).await.expect_err("one works");
    assert_eq!(reason(&missing), "FACTS_MISSING");

    let list = |suspected| ListHouseholdsRequest { suspected, ..Default::default() };
    assert_eq!(clerk.people().list_households(list(false)).await.expect("a page").into_inner().households.len(), 2);
    assert!(clerk.people().list_households(list(true)).await.expect("a page").into_inner().households.is_empty());
    becomes(&clerk, &two, S::Unemployed, "2026-02-01").await;
    let suspected = clerk.people().list_households(list(true)).await.expect("a page").into_inner().households;
    assert_eq!(suspected.iter().map(|home| home.household_id.as_str()).collect::<Vec<_>>(), [second.household_id]);
    city.close().await;
}

#[tokio::test]
async fn those_outside_the_register_count_and_a_stale_etag_changes_nothing() {
    let city = City::new().await;
    let (clerk, reviewer) = (city.clerk(DADONG), city.reviewer(DADONG));
    let one = somebody(&clerk, 1, S::Unemployed).await;
    let entered = creates(&clerk, home(vec![member(&one, R::Head)])).await.expect("entered");
    let working = updates(&clerk, &entered, true, &entered.etag).await.expect("updated");
    assert!(!working.without_work);
    assert_eq!(reason(&recognises(&reviewer, &entered).await.expect_err("one works")), "FACTS_MISSING");
    assert_eq!(reason(&updates(&clerk, &entered, false, &entered.etag).await.expect_err("stale")), "ETAG_STALE");
    assert_eq!(read(&clerk, &entered).await, working);
    updates(&clerk, &entered, false, &working.etag).await.expect("updated");
    let recognised = recognises(&reviewer, &entered).await.expect("recognised");
    let cleared = updates(&clerk, &entered, true, &recognised.etag).await.expect("updated");
    assert_eq!((cleared.state(), cleared.spells[0].cleared_by_person_id.as_str()), (HouseholdState::Cleared, ""));

    let own = city.caller("clerk-1", &[bangfu_kernel::Role::Reviewer], Some(DADONG), &[]);
    let other = creates(&clerk, home(vec![member(&somebody(&clerk, 2, S::Unemployed).await, R::Head)])).await;
    let other = other.expect("entered");
    assert_eq!(reason(&recognises(&own, &other).await.expect_err("their own")), "OWN_ENTRY");
    assert_eq!(reason(&recognises(&city.reviewer(LIBAO), &other).await.expect_err("elsewhere")), "NOT_FOUND");
    let coordinator = city.coordinator(DADONG, &["别的村"]);
    assert_eq!(reason(&updates(&coordinator, &other, true, &other.etag).await.expect_err("no")), "VILLAGE_NOT_YOURS");
    city.close().await;
}
