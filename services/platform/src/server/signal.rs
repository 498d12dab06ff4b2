//! When somebody asks this process to stop.

use bangfu_kernel::Error;
use tokio::signal::unix::{Signal, SignalKind, signal};

/// Exit code of a process that was told twice: as a shell tells of an interrupt.
const TOLD_TWICE: i32 = 130;

/// Listens from now on; the future it returns is ready at the first SIGTERM or SIGINT. A second one ends the process at
/// once.
pub fn stop_signal() -> Result<impl Future<Output = ()> + Send + 'static, Error> {
    let mut term = signal(SignalKind::terminate()).map_err(Error::internal)?;
    let mut int = signal(SignalKind::interrupt()).map_err(Error::internal)?;
    Ok(async move {
        either(&mut term, &mut int).await;
        tracing::info!("told to stop; once more stops at once");
        tokio::spawn(async move {
            either(&mut term, &mut int).await;
            tracing::warn!("told to stop twice: leaving at once");
            std::process::exit(TOLD_TWICE);
        });
    })
}

async fn either(term: &mut Signal, int: &mut Signal) {
    tokio::select! {
        _ = term.recv() => {}
        _ = int.recv() => {}
    }
}
