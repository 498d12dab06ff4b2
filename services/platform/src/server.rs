//! The shell of a serving process: its own accept loop, health, reflection, and a stop that ends in time whatever hangs.

mod accept;
mod connection;
mod open;
mod signal;
mod stop;
pub mod watch;
mod wire;

use std::{net::SocketAddr, time::Duration};

use bangfu_kernel::Error;
use http::{Request, Response};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tonic::{body::Body, service::Routes, transport};
use tower::{Layer, Service};

pub use self::{
    connection::ClientCertificate,
    open::Readiness,
    signal::stop_signal,
    stop::{Stopped, Stopping},
    watch::WatchQuota,
};
use crate::{
    stack::{Admitted, Stack},
    tls::{self, Live, ServerTls},
};

/// How a server listens, what it bears, and how it ends.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Connections open at once; one more is closed at once.
    pub connections: usize,
    /// How long a new connection may take to say what it is: the TLS handshake and the first bytes of HTTP.
    pub opening: Duration,
    /// Streams (calls) open at once on one connection.
    pub streams_per_connection: u32,
    /// Bytes of headers one call may bring. A good token has a few thousand at most, but one of 64 KB is still the door's to
    /// refuse: far beyond this limit HTTP/2 ends the connection, and with it every other call that it carries.
    pub header_bytes: u32,
    /// How long a connection may be silent before it is pinged.
    pub ping_after: Duration,
    /// How long the answer to a ping may take before the connection is closed.
    pub ping_answer: Duration,
    /// How long the reader of a Watch may leave its buffer full before it is disconnected.
    pub reader_patience: Duration,
    /// Certificates; `None`: plain text, behind something that speaks TLS.
    pub tls: Option<ServerTls>,
    /// Whether browsers may call (gRPC-Web over HTTP/1.1 or 2).
    pub grpc_web: bool,
    /// Whether the server tells its contract.
    pub reflection: bool,
    /// How long the server goes on accepting after it has said NOT_SERVING, so that balancers notice first.
    pub lame_duck: Duration,
    /// The stop takes no longer than this, counted from the signal. What a process has to end besides comes on top.
    pub stop_within: Duration,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            connections: 4096,
            opening: Duration::from_secs(10),
            streams_per_connection: 200,
            header_bytes: 80 * 1024,
            ping_after: Duration::from_secs(30),
            ping_answer: Duration::from_secs(10),
            reader_patience: Duration::from_secs(30),
            tls: None,
            grpc_web: true,
            reflection: true,
            lame_duck: Duration::from_secs(2),
            stop_within: Duration::from_secs(20),
        }
    }
}

/// A server that listens and does not serve yet.
#[derive(Debug)]
pub struct Server {
    listener: TcpListener,
    local_addr: SocketAddr,
    settings: Settings,
    tls: Option<Live<rustls::ServerConfig>>,
    readiness: Readiness,
    stopping: Stopping,
    open: Routes,
}

impl Server {
    /// Takes the address; port 0 takes a free one. Unready until `readiness` says otherwise. Certificates have to be usable
    /// now; they are followed from here on.
    pub async fn bind(addr: SocketAddr, settings: Settings) -> Result<Self, Error> {
        let listener = TcpListener::bind(addr).await.map_err(Error::internal)?;
        let local_addr = listener.local_addr().map_err(Error::internal)?;
        let (readiness, open) = open::routes(settings.reflection).await?;
        let tls = settings.tls.as_ref().map(|tls| Live::start(tls, tls.look_every, tls::server));
        let tls = tls.transpose().map_err(Error::internal)?;
        Ok(Self { listener, local_addr, settings, tls, readiness, stopping: Stopping::new(), open })
    }

    /// Where it listens.
    pub fn local_addr(&self) -> SocketAddr {
        self.local_addr
    }

    /// The handle by which the service says whether it can work.
    pub fn readiness(&self) -> Readiness {
        self.readiness.clone()
    }

    /// The handle by which a Watch learns that it has to end.
    pub fn stopping(&self) -> Stopping {
        self.stopping.clone()
    }

    /// Lets a token made before the server, which handlers hold already, say that the server is stopping.
    #[must_use]
    pub fn stopping_by(mut self, token: CancellationToken) -> Self {
        self.stopping = token.into();
        self
    }

    /// Serves until `shutdown` comes, then stops: NOT_SERVING → wait → accept no more → end every Watch → drain. Returns
    /// within `stop_within` of the signal; what is still open then is cut.
    pub async fn serve<L, S>(
        self,
        routes: Routes,
        stack: Stack<L>,
        shutdown: impl Future<Output = ()>,
    ) -> Result<Stopped, Error>
    where
        L: Layer<Admitted<Routes>, Service = S>,
        S: Service<Request<Body>, Response = Response<Body>> + Clone + Send + 'static,
        S::Error: Into<tonic::codegen::StdError> + 'static,
        S::Future: Send + 'static,
    {
        let calls = stack.calls(routes, self.open, self.stopping.clone());
        let (no_more, cut) = (CancellationToken::new(), CancellationToken::new());
        let incoming = accept::incoming(self.listener, &self.settings, self.tls, self.stopping.clone(), cut.clone());
        let transport = transport(&self.settings);
        let end = no_more.clone().cancelled_owned();
        let serving = if self.settings.grpc_web {
            let web = transport.accept_http1(true).layer(tonic_web::GrpcWebLayer::new());
            tokio::spawn(web.serve_with_incoming_shutdown(calls, incoming, end))
        } else {
            tokio::spawn(transport.serve_with_incoming_shutdown(calls, incoming, end))
        };
        let stop = stop::Stop {
            readiness: self.readiness,
            stopping: self.stopping,
            no_more,
            cut,
            tasks: stack.tasks().clone(),
            lame_duck: self.settings.lame_duck,
            within: self.settings.stop_within,
        };
        stop.after(shutdown, serving).await
    }
}

fn transport(settings: &Settings) -> transport::Server {
    transport::Server::builder()
        .max_concurrent_streams(settings.streams_per_connection)
        .http2_max_header_list_size(settings.header_bytes)
        .http2_keepalive_interval(Some(settings.ping_after))
        .http2_keepalive_timeout(Some(settings.ping_answer))
}
