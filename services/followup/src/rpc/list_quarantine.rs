//! Not built yet.

use bangfu_kernel::Error;
use bangfu_proto::followup::v1::{ListQuarantineRequest, ListQuarantineResponse};
use tonic::Request;

use crate::Followup;

pub(super) async fn handle(
    _svc: &Followup,
    _request: Request<ListQuarantineRequest>,
) -> Result<ListQuarantineResponse, Error> {
    Err(Error::MethodUnknown)
}
