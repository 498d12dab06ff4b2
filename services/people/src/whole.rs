//! Tells a request stream that was cut from one that ended.
//!
//! Left alone, a cut roster would be imported as far as it came: tonic ends a request stream on an error of code
//! CANCELLED, which is what a client's RST_STREAM becomes, as if it had been complete, and hyper does the same on a reset
//! without an error. Here a stream is complete when its END_STREAM flag was seen, and broken otherwise.

use std::{
    pin::Pin,
    task::{Context, Poll, ready},
};

use http_body::{Frame, SizeHint};
use tonic::{
    Code, Status,
    body::Body,
    codegen::{
        Bytes, Service,
        http::{Request, Version},
    },
    server::NamedService,
};

/// A gRPC service whose streams of requests are whole or fail.
#[derive(Debug, Clone)]
pub struct Whole<S>(pub(crate) S);

impl<S: NamedService> NamedService for Whole<S> {
    const NAME: &'static str = S::NAME;
}

impl<S: Service<Request<Body>>> Service<Request<Body>> for Whole<S> {
    type Response = S::Response;
    type Error = S::Error;
    type Future = S::Future;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.0.poll_ready(cx)
    }

    fn call(&mut self, request: Request<Body>) -> S::Future {
        // HTTP/1.1 (gRPC-Web) has no such flag, no streams of requests, and fails on a cut body by itself.
        let flagged = request.version() == Version::HTTP_2;
        self.0.call(request.map(|body| if flagged { Body::new(WholeBody { body, over: false }) } else { body }))
    }
}

struct WholeBody {
    body: Body,
    over: bool,
}

impl http_body::Body for WholeBody {
    type Data = Bytes;
    type Error = Status;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
        if self.over {
            return Poll::Ready(None);
        }
        let frame = ready!(Pin::new(&mut self.body).poll_frame(cx));
        self.over = !matches!(frame, Some(Ok(_)));
        Poll::Ready(match frame {
            None if !self.body.is_end_stream() => Some(Err(cut())),
            Some(Err(status)) if status.code() == Code::Cancelled => Some(Err(cut())),
            frame => frame,
        })
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

/// Nobody is there any more to be told; the handler has to know.
fn cut() -> Status {
    Status::unavailable("the stream of requests was cut")
}
