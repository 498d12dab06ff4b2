//! One task per call: a caller who hangs up or runs out of time never drops work half-way, and a panic ends here.

use bangfu_kernel::Error;
use tokio_util::task::TaskTracker;
use tracing::{Instrument as _, Span};

use crate::telemetry::CorrelationId;

/// Runs the work on its own task, under the call's span and correlation id. Dropping this future leaves the work alone.
/// A panic is an internal fault; its place is logged by the hook of `telemetry::panics`, its text nowhere, for it may
/// hold data.
pub(super) fn run<W>(
    tasks: &TaskTracker,
    id: CorrelationId,
    span: Span,
    work: W,
) -> impl Future<Output = Result<W::Output, Error>>
where
    W: Future<Output: Send> + Send + 'static,
{
    let task = tasks.spawn(id.scope(work).instrument(span));
    async {
        task.await.map_err(|fault| {
            Error::internal(if fault.is_panic() { "the handler panicked" } else { "the call's task was cut off" })
        })
    }
}
