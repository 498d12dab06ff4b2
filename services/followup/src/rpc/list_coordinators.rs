//! Not built yet.

use bangfu_kernel::Error;
use bangfu_proto::followup::v1::{ListCoordinatorsRequest, ListCoordinatorsResponse};
use tonic::Request;

use crate::Followup;

pub(super) async fn handle(
    _svc: &Followup,
    _request: Request<ListCoordinatorsRequest>,
) -> Result<ListCoordinatorsResponse, Error> {
    Err(Error::MethodUnknown)
}
