//! What the registry does by itself, in every process that serves it.

pub(crate) mod anchor;
pub(crate) mod keys;
pub(crate) mod reseal;

use bangfu_kernel::Township;
use bangfu_platform::auth::Permit;

use crate::People;

/// A permit for our own work: no caller stands behind it.
#[expect(clippy::disallowed_methods, reason = "the one place where this service's background work gets its permit")]
pub(crate) fn permit(svc: &People, job: &'static str, township: Option<Township>) -> Permit {
    Permit::of_job(job, &svc.ground.city, township)
}
