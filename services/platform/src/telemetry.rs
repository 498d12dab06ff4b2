//! What the outside can see of a running service: log, traces, metrics, and the id that ties them together.

/// The id that leads from a client's error to the log. Stands in the request's extensions and in the task of the call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CorrelationId(pub String);

tokio::task_local! {
    static CORRELATION: CorrelationId;
}

/// The correlation id of the call this task works for; empty outside of a call.
pub fn correlation_id() -> String {
    CORRELATION.try_with(|id| id.0.clone()).unwrap_or_default()
}
