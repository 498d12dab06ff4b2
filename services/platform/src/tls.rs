//! TLS 1.3 from files that somebody else renews: a changed file is taken up without a restart, for new connections; old
//! ones live on. What cannot be used is not taken up, and told.

mod config;
mod files;
mod live;

use std::{io, path::PathBuf, time::Duration};

pub(crate) use self::{
    config::{client, server},
    files::{Files, Texts},
    live::Live,
};

/// How often files are looked at.
const LOOK_EVERY: Duration = Duration::from_secs(5);

/// A certificate of ours and its key, PEM.
#[derive(Debug, Clone)]
pub struct Identity {
    /// Certificate chain, our own first.
    pub certificate: PathBuf,
    /// Private key.
    pub key: PathBuf,
}

/// What a server shows, and which certificates of others it believes.
#[derive(Debug, Clone)]
pub struct ServerTls {
    /// Shown to everybody.
    pub identity: Identity,
    /// Certificates (PEM) that vouch for services. With them, a token of a service is good only on a connection that has
    /// shown a certificate that they vouch for. Others need none; a certificate that is shown all the same has to be good.
    pub client_ca: Option<PathBuf>,
    /// How often the files are looked at.
    pub look_every: Duration,
}

/// Which certificates of a server are believed, and what is shown to it.
#[derive(Debug, Clone)]
pub struct PeerTls {
    /// Certificates (PEM) that vouch for the server.
    pub ca: PathBuf,
    /// Shown to a server that asks for it.
    pub identity: Option<Identity>,
    /// How often the files are looked at.
    pub look_every: Duration,
}

impl ServerTls {
    /// A server that asks nobody for a certificate.
    pub fn new(identity: Identity) -> Self {
        Self { identity, client_ca: None, look_every: LOOK_EVERY }
    }
}

impl PeerTls {
    /// A client that shows none.
    pub fn new(ca: impl Into<PathBuf>) -> Self {
        Self { ca: ca.into(), identity: None, look_every: LOOK_EVERY }
    }
}

/// Certificates or keys that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum Unusable {
    /// A file cannot be read.
    #[error("cannot read {}", file.display())]
    OutOfReach {
        /// Which.
        file: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A file is not PEM, or holds nothing of what it should.
    #[error("{} holds no usable {what}", file.display())]
    NotPem {
        /// Which.
        file: PathBuf,
        /// What it should hold.
        what: &'static str,
    },
    /// They do not belong together, or are of no known kind.
    #[error("certificates and keys cannot be used: {0}")]
    Refused(#[from] rustls::Error),
    /// No certificate that vouches for anybody.
    #[error("certificates that vouch for others cannot be used: {0}")]
    Authorities(#[from] rustls::server::VerifierBuilderError),
}
