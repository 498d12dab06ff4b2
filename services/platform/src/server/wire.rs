//! The bytes of a connection: as they are, or out of TLS. The handshake is done by whoever reads first, so that it takes
//! nobody else's time and ends with the connection's own opening time.

use std::{
    io,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
    time::Duration,
};

use rustls::ServerConfig;
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::TcpStream,
    time::Instant,
};
use tokio_rustls::{Accept, TlsAcceptor, server::TlsStream};

use super::ClientCertificate;
use crate::telemetry::seldom::Seldom;

static FAILED: Seldom = Seldom::new(Duration::from_secs(1));

/// One connection's.
pub(super) struct Wire {
    state: State,
    certificate: ClientCertificate,
}

enum State {
    Plain(TcpStream),
    Handshake(Box<Accept<TcpStream>>),
    Secure(Box<TlsStream<TcpStream>>),
    /// The handshake failed.
    Refused,
}

impl Wire {
    pub(super) fn new(stream: TcpStream, tls: Option<Arc<ServerConfig>>) -> Self {
        let state = match tls {
            Some(config) => State::Handshake(Box::new(TlsAcceptor::from(config).accept(stream))),
            None => State::Plain(stream),
        };
        Self { state, certificate: ClientCertificate::default() }
    }

    /// What will be known after the handshake.
    pub(super) fn certificate(&self) -> ClientCertificate {
        self.certificate.clone()
    }

    /// The open wire, after the handshake.
    fn open(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<Pin<&mut (dyn Open + Unpin)>>> {
        if let State::Handshake(accept) = &mut self.state {
            match ready!(Pin::new(accept.as_mut()).poll(cx)) {
                Ok(stream) => {
                    // A certificate that is not believed ends the handshake: one that is here is good.
                    if stream.get_ref().1.peer_certificates().is_some_and(|chain| !chain.is_empty()) {
                        self.certificate.shown();
                    }
                    self.state = State::Secure(Box::new(stream));
                }
                Err(error) => {
                    self.state = State::Refused;
                    metrics::counter!("server_handshakes_failed_total").increment(1);
                    if let Some(times) = FAILED.count(Instant::now()) {
                        tracing::warn!(%error, times, "a TLS handshake failed");
                    }
                    return Poll::Ready(Err(error));
                }
            }
        }
        match &mut self.state {
            State::Plain(stream) => Poll::Ready(Ok(Pin::new(stream))),
            State::Secure(stream) => Poll::Ready(Ok(Pin::new(stream.as_mut()))),
            State::Handshake(_) | State::Refused => Poll::Ready(Err(io::ErrorKind::ConnectionAborted.into())),
        }
    }
}

/// Both kinds of open wire.
trait Open: AsyncRead + AsyncWrite {}

impl<T: AsyncRead + AsyncWrite> Open for T {}

impl AsyncRead for Wire {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        ready!(self.open(cx))?.poll_read(cx, buf)
    }
}

impl AsyncWrite for Wire {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        ready!(self.open(cx))?.poll_write(cx, buf)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        ready!(self.open(cx))?.poll_write_vectored(cx, bufs)
    }

    fn is_write_vectored(&self) -> bool {
        match &self.state {
            State::Plain(stream) => stream.is_write_vectored(),
            State::Handshake(_) | State::Secure(_) | State::Refused => true,
        }
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.open(cx))?.poll_flush(cx)
    }

    /// Before the handshake there is nobody to say good-bye to.
    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut self.state {
            State::Plain(stream) => Pin::new(stream).poll_shutdown(cx),
            State::Secure(stream) => Pin::new(stream.as_mut()).poll_shutdown(cx),
            State::Handshake(_) | State::Refused => Poll::Ready(Ok(())),
        }
    }
}
