//! Keeps the list of a peer's healthy addresses: looks the name up, probes what is new, forgets what is gone.

use std::{
    collections::BTreeSet,
    net::SocketAddr,
    sync::{Arc, Weak},
    time::Duration,
};

use futures::future::join_all;
use http::Uri;
use tokio::{
    sync::{Notify, watch},
    time::{Instant, timeout},
};
use tonic::transport::{Channel, Endpoint};

use super::{
    NotAPeer, PeerSettings,
    balance::{Member, Resolve},
    secure::Secure,
};
use crate::telemetry::seldom::Seldom;

/// Longest wait for a lookup, and for an address to take a connection before it counts as dead.
const PROBE: Duration = Duration::from_secs(2);

/// Shortest time between two lookups, however many calls fail.
const BREATH: Duration = Duration::from_millis(200);

/// How often it is told that an address takes no connection.
const TOLD: Duration = Duration::from_secs(30);

/// How an address of the peer is connected to.
#[derive(Debug)]
pub(super) struct Route {
    origin: Uri,
    secure: Option<Secure>,
    every: Duration,
    /// Told once in a while: the address is tried several times a second.
    refused: Seldom,
}

/// The background task of one peer. It ends when the last handle on the peer is gone.
pub(super) struct Keeper {
    route: Route,
    resolve: Resolve,
    members: Weak<watch::Sender<Vec<Member>>>,
    wake: Arc<Notify>,
    made: usize,
}

impl Route {
    /// Says at once, not at the first call, what is wrong with the settings.
    pub(super) fn new(settings: &PeerSettings) -> Result<Self, NotAPeer> {
        let origin: Uri = settings.endpoint.parse().ok().ok_or(NotAPeer::Endpoint)?;
        let host = origin.host().ok_or(NotAPeer::Endpoint)?;
        let secure = match (origin.scheme_str(), &settings.tls) {
            (Some("http"), None) => None,
            (Some("https"), Some(tls)) => Some(Secure::start(host, tls)?),
            (Some("http" | "https"), _) => return Err(NotAPeer::Vouched),
            _ => return Err(NotAPeer::Endpoint),
        };
        Ok(Self { origin, secure, every: settings.resolve_every, refused: Seldom::new(TOLD) })
    }

    async fn channel(&self, address: SocketAddr) -> Result<Channel, tonic::transport::Error> {
        // To tonic it is always plain: it would read certificates once, and never again.
        let endpoint = Endpoint::from_shared(format!("http://{address}"))?
            .origin(self.origin.clone())
            .connect_timeout(PROBE)
            // An address that went silent is noticed within 15 seconds, idle or not.
            .http2_keep_alive_interval(Duration::from_secs(10))
            .keep_alive_timeout(Duration::from_secs(5))
            .keep_alive_while_idle(true);
        match &self.secure {
            Some(secure) => endpoint.connect_with_connector(secure.connector(address)).await,
            None => endpoint.connect().await,
        }
    }

    async fn connect(&self, address: SocketAddr) -> Option<Channel> {
        match timeout(PROBE, self.channel(address)).await {
            Ok(Ok(channel)) => Some(channel),
            Ok(Err(error)) => {
                // With its causes: a certificate that is not believed is told nowhere else on this side.
                if let Some(times) = self.refused.count(Instant::now()) {
                    let error = &error as &dyn std::error::Error;
                    tracing::warn!(peer = %self.origin, %address, error, times, "the peer's address takes no connection");
                }
                None
            }
            Err(_elapsed) => {
                if let Some(times) = self.refused.count(Instant::now()) {
                    tracing::warn!(peer = %self.origin, %address, times, "the peer's address does not answer");
                }
                None
            }
        }
    }
}

impl Keeper {
    pub(super) fn new(
        route: Route,
        resolve: Resolve,
        members: &Arc<watch::Sender<Vec<Member>>>,
        wake: &Arc<Notify>,
    ) -> Self {
        Self { route, resolve, members: Arc::downgrade(members), wake: Arc::clone(wake), made: 0 }
    }

    pub(super) async fn keep(mut self) {
        while self.turn().await.is_some() {
            tokio::time::sleep(BREATH.min(self.route.every)).await;
            let pause = if self.empty() { BREATH } else { self.route.every };
            // A failing call wakes us; otherwise it is time again.
            let _ = timeout(pause, self.wake.notified()).await;
        }
    }

    fn empty(&self) -> bool {
        self.members.upgrade().is_none_or(|members| members.borrow().is_empty())
    }

    /// One look. `None`: nobody holds the peer any more.
    async fn turn(&mut self) -> Option<()> {
        let known: Vec<SocketAddr> = self.members.upgrade()?.borrow().iter().map(|m| m.address).collect();
        let addresses = match timeout(PROBE, (self.resolve)()).await {
            Ok(Ok(addresses)) => addresses.into_iter().collect::<BTreeSet<_>>(),
            // Without an answer the addresses we have are better than none.
            Ok(Err(error)) => {
                tracing::warn!(%error, peer = %self.route.origin, "the peer's name cannot be looked up");
                return Some(());
            }
            Err(_elapsed) => return Some(()),
        };
        let fresh = addresses.iter().filter(|address| !known.contains(address));
        let probed = join_all(fresh.map(async |&address| (address, self.route.connect(address).await))).await;

        let members = self.members.upgrade()?;
        let made = &mut self.made;
        members.send_if_modified(|members| {
            let before = members.len();
            members.retain(|member| addresses.contains(&member.address));
            let mut changed = members.len() != before;
            for (address, channel) in probed {
                let Some(channel) = channel else { continue };
                *made += 1;
                members.push(Member { address, channel, generation: *made });
                changed = true;
            }
            changed
        });
        Some(())
    }
}
