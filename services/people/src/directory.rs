//! Which townships there are, for the auth layer: asked on every call, so remembered for a while.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
};

use bangfu_kernel::{Error, Township};
use bangfu_platform::{
    auth::{Permit, layer},
    db::Db,
};
use tokio::time::{Duration, Instant};

use crate::store;

/// A township that was there stays for as long: entries are never removed.
const THERE: Duration = Duration::from_mins(1);
/// A township that was not there may be entered any moment.
const NOT_THERE: Duration = Duration::from_secs(1);
/// Codes remembered; somebody with many made-up codes does not fill the memory.
const REMEMBERED: usize = 4_096;

/// The directory of one deployment.
#[derive(Debug)]
pub(crate) struct Directory {
    db: Db,
    remembered: Mutex<HashMap<Township, (bool, Instant)>>,
}

impl Directory {
    /// Over the people service's database.
    pub(crate) fn new(db: Db) -> Self {
        Self { db, remembered: Mutex::default() }
    }

    fn recall(&self, township: &Township) -> Option<bool> {
        let remembered = self.remembered.lock().unwrap_or_else(PoisonError::into_inner);
        let &(known, at) = remembered.get(township)?;
        (at.elapsed() < if known { THERE } else { NOT_THERE }).then_some(known)
    }

    fn remember(&self, township: &Township, known: bool) {
        let mut remembered = self.remembered.lock().unwrap_or_else(PoisonError::into_inner);
        if remembered.len() >= REMEMBERED {
            remembered.clear();
        }
        remembered.insert(township.clone(), (known, Instant::now()));
    }
}

#[tonic::async_trait]
impl layer::Directory for Directory {
    async fn knows(&self, township: &Township, deadline: Option<Instant>) -> Result<bool, Error> {
        if let Some(known) = self.recall(township) {
            return Ok(known);
        }
        #[expect(clippy::disallowed_methods, reason = "the directory is asked before there is a permit")]
        let permit = Permit::of_job("people.directory", township.city(), Some(township.clone()));
        let permit = deadline.into_iter().fold(permit, Permit::until);
        let mut tx = self.db.township(&permit).await?;
        let known = store::township::find(&mut tx).await?.is_some();
        tx.commit().await?;
        self.remember(township, known);
        Ok(known)
    }
}
