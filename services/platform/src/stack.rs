//! The way of one call, from the wire to its handler: limits → span and log line → metrics → panic guard → deadline →
//! own task → auth → the township's limit → routes.
//!
//! The deadline stands outside of the task: it answers the caller in time, while the work underneath goes on until its
//! statements hit their own timeouts, and what is waited for from the caller its own (`arriving`). Dropping work half-way loses acknowledged writes (walls.md, "Units of work").

mod admitted;
mod arriving;
mod body;
mod call;
mod deadline;
mod limit;
mod method;
mod refusal;
mod task;

use std::{
    collections::HashMap,
    convert::Infallible,
    fmt,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use bangfu_kernel::Error;
use futures::{FutureExt as _, future::BoxFuture};
use http::{Request, Response};
use tokio_util::task::TaskTracker;
use tonic::{body::Body, service::Routes};
use tower::{Layer, Service, ServiceExt, util::BoxCloneService};

pub use self::{
    admitted::Admitted,
    deadline::Deadline,
    refusal::{answer, refuse},
};
use self::{call::Call, limit::Limits, method::Methods};
use crate::server::Stopping;

/// Limits and deadlines of calls.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Calls at work at once; one more is refused at once with RESOURCE_EXHAUSTED. Open streams count only until they
    /// begin to answer.
    pub calls: usize,
    /// Calls of one township at work at once, so that one office cannot take the room of all.
    pub calls_per_township: usize,
    /// The longest a call may take when the caller sets no shorter deadline. Server streams have no such limit.
    pub unary: Duration,
    /// The longest that the next piece of a request may be waited for, once the call has begun.
    pub pause: Duration,
    /// Methods that may take longer, by path (`/bangfu.people.v1.PeopleService/ImportRoster`).
    pub long: HashMap<String, Duration>,
}

impl Default for Settings {
    fn default() -> Self {
        let ten_minutes = Duration::from_mins(10);
        let long = [
            "/bangfu.people.v1.PeopleService/ImportRoster",
            "/bangfu.people.v1.PeopleService/StartDataMatch",
            "/bangfu.people.v1.PeopleService/DecideDataMatchRows",
            "/bangfu.people.v1.PeopleService/CommitDataMatch",
            "/bangfu.followup.v1.FollowupService/RunSweep",
        ];
        Self {
            calls: 512,
            calls_per_township: 128,
            unary: Duration::from_secs(30),
            pause: Duration::from_secs(10),
            long: long.map(|path| (path.to_owned(), ten_minutes)).into(),
        }
    }
}

/// Everything that stands between the wire and the handlers. `L` is the layer that makes a `Permit` from a token.
#[derive(Debug, Clone)]
pub struct Stack<L> {
    ground: Arc<Ground>,
    auth: L,
}

#[derive(Debug)]
struct Ground {
    methods: Methods,
    limits: Limits,
    arrival: arriving::Patience,
    tasks: TaskTracker,
}

type Inner = BoxCloneService<Request<Body>, Response<Body>, tonic::codegen::StdError>;

/// The finished service of one server: what every request goes through.
#[derive(Clone)]
pub struct Calls {
    ground: Arc<Ground>,
    guarded: Inner,
    open: Inner,
    stopping: Stopping,
}

impl<L> Stack<L> {
    /// A stack with its own limits.
    pub fn new(settings: &Settings, auth: L) -> Self {
        let ground = Ground {
            methods: Methods::of_the_contract(settings),
            limits: Limits::new(settings),
            arrival: arriving::Patience { pause: settings.pause, whole: settings.unary },
            tasks: TaskTracker::new(),
        };
        Self { ground: Arc::new(ground), auth }
    }

    /// The tasks of calls at work, those included whose caller is gone. A stopping server waits for them.
    pub fn tasks(&self) -> &TaskTracker {
        &self.ground.tasks
    }

    /// Puts the stack before the routes. `open` are health and reflection: no token, no limit.
    pub fn calls<S>(&self, guarded: Routes, open: Routes, stopping: Stopping) -> Calls
    where
        L: Layer<Admitted<Routes>, Service = S>,
        S: Service<Request<Body>, Response = Response<Body>> + Clone + Send + 'static,
        S::Error: Into<tonic::codegen::StdError> + 'static,
        S::Future: Send + 'static,
    {
        let admitted = Admitted::new(guarded.prepare(), self.ground.limits.clone());
        Calls {
            ground: self.ground.clone(),
            guarded: BoxCloneService::new(self.auth.layer(admitted).map_err(Into::into)),
            open: BoxCloneService::new(ServiceExt::<Request<Body>>::map_err(open.prepare(), Into::into)),
            stopping,
        }
    }
}

impl Calls {
    async fn one(self, mut request: Request<Body>) -> Response<Body> {
        let method = self.ground.methods.of(request.uri().path());
        let room = if method.open { None } else { self.ground.limits.enter() };
        if room.is_none() && !method.open {
            return call::shed(&method);
        }

        let call = Call::begin(method.clone(), request.headers());
        let deadline = match deadline::of(request.headers(), &method) {
            Ok(_) if !method.known => return call.refused(&Error::MethodUnknown),
            Ok(deadline) => deadline,
            Err(error) => return call.refused(&error),
        };
        call.mark(request.extensions_mut());
        if let Some(deadline) = deadline {
            request.extensions_mut().insert(deadline);
        }

        // Reflection is a conversation, in which callers may be silent; it takes nobody's place.
        if !(method.open && method.streams) {
            let (patience, correlation) = (self.ground.arrival, call.correlation().clone());
            request = request.map(|body| arriving::in_time(body, patience, deadline, correlation));
        }
        let inner = if method.open { self.open } else { self.guarded };
        let work = async move {
            let response = inner.oneshot(request).await;
            drop(room);
            response
        };
        let task = task::run(&self.ground.tasks, call.correlation().clone(), call.span().clone(), work);
        match deadline::within(deadline, task).await {
            Ok(Ok(response)) => body::bounded(call, response, deadline, &self.stopping),
            Ok(Err(fault)) => call.refused(&Error::Internal(fault)),
            Err(error) => call.refused(&error),
        }
    }
}

impl Service<Request<Body>> for Calls {
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = BoxFuture<'static, Result<Response<Body>, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        self.clone().one(request).map(Ok).boxed()
    }
}

impl fmt::Debug for Calls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Calls").field("ground", &self.ground).finish_non_exhaustive()
    }
}
