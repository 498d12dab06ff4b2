//! Enters a coordinator, or changes account and capacity of the one with this name.

use bangfu_kernel::{
    Error,
    error::Violations,
    fields::{self, range},
};
use bangfu_platform::auth::admitted;
use bangfu_proto::followup::v1 as proto;
use tonic::Request;

use super::list_coordinators;
use crate::{
    Followup,
    store::{self, coordinator::Coordinator},
};

/// Most duties a month that are believed.
const MOST: i32 = 100_000;

pub(super) async fn handle(
    svc: &Followup,
    request: Request<proto::PutCoordinatorRequest>,
) -> Result<proto::Coordinator, Error> {
    let (permit, request) = admitted(request)?;
    let mut faults = Violations::default();
    let request_id = fields::uuid("request_id", &request.request_id, &mut faults);
    let coordinator = coordinator(request.coordinator.as_ref(), &mut faults);
    faults.check()?;

    let mut tx = svc.ground.db.township(&permit).await?;
    let coordinator = tx
        .once(request_id, &request, async |tx| {
            store::coordinator::put(tx, &coordinator).await?;
            let (all, _) = list_coordinators::all(tx).await?;
            let found = all.into_iter().find(|it| it.name == coordinator.name);
            found.ok_or_else(|| Error::internal("a coordinator who was just entered is gone"))
        })
        .await?;
    tx.commit().await?;
    Ok(coordinator)
}

fn coordinator(message: Option<&proto::Coordinator>, faults: &mut Violations) -> Coordinator {
    let message = message.cloned().unwrap_or_default();
    if !(0..=MOST).contains(&message.capacity) {
        faults.add("coordinator.capacity", range(0, MOST.into()));
    }
    Coordinator {
        name: fields::text("coordinator.name", &message.name, 1, 64, faults),
        account: fields::any_text("coordinator.account", &message.account, 0, 128, faults),
        capacity: message.capacity,
    }
}
