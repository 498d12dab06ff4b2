//! The request on its way in. Whoever stops sending keeps no place: what does not come on within a while, or is not whole by
//! the call's deadline, ends the call's work with the error of a deadline that passed.

use std::{
    pin::Pin,
    task::{Context, Poll, ready},
    time::Duration,
};

use bangfu_kernel::Error;
use bytes::Bytes;
use http_body::{Frame, SizeHint};
use tokio::time::{Instant, Sleep, sleep_until};
use tonic::{Status, body::Body};

use super::{deadline::Deadline, refusal};
use crate::telemetry::CorrelationId;

/// How long a request is waited for.
#[derive(Debug, Clone, Copy)]
pub(super) struct Patience {
    /// For its next piece.
    pub(super) pause: Duration,
    /// For all of it, where the call has no deadline.
    pub(super) whole: Duration,
}

/// The body of a request, bounded in time.
struct Arriving {
    inner: Body,
    pause: Duration,
    end: Instant,
    correlation: CorrelationId,
    /// While nothing comes.
    wait: Option<Pin<Box<Sleep>>>,
}

/// The same body, which fails when its time is over.
pub(super) fn in_time(
    inner: Body,
    Patience { pause, whole }: Patience,
    deadline: Option<Deadline>,
    correlation: CorrelationId,
) -> Body {
    let end = deadline.map_or_else(|| Instant::now() + whole, |Deadline(at)| at);
    Body::new(Arriving { inner, pause, end, correlation, wait: None })
}

impl http_body::Body for Arriving {
    type Data = Bytes;
    type Error = Status;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
        let this = &mut *self;
        if let Poll::Ready(frame) = Pin::new(&mut this.inner).poll_frame(cx) {
            this.wait = None;
            return Poll::Ready(frame);
        }
        let (pause, end) = (this.pause, this.end);
        let wait = this.wait.get_or_insert_with(|| Box::pin(sleep_until(end.min(Instant::now() + pause))));
        ready!(wait.as_mut().poll(cx));
        Poll::Ready(Some(Err(refusal::refuse_as(&Error::Deadline, &this.correlation))))
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}
