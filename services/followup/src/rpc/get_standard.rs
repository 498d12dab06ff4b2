//! Not built yet.

use bangfu_kernel::Error;
use bangfu_proto::followup::v1::{GetStandardRequest, Standard};
use tonic::Request;

use crate::Followup;

pub(super) async fn handle(_svc: &Followup, _request: Request<GetStandardRequest>) -> Result<Standard, Error> {
    Err(Error::MethodUnknown)
}
