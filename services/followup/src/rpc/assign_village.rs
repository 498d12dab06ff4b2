//! Says who serves a village from a day on.

use bangfu_kernel::{Error, error::Violations, fields};
use bangfu_platform::auth::admitted;
use bangfu_proto::followup::v1::{AssignVillageRequest, Assignment};
use tonic::Request;

use crate::{
    Followup,
    assign::{self, Whose},
    coordinators, store, wire,
};

pub(super) async fn handle(svc: &Followup, request: Request<AssignVillageRequest>) -> Result<Assignment, Error> {
    let (permit, request) = admitted(request)?;
    let mut faults = Violations::default();
    let request_id = fields::uuid("request_id", &request.request_id, &mut faults);
    let village = fields::text("village", &request.village, 1, 64, &mut faults);
    let coordinator = fields::text("coordinator", &request.coordinator, 0, 64, &mut faults);
    let today = svc.ground.clock.today();
    let from = wire::coordinator::first_day("from", request.from.as_ref(), today, &mut faults);
    faults.check()?;

    let mut tx = svc.ground.db.township(&permit).await?;
    let assignment = tx
        .once(request_id, &request, async |tx| {
            coordinators::entered(tx, "coordinator", &coordinator).await?;
            let assigned = assign::one(tx, Whose::Village(village), coordinator, from).await?;
            let village = assigned.village.clone().unwrap_or_default();
            let shares = store::coordinator::in_village(tx, &village, tx.clock().today()).await?;
            let shares = shares.into_iter().map(wire::coordinator::share).collect();
            Ok(Assignment { shares, ..wire::coordinator::assignment(assigned) })
        })
        .await?;
    tx.commit().await?;
    Ok(assignment)
}
