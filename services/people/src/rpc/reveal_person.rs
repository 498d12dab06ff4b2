//! The full personal data of one person, for a reason, which stays in the audit trail.

use bangfu_kernel::{
    Error,
    error::{Resource, Violations},
    fields,
};
use bangfu_platform::auth::admitted;
use bangfu_proto::people::v1::{RevealPersonRequest, RevealedPerson};
use tonic::Request;
use uuid::Uuid;

use crate::{People, model::audit::Action, store, wire};

pub(super) async fn handle(svc: &People, request: Request<RevealPersonRequest>) -> Result<RevealedPerson, Error> {
    let (permit, request) = admitted(request)?;
    let (person_id, reason) = decode(&request)?;

    let mut tx = svc.ground.db.township(&permit).await?;
    let row = store::person::sealed(&mut tx, person_id).await?.ok_or(Error::NotFound(Resource::Person))?;
    if !permit.caller().serves(&row.village) {
        return Err(Error::VillageNotYours);
    }
    let key = store::township_key::get(&mut tx, &svc.vault).await?;
    let revealed = wire::person::revealed(person_id, &row.open(person_id, &key)?);
    store::audit::append(&mut tx, Action::Reveal, Some(person_id), &reason).await?;
    // Nothing is shown before the entry is there for good.
    tx.commit().await?;

    Ok(revealed)
}

fn decode(request: &RevealPersonRequest) -> Result<(Uuid, String), Error> {
    let mut faults = Violations::default();
    let person_id = fields::uuid("person_id", &request.person_id, &mut faults);
    let reason = fields::text("reason", &request.reason, 2, 256, &mut faults);
    faults.check()?;
    Ok((person_id, reason))
}
