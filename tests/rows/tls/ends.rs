//! Either end of a connection, by hand: what a stranger would try.

use std::{io, net::SocketAddr, path::Path, sync::Arc};

use bangfu_platform::{
    peers::{Peer, PeerSettings, TokenSource},
    tls::PeerTls,
};
use rustls::{
    ClientConfig, RootCertStore, ServerConfig, SupportedProtocolVersion,
    crypto::aws_lc_rs,
    pki_types::{CertificateDer, PrivateKeyDer, ServerName, pem::PemObject as _},
    version::{TLS12, TLS13},
};
use tokio::{
    io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
    time::{Duration, timeout},
};
use tokio_rustls::{TlsAcceptor, TlsConnector};

use crate::certificates::{Fault, Issued, NAME};

/// What can be wrong with a certificate of the right authority.
pub(super) const ALL_FAULTS: [Fault; 4] = [Fault::Expired, Fault::NotYet, Fault::WrongName, Fault::WrongEnd];

const PATIENCE: Duration = Duration::from_secs(30);

/// The connection preface of HTTP/2 and empty SETTINGS: a server answers with its own.
const HELLO: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0";

/// Connects with TLS 1.3, says hello, and hears an answer; the certificate that the server has shown.
pub(super) async fn knock(address: SocketAddr, ca: &str, shows: Option<&Issued>) -> io::Result<Vec<u8>> {
    open(address, ca, shows, &TLS13).await
}

/// The same with TLS 1.2.
pub(super) async fn old(address: SocketAddr, ca: &str) -> io::Result<Vec<u8>> {
    open(address, ca, None, &TLS12).await
}

/// Says hello without TLS; the frame that answers, unless it is an alert of TLS or nothing.
pub(super) async fn knock_plain(address: SocketAddr) -> Option<Vec<u8>> {
    let mut stream = TcpStream::connect(address).await.expect("a connection");
    let answer = hello(&mut stream).await.ok()?;
    // 21: an alert of TLS.
    (answer.first() != Some(&21)).then_some(answer)
}

async fn open(
    address: SocketAddr,
    ca: &str,
    shows: Option<&Issued>,
    version: &'static SupportedProtocolVersion,
) -> io::Result<Vec<u8>> {
    let mut roots = RootCertStore::empty();
    for certificate in CertificateDer::pem_slice_iter(ca.as_bytes()) {
        roots.add(certificate.expect("PEM")).expect("an authority");
    }
    let builder = ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()));
    let builder = builder.with_protocol_versions(&[version]).expect("known").with_root_certificates(roots);
    let mut config = match shows {
        Some(issued) => builder.with_client_auth_cert(chain(issued), key(issued)).expect("usable"),
        None => builder.with_no_client_auth(),
    };
    config.alpn_protocols = vec![b"h2".to_vec()];
    let stream = TcpStream::connect(address).await?;
    let name = ServerName::try_from(NAME).expect("a name");
    let mut stream = TlsConnector::from(Arc::new(config)).connect(name, stream).await?;
    assert_eq!(stream.get_ref().1.alpn_protocol(), Some(b"h2".as_slice()));
    hello(&mut stream).await?;
    let shown = stream.get_ref().1.peer_certificates().and_then(<[_]>::first).expect("a certificate");
    Ok(shown.to_vec())
}

async fn hello(stream: &mut (impl AsyncRead + AsyncWrite + Unpin)) -> io::Result<Vec<u8>> {
    stream.write_all(HELLO).await?;
    let mut answer = vec![0; 64];
    let length = timeout(PATIENCE, stream.read(&mut answer)).await.expect("it answers or closes")?;
    answer.truncate(length);
    if answer.is_empty() { Err(io::ErrorKind::UnexpectedEof.into()) } else { Ok(answer) }
}

/// Whether our own client goes on with a server that shows this.
pub(super) async fn believes(ca: &Path, shown: &Issued) -> bool {
    let builder = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()));
    let builder = builder.with_safe_default_protocol_versions().expect("known").with_no_client_auth();
    let mut config = builder.with_single_cert(chain(shown), key(shown)).expect("usable");
    config.alpn_protocols = vec![b"h2".to_vec()];
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let mut settings =
        PeerSettings::new(format!("https://{NAME}:{}", listener.local_addr().expect("an address").port()));
    settings.tls = Some(PeerTls::new(ca));
    let _peer = Peer::connect_lazy(&settings, TokenSource::issued(|| "secret".to_owned())).expect("a peer");
    let (stream, _) = timeout(PATIENCE, listener.accept()).await.expect("it comes").expect("a connection");
    let handshake = timeout(PATIENCE, TlsAcceptor::from(Arc::new(config)).accept(stream)).await;
    handshake.expect("it goes on or ends").is_ok()
}

fn chain(issued: &Issued) -> Vec<CertificateDer<'static>> {
    let chain = CertificateDer::pem_slice_iter(issued.chain.as_bytes());
    chain.collect::<Result<_, _>>().expect("PEM")
}

fn key(issued: &Issued) -> PrivateKeyDer<'static> {
    PrivateKeyDer::from_pem_slice(issued.key.as_bytes()).expect("PEM")
}
