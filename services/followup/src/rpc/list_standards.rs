//! Not built yet.

use bangfu_kernel::Error;
use bangfu_proto::followup::v1::{ListStandardsRequest, ListStandardsResponse};
use tonic::Request;

use crate::Followup;

pub(super) async fn handle(
    _svc: &Followup,
    _request: Request<ListStandardsRequest>,
) -> Result<ListStandardsResponse, Error> {
    Err(Error::MethodUnknown)
}
