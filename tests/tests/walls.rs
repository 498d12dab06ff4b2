//! The tenant wall: it stands, and a service refuses to serve when any stone of it is taken away.

use bangfu_kernel::{Clock, Error};
use bangfu_platform::{
    auth::Permit,
    db::{
        Db, Unsafe,
        migrate::{self, Names},
    },
};
use bangfu_testkit::{DADONG, LIBAO, databases};
use futures::future::join_all;
use sqlx::AssertSqlSafe;

#[expect(clippy::disallowed_methods, reason = "a test is no caller: it stands where the auth layer would")]
fn permit(township: &str) -> Permit {
    Permit::of_job("test", "320685", Some(township.parse().expect("a code")))
}

async fn open(service: &str, database: &str) -> Result<Db, Unsafe> {
    let clock = Clock::at("2026-01-05".parse().expect("a date"));
    Db::open(&databases::settings(service, database).await, clock).await
}

/// PostgreSQL refuses to alter a role that somebody else is altering.
#[tokio::test(flavor = "multi_thread")]
async fn those_who_make_roles_at_once_wait_for_each_other() {
    let names = Names::of("people");
    let makers = (0..8).map(async |_| {
        let mut superuser = databases::superuser("postgres").await;
        for _ in 0..10 {
            migrate::provision(&mut superuser, &names, &"test".into()).await.expect("roles");
        }
    });
    join_all(makers).await;
}

/// One stone after the other: SQL that takes it away, and what the service says then.
const STONES: [(&str, &str, &str); 11] = [
    ("people", "DROP POLICY wall ON person", "person has no wall"),
    ("people", "ALTER TABLE person DISABLE ROW LEVEL SECURITY", "person has no row security"),
    ("people", "ALTER TABLE person NO FORCE ROW LEVEL SECURITY", "person does not force row security"),
    (
        "people",
        "DROP POLICY wall ON person; CREATE POLICY wall ON person AS RESTRICTIVE USING (true) WITH CHECK (true)",
        "person has no wall",
    ),
    (
        "people",
        "DROP POLICY wall ON person; CREATE POLICY wall ON person USING (township = (SELECT wall.township())) WITH CHECK (township = (SELECT wall.township()))",
        "person has no wall",
    ),
    ("followup", "DROP POLICY wall ON duty", "duty has no wall"),
    (
        "followup",
        "CREATE TABLE note (township text); GRANT SELECT ON note TO bangfu_followup_service",
        "note has no row security",
    ),
    (
        "followup",
        "CREATE VIEW every_duty AS SELECT * FROM duty; GRANT SELECT ON every_duty TO bangfu_followup_service",
        "every_duty has no row security",
    ),
    ("followup", "GRANT TRUNCATE ON duty TO bangfu_followup_service", "may truncate duty"),
    ("followup", "GRANT INSERT ON duty TO bangfu_followup_city", "may write duty"),
    (
        "followup",
        "CREATE FUNCTION leak() RETURNS int LANGUAGE sql SECURITY DEFINER RETURN 1",
        "SECURITY DEFINER function leak()",
    ),
];

#[tokio::test]
async fn a_service_refuses_to_serve_beside_a_hole() {
    for (service, hole, said) in STONES {
        let database = databases::clone(service).await;
        open(service, &database).await.expect("the wall stands").close().await;

        let mut superuser = databases::superuser(&database).await;
        sqlx::raw_sql(AssertSqlSafe(hole)).execute(&mut superuser).await.expect(hole);
        drop(superuser);
        let refused = open(service, &database).await.expect_err(hole);
        assert!(refused.to_string().contains(said), "{hole}: {refused}");
        databases::drop(&database).await;
    }
}

async fn heads_seen(db: &Db, township: &str) -> Result<Vec<String>, Error> {
    let mut tx = db.township(&permit(township)).await?;
    // No predicate on purpose: row security alone has to hold.
    sqlx::query_scalar("SELECT township FROM feed_head ORDER BY township")
        .fetch_all(&mut tx)
        .await
        .map_err(bangfu_platform::db::fault)
}

#[tokio::test]
async fn row_security_alone_keeps_townships_apart_and_taking_it_down_opens_them() {
    let database = databases::clone("people").await;
    let db = open("people", &database).await.expect("the wall stands");
    for township in [DADONG, LIBAO] {
        let mut tx = db.township(&permit(township)).await.expect("a unit");
        bangfu_platform::feed::open(&mut tx, uuid::Uuid::from_u128(1)).await.expect("a feed");
        tx.commit().await.expect("committed");
    }
    assert_eq!(heads_seen(&db, DADONG).await.expect("heads"), [DADONG]);

    let mut superuser = databases::superuser(&database).await;
    // A second permissive policy opens nothing: the wall is restrictive.
    sqlx::raw_sql("CREATE POLICY widen ON feed_head USING (true)").execute(&mut superuser).await.expect("a policy");
    assert_eq!(heads_seen(&db, DADONG).await.expect("heads"), [DADONG]);
    // This is what the wall keeps out.
    sqlx::raw_sql("DROP POLICY wall ON feed_head").execute(&mut superuser).await.expect("no policy");
    assert_eq!(heads_seen(&db, DADONG).await.expect("heads"), [DADONG, LIBAO]);

    drop(superuser);
    db.close().await;
    databases::drop(&database).await;
}

#[tokio::test]
async fn a_row_of_another_township_cannot_be_written() {
    let database = databases::clone("people").await;
    let db = open("people", &database).await.expect("the wall stands");
    let mut tx = db.township(&permit(DADONG)).await.expect("a unit");
    let smuggled = sqlx::query("INSERT INTO feed_head (township, epoch) VALUES ($1, $2)")
        .bind(LIBAO)
        .bind(uuid::Uuid::from_u128(1))
        .execute(&mut tx)
        .await
        .expect_err("the wall refuses");
    assert!(smuggled.to_string().contains("row-level security"), "{smuggled}");
    drop(tx);
    db.close().await;
    databases::drop(&database).await;
}

#[tokio::test]
async fn without_a_township_every_statement_raises() {
    let database = databases::clone("people").await;
    let settings = databases::settings("people", &database).await;
    let url = secrecy::ExposeSecret::expose_secret(&settings.service_url).to_owned();
    let mut session = <sqlx::PgConnection as sqlx::Connection>::connect(&url).await.expect("the service role");
    let raised =
        sqlx::query("SELECT seq FROM feed_head").fetch_all(&mut session).await.expect_err("no township is set");
    assert!(raised.to_string().contains("no township is set"), "{raised}");
    drop(session);
    databases::drop(&database).await;
}
