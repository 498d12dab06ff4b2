//! The services as a deployment runs them: each in a suite of its own, meeting over the network only.

use std::net::{SocketAddr, TcpListener};

use bangfu::{
    client::Client,
    suite::{Plan, Suite},
};
use bangfu_kernel::{Clock, Role};
use bangfu_proto::{
    followup::v1::{ListDutiesRequest, RecordContactRequest, RunSweepRequest},
    people::v1::{
        AcceptTransferRequest, EmploymentStatus, GetPersonRequest, OfferTransferRequest, RecordEmploymentRequest,
        ServiceLevel,
    },
};
use bangfu_testkit::{City, DADONG, LIBAO, sample};
use tonic::transport::Channel;

use bangfu_tests::steps::{contact, duties, learned, record, standing, until};

async fn followup_plan(city: &City, people_at: SocketAddr) -> Plan {
    let mut plan = city.plan().await;
    plan.people = None;
    if let Some(followup) = &mut plan.followup {
        followup.people_endpoint = Some(format!("http://{people_at}"));
    }
    plan
}

/// People at the city's own address; follow-up at another.
struct Split {
    city: City,
    followup: Suite,
    people_at: SocketAddr,
}

impl Split {
    async fn new() -> Self {
        Self::with_registry_clock(None).await
    }

    /// The registry goes by a clock of its own.
    async fn with_registry_clock(clock: Option<Clock>) -> Self {
        let people_at = free_address();
        let city = City::with(|plan| {
            plan.listen = people_at;
            plan.followup = None;
            plan.clock = clock.unwrap_or_else(|| plan.clock.clone());
        })
        .await;
        let followup = Suite::start(followup_plan(&city, people_at).await).await.expect("follow-up starts");
        Self { city, followup, people_at }
    }

    /// What follow-up is started with.
    async fn followup_plan(&self) -> Plan {
        followup_plan(&self.city, self.people_at).await
    }

    /// Somebody's client to follow-up.
    fn at_followup(&self, subject: &str, role: Role, township: Option<&str>) -> Client {
        let channel = Channel::from_shared(self.followup.endpoint()).expect("an address").connect_lazy();
        Client::on(channel, &self.city.token(subject, &[role], township)).expect("a client")
    }

    async fn start_people(&mut self) {
        let mut plan = self.city.plan().await;
        plan.listen = self.people_at;
        plan.followup = None;
        self.city.start(plan).await;
    }

    async fn end(self) {
        self.followup.stop().await.expect("follow-up stops");
        self.city.close().await;
    }
}

/// Free when it was asked for.
fn free_address() -> SocketAddr {
    TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr()).expect("a port")
}

async fn level(city: &City, person_id: &str) -> ServiceLevel {
    let request = GetPersonRequest { person_id: person_id.to_owned(), ..Default::default() };
    city.clerk(DADONG).people().get_person(request).await.expect("found").into_inner().level()
}

async fn pending(city: &City) -> i64 {
    sqlx::query_scalar("SELECT count(*) FROM delivery WHERE delivered_at IS NULL")
        .fetch_one(&mut city.look("followup").await)
        .await
        .expect("a count")
}

#[tokio::test(flavor = "multi_thread")]
async fn two_services_on_two_addresses_follow_each_other_through_a_stop_of_the_registry() {
    let mut split = Split::new().await;
    let register = |n| sample::person_who_is(n, EmploymentStatus::Unemployed, "2026-01-05");
    let mut people = Vec::new();
    for n in 0..2 {
        let answer = split.city.clerk(DADONG).people().register_person(register(n)).await;
        people.push(answer.expect("registered").into_inner().person_id);
    }
    split.city.settle().await;
    let clerk = split.at_followup("clerk-1", Role::Clerk, Some(DADONG));
    let bureau = split.at_followup("bureau-1", Role::Bureau, None);
    let sweep = || RunSweepRequest { request_id: bangfu::client::request_id(), ..Default::default() };
    bureau.followup().run_sweep(sweep()).await.expect("swept");
    assert_eq!(duties(&clerk, ListDutiesRequest::default()).await.len(), 16);

    let learns = |person_id: &str| RecordContactRequest {
        status_learned: learned(EmploymentStatus::Startup, "2026-01-05"),
        ..contact(&split.city, person_id)
    };
    let (first, second) = (learns(&people[0]), learns(&people[1]));
    record(&clerk, first).await;
    until("it is delivered", async || pending(&split.city).await == 0).await;
    assert_eq!(level(&split.city, &people[0]).await, ServiceLevel::Stable);

    // Neither registry nor clerk at it: what is learned now waits; follow-up itself goes on.
    split.city.stop().await;
    record(&clerk, second).await;
    assert_eq!(pending(&split.city).await, 1);
    bureau.followup().run_sweep(sweep()).await.expect("a sweep needs no registry");

    split.start_people().await;
    until("the delivery is made up for", async || pending(&split.city).await == 0).await;
    assert_eq!(level(&split.city, &people[1]).await, ServiceLevel::Stable);
    split.city.clerk(DADONG).people().register_person(register(2)).await.expect("registered");
    split.city.settle().await;
    let records: i64 = sqlx::query_scalar("SELECT count(*) FROM employment WHERE source = 'CONTACT'")
        .fetch_one(&mut split.city.look("people").await)
        .await
        .expect("a count");
    assert_eq!(records, 2, "each exactly once");
    split.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn follow_up_started_late_or_again_takes_up_where_the_feed_stands() {
    let mut split = Split::new().await;
    let clerk = split.city.clerk(DADONG);
    let mut ids = Vec::new();
    for n in 0..3 {
        let request = sample::person_who_is(n, EmploymentStatus::Unemployed, "2026-01-05");
        ids.push(clerk.people().register_person(request).await.expect("registered").into_inner().person_id);
    }
    split.city.settle().await;
    let mut plan = split.city.plan().await;
    plan.people = None;
    let endpoint = format!("http://{}", split.people_at);
    if let Some(followup) = &mut plan.followup {
        followup.people_endpoint = Some(endpoint);
    }
    split.followup.stop().await.expect("stopped");
    // Facts that nobody follows.
    for person_id in &ids {
        let request = RecordEmploymentRequest {
            request_id: bangfu::client::request_id(),
            person_id: person_id.clone(),
            employment: Some(sample::employment(EmploymentStatus::Retired, "2026-01-05")),
            ..Default::default()
        };
        clerk.people().record_employment(request).await.expect("recorded");
    }
    split.followup = Suite::start(plan).await.expect("started again");
    split.city.settle().await;
    let bureau = split.at_followup("bureau-1", Role::Bureau, None);
    let request = RunSweepRequest { request_id: bangfu::client::request_id(), ..Default::default() };
    let swept = bureau.followup().run_sweep(request).await.expect("swept").into_inner().townships;
    assert_eq!(swept[0].excluded, [("EXITED".to_owned(), 3)].into());
    split.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_contact_taught_counts_though_the_registry_is_down_until_after_the_grace() {
    let mut split = Split::new().await;
    let register = sample::person_who_is(0, EmploymentStatus::Unemployed, "2026-01-05");
    let registered = split.city.clerk(DADONG).people().register_person(register).await.expect("registered");
    let person_id = registered.into_inner().person_id;
    split.city.settle().await;
    let clerk = split.at_followup("clerk-1", Role::Clerk, Some(DADONG));
    let sweep = || RunSweepRequest { request_id: bangfu::client::request_id(), ..Default::default() };
    let bureau = split.at_followup("bureau-1", Role::Bureau, None);
    bureau.followup().run_sweep(sweep()).await.expect("swept");

    split.city.stop().await;
    split.city.turn_to("2026-12-31");
    let found_work = RecordContactRequest {
        status_learned: learned(EmploymentStatus::Startup, "2026-12-31"),
        ..contact(&split.city, &person_id)
    };
    record(&clerk, found_work).await;
    split.city.turn_to("2027-01-06");
    bureau.followup().run_sweep(sweep()).await.expect("swept");
    let quotas = async || {
        let all = standing(&duties(&clerk, ListDutiesRequest::default()).await);
        all.into_iter().filter(|(line, _)| line.starts_with("131.")).collect::<Vec<_>>()
    };
    let released = [
        ("131.career_guidance 2026-01-01 RELEASED".to_owned(), 1),
        ("131.job_referral 2026-01-01 RELEASED".to_owned(), 3),
        ("131.skills_training 2026-01-01 RELEASED".to_owned(), 1),
    ];
    assert_eq!(quotas().await, released, "nobody forgot in time what was learned in time");

    split.start_people().await;
    until("it is delivered", async || pending(&split.city).await == 0).await;
    split.city.settle().await;
    assert_eq!(quotas().await, released);
    assert_eq!(level(&split.city, &person_id).await, ServiceLevel::Stable);
    split.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_registry_whose_clock_is_behind_midnight_is_told_again() {
    let behind = Clock::simulated("2026-01-05T15:59:58Z".parse().expect("two seconds to midnight in Shanghai"));
    let split = Split::with_registry_clock(Some(behind.clone())).await;
    let register = sample::person_who_is(0, EmploymentStatus::Unemployed, "2026-01-05");
    let registered = split.city.clerk(DADONG).people().register_person(register).await.expect("registered");
    let person_id = registered.into_inner().person_id;
    split.city.settle().await;
    split.city.turn_to("2026-01-06");
    let clerk = split.at_followup("clerk-1", Role::Clerk, Some(DADONG));
    let today = RecordContactRequest {
        status_learned: learned(EmploymentStatus::Startup, "2026-01-06"),
        ..contact(&split.city, &person_id)
    };
    record(&clerk, today).await;
    let mut look = split.city.look("followup").await;
    until("it is refused more than once", async || {
        let attempts = "SELECT attempts FROM delivery";
        sqlx::query_scalar::<_, i32>(attempts).fetch_one(&mut look).await.expect("one") > 1
    })
    .await;
    assert_eq!((pending(&split.city).await, level(&split.city, &person_id).await), (1, ServiceLevel::Unemployed));

    behind.turn_to("2026-01-06".parse().expect("a date"));
    until("it is taken", async || pending(&split.city).await == 0).await;
    assert_eq!(level(&split.city, &person_id).await, ServiceLevel::Stable);
    split.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_contact_taught_follows_somebody_who_was_transferred_before_the_registry_was_told() {
    let mut split = Split::new().await;
    let register = sample::person_who_is(0, EmploymentStatus::Unemployed, "2026-01-05");
    let registered = split.city.clerk(DADONG).people().register_person(register).await.expect("registered");
    let person_id = registered.into_inner().person_id;
    split.city.settle().await;
    let clerk = split.at_followup("clerk-1", Role::Clerk, Some(DADONG));
    let bureau = split.at_followup("bureau-1", Role::Bureau, None);
    let sweep = || RunSweepRequest { request_id: bangfu::client::request_id(), ..Default::default() };
    bureau.followup().run_sweep(sweep()).await.expect("swept");

    // Learned while the registry is down. Follow-up is stopped before it is back, so the move comes before the delivery.
    split.city.stop().await;
    let learns = RecordContactRequest {
        status_learned: learned(EmploymentStatus::Startup, "2026-01-05"),
        ..contact(&split.city, &person_id)
    };
    record(&clerk, learns).await;
    let plan = split.followup_plan().await;
    let mut people = split.city.plan().await;
    people.listen = split.people_at;
    people.followup = None;
    split.followup.stop().await.expect("stopped");
    split.city.start(people).await;
    let offer = OfferTransferRequest {
        request_id: bangfu::client::request_id(),
        person_id: person_id.clone(),
        to_township: LIBAO.to_owned(),
        reason: "户籍迁移".to_owned(),
        ..Default::default()
    };
    let offered = split.city.clerk(DADONG).people().offer_transfer(offer).await.expect("offered").into_inner();
    let accept = AcceptTransferRequest {
        request_id: bangfu::client::request_id(),
        transfer_id: offered.transfer_id,
        ..Default::default()
    };
    split.city.clerk(LIBAO).people().accept_transfer(accept).await.expect("accepted");
    split.followup = Suite::start(plan).await.expect("started again");

    until("it is delivered", async || pending(&split.city).await == 0).await;
    let entered: Vec<String> = sqlx::query_scalar("SELECT township FROM audit WHERE action = 'RECORD_EMPLOYMENT'")
        .fetch_all(&mut split.city.look("people").await)
        .await
        .expect("entries");
    assert_eq!(entered, [LIBAO], "after the move");
    let request = GetPersonRequest { person_id: person_id.clone(), ..Default::default() };
    let there = split.city.clerk(LIBAO).people().get_person(request).await.expect("there").into_inner();
    assert_eq!(there.level(), ServiceLevel::Stable);
    split.city.settle().await;
    let bureau = split.at_followup("bureau-1", Role::Bureau, None);
    bureau.followup().run_sweep(sweep()).await.expect("swept");
    let receiver = split.at_followup("clerk-1", Role::Clerk, Some(LIBAO));
    let owed = standing(&duties(&receiver, ListDutiesRequest::default()).await);
    assert!(owed.contains_key("follow_up.stable 2026-01-01 OPEN"), "{owed:?}");
    split.end().await;
}
