//! Records many services, each row as RecordService would.

use bangfu_kernel::Error;
use bangfu_platform::auth::admitted;
use bangfu_proto::followup::v1 as proto;
use tonic::Request;

use super::record_service;
use crate::{Followup, rows};

pub(super) async fn handle(
    svc: &Followup,
    request: Request<proto::RecordServicesRequest>,
) -> Result<proto::RecordServicesResponse, Error> {
    let (permit, request) = admitted(request)?;
    rows::counted("services", &request.services)?;

    let mut entered = Vec::with_capacity(request.services.len());
    for service in &request.services {
        rows::go_on(svc)?;
        let (service_record, error) = rows::outcome(record_service::one(svc, &permit, service).await)?;
        entered.push(proto::ServiceRow { service_record, error });
    }
    Ok(proto::RecordServicesResponse { rows: entered })
}
