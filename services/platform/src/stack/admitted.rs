//! Just inside the auth layer: notes who calls for the log line, and keeps one township from taking all the room.

use std::{
    sync::Arc,
    task::{Context, Poll},
};

use futures::{FutureExt as _, TryFutureExt as _, future::BoxFuture};
use http::{Request, Response};
use tonic::body::Body;
use tower::Service;

use super::{call::Seen, limit::Limits, refusal};
use crate::auth::Permit;

/// The routes, behind the township's limit.
#[derive(Debug, Clone)]
pub struct Admitted<S> {
    inner: S,
    limits: Limits,
}

impl<S> Admitted<S> {
    pub(super) fn new(inner: S, limits: Limits) -> Self {
        Self { inner, limits }
    }
}

impl<S> Service<Request<Body>> for Admitted<S>
where
    S: Service<Request<Body>, Response = Response<Body>>,
    S::Error: Send + 'static,
    S::Future: Send + 'static,
{
    type Response = Response<Body>;
    type Error = S::Error;
    type Future = BoxFuture<'static, Result<Response<Body>, S::Error>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        let permit = request.extensions().get::<Permit>();
        if let (Some(permit), Some(seen)) = (permit, request.extensions().get::<Arc<Seen>>()) {
            seen.note(permit.caller());
        }
        let township = permit.and_then(Permit::township);
        match township.map(|township| self.limits.enter_township(township)).transpose() {
            Ok(place) => self.inner.call(request).inspect_ok(move |_| drop(place)).boxed(),
            Err(error) => std::future::ready(Ok(refusal::refuse(&error).into_http())).boxed(),
        }
    }
}
