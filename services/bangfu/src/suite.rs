//! Puts services together behind one address: all of them (`bangfu up`) or one (`bangfu serve people`).

use std::{net::SocketAddr, path::PathBuf, sync::Arc, time::Duration};

use anyhow::Context as _;
use bangfu_followup::{Followup, model::standard::Standards};
use bangfu_kernel::Clock;
use bangfu_people::{People, vault::Vault};
use bangfu_platform::{
    auth::{jwks::Jwks, layer::Auth, token},
    db::{self, Db},
    ground::Ground,
    page_token::PageTokens,
    peers::{Peer, PeerSettings, TokenSource},
    server::{self, Server, Stopped, WatchQuota},
    stack::{self, Stack},
    tls::PeerTls,
};
use secrecy::{ExposeSecret as _, SecretSlice};
use tokio::{sync::oneshot, task::JoinHandle, time::Instant};
use tokio_util::task::TaskTracker;
use tonic::service::Routes;

/// Who runs where, and with what.
#[derive(Clone)]
pub struct Plan {
    /// Where to listen; port 0 takes a free one.
    pub listen: SocketAddr,
    /// The city: six digits.
    pub city: String,
    /// The clock of everything but tokens, which live by the machine's.
    pub clock: Clock,
    /// `iss` and `aud` of tokens.
    pub tokens: token::Settings,
    /// Keys that tokens are verified with.
    pub jwks: Jwks,
    /// Key of page tokens, shared by the replicas of a service.
    pub page_key: SecretSlice<u8>,
    /// The registry, if it runs here.
    pub people: Option<PeoplePlan>,
    /// Follow-up, if it runs here.
    pub followup: Option<FollowupPlan>,
    /// The shell.
    pub server: server::Settings,
    /// Limits of calls.
    pub stack: stack::Settings,
}

/// What the registry needs.
#[derive(Clone)]
pub struct PeoplePlan {
    /// Its database.
    pub database: db::Settings,
    /// Wraps the townships' data keys: 32 bytes.
    pub master_key: SecretSlice<u8>,
    /// Master keys that unwrap, too, while the master key changes: 32 bytes each.
    pub other_master_keys: Vec<SecretSlice<u8>>,
    /// Key of the blind index over ID numbers: 32 bytes.
    pub index_key: SecretSlice<u8>,
    /// Where the heads of audit trails are noted, outside the database; `None`: nowhere.
    pub anchors: Option<PathBuf>,
    /// Whether background work runs here: keys, hashes that are missing, lists that are overdue, heads of audit trails. Without
    /// it every unit of work reads its own keys.
    pub jobs: bool,
}

/// What follow-up needs.
#[derive(Clone)]
pub struct FollowupPlan {
    /// Its database.
    pub database: db::Settings,
    /// Where the registry is; `None`: behind the same address, which has to be plain text then.
    pub people_endpoint: Option<String>,
    /// Whom to believe that it is the registry, and what to show it.
    pub people_tls: Option<PeerTls>,
    /// The service's own tokens.
    pub tokens: TokenSource,
    /// Whether background work runs here: following and delivering.
    pub jobs: bool,
    /// Whether sweeping by itself is among it: every night, and when people have come in.
    pub sweeps: bool,
}

/// Calls at work at once for every session with a database: so many that no session waits for a call, so few that no call
/// waits long for a session.
const CALLS_PER_SESSION: usize = 8;

/// How long all that ends after the server may take. With the server's own time, and a second for the runtime, a process is gone
/// 25 seconds after its signal, whatever hangs.
const AFTER_THE_SERVER: Duration = Duration::from_secs(3);

/// A running suite.
pub struct Suite {
    /// Where it listens.
    pub address: SocketAddr,
    /// Follow-up, for whoever has to wait for it in the same process.
    pub followup: Option<Followup>,
    stop: oneshot::Sender<()>,
    serving: JoinHandle<anyhow::Result<Stopped>>,
}

impl Suite {
    /// Connects, checks the walls, listens, and serves in the background.
    pub async fn start(plan: Plan) -> anyhow::Result<Self> {
        let server =
            Server::bind(plan.listen, plan.server.clone()).await.map_err(|error| cannot_begin(error, plan.listen))?;
        let address = server.local_addr();
        let certified = plan.server.tls.as_ref().is_some_and(|tls| tls.client_ca.is_some());
        let verifier = token::Verifier::new(plan.tokens.clone(), plan.jwks.clone(), Clock::system());
        let mut auth = Auth::new(verifier).certified_services(certified);
        let mut routes = Routes::default();
        let (mut databases, mut jobs, mut registry) = (Vec::new(), Vec::new(), None);

        if let Some(people) = &plan.people {
            let ground = plan.ground(&people.database, &server).await.context("people")?;
            databases.push(ground.db.clone());
            let others = people.other_master_keys.clone();
            let vault = Vault::accepting(people.master_key.clone(), others, people.index_key.clone())?;
            let service = People::new(ground, vault);
            auth = auth.directory(people_name(), service.directory());
            routes = routes.add_service(service.clone().server());
            if people.jobs {
                jobs.push(service.jobs(people.anchors.clone()));
            }
            registry = people.anchors.clone().map(|anchors| (service, anchors));
        }
        let mut running = None;
        if let Some(followup) = &plan.followup {
            let ground = plan.ground(&followup.database, &server).await.context("followup")?;
            databases.push(ground.db.clone());
            let service = Followup::new(ground, Arc::new(Standards::shipped()?));
            auth = auth.directory(followup_name(), service.directory());
            routes = routes.add_service(service.clone().server());
            if followup.jobs {
                anyhow::ensure!(
                    plan.server.tls.is_none() || followup.people_endpoint.is_some(),
                    "under TLS follow-up has to be told where people is, by the name in its certificate"
                );
                jobs.push(service.clone().jobs(peer(followup, address)?, followup.sweeps));
            }
            running = Some(service);
        }
        let limits = plan.limits();
        server.readiness().set(true).await;
        let (stop, stopped) = oneshot::channel::<()>();
        let serving = tokio::spawn(async move {
            let shutdown = async { drop(stopped.await) };
            let ended = server.serve(routes, Stack::new(&limits, auth), shutdown).await;
            let began = Instant::now();
            // Background work ends with the server; what it had in hand is derived from data and done again.
            let ends = futures::future::join_all(jobs.iter().map(TaskTracker::wait));
            let _ended = tokio::time::timeout_at(began + Duration::from_secs(1), ends).await;
            if let Some((registry, anchors)) = registry {
                // What the last calls left in the audit trails.
                let noted =
                    tokio::time::timeout_at(began + Duration::from_secs(2), registry.note_heads(&anchors)).await;
                if !matches!(noted, Ok(Ok(()))) {
                    tracing::warn!("the heads of audit trails could not be noted at the end");
                }
            }
            // Background work may hold a session for a moment; nothing is lost when it is cut.
            let closed = futures::future::join_all(databases.iter().map(Db::close));
            let _closed = tokio::time::timeout_at(began + AFTER_THE_SERVER, closed).await;
            Ok(ended?)
        });
        Ok(Self { address, followup: running, stop, serving })
    }

    /// `http://127.0.0.1:50051`, of a suite that speaks plain text
    pub fn endpoint(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Stops in order; how it went.
    pub async fn stop(self) -> anyhow::Result<Stopped> {
        drop(self.stop);
        self.serving.await?
    }

    /// Serves until a signal comes (or the server ends by itself), then stops in order.
    pub async fn until(self, signal: impl Future<Output = ()>) -> anyhow::Result<Stopped> {
        let Self { stop, mut serving, .. } = self;
        tokio::select! {
            ended = &mut serving => ended?,
            () = signal => {
                drop(stop);
                serving.await?
            }
        }
    }
}

/// Why a server does not even begin: another one is there, or what it was given cannot be used.
fn cannot_begin(error: bangfu_kernel::Error, listen: SocketAddr) -> anyhow::Error {
    let bangfu_kernel::Error::Internal(cause) = error else { return error.into() };
    match cause.downcast::<std::io::Error>() {
        Ok(io) if io.kind() == std::io::ErrorKind::AddrInUse => anyhow::Error::new(io)
            .context(format!("端口被占用 cannot listen on {listen}: another one is running there")),
        Ok(io) => anyhow::Error::new(io).context(format!("cannot listen on {listen}")),
        Err(cause) => anyhow::anyhow!(cause),
    }
}

impl Plan {
    /// The limits of calls, in line with the sessions there are for them. More calls would only wait for one another, and
    /// be answered UNAVAILABLE when their patience ends, instead of being told at once that there is no room.
    fn limits(&self) -> stack::Settings {
        let people = self.people.as_ref().map(|people| people.database.connections);
        let followup = self.followup.as_ref().map(|followup| followup.database.connections);
        let sessions = people.unwrap_or_default() + followup.unwrap_or_default();
        let calls = usize::try_from(sessions).unwrap_or(usize::MAX).saturating_mul(CALLS_PER_SESSION);
        let calls = self.stack.calls.min(calls);
        // One office leaves a quarter to the others.
        let calls_per_township = self.stack.calls_per_township.min(calls - calls / 4);
        stack::Settings { calls, calls_per_township, ..self.stack.clone() }
    }

    async fn ground(&self, database: &db::Settings, server: &Server) -> anyhow::Result<Ground> {
        let page_key = SecretSlice::from(self.page_key.expose_secret().to_vec());
        Ok(Ground {
            db: Db::open(database, self.clock.clone()).await?,
            clock: self.clock.clone(),
            pages: PageTokens::new(page_key, self.clock.clone()),
            watches: WatchQuota::new(server::watch::PER_CALLER),
            reader_patience: self.server.reader_patience,
            stopping: server.stopping(),
            city: self.city.clone(),
        })
    }
}

fn peer(followup: &FollowupPlan, own: SocketAddr) -> anyhow::Result<Peer> {
    let endpoint = followup.people_endpoint.clone().unwrap_or_else(|| format!("http://{own}"));
    let mut settings = PeerSettings::new(endpoint);
    settings.tls.clone_from(&followup.people_tls);
    Peer::connect_lazy(&settings, followup.tokens.clone()).context("the way to people")
}

fn people_name() -> &'static str {
    bangfu_proto::people::v1::people_service_server::SERVICE_NAME
}

fn followup_name() -> &'static str {
    bangfu_proto::followup::v1::followup_service_server::SERVICE_NAME
}

#[cfg(test)]
mod tests {
    use std::io;

    use bangfu_kernel::Error;

    use super::*;

    #[test]
    fn a_port_that_is_taken_and_nothing_else_is_told_as_one() {
        let listen = SocketAddr::from(([127, 0, 0, 1], 50051));
        let told = |error| format!("{:#}", cannot_begin(error, listen));
        assert!(told(Error::internal(io::Error::from(io::ErrorKind::AddrInUse))).contains("端口被占用"));
        for other in
            [Error::internal(io::Error::from(io::ErrorKind::PermissionDenied)), Error::internal("cannot read x.pem")]
        {
            assert!(!told(other).contains("端口被占用"));
        }
        assert_eq!(told(Error::internal("cannot read x.pem")), "cannot read x.pem");
    }
}
