//! Work in two townships within one unit: the wall stands at every moment, and nothing commits halfway.

use std::time::Duration;

use bangfu_kernel::{Clock, Error};
use bangfu_platform::{
    auth::{Crossing, Permit},
    db::{Db, TownshipTx, fault},
    feed::{self, NewEvent},
};
use bangfu_testkit::{DADONG, LIBAO, databases};
use uuid::Uuid;

#[expect(clippy::disallowed_methods, reason = "a test is no caller: it stands where the auth layer would")]
fn permit(township: &str) -> Permit {
    Permit::of_job("test", "320685", Some(township.parse().expect("a code")))
}

#[expect(clippy::disallowed_methods, reason = "what is tested")]
fn crossing(from: &str, to: &str) -> Result<Crossing, Error> {
    permit(from).crossing(to.parse().expect("a code"))
}

struct Scene {
    database: String,
    db: Db,
}

impl Scene {
    /// Both townships have a feed.
    async fn new() -> Self {
        let database = databases::clone("people").await;
        let clock = Clock::at("2026-01-05".parse().expect("a date"));
        let db = Db::open(&databases::settings("people", &database).await, clock).await.expect("opens");
        for township in [DADONG, LIBAO] {
            let mut tx = db.township(&permit(township)).await.expect("a unit");
            feed::open(&mut tx, Uuid::from_u128(1)).await.expect("a feed");
            tx.commit().await.expect("committed");
        }
        Self { database, db }
    }

    async fn unit(&self, township: &str) -> TownshipTx {
        self.db.township(&permit(township)).await.expect("a unit")
    }

    /// What stands in a table, as a superuser sees it.
    async fn seen(&self, sql: &str) -> Vec<String> {
        let mut look = databases::superuser(&self.database).await;
        sqlx::query_scalar(sqlx::AssertSqlSafe(sql.to_owned())).fetch_all(&mut look).await.expect("rows")
    }

    async fn end(self) {
        self.db.close().await;
        databases::drop(&self.database).await;
    }
}

async fn write(tx: &mut TownshipTx, township: &str, id: u128) -> Result<(), Error> {
    sqlx::query(
        "INSERT INTO request (township, request_id, method, fingerprint, created_at) VALUES ($1, $2, 'm', '', now())",
    )
    .bind(township)
    .bind(Uuid::from_u128(id))
    .execute(tx)
    .await
    .map(drop)
    .map_err(fault)
}

/// No predicate on purpose: row security alone has to hold.
async fn heads(tx: &mut TownshipTx) -> Vec<String> {
    sqlx::query_scalar("SELECT township FROM feed_head ORDER BY township").fetch_all(tx).await.expect("heads")
}

/// Where a unit says it stands, and where row security says so.
async fn stands(tx: &mut TownshipTx) -> (String, Vec<String>) {
    (tx.township().to_owned(), heads(tx).await)
}

fn event(kind: i16) -> NewEvent {
    NewEvent { kind, payload: Vec::new() }
}

#[tokio::test]
async fn one_township_is_seen_at_a_time_and_both_are_written_or_none() {
    let scene = Scene::new().await;
    let crossing = crossing(DADONG, LIBAO).expect("a crossing");
    for commit in [false, true] {
        let mut tx = scene.unit(DADONG).await;
        assert_eq!(heads(&mut tx).await, [DADONG]);
        write(&mut tx, DADONG, 1).await.expect("here");
        tx.across(&crossing, async |tx| {
            assert_eq!(stands(tx).await, (LIBAO.to_owned(), vec![LIBAO.to_owned()]));
            write(tx, LIBAO, 1).await
        })
        .await
        .expect("there");
        assert_eq!(stands(&mut tx).await, (DADONG.to_owned(), vec![DADONG.to_owned()]));
        if commit {
            tx.commit().await.expect("committed");
        }
        let expected: &[&str] = if commit { &[DADONG, LIBAO] } else { &[] };
        assert_eq!(scene.seen("SELECT township FROM request ORDER BY 1").await, expected);
    }
    scene.end().await;
}

#[tokio::test]
async fn neither_side_can_be_written_from_the_other() {
    let scene = Scene::new().await;
    let crossing = crossing(DADONG, LIBAO).expect("a crossing");
    let mut tx = scene.unit(DADONG).await;
    let home = tx.across(&crossing, async |tx| write(tx, DADONG, 1).await).await;
    let Err(Error::Internal(cause)) = home else { panic!("{home:?}") };
    assert!(cause.to_string().contains("row-level security"), "{cause}");
    // The statement failed: the unit stays where it was and cannot commit.
    assert_eq!(tx.township(), LIBAO);
    assert!(matches!(tx.commit().await, Err(Error::Internal(_))));
    assert_eq!(scene.seen("SELECT township FROM request").await, Vec::<String>::new());
    scene.end().await;
}

#[tokio::test]
async fn an_error_of_the_domain_comes_back_to_where_the_unit_began() {
    let scene = Scene::new().await;
    let crossing = crossing(DADONG, LIBAO).expect("a crossing");
    let mut tx = scene.unit(DADONG).await;
    let refused: Result<(), _> = tx.across(&crossing, async |_tx| Err(Error::NotUnemployed)).await;
    assert!(matches!(refused, Err(Error::NotUnemployed)));
    assert_eq!(stands(&mut tx).await, (DADONG.to_owned(), vec![DADONG.to_owned()]));
    tx.commit().await.expect("committed");
    scene.end().await;
}

#[tokio::test]
async fn a_crossing_that_is_cut_off_cannot_commit() {
    let scene = Scene::new().await;
    let crossing = crossing(DADONG, LIBAO).expect("a crossing");
    let mut tx = scene.unit(DADONG).await;
    let endless = tx.across(&crossing, async |tx| {
        write(tx, LIBAO, 1).await?;
        std::future::pending::<Result<(), Error>>().await
    });
    assert!(tokio::time::timeout(Duration::from_millis(300), endless).await.is_err());
    assert!(matches!(tx.commit().await, Err(Error::Internal(_))));
    assert_eq!(scene.seen("SELECT township FROM request").await, Vec::<String>::new());
    scene.end().await;
}

#[tokio::test]
async fn a_crossing_leads_from_the_permits_township_to_another_of_the_city_and_no_further() {
    let scene = Scene::new().await;
    for (to, expected) in [(DADONG, "nowhere"), ("320686102", "no such township"), ("320685", "no such township")] {
        let refused = crossing(DADONG, to).expect_err(to);
        let told = match &refused {
            Error::Internal(cause) => cause.to_string(),
            other => other.to_string(),
        };
        assert!(told.contains(expected), "{to}: {told}");
    }
    let (there, onwards) = (crossing(DADONG, LIBAO).expect("one"), crossing(LIBAO, DADONG).expect("another"));
    let mut tx = scene.unit(DADONG).await;
    assert!(matches!(tx.across(&onwards, async |_tx| Ok(())).await, Err(Error::Internal(_))), "it begins elsewhere");
    let nested = tx.across(&there, async |tx| tx.across(&onwards, async |_tx| Ok(())).await).await;
    assert!(matches!(nested, Err(Error::Internal(_))), "a crossing within a crossing");
    tx.commit().await.expect("nothing failed");
    scene.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn events_go_into_the_feed_of_where_they_happen_and_two_units_that_cross_each_other_do_not_deadlock() {
    let scene = Scene::new().await;
    let one = async |from: &str, to: &str| {
        let crossing = crossing(from, to).expect("a crossing");
        let mut tx = scene.unit(from).await;
        tx.emit(event(1));
        tx.across(&crossing, async |tx| {
            tx.emit(event(2));
            Ok(())
        })
        .await
        .expect("across");
        tx.emit(event(3));
        tx.commit().await.expect("committed");
    };
    for _ in 0..40 {
        tokio::join!(one(DADONG, LIBAO), one(LIBAO, DADONG), one(DADONG, LIBAO), one(LIBAO, DADONG));
    }
    for township in [DADONG, LIBAO] {
        let sql =
            format!("SELECT kind || ' ' || count(*) FROM event WHERE township = '{township}' GROUP BY kind ORDER BY 1");
        assert_eq!(scene.seen(&sql).await, ["1 80", "2 80", "3 80"]);
        let sql = format!("SELECT (seq = 240)::text FROM feed_head WHERE township = '{township}'");
        assert_eq!(scene.seen(&sql).await, ["true"]);
    }
    scene.end().await;
}

/// The doors in the wall, and who has the keys: whoever adds one is asked here.
#[test]
fn only_transfers_cross() {
    fn files(folder: &std::path::Path, found: &mut Vec<std::path::PathBuf>) {
        for entry in std::fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").path()) {
            if entry.is_dir() {
                files(&entry, found);
            } else if entry.extension().is_some_and(|extension| extension == "rs") {
                found.push(entry);
            }
        }
    }
    let services = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../services");
    let mut crossing = Vec::new();
    for service in std::fs::read_dir(&services).expect("services").map(|entry| entry.expect("an entry").path()) {
        let mut sources = Vec::new();
        if service.join("src").is_dir() {
            files(&service.join("src"), &mut sources);
        }
        for source in sources {
            if std::fs::read_to_string(&source).expect("a source").contains(".crossing(") {
                let name = source.strip_prefix(&services).expect("below").to_string_lossy().into_owned();
                crossing.push(name);
            }
        }
    }
    assert_eq!(crossing, ["people/src/transfer.rs"]);
}
