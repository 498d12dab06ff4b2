//! What is told of one call: its span, its one log line, its metrics. Never what it carried.

use std::{
    sync::{Arc, OnceLock},
    time::Duration,
};

use bangfu_kernel::{Caller, Error, caller::role_word};
use http::{Extensions, HeaderMap, Response};
use tokio::time::Instant;
use tonic::{Code, Status, body::Body};
use tonic_types::StatusExt as _;
use tracing::{Span, field::Empty};

use super::{method::Method, refusal};
use crate::telemetry::{self, CorrelationId, seldom::Seldom};

static SHED: Seldom = Seldom::new(Duration::from_secs(1));

/// A call on its way. Dropped before it is finished, it was cancelled by the caller.
#[derive(Debug)]
pub(super) struct Call {
    method: Arc<Method>,
    correlation: CorrelationId,
    span: Span,
    began: Instant,
    seen: Arc<Seen>,
    finished: bool,
}

/// What the inside tells the log line about the caller: township and roles, never who.
#[derive(Debug, Default)]
pub(super) struct Seen(OnceLock<(String, String)>);

impl Seen {
    /// Notes the caller; the first note stays.
    pub(super) fn note(&self, caller: &Caller) {
        let township = caller.township.as_ref().map(ToString::to_string).unwrap_or_default();
        let roles = caller.roles.iter().map(|role| role_word(*role)).collect::<Vec<_>>().join(",");
        self.0.get_or_init(|| (township, roles));
    }
}

impl Call {
    /// Opens the span, as a child of the caller's when the headers name one.
    pub(super) fn begin(method: Arc<Method>, headers: &HeaderMap) -> Self {
        let span = tracing::info_span!(
            "rpc",
            otel.name = method.span,
            otel.kind = "server",
            otel.status_code = Empty,
            rpc.system = "grpc",
            rpc.service = method.service,
            rpc.method = method.name,
            rpc.grpc.status_code = Empty,
            correlation_id = Empty,
        );
        let correlation = telemetry::join_trace(&span, headers);
        span.record("correlation_id", &correlation.0);
        metrics::gauge!("grpc_server_in_flight", labels(&method)).increment(1);
        Self { method, correlation, span, began: Instant::now(), seen: Arc::default(), finished: false }
    }

    /// Puts into the request what the inside needs: the correlation id, and where to note the caller.
    pub(super) fn mark(&self, extensions: &mut Extensions) {
        extensions.insert(self.correlation.clone());
        extensions.insert(self.seen.clone());
    }

    pub(super) fn correlation(&self) -> &CorrelationId {
        &self.correlation
    }

    pub(super) fn span(&self) -> &Span {
        &self.span
    }

    pub(super) fn method(&self) -> &Method {
        &self.method
    }

    /// Ends the call with an error of the shell's own.
    pub(super) fn refused(mut self, error: &Error) -> Response<Body> {
        let status = self.span.in_scope(|| refusal::refuse_as(error, &self.correlation));
        self.finish(&status);
        status.into_http()
    }

    /// Writes the log line and counts the call; once.
    pub(super) fn finish(&mut self, status: &Status) {
        if std::mem::replace(&mut self.finished, true) {
            return;
        }
        let took = self.began.elapsed();
        let code = code_word(status.code());
        let info = status.get_details_error_info();
        let reason = info.as_ref().map(|info| info.reason.as_str()).unwrap_or_default();
        let (township, role) = self.seen.0.get().map_or(("", ""), |(township, roles)| (township, roles));
        self.span.record("rpc.grpc.status_code", i32::from(status.code()));
        if matches!(status.code(), Code::Internal | Code::Unknown | Code::DataLoss | Code::Unavailable) {
            self.span.record("otel.status_code", "ERROR");
        }
        // `tracing` fixes the level of an event where it stands.
        macro_rules! line {
            ($level:expr) => {
                tracing::event!(target: "bangfu::call", parent: &self.span, $level, method = self.method.path(), code,
                    reason, duration_ms = u64::try_from(took.as_millis()).unwrap_or(u64::MAX),
                    correlation_id = self.correlation.0, township, role, "call")
            };
        }
        if self.method.open {
            line!(tracing::Level::DEBUG);
        } else {
            line!(tracing::Level::INFO);
        }
        count(&self.method, code);
        metrics::histogram!("grpc_server_handling_seconds", labels(&self.method)).record(took.as_secs_f64());
    }
}

impl Drop for Call {
    fn drop(&mut self) {
        self.finish(&Status::cancelled("the caller hung up"));
        metrics::gauge!("grpc_server_in_flight", labels(&self.method)).decrement(1);
    }
}

/// Refuses a call that the server has no room for. Counted but not logged line by line: a flood must stay cheap.
pub(super) fn shed(method: &Method) -> Response<Body> {
    count(method, code_word(Code::ResourceExhausted));
    if let Some(calls) = SHED.count(Instant::now()) {
        tracing::warn!(calls, "no room for more calls: refusing");
    }
    let id = telemetry::new_correlation();
    refusal::refuse_as(&Error::Overloaded { limit: "calls" }, &id).into_http()
}

fn count(method: &Method, code: &'static str) {
    let mut labels = labels(method);
    labels.push(metrics::Label::from_static_parts("grpc_code", code));
    metrics::counter!("grpc_server_handled_total", labels).increment(1);
}

fn labels(method: &Method) -> Vec<metrics::Label> {
    let named = [("grpc_service", &method.service), ("grpc_method", &method.name)];
    named.map(|(key, value)| metrics::Label::new(key, value.clone())).into()
}

/// The code as the gRPC ecosystem writes it.
fn code_word(code: Code) -> &'static str {
    match code {
        Code::Ok => "OK",
        Code::Cancelled => "CANCELLED",
        Code::Unknown => "UNKNOWN",
        Code::InvalidArgument => "INVALID_ARGUMENT",
        Code::DeadlineExceeded => "DEADLINE_EXCEEDED",
        Code::NotFound => "NOT_FOUND",
        Code::AlreadyExists => "ALREADY_EXISTS",
        Code::PermissionDenied => "PERMISSION_DENIED",
        Code::ResourceExhausted => "RESOURCE_EXHAUSTED",
        Code::FailedPrecondition => "FAILED_PRECONDITION",
        Code::Aborted => "ABORTED",
        Code::OutOfRange => "OUT_OF_RANGE",
        Code::Unimplemented => "UNIMPLEMENTED",
        Code::Internal => "INTERNAL",
        Code::Unavailable => "UNAVAILABLE",
        Code::DataLoss => "DATA_LOSS",
        Code::Unauthenticated => "UNAUTHENTICATED",
    }
}
