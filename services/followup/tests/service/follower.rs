//! Following the registry: what happens when it tells something that cannot be.

use bangfu::client::request_id;
use bangfu_proto::people::v1::{
    EmploymentRecorded, EmploymentStatus, PersonEvent, RecordEmploymentRequest, person_event::Change,
};
use bangfu_testkit::{City, DADONG, LIBAO, sample};
use prost::Message as _;

use crate::steps::{EACH, duties, sweep, unemployed, until};

/// Somebody of DADONG has found flexible work, says the registry.
async fn told_of(city: &City, person_id: &str, since: &str) {
    let request = RecordEmploymentRequest {
        request_id: request_id(),
        person_id: person_id.to_owned(),
        employment: Some(sample::employment(EmploymentStatus::Flexible, since)),
        ..Default::default()
    };
    city.clerk(DADONG).people().record_employment(request).await.expect("recorded");
}

async fn position(city: &City, township: &str) -> i64 {
    sqlx::query_scalar("SELECT seq FROM township WHERE township = $1")
        .bind(township)
        .fetch_one(&mut city.look("followup").await)
        .await
        .expect("a position")
}

async fn registered_in_libao(city: &City) {
    registered_in_libao_as(city, 500).await;
}

async fn registered_in_libao_as(city: &City, n: u32) {
    let before = position(city, LIBAO).await;
    city.clerk(LIBAO).people().register_person(sample::person(n)).await.expect("registered");
    until("the other township goes on", async || position(city, LIBAO).await > before).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_that_cannot_be_applied_stops_its_township_and_no_other() {
    let city = City::new().await;
    unemployed(&city, 0..1, "2026-01-05").await;
    let before = position(&city, DADONG).await;

    let nobody = PersonEvent {
        person_id: request_id(),
        change: Some(Change::EmploymentRecorded(EmploymentRecorded { employment: None })),
        ..Default::default()
    };
    let mut look = city.look("people").await;
    let told = "WITH head AS (UPDATE feed_head SET seq = seq + 1 WHERE township = $1 RETURNING seq)
                INSERT INTO event (township, seq, kind, payload, occurred_at) SELECT $1, seq, 2, $2, now() FROM head";
    sqlx::query(told).bind(DADONG).bind(nobody.encode_to_vec()).execute(&mut look).await.expect("told");
    city.clerk(DADONG).people().register_person(sample::person(1)).await.expect("registered");

    registered_in_libao(&city).await;
    assert_eq!(position(&city, DADONG).await, before, "nothing is left out, so nothing after it is taken");
    sweep(&city).await;
    assert_eq!(duties(&city).await.len(), EACH, "what was known goes on");
    city.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_registry_that_was_restored_stops_the_township_concerned_until_somebody_has_looked() {
    let city = City::new().await;
    unemployed(&city, 0..1, "2026-01-05").await;
    let before = position(&city, DADONG).await;
    let mut look = city.look("people").await;
    sqlx::query("UPDATE feed_head SET epoch = gen_random_uuid() WHERE township = $1")
        .bind(DADONG)
        .execute(&mut look)
        .await
        .expect("restored");
    city.clerk(DADONG).people().register_person(sample::person(1)).await.expect("registered");
    registered_in_libao(&city).await;
    assert_eq!(position(&city, DADONG).await, before);
    city.close().await;
}

/// Somebody's facts cannot be read when the registry tells of them again: their township stops, the others go on. Once the
/// facts are repaired it goes on by itself, without anything being started anew.
#[tokio::test(flavor = "multi_thread")]
async fn a_township_goes_on_by_itself_once_what_stopped_it_is_repaired() {
    let city = City::new().await;
    let people = unemployed(&city, 0..3, "2026-01-02").await;
    let mut look = city.look("followup").await;
    let facts: String = sqlx::query_scalar("SELECT facts::text FROM subject WHERE person_id = $1::uuid")
        .bind(&people[1])
        .fetch_one(&mut look)
        .await
        .expect("facts");
    let store = "UPDATE subject SET facts = $2::jsonb WHERE person_id = $1::uuid";
    sqlx::query(store).bind(&people[1]).bind(r#"{"spoiled": true}"#).execute(&mut look).await.expect("spoiled");
    let before = position(&city, DADONG).await;
    told_of(&city, &people[0], "2026-01-03").await;
    until("what comes before is taken", async || position(&city, DADONG).await == before + 1).await;
    told_of(&city, &people[1], "2026-01-03").await;
    told_of(&city, &people[2], "2026-01-03").await;
    registered_in_libao(&city).await;
    registered_in_libao_as(&city, 501).await;
    assert_eq!(position(&city, DADONG).await, before + 1, "nothing is left out, so nothing after it is taken");

    sqlx::query(store).bind(&people[1]).bind(&facts).execute(&mut look).await.expect("repaired");
    until("it goes on", async || position(&city, DADONG).await == before + 3).await;
    registered_in_libao_as(&city, 502).await;
    city.close().await;
}
