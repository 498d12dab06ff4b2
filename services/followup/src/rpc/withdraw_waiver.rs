//! Not built yet.

use bangfu_kernel::Error;
use bangfu_proto::followup::v1::{Waiver, WithdrawWaiverRequest};
use tonic::Request;

use crate::Followup;

pub(super) async fn handle(_svc: &Followup, _request: Request<WithdrawWaiverRequest>) -> Result<Waiver, Error> {
    Err(Error::MethodUnknown)
}
