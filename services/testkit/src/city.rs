//! A city for one test: suite, clock, townships, staff.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use bangfu::{
    client::{Client, request_id},
    suite::{FollowupPlan, PeoplePlan, Plan, Suite},
};
use bangfu_kernel::{Clock, Role, Township};
use bangfu_platform::{
    auth::{
        issuer::{Issuer, NewToken},
        jwks::Jwks,
        token,
    },
    peers::TokenSource,
    server, stack,
};
use bangfu_proto::people::v1::UpsertTownshipRequest;
use chrono::NaiveDate;
use sqlx::PgConnection;
use tonic::{Status, transport::Channel};
use tonic_types::StatusExt as _;

use crate::databases;

/// A township that every city here has: 大东镇 (a made-up name).
pub const DADONG: &str = "320685102";
/// Another one: 李堡镇.
pub const LIBAO: &str = "320685103";
/// The city's code.
pub const CITY: &str = "320685";

/// A city: both services in this process, databases of its own.
pub struct City {
    /// Stands at nine in the morning of 2026-01-05 until it is set.
    pub clock: Clock,
    /// Names of the databases, by service.
    pub databases: Vec<(&'static str, String)>,
    issuer: Arc<Issuer>,
    suite: Option<Suite>,
    channel: Channel,
}

impl City {
    /// A city with the townships DADONG and LIBAO.
    pub async fn new() -> Self {
        Self::with(|_plan| {}).await
    }

    /// The same with a changed plan.
    pub async fn with(change: impl FnOnce(&mut Plan)) -> Self {
        let mut databases = Vec::new();
        for service in databases::SERVICES {
            databases.push((service, databases::clone(service).await));
        }
        let clock = Clock::at("2026-01-05".parse().expect("a date"));
        let issuer = Arc::new(Issuer::in_memory("test-issuer", "bangfu").expect("a key"));
        let mut city = Self {
            clock,
            databases,
            issuer,
            suite: None,
            channel: Channel::from_static("http://127.0.0.1:1").connect_lazy(),
        };
        let mut plan = city.plan().await;
        change(&mut plan);
        city.start(plan).await;
        for (code, name) in [(DADONG, "大东镇"), (LIBAO, "李堡镇")] {
            city.township(code, name).await;
        }
        city
    }

    /// The plan of a suite on this city's databases: to start it again, or another replica.
    pub async fn plan(&self) -> Plan {
        let issuer = Arc::clone(&self.issuer);
        Plan {
            people: Some(PeoplePlan {
                database: databases::settings("people", self.database("people")).await,
                master_key: vec![2; 32].into(),
                other_master_keys: Vec::new(),
                index_key: vec![3; 32].into(),
                anchors: None,
                jobs: true,
            }),
            followup: Some(FollowupPlan {
                database: databases::settings("followup", self.database("followup")).await,
                people_endpoint: None,
                people_tls: None,
                tokens: TokenSource::issued(move || token_of(&issuer, "followup", &[Role::Service], None, &[])),
                jobs: true,
                sweeps: true,
            }),
            ..plan(self.clock.clone(), &self.issuer.jwks())
        }
    }

    /// Starts a suite on this city's databases; clients made afterwards speak to it.
    pub async fn start(&mut self, plan: Plan) {
        let suite = Suite::start(plan).await.expect("the suite starts");
        self.channel = Channel::from_shared(suite.endpoint()).expect("an address").connect_lazy();
        self.suite = Some(suite);
    }

    /// Stops the suite, keeps the databases.
    pub async fn stop(&mut self) {
        if let Some(suite) = self.suite.take() {
            suite.stop().await.expect("the suite stops");
        }
    }

    /// Clients made afterwards speak to the suite through something that stands before it.
    pub fn speak_through(&mut self, endpoint: String) {
        self.channel = Channel::from_shared(endpoint).expect("an address").connect_lazy();
    }

    /// The running suite.
    pub fn suite(&self) -> &Suite {
        self.suite.as_ref().expect("the suite runs")
    }

    /// Name of a service's database.
    pub fn database(&self, service: &str) -> &str {
        &self.databases.iter().find(|(name, _)| *name == service).expect("a service").1
    }

    /// A superuser's look into a service's database.
    pub async fn look(&self, service: &str) -> PgConnection {
        databases::superuser(self.database(service)).await
    }

    /// Turns the clock to nine in the morning of a day.
    pub fn turn_to(&self, day: &str) {
        assert!(self.clock.turn_to(day.parse::<NaiveDate>().expect("a date")), "the clock is simulated");
    }

    /// Enters a township.
    pub async fn township(&self, code: &str, name: &str) {
        let request = UpsertTownshipRequest {
            request_id: request_id(),
            code: code.to_owned(),
            name: name.to_owned(),
            etag: String::new(),
        };
        self.bureau().people().upsert_township(request).await.expect("a township");
    }

    /// 区镇经办 of a township.
    pub fn clerk(&self, township: &str) -> Client {
        self.caller("clerk-1", &[Role::Clerk], Some(township), &[])
    }

    /// 协理员 of a township, for all villages or for some.
    pub fn coordinator(&self, township: &str, villages: &[&str]) -> Client {
        self.caller("coordinator-1", &[Role::Coordinator], Some(township), villages)
    }

    /// 区镇审核 of a township.
    pub fn reviewer(&self, township: &str) -> Client {
        self.caller("reviewer-1", &[Role::Reviewer], Some(township), &[])
    }

    /// 市人社局
    pub fn bureau(&self) -> Client {
        self.caller("bureau-1", &[Role::Bureau], None, &[])
    }

    /// Another service of the suite.
    pub fn service(&self) -> Client {
        self.caller("service-1", &[Role::Service], None, &[])
    }

    /// Anybody.
    pub fn caller(&self, subject: &str, roles: &[Role], township: Option<&str>, villages: &[&str]) -> Client {
        let token = token_of(&self.issuer, subject, roles, township, villages);
        Client::on(self.channel.clone(), &token).expect("a client")
    }

    /// A channel without a token.
    pub fn channel(&self) -> Channel {
        self.channel.clone()
    }

    /// A token of this city's issuer, to be spoiled.
    pub fn token(&self, subject: &str, roles: &[Role], township: Option<&str>) -> String {
        token_of(&self.issuer, subject, roles, township, &[])
    }

    /// The issuer of this city's tokens, for tokens that no honest issuer would give.
    pub fn issuer(&self) -> &Issuer {
        &self.issuer
    }

    /// Waits until follow-up has applied everything the registry has told.
    pub async fn settle(&self) {
        let mut people = self.look("people").await;
        let mut followup = self.look("followup").await;
        for _ in 0..3_000 {
            let told: Vec<(String, i64)> = sqlx::query_as("SELECT township, seq FROM feed_head ORDER BY township")
                .fetch_all(&mut people)
                .await
                .expect("heads");
            let taken: Vec<(String, i64)> = sqlx::query_as("SELECT township, seq FROM township ORDER BY township")
                .fetch_all(&mut followup)
                .await
                .expect("positions");
            if told == taken {
                return;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        panic!("follow-up does not catch up with the registry");
    }

    /// Stops the suite and drops the databases.
    pub async fn close(mut self) {
        self.stop().await;
        for (_, database) in &self.databases {
            databases::drop(database).await;
        }
    }
}

/// A suite of the city without services, which takes the tokens of an issuer with these keys: for a process of its own.
pub fn plan(clock: Clock, jwks: &str) -> Plan {
    Plan {
        listen: SocketAddr::from(([127, 0, 0, 1], 0)),
        city: CITY.to_owned(),
        clock,
        tokens: token::Settings::new("test-issuer", "bangfu", CITY),
        jwks: Jwks::fixed(jwks, Clock::system()).expect("a JWKS"),
        page_key: vec![1; 32].into(),
        people: None,
        followup: None,
        server: server::Settings { lame_duck: Duration::ZERO, ..server::Settings::default() },
        stack: stack::Settings::default(),
    }
}

/// Lets the services of a suite do nothing by themselves: every statement is a call's.
pub fn without_jobs(plan: &mut Plan) {
    if let Some(people) = &mut plan.people {
        people.jobs = false;
    }
    if let Some(followup) = &mut plan.followup {
        followup.jobs = false;
    }
}

/// The closed reason of an error: "NOT_FOUND".
pub fn reason(status: &Status) -> String {
    status.get_details_error_info().map(|info| info.reason).unwrap_or_default()
}

fn token_of(issuer: &Issuer, subject: &str, roles: &[Role], township: Option<&str>, villages: &[&str]) -> String {
    let token = NewToken {
        subject: subject.to_owned(),
        city: CITY.to_owned(),
        township: township.map(|code| code.parse::<Township>().expect("a township code")),
        roles: roles.to_vec(),
        villages: villages.iter().map(|&village| village.to_owned()).collect(),
        life: Duration::from_mins(15),
    };
    issuer.issue(&token, Clock::system().now())
}
