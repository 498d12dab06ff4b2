//! What the database itself does not allow.

use bangfu_testkit::{City, DADONG, databases};
use sqlx::{Connection as _, PgConnection};

use crate::steps::{contact, record, sweep, unemployed};

async fn as_the_service(city: &City) -> PgConnection {
    use secrecy::ExposeSecret as _;
    let settings = databases::settings("followup", city.database("followup")).await;
    let mut connection = PgConnection::connect(settings.service_url.expose_secret()).await.expect("the service's role");
    sqlx::query("SELECT set_config('bangfu.township', $1, false)")
        .bind(DADONG)
        .execute(&mut connection)
        .await
        .expect("its township");
    connection
}

#[tokio::test(flavor = "multi_thread")]
async fn a_contact_cannot_be_edited_or_deleted_only_voided() {
    let city = City::new().await;
    let people = unemployed(&city, 0..1, "2026-01-05").await;
    record(&city.clerk(DADONG), contact(&city, &people[0])).await;
    let mut service = as_the_service(&city).await;
    for statement in [
        "UPDATE contact SET note = 'other' WHERE township = '320685102'",
        "UPDATE contact SET held_on = held_on - 1 WHERE township = '320685102'",
        "DELETE FROM contact WHERE township = '320685102'",
        "DELETE FROM duty WHERE township = '320685102'",
        "DELETE FROM subject WHERE township = '320685102'",
    ] {
        let refused = sqlx::query(statement).execute(&mut service).await.expect_err(statement);
        assert!(refused.to_string().contains("permission denied"), "{statement}: {refused}");
    }
    city.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_duty_is_raised_once_per_period_and_the_constraint_is_what_says_so() {
    let city = City::new().await;
    unemployed(&city, 0..1, "2026-01-05").await;
    sweep(&city).await;
    let mut service = as_the_service(&city).await;
    let again = "INSERT INTO duty
                 SELECT township, person_id, rule, period_start, slot, gen_random_uuid(), service, opens_on, due_on,
                        window_start, target_on, missed_from, state, state_on, settled_by, release_reason,
                        standard_version
                   FROM duty WHERE township = '320685102'";
    let refused = sqlx::query(again).execute(&mut service).await.expect_err("twice");
    let constraint = refused.as_database_error().and_then(|it| it.constraint());
    assert_eq!(constraint, Some("duty_is_raised_once_per_period"));
    let kept = format!("{again} ON CONFLICT ON CONSTRAINT duty_is_raised_once_per_period DO NOTHING");
    let kept = sqlx::query(sqlx::AssertSqlSafe(kept)).execute(&mut service).await.expect("nothing");
    assert_eq!(kept.rows_affected(), 0);
    city.close().await;
}
