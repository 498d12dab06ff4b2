//! Not built yet.

use bangfu_kernel::Error;
use bangfu_proto::followup::v1::{PublishCalendarRequest, WorkCalendar};
use tonic::Request;

use crate::Followup;

pub(super) async fn handle(_svc: &Followup, _request: Request<PublishCalendarRequest>) -> Result<WorkCalendar, Error> {
    Err(Error::MethodUnknown)
}
