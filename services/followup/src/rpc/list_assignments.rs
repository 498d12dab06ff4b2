//! Not built yet.

use bangfu_kernel::Error;
use bangfu_proto::followup::v1::{ListAssignmentsRequest, ListAssignmentsResponse};
use tonic::Request;

use crate::Followup;

pub(super) async fn handle(
    _svc: &Followup,
    _request: Request<ListAssignmentsRequest>,
) -> Result<ListAssignmentsResponse, Error> {
    Err(Error::MethodUnknown)
}
