//! Sources that may never answer, as a file on a network may: they are waited for, and somebody is told.

use std::{pin::pin, time::Duration};

use tokio::time::timeout;

/// Whoever has not answered by then hangs.
pub(crate) const HANGS: Duration = Duration::from_secs(5);

/// What it says, however long that takes; `tell` once when it hangs. There is no second try meanwhile: it would hang, too,
/// and hold another thread.
pub(crate) async fn wait<T>(answer: impl Future<Output = T>, tell: impl FnOnce()) -> T {
    let mut answer = pin!(answer);
    if let Ok(answered) = timeout(HANGS, &mut answer).await {
        return answered;
    }
    tell();
    answer.await
}
