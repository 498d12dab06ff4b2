//! Not built yet.

use bangfu_kernel::Error;
use bangfu_proto::followup::v1::{HandOverRequest, HandOverResponse};
use tonic::Request;

use crate::Followup;

pub(super) async fn handle(_svc: &Followup, _request: Request<HandOverRequest>) -> Result<HandOverResponse, Error> {
    Err(Error::MethodUnknown)
}
