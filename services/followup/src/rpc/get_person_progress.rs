//! Not built yet.

use bangfu_kernel::Error;
use bangfu_proto::followup::v1::{GetPersonProgressRequest, PersonProgress};
use tonic::Request;

use crate::Followup;

pub(super) async fn handle(
    _svc: &Followup,
    _request: Request<GetPersonProgressRequest>,
) -> Result<PersonProgress, Error> {
    Err(Error::MethodUnknown)
}
