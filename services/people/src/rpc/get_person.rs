//! One person, personal data masked.

use bangfu_kernel::{
    Error, Township,
    error::{Resource, Violations},
    fields,
};
use bangfu_platform::{
    auth::{Permit, admitted},
    db::TownshipTx,
};
use bangfu_proto::people::v1::{GetPersonRequest, Person};
use tonic::Request;
use uuid::Uuid;

use crate::{People, store, wire};

pub(super) async fn handle(svc: &People, request: Request<GetPersonRequest>) -> Result<Person, Error> {
    let (permit, request) = admitted(request)?;
    let (person_id, township) = decode(&request)?;
    let permit = confined(svc, &permit, township, person_id).await?;

    let mut tx = svc.ground.db.township(&permit).await?;
    let person = read(svc, &mut tx, person_id).await?;
    tx.commit().await?;

    Ok(person)
}

/// Somebody as this unit of work sees them.
pub(super) async fn read(svc: &People, tx: &mut TownshipTx, person_id: Uuid) -> Result<Person, Error> {
    let row = store::person::find(tx, person_id).await?.ok_or(Error::NotFound(Resource::Person))?;
    let key = store::township_key::get(tx, &svc.vault).await?;
    Ok(wire::person::message(&row.open(&key)?, tx.township()))
}

/// Confines the permit to the person's township. A city caller who does not name it has it searched.
async fn confined(svc: &People, permit: &Permit, named: Option<Township>, person_id: Uuid) -> Result<Permit, Error> {
    if permit.township().is_some() || named.is_some() {
        return permit.at(named);
    }
    let mut tx = svc.ground.db.city(permit).await?;
    let found = store::township::of_person(&mut tx, person_id).await?;
    tx.commit().await?;
    permit.at(Some(found.ok_or(Error::NotFound(Resource::Person))?))
}

fn decode(request: &GetPersonRequest) -> Result<(Uuid, Option<Township>), Error> {
    let mut faults = Violations::default();
    let person_id = fields::uuid("person_id", &request.person_id, &mut faults);
    let township = fields::optional_township("township", &request.township, &mut faults);
    faults.check()?;
    Ok((person_id, township))
}
