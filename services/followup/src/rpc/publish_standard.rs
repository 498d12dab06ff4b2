//! Not built yet.

use bangfu_kernel::Error;
use bangfu_proto::followup::v1::{PublishStandardRequest, Standard};
use tonic::Request;

use crate::Followup;

pub(super) async fn handle(_svc: &Followup, _request: Request<PublishStandardRequest>) -> Result<Standard, Error> {
    Err(Error::MethodUnknown)
}
