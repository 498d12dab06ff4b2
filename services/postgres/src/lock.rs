//! The two file locks of a cluster. The kernel drops them with their process, so none is ever stale.

use std::{
    fs::{File, TryLockError},
    os::unix::fs::OpenOptionsExt,
    path::Path,
    time::Duration,
};

use tokio::time::{Instant, sleep};

use crate::Error;

/// How long a start waits for another one: longer than `initdb` and a recovery take.
const PATIENCE: Duration = Duration::from_mins(3);

/// Held while the server is started or stopped.
#[derive(Debug)]
pub(crate) struct StartLock {
    _file: File,
}

impl StartLock {
    pub(crate) async fn take(folder: &Path) -> Result<Self, Error> {
        let path = folder.join("start.lock");
        let file = open(&path)?;
        let end = Instant::now() + PATIENCE;
        loop {
            match file.try_lock() {
                Ok(()) => return Ok(Self { _file: file }),
                Err(TryLockError::WouldBlock) if Instant::now() < end => sleep(Duration::from_millis(20)).await,
                Err(TryLockError::WouldBlock) => return Err(Error::Locked { path, seconds: PATIENCE.as_secs() }),
                Err(TryLockError::Error(cause)) => return Err(Error::io("lock", path)(cause)),
            }
        }
    }
}

/// Held, shared, as long as somebody uses the server. Taken and judged under the [`StartLock`] only.
#[derive(Debug)]
pub(crate) struct OwnersLock {
    file: File,
}

impl OwnersLock {
    pub(crate) fn join(folder: &Path) -> Result<Self, Error> {
        let path = folder.join("owners.lock");
        let file = open(&path)?;
        // Nobody holds it exclusively for longer than `leave` takes to look, and that is under the start lock.
        file.lock_shared().map_err(Error::io("lock", path))?;
        Ok(Self { file })
    }

    /// Lets go; true when no owner is left.
    pub(crate) fn leave(self, folder: &Path) -> Result<bool, Error> {
        let path = folder.join("owners.lock");
        self.file.unlock().map_err(Error::io("unlock", &path))?;
        match self.file.try_lock() {
            Ok(()) => Ok(true),
            Err(TryLockError::WouldBlock) => Ok(false),
            Err(TryLockError::Error(cause)) => Err(Error::io("lock", path)(cause)),
        }
    }
}

/// For ourselves alone: a lock that others can open, others can hold.
fn open(path: &Path) -> Result<File, Error> {
    File::options().create(true).truncate(false).write(true).mode(0o600).open(path).map_err(Error::io("open", path))
}
