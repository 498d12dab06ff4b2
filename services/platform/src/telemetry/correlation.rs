//! The id that leads from a client's error to the log.

/// The id of one call: its trace's when there is one. Stands in the request's extensions, in the task of the call, and
/// in every log line of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CorrelationId(pub String);

tokio::task_local! {
    static CORRELATION: CorrelationId;
}

impl CorrelationId {
    /// Runs a future as part of the call.
    pub fn scope<F: Future>(self, work: F) -> impl Future<Output = F::Output> {
        CORRELATION.scope(self, work)
    }

    /// Runs a function as part of the call.
    pub fn sync_scope<T>(self, work: impl FnOnce() -> T) -> T {
        CORRELATION.sync_scope(self, work)
    }
}

/// The correlation id of the call this task works for; empty outside of a call.
pub fn correlation_id() -> String {
    CORRELATION.try_with(|id| id.0.clone()).unwrap_or_default()
}

/// A fresh id for a call without a trace. Never the caller's own text: it would stand in the log.
pub(crate) fn new() -> CorrelationId {
    CorrelationId(format!("{:032x}", rand::random::<u128>()))
}
