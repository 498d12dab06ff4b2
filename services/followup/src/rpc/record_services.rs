//! Not built yet.

use bangfu_kernel::Error;
use bangfu_proto::followup::v1::{RecordServicesRequest, RecordServicesResponse};
use tonic::Request;

use crate::Followup;

pub(super) async fn handle(
    _svc: &Followup,
    _request: Request<RecordServicesRequest>,
) -> Result<RecordServicesResponse, Error> {
    Err(Error::MethodUnknown)
}
