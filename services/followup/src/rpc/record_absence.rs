//! Not built yet.

use bangfu_kernel::Error;
use bangfu_proto::followup::v1::{Absence, RecordAbsenceRequest};
use tonic::Request;

use crate::Followup;

pub(super) async fn handle(_svc: &Followup, _request: Request<RecordAbsenceRequest>) -> Result<Absence, Error> {
    Err(Error::MethodUnknown)
}
