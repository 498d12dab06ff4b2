//! Units of work: what is acknowledged is there, what is not is not, and a session never goes back in the middle of
//! something.

use std::time::Duration;

use bangfu_kernel::{Clock, Error};
use bangfu_platform::{auth::Permit, db::Db};
use bangfu_testkit::{DADONG, databases};
use bangfu_tests::proxy::Proxy;
use tokio::time::Instant;
use uuid::Uuid;

#[expect(clippy::disallowed_methods, reason = "a test is no caller: it stands where the auth layer would")]
fn permit() -> Permit {
    Permit::of_job("test", "320685", Some(DADONG.parse().expect("a code")))
}

struct Scene {
    database: String,
    db: Db,
}

impl Scene {
    async fn new(connections: u32) -> Self {
        let database = databases::clone("people").await;
        let settings = bangfu_platform::db::Settings { connections, ..databases::settings("people", &database).await };
        let db = Db::open(&settings, Clock::at("2026-01-05".parse().expect("a date"))).await.expect("opens");
        Self { database, db }
    }

    async fn write(&self, id: u128) -> Result<(), Error> {
        let mut tx = self.db.township(&permit()).await?;
        insert(&mut tx, id).await?;
        tx.commit().await
    }

    async fn count(&self) -> i64 {
        let mut look = databases::superuser(&self.database).await;
        sqlx::query_scalar("SELECT count(*) FROM request").fetch_one(&mut look).await.expect("a count")
    }

    async fn end(self) {
        self.db.close().await;
        databases::drop(&self.database).await;
    }
}

async fn insert(tx: &mut bangfu_platform::db::TownshipTx, id: u128) -> Result<(), Error> {
    sqlx::query(
        "INSERT INTO request (township, request_id, method, fingerprint, created_at) VALUES ($1, $2, 'm', '', now())",
    )
    .bind(DADONG)
    .bind(Uuid::from_u128(id))
    .execute(tx)
    .await
    .map(drop)
    .map_err(bangfu_platform::db::fault)
}

#[tokio::test]
async fn a_unit_that_is_dropped_leaves_nothing_and_its_session_can_be_used_again() {
    let scene = Scene::new(1).await;
    for id in 1..20 {
        let mut tx = scene.db.township(&permit()).await.expect("a unit");
        insert(&mut tx, id).await.expect("inserted");
        drop(tx);
    }
    scene.write(100).await.expect("written");
    assert_eq!(scene.count().await, 1);
    scene.end().await;
}

#[tokio::test]
async fn commit_refuses_after_a_failed_statement() {
    let scene = Scene::new(1).await;
    let mut tx = scene.db.township(&permit()).await.expect("a unit");
    insert(&mut tx, 1).await.expect("inserted");
    let failed = sqlx::query("SELECT no_such_column FROM request").execute(&mut tx).await;
    assert!(failed.is_err());
    // PostgreSQL would answer COMMIT with ROLLBACK, and the driver with Ok.
    assert!(matches!(tx.commit().await, Err(Error::Internal(_))));
    assert_eq!(scene.count().await, 0);
    scene.end().await;
}

#[tokio::test]
async fn writes_acknowledged_after_cancelled_ones_are_there() {
    let scene = Scene::new(2).await;
    for round in 0..60_u64 {
        // Dropped at some point between asking for a session and the commit's answer.
        let cancelled = scene.write(u128::from(1_000 + round));
        let _given_up = tokio::time::timeout(Duration::from_micros(round * 97), cancelled).await;
        scene.write(u128::from(round + 1)).await.expect("acknowledged");
        let mut look = databases::superuser(&scene.database).await;
        let there: bool = sqlx::query_scalar("SELECT EXISTS (SELECT FROM request WHERE request_id = $1)")
            .bind(Uuid::from_u128(u128::from(round + 1)))
            .fetch_one(&mut look)
            .await
            .expect("looked");
        assert!(there, "round {round}: an acknowledged write is lost");
    }
    scene.end().await;
}

#[tokio::test]
async fn a_database_that_hangs_up_cannot_be_reached_and_is_no_fault_of_ours() {
    let database = databases::clone("people").await;
    let proxy = Proxy::start(1).await;
    let settings = proxy.before(&databases::settings("people", &database).await);
    let db = Db::open(&settings, Clock::at("2026-01-05".parse().expect("a date"))).await.expect("opens");
    // Connections are taken and closed before the first byte, as while a server starts behind a balancer.
    proxy.moved_to(1);
    proxy.cut();
    for _ in 0..20 {
        let refused = db.township(&permit()).await.map(drop);
        assert!(matches!(refused, Err(Error::Unavailable(_))), "{refused:?}");
    }
    db.close().await;
    databases::drop(&database).await;
}

#[tokio::test]
async fn no_statement_outlives_the_deadline() {
    let scene = Scene::new(1).await;
    let deadline = Instant::now() + Duration::from_millis(700);
    let mut tx = scene.db.township(&permit().until(deadline)).await.expect("a unit");
    // The first statement leaves half of the time; the second would take far longer.
    sqlx::query("SELECT pg_sleep(0.4)").execute(&mut tx).await.expect("in time");
    let late = sqlx::query("SELECT pg_sleep(600)").execute(&mut tx).await.map_err(bangfu_platform::db::fault);
    assert!(matches!(late, Err(Error::Deadline)), "{late:?}");
    drop(tx);
    assert!(matches!(scene.db.township(&permit().until(Instant::now())).await, Err(Error::Deadline)));
    let running: i64 = sqlx::query_scalar("SELECT count(*) FROM pg_stat_activity WHERE query LIKE '%pg_sleep(600)%' AND state = 'active' AND pid <> pg_backend_pid()")
        .fetch_one(&mut databases::superuser(&scene.database).await)
        .await
        .expect("activity");
    assert_eq!(running, 0);
    scene.end().await;
}

#[tokio::test]
async fn a_township_caller_cannot_open_the_citys_door() {
    let scene = Scene::new(1).await;
    assert!(matches!(scene.db.city(&permit()).await, Err(Error::Internal(_))));
    scene.end().await;
}
