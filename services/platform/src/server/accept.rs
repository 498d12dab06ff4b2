//! The accept loop: bounded in connections, and patient when the process has no file descriptors left, where tonic's own
//! loop spins.

use std::{io, sync::Arc, time::Duration};

use futures::Stream;
use rustls::ServerConfig;
use tokio::{
    net::{TcpListener, TcpStream},
    sync::{OwnedSemaphorePermit, Semaphore},
    time::{Instant, sleep},
};
use tokio_util::sync::CancellationToken;

use super::{Settings, Stopping, connection::Connection, wire::Wire};
use crate::{telemetry::seldom::Seldom, tls::Live};

/// How long to leave the listener alone after it failed: descriptors come back when connections end.
const BACK_OFF: Duration = Duration::from_millis(100);

static FAILED: Seldom = Seldom::new(Duration::from_secs(1));
static FULL: Seldom = Seldom::new(Duration::from_secs(1));

struct Accept {
    listener: TcpListener,
    room: Arc<Semaphore>,
    opening: Duration,
    tls: Option<Live<ServerConfig>>,
    stopping: Stopping,
    cut: CancellationToken,
}

/// Connections as they come; never an error. `cut` breaks those still open.
pub(super) fn incoming(
    listener: TcpListener,
    settings: &Settings,
    tls: Option<Live<ServerConfig>>,
    stopping: Stopping,
    cut: CancellationToken,
) -> impl Stream<Item = io::Result<Connection>> + Send + use<> {
    let accept = Accept {
        listener,
        room: Arc::new(Semaphore::new(settings.connections)),
        opening: settings.opening,
        tls,
        stopping,
        cut,
    };
    futures::stream::unfold(accept, async |accept| Some((Ok(accept.next().await), accept)))
}

impl Accept {
    async fn next(&self) -> Connection {
        loop {
            match self.listener.accept().await {
                Ok((stream, _)) => match self.room.clone().try_acquire_owned() {
                    Ok(place) => return self.connection(stream, place),
                    // Closing tells a balancer at once to go elsewhere; waiting in the backlog would tell nothing.
                    Err(_) => Self::refuse(stream),
                },
                Err(error) if of_the_peer(&error) => tracing::debug!(%error, "a connection ended before it began"),
                Err(error) => {
                    if let Some(times) = FAILED.count(Instant::now()) {
                        tracing::error!(%error, times, "cannot accept connections; waiting");
                    }
                    metrics::counter!("server_accept_failures_total").increment(1);
                    sleep(BACK_OFF).await;
                }
            }
        }
    }

    fn connection(&self, stream: TcpStream, place: OwnedSemaphorePermit) -> Connection {
        // Answers are small and complete: waiting for more to send only adds delay. Failing it is no reason to refuse.
        if let Err(error) = stream.set_nodelay(true) {
            tracing::debug!(%error, "TCP_NODELAY");
        }
        // A certificate that has been renewed is the one for whoever connects from now on.
        let wire = Wire::new(stream, self.tls.as_ref().map(Live::now));
        Connection::new(wire, place, self.opening, &self.stopping, &self.cut)
    }

    fn refuse(stream: TcpStream) {
        drop(stream);
        metrics::counter!("server_connections_refused_total").increment(1);
        if let Some(times) = FULL.count(Instant::now()) {
            tracing::warn!(times, "no room for more connections: closing");
        }
    }
}

/// Faults of one connection, which `accept` reports once each; everything else is ours and would come again at once.
fn of_the_peer(error: &io::Error) -> bool {
    use io::ErrorKind as K;
    matches!(error.kind(), K::ConnectionAborted | K::ConnectionReset | K::ConnectionRefused | K::Interrupted)
}
