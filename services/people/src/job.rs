//! Background work of the registry. Any number of replicas may run it: all of it is derived from what the tables hold.

mod tokens;

use bangfu_kernel::{Error, Township};
use bangfu_platform::auth::Permit;
use tokio_util::task::TaskTracker;

use crate::{People, store};

/// Townships asked for at once.
const PAGE: i64 = 500;

impl People {
    /// Starts the background work; it ends when the ground is stopping. `wait()` on what is returned to see it ended.
    pub fn jobs(self) -> TaskTracker {
        let tasks = TaskTracker::new();
        tasks.spawn(tokens::run(self));
        tasks.close();
        tasks
    }

    /// A permit for our own work: no caller stands behind it.
    #[expect(clippy::disallowed_methods, reason = "the one place where this service's background work gets its permit")]
    fn permit_of_job(&self, job: &'static str, township: Option<Township>) -> Permit {
        Permit::of_job(job, &self.ground.city, township)
    }

    /// All townships of the directory.
    async fn townships(&self, job: &'static str) -> Result<Vec<Township>, Error> {
        let permit = self.permit_of_job(job, None);
        let (mut all, mut after) = (Vec::<Township>::new(), String::new());
        loop {
            let mut tx = self.ground.db.city(&permit).await?;
            let page = store::township::list(&mut tx, &after, PAGE).await?;
            tx.commit().await?;
            let Some(last) = page.last() else { return Ok(all) };
            after = last.township.to_string();
            all.extend(page.into_iter().map(|entry| entry.township));
        }
    }
}
