//! Not built yet.

use bangfu_kernel::Error;
use bangfu_proto::followup::v1::{ListServicesRequest, ListServicesResponse};
use tonic::Request;

use crate::Followup;

pub(super) async fn handle(
    _svc: &Followup,
    _request: Request<ListServicesRequest>,
) -> Result<ListServicesResponse, Error> {
    Err(Error::MethodUnknown)
}
