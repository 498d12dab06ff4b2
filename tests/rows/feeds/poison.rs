//! An event that cannot be applied, until somebody has repaired what it needs.

use bangfu::client::request_id;
use bangfu_proto::people::v1::{EmploymentStatus, RecordEmploymentRequest};
use bangfu_testkit::{City, DADONG, LIBAO, sample};

use crate::{
    row::Run,
    steps::{unemployed, until},
};

/// Somebody's facts cannot be read when the registry tells of them again: their township stops there and takes nothing after
/// it, the others go on. Once the facts are repaired it goes on by itself, without anything being started anew.
pub async fn a_township_goes_on_by_itself_once_what_stopped_it_is_repaired(run: Run) {
    let city = City::new().await;
    run.fault("township stopped", 0);
    let people = unemployed(&city, DADONG, 0..3, "2026-01-02").await;
    let mut look = city.look("followup").await;
    for round in 0..run.of(1, 5) {
        let since = format!("2026-01-0{}", round + 3);
        city.turn_to(&format!("2026-01-{:02}", 10 + round));
        let facts: String = sqlx::query_scalar("SELECT facts::text FROM subject WHERE person_id = $1::uuid")
            .bind(&people[1])
            .fetch_one(&mut look)
            .await
            .expect("facts");
        let store = "UPDATE subject SET facts = $2::jsonb WHERE person_id = $1::uuid";
        sqlx::query(store).bind(&people[1]).bind(r#"{"spoiled": true}"#).execute(&mut look).await.expect("spoiled");
        let before = position(&city, DADONG).await;
        for person in &people {
            told_of(&city, person, &since).await;
        }
        until("what comes before is taken", async || position(&city, DADONG).await == before + 1).await;
        for n in 0..2 {
            let elsewhere = position(&city, LIBAO).await;
            let request = sample::person(500 + 2 * round + n);
            city.clerk(LIBAO).people().register_person(request).await.expect("registered");
            until("the other township goes on", async || position(&city, LIBAO).await > elsewhere).await;
        }
        assert_eq!(position(&city, DADONG).await, before + 1, "nothing is left out, so nothing after it is taken");
        run.fault("township stopped", 1);
        sqlx::query(store).bind(&people[1]).bind(&facts).execute(&mut look).await.expect("repaired");
        until("it goes on", async || position(&city, DADONG).await == before + 3).await;
    }
    city.close().await;
}

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
