//! One transfer, as the caller's township sees it.

use bangfu_kernel::{
    Error,
    error::{Resource, Violations},
    fields,
};
use bangfu_platform::auth::admitted;
use bangfu_proto::people::v1::{self as proto, GetTransferRequest};
use tonic::Request;

use crate::{People, store, wire};

pub(super) async fn handle(svc: &People, request: Request<GetTransferRequest>) -> Result<proto::Transfer, Error> {
    let (permit, request) = admitted(request)?;
    let mut faults = Violations::default();
    let transfer_id = fields::uuid("transfer_id", &request.transfer_id, &mut faults);
    let township = permit.named(&request.township, &mut faults);
    faults.check()?;

    let mut tx = svc.ground.db.township(&permit.at(township)?).await?;
    // A township that is not in the directory has no key, and no transfers.
    store::township::find(&mut tx).await?.ok_or(Error::NotFound(Resource::Transfer))?;
    let key = store::township_key::get(&mut tx, &svc.vault).await?;
    let found = store::transfer::find(&mut tx, transfer_id, &key).await?;
    tx.commit().await?;

    let transfer = found.ok_or(Error::NotFound(Resource::Transfer))?;
    Ok(wire::transfer::message(&transfer, svc.ground.clock.today()))
}
