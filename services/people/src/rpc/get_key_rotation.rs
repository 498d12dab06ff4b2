//! How far the latest change of a township's data key is.

use bangfu_kernel::{
    Error,
    error::{Resource, Violations},
};
use bangfu_platform::{auth::admitted, db::TownshipTx};
use bangfu_proto::people::v1::{GetKeyRotationRequest, KeyRotation};
use tonic::Request;

use crate::{People, store, wire};

pub(super) async fn handle(svc: &People, request: Request<GetKeyRotationRequest>) -> Result<KeyRotation, Error> {
    let (permit, request) = admitted(request)?;
    let mut faults = Violations::default();
    let township = permit.named(&request.township, &mut faults);
    faults.check()?;

    let mut tx = svc.ground.db.township(&permit.at(township)?).await?;
    let rotation = read(&mut tx).await?;
    tx.commit().await?;

    Ok(rotation)
}

/// The latest change of the unit's township, with what is left to do. Errors: NOT_FOUND.
pub(super) async fn read(tx: &mut TownshipTx) -> Result<KeyRotation, Error> {
    let rotation = store::rotation::find(tx).await?.ok_or(Error::NotFound(Resource::Township))?;
    let remaining = store::reseal::remaining(tx, rotation.number).await?;
    Ok(wire::rotation::message(tx.township(), &rotation, remaining))
}
