//! The way to an https peer: TLS 1.3 by the certificates of now, whoever is at the address proving the peer's name.

use std::{io, net::SocketAddr, sync::Arc};

use futures::{FutureExt as _, future::BoxFuture};
use http::Uri;
use hyper_util::rt::TokioIo;
use rustls::{ClientConfig, pki_types::ServerName};
use tokio::net::TcpStream;
use tokio_rustls::{TlsConnector, client::TlsStream};
use tower::{Service, service_fn};

use super::NotAPeer;
use crate::tls::{self, Live, PeerTls};

/// Whom to expect, and how.
#[derive(Debug)]
pub(super) struct Secure {
    name: ServerName<'static>,
    config: Live<ClientConfig>,
}

/// A connection that proved whose it is.
type Proven = io::Result<TokioIo<TlsStream<TcpStream>>>;

impl Secure {
    /// The certificate has to be for this host.
    pub(super) fn start(host: &str, tls: &PeerTls) -> Result<Self, NotAPeer> {
        let host = host.trim_matches(['[', ']']).to_owned();
        let name = ServerName::try_from(host).ok().ok_or(NotAPeer::Endpoint)?;
        Ok(Self { name, config: Live::start(tls, tls.look_every, tls::client)? })
    }

    /// Connects whenever tonic needs a connection to this address, each time by the certificates of that moment.
    pub(super) fn connector(
        &self,
        address: SocketAddr,
    ) -> impl Service<
        Uri,
        Response = TokioIo<TlsStream<TcpStream>>,
        Error = io::Error,
        Future = BoxFuture<'static, Proven>,
    > + Send
    + use<> {
        let (name, config) = (self.name.clone(), self.config.clone());
        service_fn(move |_address: Uri| connect(address, name.clone(), config.now()).boxed())
    }
}

async fn connect(address: SocketAddr, name: ServerName<'static>, config: Arc<ClientConfig>) -> Proven {
    let stream = TcpStream::connect(address).await?;
    stream.set_nodelay(true)?;
    Ok(TokioIo::new(TlsConnector::from(config).connect(name, stream).await?))
}
