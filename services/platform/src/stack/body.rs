//! The answer on its way out: finishes the call with its trailers, and bounds a stream by deadline, stop and panic.

use std::{
    future::pending,
    panic::{AssertUnwindSafe, catch_unwind},
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

use bangfu_kernel::Error;
use bytes::Bytes;
use futures::{FutureExt as _, future::BoxFuture};
use http::{HeaderMap, HeaderName, Response};
use http_body::{Frame, SizeHint};
use tokio::time::{sleep, sleep_until};
use tonic::{Code, Status, body::Body};

use super::{call::Call, deadline::Deadline, method::Method, refusal, task};
use crate::server::Stopping;

/// How long a handler may take to end its stream by itself, with its cursor, once the server stops.
const LAST_WORD: Duration = Duration::from_secs(5);

/// The body of an answer that is still on its way.
struct Bounded {
    /// `None` once the stream was cut short: the handler's side is dropped with it.
    inner: Option<Body>,
    call: Call,
    end: Option<BoxFuture<'static, Error>>,
}

/// Finishes the call at once when the answer is nothing but a status, else with the last of its body.
pub(super) fn bounded(
    mut call: Call,
    response: Response<Body>,
    deadline: Option<Deadline>,
    stopping: &Stopping,
) -> Response<Body> {
    if !call.method().open
        && let Some(error) = refusal::of_tonic(&response)
    {
        let accepted = response.headers().get(refusal::ACCEPTED).cloned();
        let mut refused = call.refused(&error);
        refused.headers_mut().extend(accepted.map(|known| (HeaderName::from_static(refusal::ACCEPTED), known)));
        return refused;
    }
    if let Some(status) = Status::from_header_map(response.headers()) {
        call.finish(&status);
        return response;
    }
    let end = call.method().streams.then(|| end(call.method(), deadline, stopping.clone()));
    response.map(|inner| Body::new(Bounded { inner: Some(inner), call, end }))
}

/// What ends a stream before its handler does.
fn end(method: &Method, deadline: Option<Deadline>, stopping: Stopping) -> BoxFuture<'static, Error> {
    let last_word = if method.open { Duration::ZERO } else { LAST_WORD };
    async move {
        let passed = async {
            match deadline {
                Some(Deadline(at)) => sleep_until(at).await,
                None => pending().await,
            }
        };
        let stopped = async {
            stopping.begun().await;
            sleep(last_word).await;
        };
        tokio::select! {
            () = passed => Error::Deadline,
            () = stopped => Error::Stopping,
        }
    }
    .boxed()
}

impl Bounded {
    fn cut(&mut self, error: &Error) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
        self.inner = None;
        let status = self.call.span().in_scope(|| refusal::refuse_as(error, self.call.correlation()));
        self.call.finish(&status);
        let mut trailers = HeaderMap::new();
        Poll::Ready(Some(status.add_header(&mut trailers).map(|()| Frame::trailers(trailers))))
    }
}

impl http_body::Body for Bounded {
    type Data = Bytes;
    type Error = Status;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
        let this = &mut *self;
        let Some(inner) = this.inner.as_mut() else { return Poll::Ready(None) };
        if let Some(Poll::Ready(error)) = this.end.as_mut().map(|end| end.poll_unpin(cx)) {
            return this.cut(&error);
        }
        // The handler's stream runs here, on the task of the whole connection: a panic must not take the others with it.
        let (span, correlation) = (this.call.span().clone(), this.call.correlation().clone());
        let polled = catch_unwind(AssertUnwindSafe(|| {
            span.in_scope(|| correlation.sync_scope(|| Pin::new(inner).poll_frame(cx)))
        }));
        let Ok(polled) = polled else { return this.cut(&task::panicked()) };
        if let Poll::Ready(next) = &polled {
            let last = match next {
                Some(Ok(frame)) => frame.trailers_ref().map(|trailers| {
                    Status::from_header_map(trailers).unwrap_or_else(|| Status::new(Code::Unknown, "no status"))
                }),
                Some(Err(status)) => Some(status.clone()),
                None => Some(Status::new(Code::Unknown, "no trailers")),
            };
            if let Some(status) = last {
                this.call.finish(&status);
            }
        }
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.inner.as_ref().is_none_or(http_body::Body::is_end_stream)
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.as_ref().map(http_body::Body::size_hint).unwrap_or_default()
    }
}
