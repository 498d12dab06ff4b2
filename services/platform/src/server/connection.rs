//! One TCP connection: it holds its place, must begin to speak in time, and can be cut.

use std::{
    io,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    task::{Context, Poll, ready},
    time::Duration,
};

use futures::{FutureExt as _, future::BoxFuture};
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    sync::OwnedSemaphorePermit,
    time::sleep,
};
use tokio_util::sync::CancellationToken;
use tonic::transport::server::Connected;

use super::{Stopping, wire::Wire};

/// Length of the HTTP/2 connection preface; no HTTP/1.1 request is shorter either.
const PREFACE: usize = 24;

/// Whether the other end of a connection has shown a certificate that this server believes: stands in the extensions of
/// every request that came over it.
#[derive(Debug, Clone, Default)]
pub struct ClientCertificate(Arc<AtomicBool>);

impl ClientCertificate {
    /// Whether it has.
    pub fn is_shown(&self) -> bool {
        self.0.load(Ordering::Acquire)
    }

    pub(super) fn shown(&self) {
        self.0.store(true, Ordering::Release);
    }
}

/// A connection with its place among all.
pub(super) struct Connection {
    wire: Wire,
    /// Ready when the server breaks what is still open.
    cut: BoxFuture<'static, ()>,
    /// `None` once the peer has said enough to be served.
    opening: Option<Opening>,
    _place: OwnedSemaphorePermit,
}

/// A connection that has not yet said what it is.
struct Opening {
    missing: usize,
    /// Ready when it may wait no longer: its time is over, or the server is stopping.
    over: BoxFuture<'static, io::ErrorKind>,
}

impl Connection {
    pub(super) fn new(
        wire: Wire,
        place: OwnedSemaphorePermit,
        opening: Duration,
        stopping: &Stopping,
        cut: &CancellationToken,
    ) -> Self {
        let stopping = stopping.clone();
        let over = async move {
            tokio::select! {
                () = sleep(opening) => io::ErrorKind::TimedOut,
                () = stopping.begun() => io::ErrorKind::ConnectionAborted,
            }
        };
        Self {
            wire,
            cut: cut.clone().cancelled_owned().boxed(),
            opening: Some(Opening { missing: PREFACE, over: over.boxed() }),
            _place: place,
        }
    }

    /// Counts what the HTTP server was given; the bytes of a TLS handshake do not count.
    fn heard(&mut self, bytes: usize) {
        if let Some(opening) = &mut self.opening {
            opening.missing = opening.missing.saturating_sub(bytes);
            if opening.missing == 0 {
                self.opening = None;
            }
        }
    }
}

impl Connected for Connection {
    type ConnectInfo = ClientCertificate;

    /// tonic asks before the handshake; what it is given tells afterwards.
    fn connect_info(&self) -> ClientCertificate {
        self.wire.certificate()
    }
}

impl AsyncRead for Connection {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let this = &mut *self;
        if this.cut.poll_unpin(cx).is_ready() {
            return Poll::Ready(Err(io::ErrorKind::ConnectionAborted.into()));
        }
        if let Some(Poll::Ready(kind)) = this.opening.as_mut().map(|opening| opening.over.poll_unpin(cx)) {
            return Poll::Ready(Err(kind.into()));
        }
        let before = buf.filled().len();
        ready!(Pin::new(&mut this.wire).poll_read(cx, buf))?;
        this.heard(buf.filled().len() - before);
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Connection {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.wire).poll_write(cx, buf)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.wire).poll_write_vectored(cx, bufs)
    }

    fn is_write_vectored(&self) -> bool {
        self.wire.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.wire).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.wire).poll_shutdown(cx)
    }
}
