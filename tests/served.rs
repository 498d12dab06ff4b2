//! The suite as it is served: in a process of its own that is told to stop by a signal, as `bangfu serve` and `bangfu up`
//! are, and ends with an exit code.

use std::{
    net::{Ipv4Addr, SocketAddr},
    process::{ExitStatus, Stdio},
    time::Duration,
};

use bangfu::suite::{FollowupPlan, PeoplePlan, Plan, Suite};
use bangfu_kernel::{Clock, Role};
use bangfu_platform::{db, peers::TokenSource, server::stop_signal};
use bangfu_testkit::{City, databases};
use secrecy::ExposeSecret as _;
use serde_json::{Value, json};
use tokio::{
    io::{AsyncBufReadExt as _, BufReader, Lines},
    process::{Child, ChildStdin, ChildStdout, Command},
    sync::oneshot,
    time::Instant,
};
use tonic::transport::Channel;

use crate::child;

/// What the child is told through its environment.
const TOLD: &str = "BANGFU_TEST_SERVED";
/// What it says when it listens; its address follows.
const LISTENS: &str = "served on ";

/// Any free port.
pub const ANYWHERE: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::LOCALHOST), 0);

/// A process that serves.
pub struct Served {
    /// Where.
    pub address: SocketAddr,
    child: Child,
    _stdin: ChildStdin,
    _said: Lines<BufReader<ChildStdout>>,
}

impl Served {
    /// Serves both services of a city, or the registry alone.
    pub async fn start(city: &City, listen: SocketAddr, lame_duck: Duration, followup: bool) -> Self {
        let told = json!({
            "people": urls(city, "people").await,
            "followup": if followup { urls(city, "followup").await } else { Value::Null },
            "jwks": city.issuer().jwks(),
            "token": city.token("followup", &[Role::Service], None),
            "listen": listen,
            "lame_duck": u64::try_from(lame_duck.as_millis()).expect("short"),
        });
        let mut child = child::command("served")
            .env(TOLD, told.to_string())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("a process");
        let stdin = child.stdin.take().expect("piped");
        let mut said = BufReader::new(child.stdout.take().expect("piped")).lines();
        while let Some(line) = said.next_line().await.expect("its output") {
            if let Some((_, address)) = line.split_once(LISTENS) {
                let address = address.parse().expect("an address");
                return Self { address, child, _stdin: stdin, _said: said };
            }
        }
        panic!("it ended before it served");
    }

    /// The way to it.
    pub fn channel(&self) -> Channel {
        Channel::from_shared(format!("http://{}", self.address)).expect("an address").connect_lazy()
    }

    /// SIGTERM, to this process alone.
    pub async fn tell(&self) -> Instant {
        let id = self.child.id().expect("it runs").to_string();
        let told = Command::new("kill").args(["-TERM", &id]).status().await.expect("kill");
        assert!(told.success(), "it cannot be told");
        Instant::now()
    }

    /// Waits until it has ended.
    pub async fn ended(mut self) -> ExitStatus {
        let ended = tokio::time::timeout(Duration::from_mins(1), self.child.wait()).await;
        ended.expect("it ends").expect("it ended")
    }
}

/// How a service reaches its database. The child does not ask for itself: it would make the templates of all tests first.
async fn urls(city: &City, service: &str) -> Value {
    let settings = databases::settings(service, city.database(service)).await;
    json!([settings.service_url.expose_secret(), settings.city_url.expose_secret()])
}

fn database(urls: &Value) -> db::Settings {
    let url = |n: usize| urls[n].as_str().expect("a URL").to_owned().into();
    db::Settings { service_url: url(0), city_url: url(1), connections: 8, development: true }
}

/// The life of such a process. It ends with a signal, or with whoever started it.
pub(crate) async fn life() {
    let signal = stop_signal().expect("signals");
    let told: Value = serde_json::from_str(&std::env::var(TOLD).expect("what to serve")).expect("JSON");
    let plan = plan(&told);
    // The process before us on the same address may be ending still.
    let (mut suite, mut tries) = (Suite::start(plan.clone()).await, 1_200);
    while suite.is_err() && tries > 0 {
        tokio::time::sleep(Duration::from_millis(50)).await;
        (suite, tries) = (Suite::start(plan.clone()).await, tries - 1);
    }
    let suite = suite.expect("it starts");
    println!("{LISTENS}{}", suite.address);
    let (gone, alone) = oneshot::channel::<()>();
    // A thread of its own: the runtime would wait for one of its own to read on.
    std::thread::spawn(move || {
        for line in std::io::stdin().lines() {
            drop(line);
        }
        drop(gone);
    });
    let until = async {
        tokio::select! {
            () = signal => {}
            _ = alone => {}
        }
    };
    suite.until(until).await.expect("it stops");
}

fn plan(told: &Value) -> Plan {
    let text = |name: &str| told[name].as_str().map(str::to_owned);
    let clock = Clock::at("2026-01-05".parse().expect("a date"));
    let mut plan = bangfu_testkit::plan(clock, &text("jwks").expect("a JWKS"));
    plan.listen = text("listen").and_then(|listen| listen.parse().ok()).expect("an address");
    plan.server.lame_duck = Duration::from_millis(told["lame_duck"].as_u64().expect("a number"));
    plan.people = Some(PeoplePlan {
        database: database(&told["people"]),
        master_key: vec![2; 32].into(),
        other_master_keys: Vec::new(),
        index_key: vec![3; 32].into(),
        anchors: None,
        jobs: true,
    });
    if !told["followup"].is_null() {
        let token = text("token").expect("a token");
        plan.followup = Some(FollowupPlan {
            database: database(&told["followup"]),
            people_endpoint: None,
            people_tls: None,
            tokens: TokenSource::issued(move || token.clone()),
            jobs: true,
            sweeps: false,
        });
    }
    plan
}
