//! Not built yet.

use bangfu_kernel::Error;
use bangfu_proto::followup::v1::{ListWaiversRequest, ListWaiversResponse};
use tonic::Request;

use crate::Followup;

pub(super) async fn handle(
    _svc: &Followup,
    _request: Request<ListWaiversRequest>,
) -> Result<ListWaiversResponse, Error> {
    Err(Error::MethodUnknown)
}
