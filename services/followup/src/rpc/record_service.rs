//! Not built yet.

use bangfu_kernel::Error;
use bangfu_proto::followup::v1::{RecordServiceRequest, ServiceRecord};
use tonic::Request;

use crate::Followup;

pub(super) async fn handle(_svc: &Followup, _request: Request<RecordServiceRequest>) -> Result<ServiceRecord, Error> {
    Err(Error::MethodUnknown)
}
