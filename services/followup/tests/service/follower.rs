//! Following the registry: what happens when it tells something that cannot be.

use bangfu_proto::people::v1::{EmploymentRecorded, PersonEvent, person_event::Change};
use bangfu_testkit::{City, DADONG, LIBAO, sample};
use prost::Message as _;

use crate::steps::{EACH, duties, sweep, unemployed, until};

async fn position(city: &City, township: &str) -> i64 {
    sqlx::query_scalar("SELECT seq FROM township WHERE township = $1")
        .bind(township)
        .fetch_one(&mut city.look("followup").await)
        .await
        .expect("a position")
}

async fn registered_in_libao(city: &City) {
    let before = position(city, LIBAO).await;
    city.clerk(LIBAO).people().register_person(sample::person(500)).await.expect("registered");
    until("the other township goes on", async || position(city, LIBAO).await > before).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_that_cannot_be_applied_stops_its_township_and_no_other() {
    let city = City::new().await;
    unemployed(&city, 0..1, "2026-01-05").await;
    let before = position(&city, DADONG).await;

    let nobody = PersonEvent {
        person_id: bangfu::client::request_id(),
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
