//! PostgreSQL stops at once under load, as when its process is killed, and is started again: nobody tells the services,
//! and nothing that was acknowledged is missing.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs::{self, Permissions},
    os::unix::fs::PermissionsExt as _,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::Duration,
};

use bangfu_postgres::{Cluster, Lifetime, Options};
use bangfu_proto::{followup::v1::RecordContactRequest, people::v1::RegisterPersonRequest};
use bangfu_testkit::{City, DADONG, databases};
use futures::future::join_all;
use sqlx::{Connection as _, PgConnection};
use tonic::{Code, Status};

use super::ground::person;
use crate::{
    proxy::Proxy,
    row::Run,
    steps::{contact, until},
};

/// Callers at the same time.
const CALLERS: u32 = 6;

/// A PostgreSQL of our own that keeps what it acknowledges.
struct Server {
    folder: tempfile::TempDir,
    cluster: Cluster,
}

impl Server {
    async fn start() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        // The server's user has to come in when the tests run as root.
        fs::set_permissions(folder.path(), Permissions::from_mode(0o755)).expect("opened");
        let cluster = Cluster::start(Self::options(&folder)).await.expect("a PostgreSQL");
        Self { folder, cluster }
    }

    fn options(folder: &tempfile::TempDir) -> Options {
        Options { lifetime: Lifetime::WithOwner, ..Options::kept(folder.path()) }
    }

    /// `pg_ctl stop -m immediate`: sessions are thrown out, nothing is written down.
    fn stop_at_once(&self) {
        let file = fs::read_to_string(self.cluster.folder().join("data/postmaster.pid")).expect("it runs");
        let pid = file.lines().next().expect("its pid");
        let sent = std::process::Command::new("kill").args(["-QUIT", pid]).status().expect("a signal");
        assert!(sent.success(), "PostgreSQL was gone");
    }

    /// Starts it again on the same data.
    async fn start_again(&mut self) {
        self.cluster = Cluster::start(Self::options(&self.folder)).await.expect("it starts again");
        assert!(!self.cluster.was_adopted(), "it had not stopped");
    }

    async fn ask(&self, service: &str, sql: &'static str) -> Vec<String> {
        let url = self.cluster.url(&format!("bangfu_{service}"));
        let mut connection = PgConnection::connect(&url).await.expect("the superuser");
        sqlx::query_scalar(sql).fetch_all(&mut connection).await.expect("asked")
    }
}

/// What callers sent and heard.
#[derive(Default)]
struct Heard {
    acknowledged: AtomicU64,
    /// Ids by the number of the request.
    answers: Mutex<BTreeMap<u32, String>>,
    enough: AtomicBool,
}

impl Heard {
    fn note(&self, n: u32, answer: String) {
        self.answers.lock().unwrap_or_else(PoisonError::into_inner).insert(n, answer);
        self.acknowledged.fetch_add(1, Ordering::SeqCst);
    }

    fn answers(&self) -> BTreeMap<u32, String> {
        self.answers.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// People are registered and contacts are entered without pause; PostgreSQL stops with `immediate`, again and again. The
/// services serve again by themselves; everything acknowledged is there; what was not, is repeated and there once.
pub async fn what_was_acknowledged_survives_a_postgresql_that_stops_at_once(run: Run) {
    run.fault("PostgreSQL stopped with immediate", 0);
    for what in ["lost", "doubled"] {
        run.count(what, 0);
    }
    let mut server = Server::start().await;
    let proxy = Proxy::start_before(run.seed(), server.cluster.port()).await;
    let city = behind(&proxy, &server).await;
    for setting in ["SHOW fsync", "SHOW full_page_writes", "SHOW synchronous_commit"] {
        assert_eq!(server.ask("people", setting).await, ["on"], "{setting}");
    }
    let somebody = city.clerk(DADONG).people().register_person(person(0)).await.expect("registered").into_inner();
    until("follow-up follows them", async || {
        server.ask("followup", "SELECT person_id::text FROM subject").await == [somebody.person_id.clone()]
    })
    .await;

    let heard: [Heard; 2] = Default::default();
    let callers = join_all((0..CALLERS).map(|caller| call(&run, &city, &heard, caller, &somebody.person_id)));
    tokio::join!(callers, stops(&run, &mut server, &proxy, &heard));

    let mut people = heard[0].answers();
    people.insert(0, somebody.person_id.clone());
    let contacts = heard[1].answers();
    there(&run, &people, &server.ask("people", "SELECT person_id::text FROM person").await);
    there(&run, &contacts, &server.ask("followup", "SELECT contact_id::text FROM contact").await);
    // Whatever is sent once more is answered as it was.
    for n in contacts.keys().take(50) {
        assert_eq!(register(&city, *n).await.as_ref().ok(), people.get(n), "seed {}", run.seed());
        assert_eq!(enter(&city, &somebody.person_id, *n).await.as_ref().ok(), contacts.get(n), "seed {}", run.seed());
    }
    city.close().await;
    server.cluster.stop().await.expect("it stops");
}

/// Stops PostgreSQL again and again, each time when both services acknowledge; ends the load.
async fn stops(run: &Run, server: &mut Server, proxy: &Proxy, heard: &[Heard; 2]) {
    let acknowledged = || heard.iter().map(|heard| heard.acknowledged.load(Ordering::SeqCst)).collect::<Vec<_>>();
    let more = async |wanted: u64| {
        let before = acknowledged();
        let there = || acknowledged().iter().zip(&before).all(|(now, before)| *now >= before + wanted);
        until("both services acknowledge", async || there()).await;
    };
    let mut chance = run.chance(1);
    for _ in 0..run.of(2, 25) {
        more(5 + chance.below(30) as u64).await;
        server.stop_at_once();
        server.start_again().await;
        proxy.moved_to(server.cluster.port());
        run.fault("PostgreSQL stopped with immediate", 1);
    }
    // Nobody has told the services.
    more(1).await;
    for heard in heard {
        heard.enough.store(true, Ordering::SeqCst);
    }
}

async fn behind(proxy: &Proxy, server: &Server) -> City {
    let (people, followup) =
        (databases::make(&server.cluster, "people").await, databases::make(&server.cluster, "followup").await);
    City::with(|plan| {
        if let Some(plan) = &mut plan.people {
            plan.database = proxy.before(&people);
        }
        if let Some(plan) = &mut plan.followup {
            plan.database = proxy.before(&followup);
            plan.sweeps = false;
        }
    })
    .await
}

/// One caller: a person, a contact, and so on; each until it is acknowledged.
async fn call(run: &Run, city: &City, heard: &[Heard; 2], caller: u32, person_id: &str) {
    let mut n = 1 + caller;
    while !heard[0].enough.load(Ordering::SeqCst) {
        heard[0].note(n, acknowledged(run, async || register(city, n).await).await);
        heard[1].note(n, acknowledged(run, async || enter(city, person_id, n).await).await);
        n += CALLERS;
    }
}

/// Makes a call until it is acknowledged, with the same request id.
async fn acknowledged(run: &Run, call: impl AsyncFn() -> Result<String, Status>) -> String {
    loop {
        match call().await {
            Ok(id) => return id,
            Err(status) => {
                let told = matches!(status.code(), Code::Unavailable | Code::Aborted | Code::DeadlineExceeded);
                assert!(told, "a caller is not told to come again: {status:?} (seed {})", run.seed());
                run.count("told to come again", 1);
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        }
    }
}

/// A request id for a number.
fn id_of(n: u32) -> String {
    uuid::Uuid::from_u128(u128::from(n)).to_string()
}

async fn register(city: &City, n: u32) -> Result<String, Status> {
    let request = RegisterPersonRequest { request_id: id_of(n), ..person(n) };
    Ok(city.clerk(DADONG).people().register_person(request).await?.into_inner().person_id)
}

async fn enter(city: &City, person_id: &str, n: u32) -> Result<String, Status> {
    let request = RecordContactRequest { request_id: id_of(n), ..contact(city, person_id) };
    Ok(city.clerk(DADONG).followup().record_contact(request).await?.into_inner().contact_id)
}

/// Whatever was acknowledged is there, once, and nothing else is.
fn there(run: &Run, answers: &BTreeMap<u32, String>, rows: &[String]) {
    let acknowledged: BTreeSet<_> = answers.values().collect();
    let lost = acknowledged.iter().filter(|id| !rows.contains(id)).count() as u64;
    let doubled = rows.iter().filter(|row| !acknowledged.contains(row)).count() as u64;
    run.count("acknowledged", acknowledged.len() as u64);
    run.count("lost", lost);
    run.count("doubled", doubled);
    assert_eq!((lost, doubled), (0, 0), "of {} acknowledged (seed {})", acknowledged.len(), run.seed());
    assert_eq!(acknowledged.len(), answers.len(), "one answer for two requests (seed {})", run.seed());
}
