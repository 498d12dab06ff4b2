//! The suite in a process of its own, on the databases of a city: what it costs can be measured, what it may have can be
//! bounded, and the load does not run in the same process.

use std::{net::SocketAddr, path::PathBuf, process::Stdio, time::Duration};

use bangfu::{
    client::Client,
    suite::{FollowupPlan, PeoplePlan, Plan, Suite},
};
use bangfu_kernel::{Clock, Role};
use bangfu_platform::{db, peers::TokenSource, server, stack};
use bangfu_testkit::{City, databases};
use secrecy::ExposeSecret as _;
use serde_json::{Value, json};
use tokio::{
    io::{AsyncBufReadExt as _, BufReader},
    process::{Child, ChildStdin, Command},
};
use tonic::transport::{Channel, Endpoint};

use crate::{child, proxy::Proxy};

/// What the process is told through its environment.
const PLAN: &str = "BANGFU_TEST_SERVER";
/// What it says when it listens; its address follows.
const LISTENS: &str = "server listens on ";
/// Ticks of `/proc/*/stat` in a second: the same on every Linux for decades.
const TICKS: u64 = 100;

/// What a server is to be like.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Wanted {
    /// As [`server::Settings::connections`].
    pub(crate) connections: usize,
    /// As [`server::Settings::opening`].
    pub(crate) opening: Duration,
    /// As [`server::Settings::reader_patience`].
    pub(crate) patience: Duration,
    /// As [`stack::Settings::pause`].
    pub(crate) pause: Duration,
    /// Sessions with each database.
    pub(crate) sessions: u32,
    /// File descriptors it may have; `None`: as many as this process.
    pub(crate) descriptors: Option<u32>,
    /// Whether it has one core only.
    pub(crate) one_core: bool,
}

impl Default for Wanted {
    fn default() -> Self {
        let server = server::Settings::default();
        Self {
            connections: server.connections,
            opening: server.opening,
            patience: server.reader_patience,
            pause: stack::Settings::default().pause,
            sessions: 8,
            descriptors: None,
            one_core: false,
        }
    }
}

/// A server in a process of its own; it ends with this handle.
#[derive(Debug)]
pub(crate) struct Served {
    child: Child,
    _stdin: ChildStdin,
    pid: u32,
    /// Where it listens.
    pub(crate) address: SocketAddr,
}

impl Served {
    /// Starts one on the databases of a city, whose own suite is stopped: nothing else works on them.
    pub(crate) async fn start(city: &mut City, wanted: Wanted) -> Self {
        city.settle().await;
        Self::start_unsettled(city, wanted, None).await
    }

    /// The same, whatever follow-up knows of the registry; its databases may lie behind a proxy.
    pub(crate) async fn start_unsettled(city: &mut City, wanted: Wanted, proxy: Option<&Proxy>) -> Self {
        city.stop().await;
        let mut urls = Vec::new();
        for service in databases::SERVICES {
            let settings = databases::settings(service, city.database(service)).await;
            let settings = proxy.map_or(settings.clone(), |proxy| proxy.before(&settings));
            urls.push([settings.service_url, settings.city_url].map(|url| url.expose_secret().to_owned()));
        }
        let plan = json!({
            "databases": urls, "jwks": city.issuer().jwks(), "today": city.clock.today().to_string(),
            "connections": wanted.connections, "sessions": wanted.sessions,
            "opening": millis(wanted.opening), "patience": millis(wanted.patience),
            "pause": millis(wanted.pause),
        });
        let mut before = Vec::new();
        if wanted.one_core {
            before.extend(["taskset".to_owned(), "-c".to_owned(), "0".to_owned()]);
        }
        if let Some(descriptors) = wanted.descriptors {
            before.extend(["prlimit".to_owned(), format!("--nofile={descriptors}:{descriptors}")]);
        }
        let mut child = behind(&before, &child::command("server"))
            .env(PLAN, plan.to_string())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .expect("a process");
        let stdin = child.stdin.take().expect("piped");
        let mut said = BufReader::new(child.stdout.take().expect("piped")).lines();
        let pid = child.id().expect("it runs");
        loop {
            let line = said.next_line().await.expect("its output").expect("it listens");
            if let Some((_, address)) = line.split_once(LISTENS) {
                return Self { child, _stdin: stdin, pid, address: address.parse().expect("an address") };
            }
        }
    }

    /// A way to it, with connections of its own.
    pub(crate) fn channel(&self) -> Channel {
        self.endpoint().connect_lazy()
    }

    /// The same, to be changed.
    pub(crate) fn endpoint(&self) -> Endpoint {
        Channel::from_shared(format!("http://{}", self.address)).expect("an address")
    }

    /// A clerk of a township on a connection of their own.
    pub(crate) fn clerk(&self, city: &City, subject: &str, township: &str) -> Client {
        Client::on(self.channel(), &city.token(subject, &[Role::Clerk], Some(township))).expect("a client")
    }

    /// The most memory it has had since [`Self::forget_memory`], in KiB.
    pub(crate) fn most_memory(&self) -> u64 {
        let status = std::fs::read_to_string(self.proc("status")).expect("it runs");
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).expect("its memory");
        line.trim_end_matches("kB").trim().parse().expect("a number")
    }

    /// Begins to look for the most memory anew; what it has now, in KiB.
    pub(crate) fn forget_memory(&self) -> u64 {
        std::fs::write(self.proc("clear_refs"), "5").expect("it is ours");
        self.most_memory()
    }

    /// Processor time it has had so far.
    pub(crate) fn worked(&self) -> Duration {
        let stat = std::fs::read_to_string(self.proc("stat")).expect("it runs");
        // The name may hold anything; what follows its bracket is numbers, user and system time the 12th and 13th.
        let numbers = stat.rsplit(')').next().unwrap_or_default();
        let ticks =
            numbers.split_whitespace().skip(11).take(2).map(|n| n.parse::<u64>().expect("a number")).sum::<u64>();
        Duration::from_millis(ticks * 1_000 / TICKS)
    }

    /// The share of a core that it takes over some time, in percent.
    pub(crate) async fn busy(&self, over: Duration) -> u64 {
        let (before, begun) = (self.worked(), tokio::time::Instant::now());
        tokio::time::sleep(over).await;
        millis(self.worked().saturating_sub(before)) * 100 / millis(begun.elapsed()).max(1)
    }

    /// How many file descriptors it has open.
    pub(crate) fn descriptors(&self) -> usize {
        std::fs::read_dir(self.proc("fd")).expect("it runs").count()
    }

    /// Whether it lives.
    pub(crate) fn lives(&mut self) -> bool {
        matches!(self.child.try_wait(), Ok(None))
    }

    /// Ends it; whatever is still open is cut.
    pub(crate) async fn end(mut self) {
        assert!(self.lives(), "the server has died");
        self.child.kill().await.expect("killed");
    }

    fn proc(&self, file: &str) -> PathBuf {
        PathBuf::from(format!("/proc/{}/{file}", self.pid))
    }
}

/// A command run by another one, which becomes it.
fn behind(before: &[String], command: &Command) -> Command {
    let command = command.as_std();
    let mut words = before.iter().map(AsRef::as_ref).chain([command.get_program()]).chain(command.get_args());
    let mut all = Command::new(words.next().expect("a program"));
    all.args(words);
    for (name, value) in command.get_envs() {
        if let Some(value) = value {
            all.env(name, value);
        }
    }
    all
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).expect("not for ever")
}

/// The life of a server in a process of its own, until its input ends.
pub(crate) async fn life() {
    let told: Value = serde_json::from_str(&std::env::var(PLAN).expect("a plan")).expect("a plan");
    let text = |what: &Value| what.as_str().expect("a text").to_owned();
    let number = |what: &str| told[what].as_u64().expect("a number");
    let database = |n: usize| db::Settings {
        service_url: text(&told["databases"][n][0]).into(),
        city_url: text(&told["databases"][n][1]).into(),
        connections: u32::try_from(number("sessions")).expect("few"),
        development: true,
    };
    let clock = Clock::at(text(&told["today"]).parse().expect("a date"));
    let plan = Plan {
        people: Some(PeoplePlan {
            database: database(0),
            master_key: vec![2; 32].into(),
            other_master_keys: Vec::new(),
            index_key: vec![3; 32].into(),
            anchors: None,
            jobs: true,
        }),
        followup: Some(FollowupPlan {
            database: database(1),
            people_endpoint: None,
            people_tls: None,
            tokens: TokenSource::issued(String::new),
            jobs: false,
            sweeps: false,
        }),
        server: server::Settings {
            connections: usize::try_from(number("connections")).expect("not so many"),
            opening: Duration::from_millis(number("opening")),
            reader_patience: Duration::from_millis(number("patience")),
            lame_duck: Duration::ZERO,
            ..server::Settings::default()
        },
        // Any number of calls is more than there are sessions for: those are the limit.
        stack: stack::Settings {
            calls: usize::MAX >> 4,
            calls_per_township: usize::MAX,
            pause: Duration::from_millis(number("pause")),
            ..stack::Settings::default()
        },
        ..bangfu_testkit::plan(clock, &text(&told["jwks"]))
    };
    let suite = Suite::start(plan).await.expect("it starts");
    println!("{LISTENS}{}", suite.address);
    // Until its input ends: then the one who started it is done, or gone.
    let over = tokio::task::spawn_blocking(|| std::io::stdin().lines().for_each(drop));
    over.await.expect("its input ended");
    std::process::exit(0);
}
