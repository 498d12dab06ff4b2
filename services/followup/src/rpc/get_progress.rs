//! Not built yet.

use bangfu_kernel::Error;
use bangfu_proto::followup::v1::{GetProgressRequest, GetProgressResponse};
use tonic::Request;

use crate::Followup;

pub(super) async fn handle(
    _svc: &Followup,
    _request: Request<GetProgressRequest>,
) -> Result<GetProgressResponse, Error> {
    Err(Error::MethodUnknown)
}
