//! The stop, step by step, within its time.

use std::time::Duration;

use bangfu_kernel::Error;
use tokio::{
    task::JoinHandle,
    time::{Instant, sleep, timeout_at},
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use super::Readiness;

/// Tells long-lived streams that the server is stopping: they send a last bookmark and end with `Error::Stopping`. A
/// stream that does not is cut a few seconds later. Cloning gives another handle.
#[derive(Debug, Clone)]
pub struct Stopping(CancellationToken);

impl Stopping {
    pub(super) fn new() -> Self {
        Self(CancellationToken::new())
    }

    /// The same as a token, for jobs that hold one.
    pub fn token(&self) -> CancellationToken {
        self.0.clone()
    }

    /// Ready once the server is stopping.
    pub async fn begun(&self) {
        self.0.cancelled().await;
    }

    /// Whether the server is stopping.
    pub fn has_begun(&self) -> bool {
        self.0.is_cancelled()
    }
}

impl From<CancellationToken> for Stopping {
    fn from(token: CancellationToken) -> Self {
        Self(token)
    }
}

/// How a stop went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stopped {
    /// Every connection and every call came to its end.
    Drained,
    /// The time was over; what was still open was cut.
    Cut,
}

/// What a stop needs.
pub(super) struct Stop {
    pub(super) readiness: Readiness,
    pub(super) stopping: Stopping,
    /// Ends the accept loop.
    pub(super) no_more: CancellationToken,
    /// Breaks every connection.
    pub(super) cut: CancellationToken,
    /// Calls at work.
    pub(super) tasks: TaskTracker,
    pub(super) lame_duck: Duration,
    pub(super) within: Duration,
}

impl Stop {
    /// Waits for the signal, then stops in order.
    pub(super) async fn after(
        self,
        shutdown: impl Future<Output = ()>,
        mut serving: JoinHandle<Result<(), tonic::transport::Error>>,
    ) -> Result<Stopped, Error> {
        tokio::select! {
            () = shutdown => {}
            ended = &mut serving => {
                let fault = ended.map_err(Error::internal)?.err();
                return Err(Error::internal(fault.map_or("the server ended by itself".into(), tonic::codegen::StdError::from)));
            }
        }
        let latest = Instant::now() + self.within;
        self.readiness.set(false).await;
        sleep(self.lame_duck.min(self.within)).await;

        self.no_more.cancel();
        self.stopping.0.cancel();
        self.tasks.close();
        let drained = async {
            let served = (&mut serving).await;
            self.tasks.wait().await;
            served
        };
        let stopped = if let Ok(served) = timeout_at(latest, drained).await {
            served.map_err(Error::internal)?.map_err(Error::internal)?;
            Stopped::Drained
        } else {
            tracing::warn!(calls = self.tasks.len(), "the stop took too long: cutting what is still open");
            serving.abort();
            Stopped::Cut
        };
        self.cut.cancel();
        Ok(stopped)
    }
}
