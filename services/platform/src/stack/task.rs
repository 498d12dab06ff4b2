//! One task per call: a caller who hangs up or runs out of time never drops work half-way, and a panic ends here.

use std::panic::AssertUnwindSafe;

use bangfu_kernel::Error;
use futures::FutureExt as _;
use tokio_util::task::TaskTracker;
use tracing::{Instrument as _, Span};

use crate::telemetry::{CorrelationId, panics};

/// Runs the work on its own task, under the call's span and correlation id. Dropping this future leaves the work alone.
/// A panic is an internal fault that names its place, not its text.
pub(super) fn run<W>(
    tasks: &TaskTracker,
    id: CorrelationId,
    span: Span,
    work: W,
) -> impl Future<Output = Result<W::Output, Error>> + use<W>
where
    W: Future<Output: Send> + Send + 'static,
{
    let guarded = AssertUnwindSafe(work).catch_unwind().map(|outcome| outcome.map_err(|_text| panicked()));
    let task = tasks.spawn(id.scope(guarded).instrument(span));
    async { task.await.map_err(Error::internal)? }
}

/// The error of a panic just caught on this thread.
pub(super) fn panicked() -> Error {
    Error::internal(format!("the handler panicked at {}", panics::place()))
}
