//! What the registry does by itself, in every process that serves it. Any number of them may: all of it is derived from
//! what the tables hold.

pub(crate) mod anchor;
pub(crate) mod keys;
pub(crate) mod reseal;
pub(crate) mod tokens;
pub(crate) mod wipe;

use bangfu_kernel::{Error, Township};
use bangfu_platform::auth::Permit;

use crate::{People, store};

/// Townships asked for at once.
const PAGE: i64 = 500;

/// A permit for our own work: no caller stands behind it.
#[expect(clippy::disallowed_methods, reason = "the one place where this service's background work gets its permit")]
pub(crate) fn permit(svc: &People, job: &'static str, township: Option<Township>) -> Permit {
    Permit::of_job(job, &svc.ground.city, township)
}

/// All townships of the directory.
async fn townships(svc: &People, job: &'static str) -> Result<Vec<Township>, Error> {
    let permit = permit(svc, job, None);
    let (mut all, mut after) = (Vec::<Township>::new(), String::new());
    loop {
        let mut tx = svc.ground.db.city(&permit).await?;
        let page = store::township::list(&mut tx, &after, PAGE).await?;
        tx.commit().await?;
        let Some(last) = page.last() else { return Ok(all) };
        after = last.township.to_string();
        all.extend(page.into_iter().map(|entry| entry.township));
    }
}
