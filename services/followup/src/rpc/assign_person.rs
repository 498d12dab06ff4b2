//! Not built yet.

use bangfu_kernel::Error;
use bangfu_proto::followup::v1::{AssignPersonRequest, Assignment};
use tonic::Request;

use crate::Followup;

pub(super) async fn handle(_svc: &Followup, _request: Request<AssignPersonRequest>) -> Result<Assignment, Error> {
    Err(Error::MethodUnknown)
}
