//! All coordinators of a township with what is theirs today, and the size of the unassigned queue.

use bangfu_kernel::{Error, error::Violations};
use bangfu_platform::{auth::admitted, db::TownshipTx};
use bangfu_proto::followup::v1::{Coordinator, ListCoordinatorsRequest, ListCoordinatorsResponse};
use tonic::Request;

use crate::{Followup, store, wire};

pub(super) async fn handle(
    svc: &Followup,
    request: Request<ListCoordinatorsRequest>,
) -> Result<ListCoordinatorsResponse, Error> {
    let (permit, request) = admitted(request)?;
    let mut faults = Violations::default();
    let township = permit.named(&request.township, &mut faults);
    faults.check()?;

    let mut tx = svc.ground.db.township(&permit.at(township)?).await?;
    let (coordinators, unassigned_people) = all(&mut tx).await?;
    tx.commit().await?;
    Ok(ListCoordinatorsResponse { coordinators, unassigned_people })
}

/// All of them, by name, and how many people nobody serves.
pub(super) async fn all(tx: &mut TownshipTx) -> Result<(Vec<Coordinator>, i64), Error> {
    let today = tx.clock().today();
    let entered = store::coordinator::list(tx).await?;
    let served = store::coordinator::served(tx, today).await?;
    let villages = store::assignment::villages_on(tx, today).await?;
    let absences = store::absence::list(tx, today).await?;
    Ok(wire::coordinator::listed(entered, served, &villages, &absences))
}
