//! One call to a peer: token, trace and deadline go on, a healthy address is picked, a dead one is reported.

use std::{
    task::{Context, Poll},
    time::Duration,
};

use futures::future::BoxFuture;
use http::{HeaderMap, HeaderName, HeaderValue, Request, Response, header::AUTHORIZATION};
use opentelemetry::propagation::Injector;
use tokio::time::{Instant, timeout_at};
use tonic::{Status, body::Body};
use tower::{Service, ServiceExt as _};
use tracing_opentelemetry::OpenTelemetrySpanExt as _;

use super::{balance::Balance, tokens::TokenSource};

/// Longest wait for a healthy address, the deadline apart.
const PATIENCE: Duration = Duration::from_secs(5);

/// What a generated client is put over.
#[derive(Debug, Clone)]
pub struct PeerService {
    balance: Balance,
    tokens: TokenSource,
    deadline: Option<Instant>,
}

impl PeerService {
    pub(super) fn new(balance: Balance, tokens: TokenSource, deadline: Option<Instant>) -> Self {
        Self { balance, tokens, deadline }
    }

    async fn send(self, mut request: Request<Body>) -> Result<Response<Body>, Status> {
        // A caller's own token, put there on purpose, goes before ours: names are asked for under the caller's rights.
        if !request.headers().contains_key(AUTHORIZATION) {
            let bearer = self.tokens.bearer().await?;
            request.headers_mut().insert(AUTHORIZATION, bearer);
        }
        let trace = tracing::Span::current().context();
        opentelemetry::global::get_text_map_propagator(|propagator| {
            propagator.inject_context(&trace, &mut Headers(request.headers_mut()));
        });

        let patience = Instant::now() + PATIENCE;
        let patience = self.deadline.map_or(patience, |deadline| deadline.min(patience));
        let member = timeout_at(patience, self.balance.pick()).await;
        let member = member.ok().flatten().ok_or_else(|| Status::unavailable("no address of the peer answers"))?;
        if let Some(deadline) = self.deadline {
            let remaining = deadline.saturating_duration_since(Instant::now());
            request.headers_mut().insert("grpc-timeout", grpc_timeout(remaining));
        }
        let mut channel = member.channel.clone();
        let answer = match channel.ready().await {
            Ok(channel) => channel.call(request).await,
            Err(error) => Err(error),
        };
        answer.map_err(|error| {
            let status = told(error);
            if status.code() == tonic::Code::Unavailable {
                self.balance.suspect(&member);
            }
            status
        })
    }
}

impl Service<Request<Body>> for PeerService {
    type Response = Response<Body>;
    type Error = Status;
    type Future = BoxFuture<'static, Result<Response<Body>, Status>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Status>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        Box::pin(self.clone().send(request))
    }
}

/// A connection that ends in order takes no more calls; one that was handed to it a moment before has never been processed.
/// tonic calls that CANCELLED or INTERNAL, as if somebody had wanted it: it is UNAVAILABLE, to be sent elsewhere.
fn told(error: tonic::transport::Error) -> Status {
    let first: &(dyn std::error::Error + 'static) = &error;
    if std::iter::successors(Some(first), |cause| cause.source()).any(never_processed) {
        return Status::unavailable("the connection to the peer ended before the call was processed");
    }
    Status::from_error(Box::new(error))
}

/// hyper never sent it, or it was on its way when the peer said goodbye: HTTP/2 ends with a GOAWAY of NO_ERROR only streams
/// after the last one that the peer has taken up (RFC 9113, section 6.8).
fn never_processed(cause: &(dyn std::error::Error + 'static)) -> bool {
    cause.downcast_ref::<hyper::Error>().is_some_and(hyper::Error::is_canceled)
        || cause.downcast_ref::<h2::Error>().is_some_and(|error| {
            error.is_go_away() && error.is_remote() && error.reason() == Some(h2::Reason::NO_ERROR)
        })
}

/// At most eight digits and a unit (the gRPC protocol, "Timeout"): milliseconds up to a day, whole seconds beyond.
fn grpc_timeout(remaining: Duration) -> HeaderValue {
    let millis = remaining.as_millis();
    let text =
        if millis < 100_000_000 { format!("{millis}m") } else { format!("{}S", remaining.as_secs().min(99_999_999)) };
    HeaderValue::try_from(text).unwrap_or_else(|_| HeaderValue::from_static("0m"))
}

struct Headers<'a>(&'a mut HeaderMap);

impl Injector for Headers<'_> {
    fn set(&mut self, key: &str, value: String) {
        if let (Ok(name), Ok(value)) = (HeaderName::try_from(key), HeaderValue::try_from(value)) {
            self.0.insert(name, value);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_timeout_has_at_most_eight_digits() {
        for (remaining, text) in [
            (Duration::ZERO, "0m"),
            (Duration::from_millis(1500), "1500m"),
            (Duration::from_millis(99_999_999), "99999999m"),
            (Duration::from_secs(100_000), "100000S"),
            (Duration::MAX, "99999999S"),
        ] {
            assert_eq!(grpc_timeout(remaining), text);
        }
    }
}
