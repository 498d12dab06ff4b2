//! Not built yet.

use bangfu_kernel::Error;
use bangfu_proto::followup::v1::{GetCalendarRequest, WorkCalendar};
use tonic::Request;

use crate::Followup;

pub(super) async fn handle(_svc: &Followup, _request: Request<GetCalendarRequest>) -> Result<WorkCalendar, Error> {
    Err(Error::MethodUnknown)
}
