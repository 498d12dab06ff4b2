//! Hands one coordinator's villages and people over to another one from a day on.

use bangfu_kernel::{
    Error,
    error::Violations,
    fields::{self, rule},
};
use bangfu_platform::auth::admitted;
use bangfu_proto::followup::v1::{HandOverRequest, HandOverResponse};
use tonic::Request;

use crate::{Followup, assign, coordinators, serves, store, wire};

pub(super) async fn handle(svc: &Followup, request: Request<HandOverRequest>) -> Result<HandOverResponse, Error> {
    let (permit, request) = admitted(request)?;
    let mut faults = Violations::default();
    let request_id = fields::uuid("request_id", &request.request_id, &mut faults);
    let from = fields::text("from_coordinator", &request.from_coordinator, 1, 64, &mut faults);
    let to = fields::text("to_coordinator", &request.to_coordinator, 1, 64, &mut faults);
    if from == to && !to.is_empty() {
        faults.add("to_coordinator", rule("must be somebody else", "不得与移交人相同"));
    }
    let on = wire::coordinator::hand_over_day(request.on.as_ref(), svc.ground.clock.today(), &mut faults);
    faults.check()?;

    let mut tx = svc.ground.db.township(&permit).await?;
    let handed = tx
        .once(request_id, &request, async |tx| {
            serves::lock(tx).await?;
            coordinators::known(tx, "from_coordinator", &from).await?;
            coordinators::entered(tx, "to_coordinator", &to).await?;
            let villages = store::assignment::villages_from(tx, &from, on).await?;
            let people = store::assignment::people_from(tx, &from, on).await?;
            let count = i64::try_from(people.len()).unwrap_or(i64::MAX);
            assign::all(tx, villages.clone(), people, Some(&to), on).await?;
            Ok(HandOverResponse { villages, people: count })
        })
        .await?;
    tx.commit().await?;
    Ok(handed)
}
