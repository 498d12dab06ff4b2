//! Not built yet.

use bangfu_kernel::Error;
use bangfu_proto::followup::v1::WatchRemindersRequest;
use tonic::Request;

use crate::Followup;

pub(super) async fn handle(
    _svc: &Followup,
    _request: Request<WatchRemindersRequest>,
) -> Result<super::Reminders, Error> {
    Err(Error::MethodUnknown)
}
