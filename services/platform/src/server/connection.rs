//! One TCP connection: it holds its place, must begin to speak in time, and can be cut.

use std::{
    io,
    pin::Pin,
    sync::atomic::{AtomicBool, Ordering},
    task::{Context, Poll, ready},
    time::Duration,
};

use futures::{FutureExt as _, future::BoxFuture};
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::TcpStream,
    sync::OwnedSemaphorePermit,
    time::sleep,
};
use tokio_util::sync::CancellationToken;
use tonic::transport::server::{Connected, TcpConnectInfo};

use super::Stopping;

/// Length of the HTTP/2 connection preface; no HTTP/1.1 request is shorter either.
const PREFACE: usize = 24;

/// A connection with its place among all.
pub(super) struct Connection {
    stream: TcpStream,
    /// Ready when the server breaks what is still open.
    cut: BoxFuture<'static, ()>,
    /// `None` once the peer has said enough to be served.
    opening: Option<Opening>,
    /// Whether the HTTP server has it: at once for plain text, after the handshake for TLS.
    with_http: AtomicBool,
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
        stream: TcpStream,
        place: OwnedSemaphorePermit,
        opening: Duration,
        tls: bool,
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
            stream,
            cut: cut.clone().cancelled_owned().boxed(),
            opening: Some(Opening { missing: PREFACE, over: over.boxed() }),
            with_http: AtomicBool::new(!tls),
            _place: place,
        }
    }

    /// Counts what the HTTP server was given; the bytes of a TLS handshake do not count.
    fn heard(&mut self, bytes: usize) {
        if !self.with_http.load(Ordering::Relaxed) {
            return;
        }
        if let Some(opening) = &mut self.opening {
            opening.missing = opening.missing.saturating_sub(bytes);
            if opening.missing == 0 {
                self.opening = None;
            }
        }
    }
}

impl Connected for Connection {
    type ConnectInfo = TcpConnectInfo;

    /// tonic asks for this when it hands the connection to the HTTP server, after the TLS handshake if there is one.
    fn connect_info(&self) -> TcpConnectInfo {
        self.with_http.store(true, Ordering::Relaxed);
        self.stream.connect_info()
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
        ready!(Pin::new(&mut this.stream).poll_read(cx, buf))?;
        this.heard(buf.filled().len() - before);
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Connection {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, buf)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(cx, bufs)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}
