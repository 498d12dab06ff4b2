//! TLS: nothing older than 1.3, nothing plain, nobody believed without a certificate that somebody of ours vouches for; and
//! certificates that are renewed while everything runs.

mod ends;
mod renewed;

use std::path::PathBuf;

use bangfu::suite::{Plan, Suite};
use bangfu_kernel::Role;
use bangfu_platform::{
    peers::{Peer, PeerSettings, TokenSource},
    tls::{Identity, PeerTls, ServerTls},
};
use bangfu_proto::{
    followup::v1::RecordContactRequest,
    people::v1::{EmploymentStatus, ServiceLevel, WatchPeopleRequest, people_service_client::PeopleServiceClient},
};
use bangfu_testkit::{City, DADONG, reason, sample};
use tokio::time::{Duration, Instant};
use tonic::{Code, Status};

use self::ends::{ALL_FAULTS, believes, knock, knock_plain, old};
pub use self::renewed::renewed_certificates_are_taken_up_without_a_restart;
use crate::{
    certificates::{Authority, End, Fault, Folder, NAME},
    collector,
    row::Run,
    steps::{contact, learned, until},
};

/// How often files are looked at here.
const LOOK: Duration = Duration::from_millis(100);

/// A registry that speaks TLS and asks services for certificates.
struct Registry {
    city: City,
    suite: Suite,
    folder: Folder,
    /// Vouches for the server.
    servers: Authority,
    /// Vouches for services.
    services: Authority,
}

impl Registry {
    async fn start() -> Self {
        let city = City::with(|plan| plan.followup = None).await;
        let (folder, servers, services) = (Folder::new(), Authority::new(), Authority::new());
        folder.identity("server", &servers.issue(End::Server, Fault::None));
        folder.write("servers.pem", servers.pem());
        folder.write("services.pem", services.pem());
        folder.identity("service", &services.issue(End::Client, Fault::None));
        let suite = Suite::start(plan(&city, &folder).await).await.expect("it starts");
        Self { city, suite, folder, servers, services }
    }

    /// Starts the server again where it was: whoever is connected has to come again.
    async fn start_again(self) -> Self {
        let address = self.suite.address;
        self.suite.stop().await.expect("it stops");
        let plan = Plan { listen: address, ..plan(&self.city, &self.folder).await };
        Self { suite: Suite::start(plan).await.expect("it starts again"), ..self }
    }

    fn endpoint(&self) -> String {
        format!("https://{NAME}:{}", self.suite.address.port())
    }

    /// A caller who shows a certificate or none.
    fn caller(&self, shows: Option<Identity>, role: Role) -> Peer {
        let mut settings = PeerSettings::new(self.endpoint());
        settings.tls = Some(PeerTls { identity: shows, look_every: LOOK, ..PeerTls::new(self.file("servers.pem")) });
        let township = (role != Role::Service).then_some(DADONG);
        let token = self.city.token("caller", &[role], township);
        Peer::connect_lazy(&settings, TokenSource::issued(move || token.clone())).expect("a peer")
    }

    fn file(&self, name: &str) -> PathBuf {
        self.folder.path(name)
    }

    async fn close(self) {
        self.suite.stop().await.expect("it stops");
        self.city.close().await;
    }
}

async fn plan(city: &City, folder: &Folder) -> Plan {
    let mut plan = city.plan().await;
    plan.followup = None;
    plan.server.tls = Some(ServerTls {
        client_ca: Some(folder.path("services.pem")),
        look_every: LOOK,
        ..ServerTls::new(folder.identity_at("server"))
    });
    plan
}

/// Asks for something that clerks and services may have.
async fn ask(peer: &Peer, within: Duration) -> Result<(), Status> {
    peer.call(Instant::now() + within, async |service| {
        let watch = PeopleServiceClient::new(service).watch_people(WatchPeopleRequest::default()).await?;
        watch.into_inner().message().await.map(drop)
    })
    .await
}

/// Who speaks an older TLS or none gets no byte of an answer.
pub async fn a_server_speaks_tls_1_3_and_nothing_older_or_plain(run: Run) {
    let registry = Registry::start().await;
    let address = registry.suite.address;
    knock(address, registry.servers.pem(), None).await.expect("TLS 1.3 is spoken");
    run.fault("an older TLS", 0);
    for _ in 0..run.of(2, 200) {
        let refused = old(address, registry.servers.pem()).await.expect_err("TLS 1.2 is refused");
        assert!(refused.to_string().contains("ProtocolVersion"), "{refused}");
        run.fault("an older TLS", 1);
    }
    run.fault("plain text", 0);
    for _ in 0..run.of(2, 200) {
        assert_eq!(knock_plain(address).await, None, "plain text is answered");
        run.fault("plain text", 1);
    }
    let plain = tonic::transport::Channel::from_shared(format!("http://{address}")).expect("an address");
    if let Ok(channel) = plain.connect().await {
        let token = registry.city.token("clerk-1", &[Role::Clerk], Some(DADONG));
        let clerk = bangfu::client::Client::on(channel, &token).expect("a client");
        clerk.people().watch_people(WatchPeopleRequest::default()).await.expect_err("nobody answers plain calls");
    }
    registry.close().await;
}

/// Bad certificates end the handshake; without one people are served, services are not.
pub async fn a_server_refuses_bad_certificates_and_takes_a_services_token_only_with_a_good_one(run: Run) {
    let registry = Registry::start().await;
    let (address, ca) = (registry.suite.address, registry.servers.pem());
    let good = registry.services.issue(End::Client, Fault::None);
    run.fault("certificates refused", 0);
    for _ in 0..run.of(1, 20) {
        knock(address, ca, Some(&good)).await.expect("a good certificate is taken");
        knock(address, ca, None).await.expect("no certificate is taken");
        let bad = ALL_FAULTS.iter().filter(|fault| **fault != Fault::WrongName);
        let bad = bad.map(|fault| (format!("{fault:?}"), registry.services.issue(End::Client, *fault)));
        let foreign = [
            ("foreign".to_owned(), Authority::new().issue(End::Client, Fault::None)),
            // The authority of servers does not vouch for services.
            ("of a server's authority".to_owned(), registry.servers.issue(End::Client, Fault::None)),
        ];
        for (what, shown) in bad.chain(foreign) {
            let refused = knock(address, ca, Some(&shown)).await.expect_err(&what).to_string();
            assert!(refused.contains("alert"), "{what}: {refused}");
            run.fault("certificates refused", 1);
        }
    }

    let shows = registry.folder.identity_at("service");
    let within = Duration::from_secs(30);
    ask(&registry.caller(None, Role::Clerk), within).await.expect("people need no certificate");
    ask(&registry.caller(Some(shows.clone()), Role::Clerk), within).await.expect("and may have one");
    ask(&registry.caller(Some(shows), Role::Service), within).await.expect("a service shows one");
    run.fault("a service's token without a certificate", 0);
    let refused = ask(&registry.caller(None, Role::Service), within).await.expect_err("a service has to");
    assert_eq!((refused.code(), reason(&refused).as_str()), (Code::Unauthenticated, "TOKEN_REFUSED"));
    run.fault("a service's token without a certificate", 1);
    registry.close().await;
}

/// Our own client sends its token to nobody who does not prove to be the one it means.
pub async fn a_service_tells_nothing_to_a_server_that_does_not_prove_its_name(run: Run) {
    let (ours, folder) = (Authority::new(), Folder::new());
    let ca = folder.write("servers.pem", ours.pem());
    run.fault("servers not believed", 0);
    for _ in 0..run.of(1, 20) {
        assert!(believes(&ca, &ours.issue(End::Server, Fault::None)).await, "a good certificate is believed");
        let bad = ALL_FAULTS.map(|fault| (format!("{fault:?}"), ours.issue(End::Server, fault)));
        let foreign = ("foreign".to_owned(), Authority::new().issue(End::Server, Fault::None));
        for (what, shown) in bad.into_iter().chain([foreign]) {
            assert!(!believes(&ca, &shown).await, "{what} is believed");
            run.fault("servers not believed", 1);
        }
    }
}

/// Follow-up follows the registry and teaches it over a connection on which both have shown who they are; without a
/// certificate of its own it hears nothing.
pub async fn services_meet_over_mtls(run: Run) {
    let registry = Registry::start().await;
    let city = &registry.city;
    let register = |n| sample::person_who_is(n, EmploymentStatus::Unemployed, "2026-01-05");
    let clerk = city.clerk(DADONG);
    let person = clerk.people().register_person(register(0)).await.expect("registered").into_inner().person_id;
    let followup = async |shows: Option<Identity>| {
        let mut plan = city.plan().await;
        plan.people = None;
        if let Some(followup) = &mut plan.followup {
            followup.people_endpoint = Some(registry.endpoint());
            let tls = PeerTls { identity: shows, look_every: LOOK, ..PeerTls::new(registry.file("servers.pem")) };
            followup.people_tls = Some(tls);
        }
        Suite::start(plan).await.expect("follow-up starts")
    };

    run.fault("follow-up without a certificate", 0);
    let refused = || collector::measured("bangfu_followup_feed_broken_off_total{reason=\"TOKEN_REFUSED\"}");
    let before = refused();
    let nameless = followup(None).await;
    until("it is refused", async || refused() > before).await;
    run.fault("follow-up without a certificate", 1);
    tokio::time::sleep(run.of(Duration::from_secs(2), Duration::from_secs(20))).await;
    let heard: i64 = sqlx::query_scalar("SELECT count(*) FROM subject")
        .fetch_one(&mut city.look("followup").await)
        .await
        .expect("a count");
    assert_eq!(heard, 0, "it was told without a certificate");
    nameless.stop().await.expect("it stops");

    let known = followup(Some(registry.folder.identity_at("service"))).await;
    city.settle().await;
    let channel = tonic::transport::Channel::from_shared(known.endpoint()).expect("an address").connect_lazy();
    let coordinator = bangfu::client::Client::on(channel, &city.token("clerk-1", &[Role::Clerk], Some(DADONG)));
    let told = RecordContactRequest {
        status_learned: learned(EmploymentStatus::Startup, "2026-01-05"),
        ..contact(city, &person)
    };
    coordinator.expect("a client").followup().record_contact(told).await.expect("recorded");
    until("the registry has learned it", async || {
        let request = bangfu_proto::people::v1::GetPersonRequest { person_id: person.clone(), ..Default::default() };
        clerk.people().get_person(request).await.expect("found").into_inner().level() == ServiceLevel::Stable
    })
    .await;
    run.count("told both ways over mTLS", 2);
    known.stop().await.expect("it stops");
    registry.close().await;
}
