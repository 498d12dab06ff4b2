//! One waiver.

use bangfu_kernel::{Error, error::Violations, fields};
use bangfu_platform::auth::admitted;
use bangfu_proto::followup::v1::{GetWaiverRequest, Waiver};
use tonic::Request;

use crate::{Followup, store, wire};

pub(super) async fn handle(svc: &Followup, request: Request<GetWaiverRequest>) -> Result<Waiver, Error> {
    let (permit, request) = admitted(request)?;
    let mut faults = Violations::default();
    let waiver_id = fields::uuid("waiver_id", &request.waiver_id, &mut faults);
    let township = permit.named(&request.township, &mut faults);
    faults.check()?;

    let mut tx = svc.ground.db.township(&permit.at(township)?).await?;
    let waiver = store::waiver::get(&mut tx, waiver_id).await?;
    tx.commit().await?;
    Ok(wire::waiver::message(waiver))
}
