//! 密钥轮换: announces a new data key of a township; the job (`job/keys.rs`) goes on from there.

use bangfu_kernel::{
    Error, Township,
    error::{Resource, Violations},
    fields,
};
use bangfu_platform::{
    auth::{Permit, admitted},
    db::TownshipTx,
};
use bangfu_proto::people::v1::{KeyRotation, RotateKeyRequest};
use rand::{SeedableRng as _, rngs::StdRng};
use tonic::Request;
use uuid::Uuid;

use super::get_key_rotation::read;
use crate::{People, model::audit::Action, store};

pub(super) async fn handle(svc: &People, request: Request<RotateKeyRequest>) -> Result<KeyRotation, Error> {
    let (permit, request) = admitted(request)?;
    let (request_id, township) = decode(&permit, &request)?;

    let mut tx = svc.ground.db.township(&permit.at(township)?).await?;
    let rotation = tx
        .once(request_id, &request, async |tx| {
            store::township::lock(tx).await?.ok_or(Error::NotFound(Resource::Township))?;
            rewrap(svc, tx).await?;
            let latest = store::rotation::find(tx).await?.ok_or_else(|| Error::internal("a township without a key"))?;
            if !latest.is_under_way() {
                let number = latest.number.checked_add(1).ok_or_else(|| Error::internal("no number is left"))?;
                let key = svc.vault.new_key(tx.code(), number, &mut StdRng::from_os_rng())?;
                store::township_key::insert(tx, &key).await?;
                store::audit::append(tx, Action::RotateKey, None, &format!("key {number}: announced")).await?;
            }
            read(tx).await
        })
        .await?;
    tx.commit().await?;

    Ok(rotation)
}

/// Data keys that another master key has wrapped are wrapped by the present one.
async fn rewrap(svc: &People, tx: &mut TownshipTx) -> Result<(), Error> {
    let township = tx.code().clone();
    for key in store::township_key::list(tx).await? {
        if let Some(wrapped) = svc.vault.rewrap(&township, &key, &mut StdRng::from_os_rng())? {
            store::township_key::rewrap(tx, key.number, &wrapped).await?;
        }
    }
    Ok(())
}

fn decode(permit: &Permit, request: &RotateKeyRequest) -> Result<(Uuid, Option<Township>), Error> {
    let mut faults = Violations::default();
    let request_id = fields::uuid("request_id", &request.request_id, &mut faults);
    let township = permit.named(&request.township, &mut faults);
    faults.check()?;
    Ok((request_id, township))
}
