//! The way to other services of the suite: one channel an address, found again when addresses change, with our token, the
//! trace and the deadline on every call, and few, careful retries.

mod balance;
mod budget;
mod dispatch;
mod keeper;
mod secure;
mod tokens;

use std::{sync::Arc, time::Duration};

use http::Uri;
use tokio::time::{Instant, timeout_at};
use tonic::{Code, Status};

use balance::Balance;
use budget::Budget;

use crate::tls::{PeerTls, Unusable};

pub use balance::{Addresses, Resolve};
pub use dispatch::PeerService;
pub use tokens::TokenSource;

/// Tries of one call at most, the first included.
const TRIES: u32 = 3;

/// Pause before the first retry; twice as long before the second.
const PAUSE: Duration = Duration::from_millis(50);

/// By how much the peer's view of the deadline may run ahead of ours: whole milliseconds go over the wire.
const MOMENT: Duration = Duration::from_millis(10);

/// Where a peer is.
#[derive(Debug, Clone)]
pub struct PeerSettings {
    /// `http://host:port` or `https://host:port`.
    pub endpoint: String,
    /// Whom to believe that it is an https peer, and what to show it.
    pub tls: Option<PeerTls>,
    /// How often the host's addresses are looked up.
    pub resolve_every: Duration,
}

impl PeerSettings {
    /// A peer behind this endpoint, its addresses looked up every five seconds.
    pub fn new(endpoint: impl Into<String>) -> Self {
        Self { endpoint: endpoint.into(), tls: None, resolve_every: Duration::from_secs(5) }
    }
}

/// The endpoint is not one.
#[derive(Debug, thiserror::Error)]
pub enum NotAPeer {
    /// No scheme, host or port; or a scheme other than http and https.
    #[error("a peer is http://host:port or https://host:port")]
    Endpoint,
    /// Nobody vouches for an https peer, or certificates are for an http one.
    #[error("an https peer, and no other, needs certificates that vouch for it")]
    Vouched,
    /// The certificates cannot be used.
    #[error(transparent)]
    Certificates(#[from] Unusable),
}

/// Another service of the suite. Cloning gives another handle on the same channels.
#[derive(Debug, Clone)]
pub struct Peer {
    balance: Balance,
    tokens: TokenSource,
    budget: Arc<Budget>,
}

impl Peer {
    /// A peer that is looked up and connected to in the background; it may well start later than we do. Needs a runtime.
    pub fn connect_lazy(settings: &PeerSettings, tokens: TokenSource) -> Result<Self, NotAPeer> {
        let uri: Uri = settings.endpoint.parse().ok().ok_or(NotAPeer::Endpoint)?;
        let resolve = balance::by_name(&uri).ok_or(NotAPeer::Endpoint)?;
        Self::resolved_by(settings, tokens, resolve)
    }

    /// The same, with addresses from elsewhere than the system's resolver.
    pub fn resolved_by(settings: &PeerSettings, tokens: TokenSource, resolve: Resolve) -> Result<Self, NotAPeer> {
        let balance = Balance::start(settings, resolve)?;
        Ok(Self { balance, tokens, budget: Arc::new(Budget::full()) })
    }

    /// For generated clients, streams above all: `PeopleServiceClient::new(peer.service())`. No deadline, no retry.
    pub fn service(&self) -> PeerService {
        PeerService::new(self.balance.clone(), self.tokens.clone(), None)
    }

    /// One unary call within the deadline. `call` may run up to three times: again after UNAVAILABLE only, and only while
    /// retries stay under a tenth of all calls. So it must be safe to repeat, as every RPC with a request id is.
    pub async fn call<T, F, Fut>(&self, deadline: Instant, call: F) -> Result<T, Status>
    where
        F: Fn(PeerService) -> Fut,
        Fut: Future<Output = Result<T, Status>>,
    {
        let service = PeerService::new(self.balance.clone(), self.tokens.clone(), Some(deadline));
        self.budget.earn();
        let tries = async {
            let mut pause = PAUSE;
            for _ in 1..TRIES {
                match call(service.clone()).await {
                    Err(status) if status.code() == Code::Unavailable && self.budget.spend() => {
                        tracing::debug!(code = ?status.code(), "asking the peer again");
                        tokio::time::sleep(pause).await;
                        pause *= 2;
                    }
                    answer => return answer,
                }
            }
            call(service.clone()).await
        };
        match timeout_at(deadline, tries).await {
            // tonic, on either side, may see the deadline a moment before we do, and calls it CANCELLED.
            Ok(Err(status)) if status.code() == Code::Cancelled && Instant::now() + MOMENT >= deadline => Err(late()),
            Ok(answer) => answer,
            Err(_elapsed) => Err(late()),
        }
    }
}

fn late() -> Status {
    Status::deadline_exceeded("the peer did not answer in time")
}
