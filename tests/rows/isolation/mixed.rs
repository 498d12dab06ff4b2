//! Mixed units of work of two townships on a pool of four, whose callers go away and whose statements fail. Both townships
//! use the same keys, and no statement names a township in its WHERE: row security alone has to hold.
//!
//! Every row bears the mark of who wrote it. A writer owns its keys, so it knows what may stand there: what was acknowledged
//! last, and whatever came after it and got no answer.

use std::{collections::HashMap, time::Duration};

use bangfu_kernel::{Clock, Error};
use bangfu_platform::{
    db::{self, Db, TownshipTx, fault},
    feed::{self, NewEvent},
};
use bangfu_testkit::{DADONG, LIBAO, databases};
use futures::future::join_all;
use sqlx::Row as _;
use uuid::Uuid;

use super::{alive, permit};
use crate::{
    chance::Chance,
    proxy::{Fault, Proxy},
    row::Run,
    steps::until,
};

/// Three callers for each session.
const CALLERS: u64 = 12;
const SESSIONS: u32 = 4;
/// Keys of a caller, in each township.
const KEYS: usize = 6;
/// As long as a caller waits at most, when it goes away.
const PATIENCE_MICROS: usize = 20_000;

const REFUSED: &str = "statements refused";
const CUT_BEFORE: &str = "sessions cut before a statement";
const CUT_AFTER: &str = "sessions cut after a statement";

/// The tenants' wall under load.
pub async fn a_million_mixed_calls_of_two_townships_read_and_write_no_foreign_row(run: Run) {
    let calls = run.of(5_000, 1_000_000);
    let proxy = Proxy::start(run.seed()).await;
    let database = databases::clone("people").await;
    let settings = databases::settings("people", &database).await;
    let settings = proxy.before(&db::Settings { connections: SESSIONS, ..settings });
    let db = Db::open(&settings, Clock::at("2026-01-05".parse().expect("a date"))).await.expect("the wall stands");
    for township in [DADONG, LIBAO] {
        let mut tx = db.township(&permit(township)).await.expect("a unit");
        feed::open(&mut tx, Uuid::from_u128(1)).await.expect("a feed");
        tx.commit().await.expect("committed");
    }
    for what in ["calls", "cancelled", "failed", "acknowledged writes", "left unanswered", "smuggled and refused"] {
        run.count(what, 0);
    }
    run.count("foreign rows", 0);
    for what in [REFUSED, CUT_BEFORE, CUT_AFTER, "callers gone"] {
        run.fault(what, 0);
    }

    let cut = run.of(800, 1_500);
    proxy.break_some(&[(80, Fault::Refused), (cut, Fault::CutBefore), (cut, Fault::CutAfter)]);
    let callers = (0..CALLERS).map(|n| {
        let caller = Caller::new(n, db.clone(), run.clone());
        tokio::spawn(caller.live(calls / CALLERS + 1))
    });
    let callers: Vec<Caller> = join_all(callers).await.into_iter().map(alive).collect();
    proxy.break_some(&[]);
    for (what, fault) in [(REFUSED, Fault::Refused), (CUT_BEFORE, Fault::CutBefore), (CUT_AFTER, Fault::CutAfter)] {
        run.fault(what, proxy.fired_as(fault));
    }

    // A pool whose sessions are spoiled by what went before refuses everybody, and keeps everything apart that way.
    let acknowledged: u64 = callers.iter().map(|caller| caller.acknowledged).sum();
    assert!(acknowledged > calls / 4, "only {acknowledged} writes of {calls} calls (seed {})", run.seed());

    db.close().await;
    drop(proxy);
    nobody_is_left(&database).await;
    compare(&run, &database, &callers).await;
    databases::drop(&database).await;
}

/// One who works in both townships, under a permit of one at a time.
struct Caller {
    n: u64,
    db: Db,
    run: Run,
    chance: Chance,
    /// How many writes were acknowledged.
    acknowledged: u64,
    /// The last value written.
    value: i64,
    /// What may stand under a key of a township; 0: nothing. More than one: something got no answer.
    known: HashMap<(&'static str, usize), Vec<i64>>,
    /// Events: value and whether it was acknowledged, by township.
    told: Vec<(&'static str, i64, bool)>,
}

/// How a write ended.
enum Ended {
    /// Acknowledged; so many rows.
    Written(u64),
    /// It is not there, and will not be.
    Not,
    /// COMMIT was sent, and nobody knows.
    Perhaps,
}

#[derive(Clone, Copy)]
enum Act {
    Put,
    Change,
    Delete,
    Tell,
}

impl Caller {
    fn new(n: u64, db: Db, run: Run) -> Self {
        let chance = run.chance(n);
        Self { n, db, run, chance, acknowledged: 0, value: 0, known: HashMap::new(), told: Vec::new() }
    }

    async fn live(mut self, calls: u64) -> Self {
        for _ in 0..calls {
            let township = self.chance.of(&[DADONG, LIBAO]);
            let key = self.chance.below(KEYS);
            match self.chance.below(20) {
                0..8 => self.read(township, key).await,
                8..14 => self.write(township, key, Act::Put).await,
                14..16 => self.write(township, key, Act::Change).await,
                16 => self.write(township, key, Act::Delete).await,
                17 => self.write(township, key, Act::Tell).await,
                18 => self.smuggle(township, key).await,
                _ => self.stumble(township, key).await,
            }
            self.run.count("calls", 1);
        }
        self
    }

    fn id(&self, key: usize) -> Uuid {
        Uuid::from_u128(u128::from(self.n) * 1_000 + key as u128 + 1)
    }

    fn known(&mut self, township: &'static str, key: usize) -> &mut Vec<i64> {
        self.known.entry((township, key)).or_insert_with(|| vec![0])
    }

    /// `None`: the caller went away before it was answered. Going away is decided beforehand, so that the same seed does.
    async fn call<T>(&mut self, call: impl Future<Output = T>) -> Option<T> {
        if !self.chance.one_in(12) {
            return Some(call.await);
        }
        let patience = Duration::from_micros(self.chance.below(PATIENCE_MICROS).try_into().unwrap_or_default());
        let answered = tokio::time::timeout(patience, call).await.ok();
        if answered.is_none() {
            self.run.count("cancelled", 1);
            self.run.fault("callers gone", 1);
        }
        answered
    }

    /// Reads whatever there is from a key on.
    async fn read(&mut self, township: &'static str, key: usize) {
        let (db, from) = (self.db.clone(), self.id(key));
        let read = self.call(async move {
            let mut tx = db.township(&permit(township)).await?;
            let rows = sqlx::query(
                "SELECT township, request_id, fingerprint, response FROM request WHERE request_id >= $1 ORDER BY request_id LIMIT 8",
            )
            .bind(from)
            .fetch_all(&mut tx)
            .await
            .map_err(fault)?;
            tx.commit().await?;
            Ok::<_, Error>(rows)
        });
        let Some(Ok(rows)) = read.await.inspect(|read| count_failed(&self.run, read.as_ref().err())) else { return };
        for row in &rows {
            let (whose, id): (String, Uuid) = (row.get(0), row.get(1));
            let mark: Vec<u8> = row.get(2);
            let seed = self.run.seed();
            assert!(whose == township && mark == township.as_bytes(), "{township} reads {whose}'s {id} (seed {seed})");
            if let Some(key) = (0..KEYS).find(|&key| self.id(key) == id) {
                let value = value_of(&row.get::<Vec<u8>, _>(3));
                let known = self.known(township, key).clone();
                assert!(known.contains(&value), "{township} reads {value}, where {known:?} may be (seed {seed})");
            }
        }
        let seen = rows.iter().any(|row| row.get::<Uuid, _>(1) == from);
        assert!(
            seen || self.known(township, key).contains(&0),
            "an acknowledged write is lost (seed {})",
            self.run.seed()
        );
    }

    async fn write(&mut self, township: &'static str, key: usize, act: Act) {
        self.value += 1;
        let (db, id, value) = (self.db.clone(), self.id(key), self.value);
        let caller = self.n;
        let written = self.call(write(db, township, id, value, act, caller)).await;
        let ended = match &written {
            None => Ended::Perhaps,
            Some(Ok(rows)) => {
                assert!(*rows <= 1, "{rows} rows of one key (seed {})", self.run.seed());
                Ended::Written(*rows)
            }
            Some(Err((error, committing))) => {
                count_failed(&self.run, Some(error));
                if *committing && !matches!(error, Error::Internal(_)) { Ended::Perhaps } else { Ended::Not }
            }
        };
        match ended {
            Ended::Written(_) => {
                self.acknowledged += 1;
                self.run.count("acknowledged writes", 1);
            }
            Ended::Perhaps => self.run.count("left unanswered", 1),
            Ended::Not => {}
        }
        if matches!(act, Act::Tell) {
            if !matches!(ended, Ended::Not) {
                self.told.push((township, value, matches!(ended, Ended::Written(_))));
            }
            return;
        }
        let new = if matches!(act, Act::Delete) { 0 } else { value };
        let seed = self.run.seed();
        let known = self.known(township, key);
        match ended {
            Ended::Written(1) => *known = vec![new],
            // Nothing was there, or what got no answer is on its way still.
            Ended::Written(_) => assert!(known.contains(&0), "nothing where {known:?} may be (seed {seed})"),
            Ended::Perhaps => known.push(new),
            Ended::Not => {}
        }
    }

    /// Tries to write into the other township, by either way.
    async fn smuggle(&mut self, township: &'static str, key: usize) {
        let other = if township == DADONG { LIBAO } else { DADONG };
        let (db, id, move_it) = (self.db.clone(), self.id(key), self.chance.one_in(2));
        let tried = self.call(async move {
            let mut tx = db.township(&permit(township)).await?;
            let sql = if move_it {
                "UPDATE request SET township = $1 WHERE request_id = $2 AND township <> $1"
            } else {
                "INSERT INTO request (township, request_id, method, fingerprint, created_at) VALUES ($1, gen_random_uuid(), $2::text, '', now())"
            };
            let tried = sqlx::query(sql).bind(other).bind(id).execute(&mut tx).await.map_err(fault)?;
            tx.commit().await?;
            Ok::<_, Error>(tried.rows_affected())
        });
        match tried.await {
            // Nothing of one's own stood under the key.
            Some(Ok(rows)) => assert!(move_it && rows == 0, "{rows} rows smuggled (seed {})", self.run.seed()),
            Some(Err(_)) => self.run.count("smuggled and refused", 1),
            None => {}
        }
    }

    /// A statement of one's own that fails after a write: neither is there.
    async fn stumble(&mut self, township: &'static str, key: usize) {
        self.value += 1;
        let (db, id, value) = (self.db.clone(), self.id(key), self.value);
        let ended = self.call(async move {
            let mut tx = db.township(&permit(township)).await?;
            put(&mut tx, id, value).await?;
            let failed = sqlx::query("SELECT 1 / $1::int").bind(0).execute(&mut tx).await;
            assert!(failed.is_err());
            tx.commit().await
        });
        let ended = ended.await;
        assert!(!matches!(ended, Some(Ok(()))), "committed after a failure (seed {})", self.run.seed());
        if let Some(Err(error)) = &ended {
            count_failed(&self.run, Some(error));
        }
    }
}

fn count_failed(run: &Run, failed: Option<&Error>) {
    if failed.is_some() {
        run.count("failed", 1);
    }
}

/// Rows written; or the error, and whether COMMIT had been sent.
async fn write(
    db: Db,
    township: &'static str,
    id: Uuid,
    value: i64,
    act: Act,
    caller: u64,
) -> Result<u64, (Error, bool)> {
    let before = |error| (error, false);
    let mut tx = db.township(&permit(township)).await.map_err(before)?;
    let rows = match act {
        Act::Put => put(&mut tx, id, value).await.map_err(before)?,
        Act::Change => {
            let sql = "UPDATE request SET response = $2 WHERE request_id = $1";
            run_on(&mut tx, sqlx::query(sql).bind(id).bind(value.to_be_bytes().to_vec())).await.map_err(before)?
        }
        Act::Delete => {
            let sql = "DELETE FROM request WHERE request_id = $1";
            run_on(&mut tx, sqlx::query(sql).bind(id)).await.map_err(before)?
        }
        Act::Tell => {
            tx.emit(NewEvent { kind: 1, payload: format!("{township} {caller} {value}").into_bytes() });
            1
        }
    };
    tx.commit().await.map_err(|error| (error, true))?;
    Ok(rows)
}

async fn put(tx: &mut TownshipTx, id: Uuid, value: i64) -> Result<u64, Error> {
    let township = tx.township().to_owned();
    let sql = "INSERT INTO request (township, request_id, method, fingerprint, response, created_at)
               VALUES ($1, $2, 'm', $3, $4, now())
               ON CONFLICT ON CONSTRAINT request_id_is_used_once DO UPDATE SET response = EXCLUDED.response";
    let mark = township.as_bytes().to_vec();
    run_on(tx, sqlx::query(sql).bind(township).bind(id).bind(mark).bind(value.to_be_bytes().to_vec())).await
}

async fn run_on(
    tx: &mut TownshipTx,
    query: sqlx::query::Query<'_, sqlx::Postgres, sqlx::postgres::PgArguments>,
) -> Result<u64, Error> {
    query.execute(tx).await.map(|ran| ran.rows_affected()).map_err(fault)
}

fn value_of(bytes: &[u8]) -> i64 {
    i64::from_be_bytes(bytes.try_into().expect("a value"))
}

/// What callers left behind has ended, one way or the other.
async fn nobody_is_left(database: &str) {
    let mut look = databases::superuser("postgres").await;
    until("the sessions end", async || {
        let left: i64 = sqlx::query_scalar("SELECT count(*) FROM pg_stat_activity WHERE datname = $1")
            .bind(database)
            .fetch_one(&mut look)
            .await
            .expect("activity");
        left == 0
    })
    .await;
}

/// What stands against what callers know.
async fn compare(run: &Run, database: &str, callers: &[Caller]) {
    let seed = run.seed();
    let mut look = databases::superuser(database).await;
    let mut there: HashMap<(String, Uuid), i64> = HashMap::new();
    for row in sqlx::query("SELECT township, request_id, fingerprint, response FROM request")
        .fetch_all(&mut look)
        .await
        .expect("rows")
    {
        let (township, mark): (String, Vec<u8>) = (row.get(0), row.get(2));
        assert_eq!(township.as_bytes(), mark, "a row stands under another township than wrote it (seed {seed})");
        there.insert((township, row.get(1)), value_of(&row.get::<Vec<u8>, _>(3)));
    }
    for caller in callers {
        for ((township, key), known) in &caller.known {
            let value = there.remove(&((*township).to_owned(), caller.id(*key))).unwrap_or(0);
            assert!(known.contains(&value), "{township}: {value} stands where {known:?} may be (seed {seed})");
        }
    }
    assert!(there.is_empty(), "rows that nobody wrote: {there:?} (seed {seed})");

    let mut told: HashMap<String, u64> = HashMap::new();
    for (township, payload) in sqlx::query_as::<_, (String, Vec<u8>)>("SELECT township, payload FROM event")
        .fetch_all(&mut look)
        .await
        .expect("events")
    {
        let text = String::from_utf8(payload).expect("text");
        assert!(text.starts_with(&format!("{township} ")), "{township}'s feed tells {text} (seed {seed})");
        *told.entry(text).or_default() += 1;
    }
    for caller in callers {
        for (township, value, acknowledged) in &caller.told {
            let times = told.remove(&format!("{township} {} {value}", caller.n)).unwrap_or(0);
            assert!(times <= 1 && (times == 1 || !acknowledged), "an event stands {times} times (seed {seed})");
        }
    }
    assert!(told.is_empty(), "events that nobody told: {told:?} (seed {seed})");
    run.count("rows compared at the end", callers.iter().map(|caller| caller.known.len() as u64).sum());
}
