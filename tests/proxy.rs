//! A proxy between a service and PostgreSQL that understands as much of the protocol as faults need: it knows statements,
//! slows them, breaks one of them in one of several ways, holds all of them, and cuts connections.
//!
//! ```ignore
//! let proxy = Proxy::start(seed).await;
//! let city = City::with(|plan| proxy.stand_before(plan)).await;
//! proxy.break_at(Which::Commit, Fault::CutAfter);
//! ```

mod wire;

use std::{
    net::SocketAddr,
    ops::Range,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, AtomicU16, AtomicU64, Ordering},
    },
    time::Duration,
};

use bangfu::suite::Plan;
use bangfu_platform::db;
use bangfu_testkit::databases;
use secrecy::{ExposeSecret as _, SecretString};
use tokio::{
    net::{TcpListener, TcpStream},
    task::JoinHandle,
};
use tokio_util::sync::CancellationToken;

use crate::steps::until;

/// A proxy at work; it ends with this handle, and every connection through it.
#[derive(Debug)]
pub struct Proxy {
    address: SocketAddr,
    state: Arc<State>,
    accepting: JoinHandle<()>,
}

/// The statement to be broken, counted from now on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Which {
    /// The n-th, from 1.
    Nth(u64),
    /// The n-th with exactly this text, from 1.
    Text(String, u64),
    /// The next COMMIT.
    Commit,
    /// The next COMMIT of a unit of work in which a statement contains this.
    CommitOf(String),
    /// The next whose text contains this.
    With(String),
}

/// What happens to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// PostgreSQL is asked for something that it refuses, instead.
    Refused,
    /// The connection is cut; PostgreSQL never sees the statement.
    CutBefore,
    /// PostgreSQL runs it; the connection is cut instead of its answer.
    CutAfter,
    /// It is sent to PostgreSQL and the connection is cut at once: nobody knows whether it ran.
    CutDuring,
    /// It waits until [`Proxy::release`].
    Held,
}

#[derive(Debug)]
pub(crate) struct State {
    /// Where PostgreSQL listens on this machine.
    upstream: AtomicU16,
    seed: u64,
    connections: AtomicU64,
    statements: AtomicU64,
    /// Units of work that have begun and not ended.
    units: AtomicU64,
    fired: AtomicU64,
    /// Milliseconds that each message takes, either way.
    delay: Mutex<Range<u64>>,
    planned: Mutex<Option<(Which, Fault)>>,
    /// Faults that befall statements by chance, each one of so many.
    chances: Mutex<Vec<(usize, Fault)>>,
    /// How often each kind has fired.
    struck: Mutex<Vec<Fault>>,
    /// Texts of statements, while they are noted.
    noted: Mutex<Option<Vec<String>>>,
    held: AtomicBool,
    cut: Mutex<CancellationToken>,
}

impl Proxy {
    /// A proxy before the PostgreSQL of the tests.
    pub async fn start(seed: u64) -> Self {
        Self::start_before(seed, databases::cluster().await.port()).await
    }

    /// A proxy before a PostgreSQL on this machine.
    pub async fn start_before(seed: u64, port: u16) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let state = Arc::new(State {
            upstream: AtomicU16::new(port),
            seed,
            connections: AtomicU64::new(0),
            statements: AtomicU64::new(0),
            units: AtomicU64::new(0),
            fired: AtomicU64::new(0),
            delay: Mutex::new(0..0),
            planned: Mutex::default(),
            chances: Mutex::default(),
            struck: Mutex::default(),
            noted: Mutex::default(),
            held: AtomicBool::new(false),
            cut: Mutex::default(),
        });
        let accepting = tokio::spawn({
            let state = Arc::clone(&state);
            async move {
                while let Ok((client, _)) = listener.accept().await {
                    let state = Arc::clone(&state);
                    tokio::spawn(async move { state.connection(client).await });
                }
            }
        });
        Self { address, state, accepting }
    }

    /// Puts it before the databases of a plan.
    pub fn stand_before(&self, plan: &mut Plan) {
        let people = plan.people.as_mut().map(|people| &mut people.database);
        let followup = plan.followup.as_mut().map(|followup| &mut followup.database);
        for settings in people.into_iter().chain(followup) {
            *settings = self.before(settings);
        }
    }

    /// The same database, by this way.
    pub fn before(&self, settings: &db::Settings) -> db::Settings {
        let by = |url: &SecretString| {
            let direct = format!(":{}/", self.state.upstream.load(Ordering::SeqCst));
            let url = url.expose_secret().replace(&direct, &format!(":{}/", self.address.port()));
            SecretString::from(url)
        };
        db::Settings { service_url: by(&settings.service_url), city_url: by(&settings.city_url), ..settings.clone() }
    }

    /// PostgreSQL listens on another port from now on.
    pub fn moved_to(&self, port: u16) {
        self.state.upstream.store(port, Ordering::SeqCst);
    }

    /// How many statements have been sent.
    pub fn statements(&self) -> u64 {
        self.state.statements.load(Ordering::SeqCst)
    }

    /// How many faults have fired.
    pub fn fired(&self) -> u64 {
        self.state.fired.load(Ordering::SeqCst)
    }

    /// How long each message takes from now on, either way, in milliseconds; `0..0`: no time.
    pub fn delay(&self, milliseconds: Range<u64>) {
        *lock(&self.state.delay) = milliseconds;
    }

    /// Plans a fault; it fires once. Another one that was planned and has not fired is forgotten.
    pub fn break_at(&self, which: Which, fault: Fault) {
        *lock(&self.state.planned) = Some((which, fault));
    }

    /// From now on each of these faults befalls one statement of so many, by the chance of its connection; none: no more.
    pub fn break_some(&self, chances: &[(usize, Fault)]) {
        *lock(&self.state.chances) = chances.to_vec();
    }

    /// How many faults of a kind have fired.
    pub fn fired_as(&self, fault: Fault) -> u64 {
        let struck = lock(&self.state.struck).iter().filter(|fired| **fired == fault).count();
        u64::try_from(struck).unwrap_or(u64::MAX)
    }

    /// Forgets a planned fault. Whether there was one left.
    pub fn forget(&self) -> bool {
        lock(&self.state.planned).take().is_some()
    }

    /// What was asked has been done, down to the ROLLBACK of a unit of work that was dropped: none is open, and no statement
    /// has come for a moment.
    pub async fn at_rest(&self) {
        let mut before = u64::MAX;
        until("no unit of work is open", async || {
            let now = self.statements();
            self.state.units.load(Ordering::SeqCst) == 0 && std::mem::replace(&mut before, now) == now
        })
        .await;
    }

    /// Notes the texts of statements from now on.
    pub fn note(&self) {
        *lock(&self.state.noted) = Some(Vec::new());
    }

    /// The texts noted, in the order in which they were sent; notes no more.
    pub fn noted(&self) -> Vec<String> {
        lock(&self.state.noted).take().unwrap_or_default()
    }

    /// Lets nothing through any more, either way.
    pub fn hold(&self) {
        self.state.held.store(true, Ordering::SeqCst);
    }

    /// Lets through again what was held.
    pub fn release(&self) {
        self.state.held.store(false, Ordering::SeqCst);
    }

    /// Cuts every connection that is open now.
    pub fn cut(&self) {
        std::mem::take(&mut *lock(&self.state.cut)).cancel();
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.accepting.abort();
        self.cut();
    }
}

impl State {
    async fn connection(self: Arc<Self>, client: TcpStream) {
        let Ok(server) = TcpStream::connect(("127.0.0.1", self.upstream.load(Ordering::SeqCst))).await else { return };
        let lane = self.connections.fetch_add(1, Ordering::SeqCst);
        let cut = lock(&self.cut).clone();
        tokio::select! {
            // First: what is cut hands nothing on any more, even if it is released at the same moment.
            biased;
            () = cut.cancelled() => {}
            () = wire::relay(&self, lane, client, server) => {}
        }
    }

    /// A statement is about to be sent: what is to happen to it.
    /// `unit` are those before it in its transaction.
    fn next(&self, text: &str, unit: &[String], chance: &mut crate::chance::Chance) -> Option<Fault> {
        self.statements.fetch_add(1, Ordering::SeqCst);
        if let Some(noted) = &mut *lock(&self.noted) {
            noted.push(text.to_owned());
        }
        let fault = self.planned(text, unit).or_else(|| {
            let chances = lock(&self.chances).clone();
            chances.into_iter().find_map(|(one_in, fault)| chance.one_in(one_in).then_some(fault))
        })?;
        self.fired.fetch_add(1, Ordering::SeqCst);
        lock(&self.struck).push(fault);
        if fault == Fault::Held {
            self.held.store(true, Ordering::SeqCst);
        }
        Some(fault)
    }

    /// The planned fault, if its statement has come.
    fn planned(&self, text: &str, unit: &[String]) -> Option<Fault> {
        let mut planned = lock(&self.planned);
        let (which, _) = planned.as_mut()?;
        let hit = match which {
            Which::Nth(n) => {
                *n = n.saturating_sub(1);
                *n == 0
            }
            Which::Text(whole, n) => {
                *n = n.saturating_sub(u64::from(text == whole));
                *n == 0
            }
            Which::CommitOf(part) => text == "COMMIT" && unit.iter().any(|before| before.contains(part.as_str())),
            Which::Commit => text == "COMMIT",
            Which::With(part) => text.contains(part.as_str()),
        };
        if hit { planned.take().map(|(_, fault)| fault) } else { None }
    }

    async fn wait(&self, chance: &mut crate::chance::Chance) {
        let delay = lock(&self.delay).clone();
        if !delay.is_empty() {
            let span = usize::try_from(delay.end - delay.start).unwrap_or(1);
            let extra = u64::try_from(chance.below(span)).unwrap_or_default();
            tokio::time::sleep(Duration::from_millis(delay.start + extra)).await;
        }
        while self.held.load(Ordering::SeqCst) {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
