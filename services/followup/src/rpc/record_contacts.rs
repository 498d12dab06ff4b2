//! Not built yet.

use bangfu_kernel::Error;
use bangfu_proto::followup::v1::{RecordContactsRequest, RecordContactsResponse};
use tonic::Request;

use crate::Followup;

pub(super) async fn handle(
    _svc: &Followup,
    _request: Request<RecordContactsRequest>,
) -> Result<RecordContactsResponse, Error> {
    Err(Error::MethodUnknown)
}
