//! Changes of townships' data keys: while everybody works, through stops, with two replicas, and of the master key.

mod load;

use std::{collections::BTreeSet, sync::Arc, time::Duration};

use bangfu::{
    client::{Client, people::everybody, request_id},
    suite::Suite,
};
use bangfu_kernel::Role;
use bangfu_people::vault::{Column, LEASE};
use bangfu_proto::people::v1::{
    GetKeyRotationRequest, GetPersonRequest, KeyRotation, KeyRotationState as State, ListPeopleRequest,
    ListSurveysRequest, OfferTransferRequest, RecordSurveyRequest, RegisterPersonRequest, RevealPersonRequest,
    RotateKeyRequest,
};
use bangfu_testkit::{City, DADONG, LIBAO, reason, sample};
use sqlx::{AssertSqlSafe, Connection as _};
use tonic::{Code, Status, transport::Channel};

use self::load::{PEOPLE, everybody_works, import, reveal, row};
use crate::{data_match, walls::get};

async fn rotate(client: &Client, township: &str) -> Result<KeyRotation, Status> {
    let request = RotateKeyRequest { request_id: request_id(), township: township.to_owned() };
    client.people().rotate_key(request).await.map(tonic::Response::into_inner)
}

async fn rotation(client: &Client, township: &str) -> KeyRotation {
    let request = GetKeyRotationRequest { township: township.to_owned() };
    client.people().get_key_rotation(request).await.expect("a state").into_inner()
}

async fn done(client: &Client, township: &str) -> KeyRotation {
    for _ in 0..1_200 {
        let rotation = rotation(client, township).await;
        if rotation.state() == State::Done {
            return rotation;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("the change of keys does not come to its end: {:?}", rotation(client, township).await);
}

/// The numbers of the keys under which values of a column stand.
async fn under(city: &City, column: Column, township: &str) -> BTreeSet<i32> {
    let (table, name) = column.place();
    let sql = format!(
        "SELECT DISTINCT get_byte({name}, 2) * 256 + get_byte({name}, 3) FROM {table} WHERE township = $1 AND {name} IS NOT NULL"
    );
    let numbers: Vec<i32> = sqlx::query_scalar(AssertSqlSafe(sql))
        .bind(township)
        .fetch_all(&mut city.look("people").await)
        .await
        .expect("numbers");
    numbers.into_iter().collect()
}

fn at(suite: &Suite, city: &City, role: Role) -> Client {
    let channel = Channel::from_shared(suite.endpoint()).expect("an address").connect_lazy();
    Client::on(channel, &city.token("clerk-2", &[role], Some(DADONG))).expect("a client")
}

#[tokio::test(flavor = "multi_thread")]
async fn the_key_of_two_thousand_people_changes_on_two_replicas_while_everybody_works_and_no_call_fails() {
    let city = City::new().await;
    let (clerk, bureau) = (city.clerk(DADONG), city.bureau());
    import(&clerk, (0..PEOPLE).map(|n| row(n, "上门")).collect()).await.expect("imported");
    city.clerk(LIBAO).people().register_person(sample::person(5_000)).await.expect("registered");
    let people = everybody(&clerk, ListPeopleRequest::default()).await.expect("people");
    let ids: Arc<Vec<String>> = Arc::new(people.iter().map(|person| person.person_id.clone()).collect());
    assert_eq!(ids.len(), PEOPLE as usize);
    let survey = RecordSurveyRequest {
        request_id: request_id(),
        person_id: ids[0].clone(),
        asked_on: bangfu::client::date("2026-01-05".parse().expect("a date")),
        asked_by: "协理员甲".to_owned(),
        note: "想学电工".to_owned(),
        ..Default::default()
    };
    clerk.people().record_survey(survey).await.expect("surveyed");
    let offer = OfferTransferRequest {
        request_id: request_id(),
        person_id: ids[1].clone(),
        to_township: LIBAO.to_owned(),
        reason: "户籍迁移".to_owned(),
        ..Default::default()
    };
    clerk.people().offer_transfer(offer).await.expect("offered");
    data_match::begins(&clerk, data_match::start(), vec![data_match::listed(6_000, 2)]).await;
    let whole = reveal(&clerk, &ids[7]).await.expect("shown");
    let mut plan = city.plan().await;
    plan.followup = None;
    let replica = Suite::start(plan).await.expect("another replica");
    let there = at(&replica, &city, Role::Clerk);

    let (callers, written) = everybody_works(&clerk, &there, &ids);
    tokio::time::sleep(Duration::from_millis(500)).await;
    let begun = rotate(&bureau, DADONG).await.expect("begun");
    assert_eq!((begun.key_number, begun.state()), (2, State::Announced));
    assert!(begun.remaining >= i64::from(PEOPLE));
    let again = rotate(&bureau, DADONG).await.expect("under way");
    assert_eq!(again.key_number, 2, "a change under way is not overtaken by another");
    let done = done(&bureau, DADONG).await;
    tokio::time::sleep(Duration::from_millis(500)).await;
    let answered = callers.end().await;
    assert!(answered > 50, "they did work: {answered}");

    assert_eq!((done.key_number, done.remaining), (2, 0));
    assert!(done.resealed >= i64::from(PEOPLE), "{done:?}");
    for column in Column::ALL {
        assert_eq!(under(&city, column, DADONG).await, [2].into(), "{column:?}");
    }
    assert_eq!(under(&city, Column::Name, LIBAO).await, [1].into(), "another township's stay as they are");
    let written = written.lock().expect("whole").clone();
    assert!(written.len() >= 5, "addresses were written: {}", written.len());
    for (person_id, address) in written {
        let request = RevealPersonRequest { person_id, reason: "电话核实".to_owned() };
        let shown = clerk.people().reveal_person(request).await.expect("shown").into_inner();
        assert_eq!(shown.address, address, "what was written meanwhile is not overwritten");
    }
    assert_eq!(reveal(&clerk, &ids[7]).await.expect("shown"), whole);
    assert_eq!(reveal(&there, &ids[7]).await.expect("shown"), whole);
    let surveys = ListSurveysRequest { person_id: ids[0].clone(), ..Default::default() };
    let surveys = there.people().list_surveys(surveys).await.expect("surveys").into_inner().surveys;
    assert_eq!(surveys[0].note, "想学电工");
    replica.stop().await.expect("stopped");
    city.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_of_keys_that_was_stopped_goes_on_and_is_told_once_for_a_request_id() {
    let mut city = City::new().await;
    let bureau = city.bureau();
    let person = city.clerk(DADONG).people().register_person(sample::person(1)).await.expect("registered").into_inner();
    let never = rotation(&bureau, DADONG).await;
    assert_eq!((never.key_number, never.state(), never.remaining), (1, State::Never, 0));

    let request = RotateKeyRequest { request_id: request_id(), township: DADONG.to_owned() };
    let begun = bureau.people().rotate_key(request.clone()).await.expect("begun").into_inner();
    city.stop().await;
    let plan = city.plan().await;
    city.start(plan).await;
    let bureau = city.bureau();
    let finished = done(&bureau, DADONG).await;
    assert_eq!((finished.key_number, finished.resealed), (2, 1));
    assert!(finished.finished_at.is_some());
    let repeated = bureau.people().rotate_key(request).await.expect("repeated").into_inner();
    assert_eq!(repeated, begun);
    assert_eq!(rotation(&bureau, DADONG).await.key_number, 2, "it began no other");

    let later = rotate(&bureau, DADONG).await.expect("begun");
    assert_eq!(later.key_number, 3);
    // A process may use for a lease what it read before; and it takes a while to answer.
    tokio::time::sleep(LEASE + LEASE / 2).await;
    assert_eq!(rotation(&bureau, DADONG).await.state(), State::Announced, "every process has time to learn it");
    city.clerk(DADONG).people().register_person(sample::person(2)).await.expect("registered");
    assert_eq!(under(&city, Column::Name, DADONG).await, [2].into(), "nothing is sealed under it until then");
    let finished = done(&bureau, DADONG).await;
    assert_eq!((finished.key_number, finished.remaining), (3, 0));
    assert_eq!(reveal(&city.clerk(DADONG), &person.person_id).await.expect("shown").0, sample::name(1));
    let told: Vec<String> = sqlx::query_scalar("SELECT reason FROM audit WHERE action = 'ROTATE_KEY' ORDER BY seq")
        .fetch_all(&mut city.look("people").await)
        .await
        .expect("entries");
    assert_eq!(
        told,
        ["key 2: announced", "key 2: 1 rows sealed anew", "key 3: announced", "key 3: 2 rows sealed anew"]
    );
    city.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn somebody_who_is_being_changed_is_passed_over_and_the_change_stays() {
    let city = City::new().await;
    let clerk = city.clerk(DADONG);
    let mut ids = Vec::new();
    for n in 0..3 {
        let request = RegisterPersonRequest { address: "示范路1号".to_owned(), ..sample::person(n) };
        ids.push(clerk.people().register_person(request).await.expect("registered").into_inner().person_id);
    }
    let mut look = city.look("people").await;
    let mut held = look.begin().await.expect("a transaction");
    sqlx::query("UPDATE person SET address = NULL WHERE person_id = $1::uuid")
        .bind(&ids[1])
        .execute(&mut *held)
        .await
        .expect("held");

    let bureau = city.bureau();
    rotate(&bureau, DADONG).await.expect("begun");
    let mut last = rotation(&bureau, DADONG).await;
    for _ in 0..200 {
        if last.resealed == 2 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
        last = rotation(&bureau, DADONG).await;
    }
    assert_eq!(
        (last.resealed, last.remaining, last.state()),
        (2, 1, State::Resealing),
        "nobody waits for the one held"
    );
    held.commit().await.expect("changed");
    assert_eq!(done(&bureau, DADONG).await.resealed, 3);
    let reveal = RevealPersonRequest { person_id: ids[1].clone(), reason: "电话核实".to_owned() };
    let shown = clerk.people().reveal_person(reveal).await.expect("shown").into_inner();
    assert_eq!(shown.address, "", "what was changed meanwhile stays changed");
    city.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_townships_key_is_not_changed_where_there_is_none_nor_by_a_township() {
    let city = City::new().await;
    let unknown = rotate(&city.bureau(), "320685999").await.expect_err("not in the directory");
    assert_eq!(unknown.code(), Code::NotFound);
    let elsewhere = rotate(&city.bureau(), "320612101").await.expect_err("another city's");
    assert_eq!(elsewhere.code(), Code::NotFound);
    assert_eq!(reason(&rotate(&city.clerk(DADONG), DADONG).await.expect_err("not a clerk's")), "ROLE_MISSING");
    assert_eq!(rotation(&city.bureau(), DADONG).await.state(), State::Never, "nothing changed");
    city.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_master_key_changes_by_accepting_both_for_a_while() {
    let mut city = City::new().await;
    let person = city.clerk(DADONG).people().register_person(sample::person(1)).await.expect("registered").into_inner();
    city.stop().await;

    let mut both = city.plan().await;
    let people = both.people.as_mut().expect("the registry");
    people.other_master_keys = vec![people.master_key.clone()];
    people.master_key = vec![9; 32].into();
    city.start(both).await;
    assert!(get(&city.clerk(DADONG), &person.person_id).await.is_ok(), "the older one unwraps still");
    rotate(&city.bureau(), DADONG).await.expect("begun");
    done(&city.bureau(), DADONG).await;
    city.stop().await;

    let mut new = city.plan().await;
    new.people.as_mut().expect("the registry").master_key = vec![9; 32].into();
    city.start(new).await;
    assert_eq!(reveal(&city.clerk(DADONG), &person.person_id).await.expect("shown").0, sample::name(1));
    let request = GetPersonRequest { person_id: person.person_id, ..Default::default() };
    city.clerk(DADONG).people().get_person(request).await.expect("the new one alone");
    city.close().await;
}

/// What is binary and not sealed personal data.
const NOT_SEALED: [(&str, &str); 11] = [
    ("_sqlx_migrations", "checksum"),
    ("ground_migration", "checksum"),
    ("audit", "hash"),
    ("data_match", "content"),
    ("audit", "previous"),
    ("event", "payload"),
    ("identity", "id_index"),
    ("request", "fingerprint"),
    ("request", "response"),
    ("township_key", "wrapped"),
    ("transfer", "id_index"),
];

#[tokio::test]
async fn every_sealed_column_of_the_database_is_one_that_is_sealed_anew() {
    let city = City::new().await;
    let columns: Vec<(String, String)> = sqlx::query_as(
        "SELECT table_name::text, column_name::text FROM information_schema.columns
          WHERE table_schema = 'public' AND data_type = 'bytea' ORDER BY 1, 2",
    )
    .fetch_all(&mut city.look("people").await)
    .await
    .expect("columns");
    let columns: BTreeSet<_> = columns.iter().map(|(table, column)| (table.as_str(), column.as_str())).collect();
    let sealed = Column::ALL.map(Column::place);
    assert_eq!(
        columns,
        sealed.into_iter().chain(NOT_SEALED).collect(),
        "Column::ALL and store/reseal.rs know them all"
    );
    city.close().await;
}
