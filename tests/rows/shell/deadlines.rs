//! Deadlines, the server's and the caller's: the answer comes in time, and no statement goes on for nobody.

use std::{
    collections::{BTreeMap, HashMap},
    time::Duration,
};

use bangfu::client::Client;
use bangfu_kernel::Role;
use bangfu_proto::{ACCESS, AccessRule};
use bangfu_testkit::{City, LIBAO, databases::SERVICES, without_jobs};
use sqlx::{AssertSqlSafe, PgConnection};
use tokio::time::{Instant, sleep};

use crate::{asks::ask, row::Run, scene::Scene, steps::until};

/// How long an answer may take here.
const TIME: Duration = Duration::from_millis(700);

/// What `asks` asks of these is refused for what stands in it, before any table is looked at.
const REFUSED_AT_ONCE: [&str; 3] = ["PublishCalendar", "PublishStandard", "PreviewStandard"];

/// With every table locked by somebody else, every call ends at the longest that the server grants.
pub async fn every_call_ends_at_the_servers_deadline_and_leaves_no_statement(run: Run) {
    // Streams have no such limit.
    calls_while_everything_is_locked(run, |client| client, false).await;
}

/// The same by what the caller grants, streams included.
pub async fn every_call_ends_at_its_callers_deadline_and_leaves_no_statement(run: Run) {
    calls_while_everything_is_locked(run, |client| client.within(TIME), true).await;
}

async fn calls_while_everything_is_locked(run: Run, as_caller: impl Fn(Client) -> Client, by_caller: bool) {
    let mut scene = Scene::new().await;
    scene.city.stop().await;
    let mut plan = scene.city.plan().await;
    without_jobs(&mut plan);
    // Room for every RPC twice: who asks again at once may come before the place of the call before is given back.
    let databases =
        [plan.people.as_mut().map(|it| &mut it.database), plan.followup.as_mut().map(|it| &mut it.database)];
    for database in databases.into_iter().flatten() {
        database.connections = 2 * u32::try_from(ACCESS.len()).expect("few").div_ceil(16);
    }
    if !by_caller {
        (plan.stack.unary, plan.stack.long) = (TIME, HashMap::new());
    }
    scene.city.start(plan).await;
    let (city, names) = (&scene.city, &scene.foreign);
    run.fault("statements that waited for a lock", 0);
    for round in 0..run.of(1, 20) {
        let (mut locks, mut looks) = (Vec::new(), Vec::new());
        for service in SERVICES {
            locks.push(lock_everything(city, service).await);
            looks.push(city.look(service).await);
        }
        let begun = Instant::now();
        let streams = ["WatchPeople", "WatchDuties", "WatchReminders", "PreviewStandard"];
        let calls = ACCESS.iter().filter(|rule| by_caller || !streams.iter().any(|name| rule.path.ends_with(name)));
        let calls = calls.map(|rule| {
            let client = as_caller(caller(city, rule));
            async move { (rule.path, ask(&client, rule.path, names, &names.person).await) }
        });
        let waiting = async {
            let mut seen = 0;
            until("statements wait", async || {
                seen = statements(&mut looks, "AND wait_event_type = 'Lock'").await;
                seen > 0
            })
            .await;
            seen
        };
        let (answers, waited) = tokio::join!(futures::future::join_all(calls), waiting);
        let over = Instant::now();
        run.fault("statements that waited for a lock", waited);

        let mut others = BTreeMap::new();
        for (path, answer) in answers.into_iter().flat_map(|(path, all)| all.into_iter().map(move |one| (path, one))) {
            let what = match answer {
                Err(refusal) if refusal.reason == "DEADLINE" => "told by the server",
                // The caller's own timer runs, too, and is a little later only.
                Err(refusal) if by_caller && refusal.reason.is_empty() => "noticed by the caller",
                Err(refusal) if refusal.reason == "FIELD_INVALID" && refused_at_once(path) => "refused at once",
                other => {
                    others.insert(path, other);
                    continue;
                }
            };
            run.count(what, 1);
        }
        assert!(others.is_empty(), "calls that did not end at their deadline (seed {}): {others:#?}", run.seed());

        // A second later, or a little more on a busy machine; a lock is waited for ten seconds at most, anyway.
        let patience = run.of(Duration::from_secs(5), Duration::from_secs(1));
        loop {
            let (left, late) = (statements(&mut looks, "").await, over.elapsed() > patience);
            if left == 0 {
                break;
            }
            let texts = if late { texts(&mut looks).await } else { Vec::new() };
            assert!(!late, "round {round}: {left} statements go on for nobody: {texts:?} (seed {})", run.seed());
            sleep(Duration::from_millis(20)).await;
        }
        assert!(begun.elapsed() < Duration::from_mins(1), "it took {:?}", begun.elapsed());
        for lock in locks {
            sqlx::Connection::close(lock).await.expect("unlocked");
        }
    }
    scene.city.close().await;
}

fn refused_at_once(path: &str) -> bool {
    REFUSED_AT_ONCE.iter().any(|name| path.ends_with(name))
}

/// Whoever may call it, of LIBAO or of the city.
fn caller(city: &City, rule: &AccessRule) -> Client {
    let role = *rule.roles.first().expect("somebody");
    let bound = matches!(role, Role::Coordinator | Role::Clerk | Role::Reviewer);
    city.caller("somebody", &[role], bound.then_some(LIBAO), &[])
}

/// A session that holds every table of a service.
async fn lock_everything(city: &City, service: &str) -> PgConnection {
    let mut session = city.look(service).await;
    let tables: String = sqlx::query_scalar(
        "SELECT string_agg(format('%I.%I', schemaname, tablename), ', ')
         FROM pg_tables WHERE schemaname NOT IN ('pg_catalog', 'information_schema')",
    )
    .fetch_one(&mut session)
    .await
    .expect("tables");
    let lock = format!("BEGIN; LOCK TABLE {tables} IN ACCESS EXCLUSIVE MODE");
    sqlx::raw_sql(AssertSqlSafe(lock)).execute(&mut session).await.expect("locked");
    session
}

/// What a transaction sees of this view never changes, so that those who hold the locks cannot look.
const AT_WORK: &str = "FROM pg_stat_activity
    WHERE datname = current_database() AND pid <> pg_backend_pid() AND state = 'active' AND backend_type = 'client backend'";

/// Statements at work in the databases of these sessions, but for their own.
async fn statements(looks: &mut [PgConnection], which: &str) -> u64 {
    let mut all = 0;
    for session in looks {
        let sql = format!("SELECT count(*) {AT_WORK} {which}");
        let here: i64 = sqlx::query_scalar(AssertSqlSafe(sql)).fetch_one(session).await.expect("a count");
        all += u64::try_from(here).expect("a count");
    }
    all
}

async fn texts(looks: &mut [PgConnection]) -> Vec<String> {
    let mut all = Vec::new();
    for session in looks {
        let sql = format!("SELECT query {AT_WORK}");
        all.extend(sqlx::query_scalar::<_, String>(AssertSqlSafe(sql)).fetch_all(session).await.expect("texts"));
    }
    all
}
