//! Enters a coordinator's absence with its stand-in.

use bangfu_kernel::{
    Error,
    error::Violations,
    fields::{self, rule},
};
use bangfu_platform::{auth::admitted, id};
use bangfu_proto::followup::v1 as proto;
use tonic::Request;

use crate::{
    Followup, coordinators, serves,
    store::{self, absence::Absence},
    wire,
};

pub(super) async fn handle(
    svc: &Followup,
    request: Request<proto::RecordAbsenceRequest>,
) -> Result<proto::Absence, Error> {
    let (permit, request) = admitted(request)?;
    let mut faults = Violations::default();
    let request_id = fields::uuid("request_id", &request.request_id, &mut faults);
    let coordinator = fields::text("coordinator", &request.coordinator, 1, 64, &mut faults);
    let (from_on, to_on) = wire::coordinator::days_absent(&request, svc.ground.clock.today(), &mut faults);
    let stand_in = fields::text("stand_in", &request.stand_in, 1, 64, &mut faults);
    if stand_in == coordinator && !stand_in.is_empty() {
        faults.add("stand_in", rule("must be somebody else", "不得与请假人相同"));
    }
    faults.check()?;

    let mut tx = svc.ground.db.township(&permit).await?;
    let absence = tx
        .once(request_id, &request, async |tx| {
            let today = serves::lock(tx).await?;
            coordinators::known(tx, "coordinator", &coordinator).await?;
            coordinators::entered(tx, "stand_in", &stand_in).await?;
            let absence = Absence { absence_id: id::new(tx.clock()), coordinator, from_on, to_on, stand_in };
            if let Some(absence_id) = store::absence::find_overlapping(tx, &absence).await? {
                return Err(Error::AbsenceOverlaps { absence_id });
            }
            store::absence::insert(tx, &absence).await?;
            if from_on <= today {
                store::serving::settle_everybody(tx, today).await?;
            }
            Ok(wire::coordinator::absence(absence))
        })
        .await?;
    tx.commit().await?;
    Ok(absence)
}
