//! The healthy addresses of a peer, in turn. tonic connects to a name once and never asks again where it is; this asks
//! every few seconds, connects to a new address before a call goes there, and drops what is gone or dead.

use std::{
    io,
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use futures::future::BoxFuture;
use http::Uri;
use tokio::sync::{Notify, watch};
use tonic::transport::Channel;

use super::{
    NotAPeer, PeerSettings,
    keeper::{Keeper, Route},
};

/// Where a peer is now.
pub type Addresses = io::Result<Vec<SocketAddr>>;

/// Looks up where a peer is now.
pub type Resolve = Arc<dyn Fn() -> BoxFuture<'static, Addresses> + Send + Sync>;

/// One address that took a connection.
#[derive(Debug, Clone)]
pub(super) struct Member {
    pub(super) address: SocketAddr,
    pub(super) channel: Channel,
    /// Tells a channel from a later one to the same address.
    pub(super) generation: usize,
}

#[derive(Debug, Clone)]
pub(super) struct Balance {
    members: watch::Receiver<Vec<Member>>,
    suspects: Arc<watch::Sender<Vec<Member>>>,
    turn: Arc<AtomicUsize>,
    wake: Arc<Notify>,
}

/// The system's resolver, for the host and port of an endpoint.
pub(super) fn by_name(uri: &Uri) -> Option<Resolve> {
    let port = uri.port_u16()?;
    let host = uri.host()?.trim_matches(['[', ']']).to_owned();
    Some(Arc::new(move || {
        let host = host.clone();
        Box::pin(async move { Ok(tokio::net::lookup_host((host, port)).await?.collect()) })
    }))
}

impl Balance {
    pub(super) fn start(settings: &PeerSettings, resolve: Resolve) -> Result<Self, NotAPeer> {
        let route = Route::new(settings)?;
        let (sender, members) = watch::channel(Vec::new());
        let sender = Arc::new(sender);
        let wake = Arc::new(Notify::new());
        let keeper = Keeper::new(route, resolve, &sender, &wake);
        tokio::spawn(keeper.keep());
        Ok(Self { members, suspects: sender, turn: Arc::default(), wake })
    }

    /// The next healthy address; waits while there is none. `None`: the keeper is gone.
    pub(super) async fn pick(&self) -> Option<Member> {
        let mut members = self.members.clone();
        let members = members.wait_for(|members| !members.is_empty()).await.ok()?;
        let turn = self.turn.fetch_add(1, Ordering::Relaxed) % members.len();
        members.get(turn).cloned()
    }

    /// A call could not reach this address: no other goes there until it takes a connection again.
    pub(super) fn suspect(&self, member: &Member) {
        self.suspects.send_if_modified(|members| {
            let before = members.len();
            members.retain(|m| m.generation != member.generation);
            members.len() != before
        });
        self.wake.notify_one();
    }
}
