//! Not built yet.

use bangfu_kernel::Error;
use bangfu_proto::followup::v1::{Coordinator, PutCoordinatorRequest};
use tonic::Request;

use crate::Followup;

pub(super) async fn handle(_svc: &Followup, _request: Request<PutCoordinatorRequest>) -> Result<Coordinator, Error> {
    Err(Error::MethodUnknown)
}
