//! Not built yet.

use bangfu_kernel::Error;
use bangfu_proto::followup::v1::PreviewStandardRequest;
use tonic::Request;

use crate::Followup;

pub(super) async fn handle(
    _svc: &Followup,
    _request: Request<PreviewStandardRequest>,
) -> Result<super::Previews, Error> {
    Err(Error::MethodUnknown)
}
