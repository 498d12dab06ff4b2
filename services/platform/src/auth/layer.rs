//! The door of every service: the access rule of the method (compiled from the contract) decides whether the caller's
//! token admits it. Who passes carries a `Permit`; who does not never reaches a handler.

mod rules;

use std::{
    collections::HashMap,
    convert::Infallible,
    sync::Arc,
    task::{Context, Poll},
};

use bangfu_kernel::{Error, Role, Township};
use bangfu_proto::{AccessRule, access::v1::Scope};
use futures::future::BoxFuture;
use http::{Request, Response, request::Parts};
use tokio::time::Instant;
use tonic::body::Body;
use tower::{Layer, Service};

use super::{Permit, token::Verifier};
use crate::{server::ClientCertificate, stack::Deadline, telemetry::CorrelationId};

pub use rules::access_table;

/// Where a service looks up which townships there are.
#[async_trait::async_trait]
pub trait Directory: Send + Sync {
    /// Whether the city has this township, and serves it. Nothing that it asks for outlives the call's deadline.
    async fn knows(&self, township: &Township, deadline: Option<Instant>) -> Result<bool, Error>;
}

/// The layer: verifier and directories. Cloning gives another handle.
#[derive(Clone)]
pub struct Auth {
    verifier: Arc<Verifier>,
    directories: HashMap<&'static str, Arc<dyn Directory>>,
    certified_services: bool,
}

impl Auth {
    /// A layer without directories yet.
    pub fn new(verifier: Verifier) -> Self {
        Self { verifier: Arc::new(verifier), directories: HashMap::new(), certified_services: false }
    }

    /// The directory of one gRPC service, by its full name ("bangfu.people.v1.PeopleService"). A service without one does
    /// not run in this process: its methods are not known here.
    #[must_use]
    pub fn directory(mut self, service: &'static str, directory: Arc<dyn Directory>) -> Self {
        self.directories.insert(service, directory);
        self
    }

    /// Takes tokens of services only from connections that have shown a good certificate (mTLS): one that was copied out
    /// of a service's file is good for nothing elsewhere.
    #[must_use]
    pub fn certified_services(mut self, certified: bool) -> Self {
        self.certified_services = certified;
        self
    }

    /// What may happen to a call of `path`: pass without asking who, pass with a permit, or be refused.
    async fn decide(&self, request: &Parts) -> Result<Option<Permit>, Error> {
        let path = request.uri.path();
        if rules::open_to_all(path) {
            return Ok(None);
        }
        let rule = rules::find(path).ok_or(Error::MethodUnknown)?;
        if rule.scope == Scope::Public {
            return Ok(None);
        }
        let caller = self.verifier.verify(&request.headers).await?;
        let shown = request.extensions.get::<ClientCertificate>().is_some_and(ClientCertificate::is_shown);
        if self.certified_services && caller.is(Role::Service) && !shown {
            return Err(Error::TokenRefused { cause: "a service's token without a service's certificate".into() });
        }
        if !rules::admits(rule, &caller) {
            return Err(Error::RoleMissing { method: path.to_owned() });
        }
        if caller.city != self.verifier.city() {
            return Err(Error::TownshipUnknown);
        }
        let deadline = request.extensions.get::<Deadline>().map(|deadline| deadline.0);
        if let Some(township) = &caller.township {
            self.known(rule, township, deadline).await?;
        }
        Ok(Some(Permit::admitted(Arc::new(caller), rule.path, deadline)))
    }

    async fn known(&self, rule: &AccessRule, township: &Township, deadline: Option<Instant>) -> Result<(), Error> {
        if township.city() != self.verifier.city() {
            return Err(Error::TownshipUnknown);
        }
        let service = rule.path.split('/').nth(1).unwrap_or_default();
        let directory = self.directories.get(service).ok_or(Error::MethodUnknown)?;
        if directory.knows(township, deadline).await? { Ok(()) } else { Err(Error::TownshipUnknown) }
    }
}

impl<S> Layer<S> for Auth {
    type Service = Door<S>;

    fn layer(&self, inner: S) -> Door<S> {
        Door { inner, auth: Arc::new(self.clone()) }
    }
}

/// A service behind the layer.
#[derive(Clone)]
pub struct Door<S> {
    inner: S,
    auth: Arc<Auth>,
}

impl<S> Service<Request<Body>> for Door<S>
where
    S: Service<Request<Body>, Response = Response<Body>, Error = Infallible> + Clone + Send + 'static,
    S::Future: Send,
{
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = BoxFuture<'static, Result<Response<Body>, Infallible>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        // The one that was polled ready serves this call; the clone waits for the next.
        let clone = self.inner.clone();
        let mut inner = std::mem::replace(&mut self.inner, clone);
        let auth = Arc::clone(&self.auth);
        Box::pin(async move {
            let (mut parts, body) = request.into_parts();
            // A permit comes from this layer and from nowhere before it.
            parts.extensions.remove::<Permit>();
            match auth.decide(&parts).await {
                Ok(permit) => {
                    if let Some(permit) = permit {
                        parts.extensions.insert(permit);
                    }
                    inner.call(Request::from_parts(parts, body)).await
                }
                Err(error) => Ok(refusal(&error, &parts)),
            }
        })
    }
}

fn refusal(error: &Error, request: &Parts) -> Response<Body> {
    let path = request.uri.path();
    match error {
        Error::Internal(cause) | Error::Unavailable(cause) => {
            tracing::error!(path, cause = cause.as_ref() as &dyn std::error::Error, "the door could not decide");
        }
        // The path of an unknown method is the caller's own text: it is left out.
        Error::MethodUnknown => tracing::debug!("method unknown"),
        error => tracing::info!(path, %error, "refused"),
    }
    let correlation_id = request.extensions.get::<CorrelationId>().map(|id| id.0.as_str()).unwrap_or_default();
    bangfu_kernel::status::status(error, correlation_id).into_http()
}
