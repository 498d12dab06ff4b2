//! A replica of follow-up: in this process, or in one of its own that can be killed.

use std::{process::Stdio, sync::Arc};

use bangfu::suite::{FollowupPlan, Plan, Suite};
use bangfu_kernel::{Clock, Role};
use bangfu_platform::peers::TokenSource;
use bangfu_testkit::{City, databases};
use chrono::NaiveDate;
use tokio::{
    io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader, Lines},
    process::{Child, ChildStdin, ChildStdout},
};
use tonic::{Code, Status, transport::Channel};

use crate::{child, proxy::Proxy};

/// What a child is told through its environment.
const DATABASE: &str = "BANGFU_TEST_DATABASE";
const PEOPLE: &str = "BANGFU_TEST_PEOPLE";
const JWKS: &str = "BANGFU_TEST_JWKS";
const TOKEN: &str = "BANGFU_TEST_TOKEN";
const TODAY: &str = "BANGFU_TEST_TODAY";
/// What a child says when it listens; its address follows.
const LISTENS: &str = "replica listens on ";
/// What a child says when its clock stands where it was told to.
const TURNED: &str = "replica has turned to ";

/// Whether a call ended because who answered it was killed.
pub fn is_dead(status: &Status) -> bool {
    matches!(status.code(), Code::Unavailable | Code::Unknown | Code::Cancelled)
}

/// A replica of follow-up.
pub enum Replica {
    /// In this process.
    Here(Box<Suite>, Channel),
    /// In one of its own.
    Away(Box<Away>),
}

/// A replica in a process of its own.
pub struct Away {
    child: Child,
    stdin: ChildStdin,
    said: Lines<BufReader<ChildStdout>>,
    channel: Channel,
}

impl Replica {
    /// Starts one on the city's database, today.
    pub async fn start(city: &City, away: bool) -> Self {
        if away {
            return Self::Away(Box::new(Away::start(city).await));
        }
        Self::here(city, |_| {}).await
    }

    /// Starts one in this process, with a proxy before its database.
    pub async fn behind(city: &City, proxy: &Proxy) -> Self {
        Self::here(city, |plan| proxy.stand_before(plan)).await
    }

    async fn here(city: &City, change: impl FnOnce(&mut Plan)) -> Self {
        let mut plan = city.plan().await;
        plan.people = None;
        if let Some(followup) = &mut plan.followup {
            followup.people_endpoint = Some(city.suite().endpoint());
        }
        change(&mut plan);
        let suite = Suite::start(plan).await.expect("a replica starts");
        let channel = Channel::from_shared(suite.endpoint()).expect("an address").connect_lazy();
        Self::Here(Box::new(suite), channel)
    }

    /// The way to it.
    pub fn channel(&self) -> Channel {
        match self {
            Self::Here(_, channel) => channel.clone(),
            Self::Away(away) => away.channel.clone(),
        }
    }

    /// Turns the clock; the city's own is shared by a replica that is here.
    pub async fn turn_to(&mut self, day: NaiveDate) {
        let Self::Away(away) = self else { return };
        away.stdin.write_all(format!("{day}\n").as_bytes()).await.expect("it listens");
        away.hear(TURNED).await;
    }

    /// kill -9
    pub async fn kill(&mut self) {
        let Self::Away(away) = self else { panic!("nobody kills this process") };
        away.child.kill().await.expect("killed");
    }

    /// Sends a signal, such as STOP and CONT, to a process of its own.
    pub async fn signal(&self, signal: &str) {
        let Self::Away(away) = self else { panic!("nobody signals this process") };
        let pid = away.child.id().expect("it runs").to_string();
        let sent = tokio::process::Command::new("kill").args([&format!("-{signal}"), &pid]).status().await;
        assert!(sent.expect("kill").success(), "no {signal} for {pid}");
    }

    /// Ends it in good order.
    pub async fn stop(self) {
        match self {
            Self::Here(suite, _) => drop(suite.stop().await.expect("it stops")),
            Self::Away(away) => {
                let Away { mut child, stdin, said, .. } = *away;
                drop(stdin);
                assert!(child.wait().await.expect("it ended").success(), "a replica fell over");
                drop(said);
            }
        }
    }
}

impl Away {
    async fn start(city: &City) -> Self {
        let mut child = child::command("replica")
            .env(DATABASE, city.database("followup"))
            .env(PEOPLE, city.suite().endpoint())
            .env(JWKS, city.issuer().jwks())
            .env(TOKEN, city.token("followup", &[Role::Service], None))
            .env(TODAY, city.clock.today().to_string())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .expect("a process");
        let stdin = child.stdin.take().expect("piped");
        let said = BufReader::new(child.stdout.take().expect("piped")).lines();
        let mut away = Self { child, stdin, said, channel: Channel::from_static("http://127.0.0.1:1").connect_lazy() };
        let address = away.hear(LISTENS).await;
        away.channel = Channel::from_shared(format!("http://{address}")).expect("an address").connect_lazy();
        away
    }

    /// Waits until it says something that begins so; the rest of it.
    async fn hear(&mut self, what: &str) -> String {
        while let Some(line) = self.said.next_line().await.expect("its output") {
            if let Some((_, rest)) = line.split_once(what) {
                return rest.to_owned();
            }
        }
        panic!("a replica ended before it said: {what}");
    }
}

/// The life of a replica in a process of its own, until its input ends.
pub(crate) async fn life() {
    let set = |name| std::env::var(name).ok();
    let (database, people) = (set(DATABASE).expect("a database"), set(PEOPLE).expect("a registry"));
    let clock = Clock::at(set(TODAY).and_then(|day| day.parse().ok()).expect("a date"));
    let token = set(TOKEN).expect("a token");
    let jwks = set(JWKS).expect("a JWKS");
    let plan = Plan {
        followup: Some(FollowupPlan {
            database: databases::settings("followup", &database).await,
            people_endpoint: Some(people),
            people_tls: None,
            tokens: TokenSource::issued({
                let token: Arc<str> = token.into();
                move || token.to_string()
            }),
            jobs: true,
            sweeps: true,
        }),
        ..bangfu_testkit::plan(clock.clone(), &jwks)
    };
    let suite = Suite::start(plan).await.expect("it starts");
    println!("{LISTENS}{}", suite.address);
    // Until its input ends: then the one who started it is done, or gone.
    let turns = tokio::task::spawn_blocking(move || {
        for line in std::io::stdin().lines() {
            let line = line.expect("its input");
            assert!(clock.turn_to(line.parse().expect("a date")));
            println!("{TURNED}{line}");
        }
    });
    turns.await.expect("it was turned");
    suite.stop().await.expect("it stops");
}
