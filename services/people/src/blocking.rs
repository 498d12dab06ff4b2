//! Long computations, off the threads that serve calls: judging, sealing and comparing thousands of people.

use bangfu_kernel::Error;
use tracing::Span;

/// Runs `work` on a thread of its own and waits for it.
pub(crate) async fn run<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, Error> + Send + 'static,
) -> Result<T, Error> {
    let span = Span::current();
    tokio::task::spawn_blocking(move || span.in_scope(work)).await.map_err(|error| Error::Internal(Box::new(error)))?
}
