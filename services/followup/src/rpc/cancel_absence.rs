//! Ends an absence: today is its last day if it has begun, else it never was.

use bangfu_kernel::{Error, error::Violations, fields};
use bangfu_platform::auth::admitted;
use bangfu_proto::followup::v1 as proto;
use tonic::Request;

use crate::{
    Followup, serves,
    store::{self, absence::Absence},
    wire,
};

pub(super) async fn handle(
    svc: &Followup,
    request: Request<proto::CancelAbsenceRequest>,
) -> Result<proto::Absence, Error> {
    let (permit, request) = admitted(request)?;
    let mut faults = Violations::default();
    let request_id = fields::uuid("request_id", &request.request_id, &mut faults);
    let absence_id = fields::uuid("absence_id", &request.absence_id, &mut faults);
    faults.check()?;

    let mut tx = svc.ground.db.township(&permit).await?;
    let absence = tx
        .once(request_id, &request, async |tx| {
            let settled_for = serves::lock(tx).await?;
            let today = tx.clock().today();
            let absence = store::absence::get(tx, absence_id, today).await?;
            let begun = absence.from_on <= today;
            store::absence::end(tx, absence_id, begun.then_some(today)).await?;
            // Today stays as it is; the sweep of tomorrow sees that the absence has ended.
            if absence.from_on <= settled_for {
                store::serving::settle_everybody(tx, settled_for).await?;
            }
            let to_on = if begun { today } else { absence.to_on };
            Ok(wire::coordinator::absence(Absence { to_on, ..absence }))
        })
        .await?;
    tx.commit().await?;
    Ok(absence)
}
