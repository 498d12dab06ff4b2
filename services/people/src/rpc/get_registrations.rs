//! All registrations of one person.

use bangfu_kernel::{
    Error,
    error::{Resource, Violations},
    fields,
};
use bangfu_platform::auth::admitted;
use bangfu_proto::people::v1::{GetRegistrationsRequest, Registrations};
use tonic::Request;

use crate::{People, store, wire};

pub(super) async fn handle(svc: &People, request: Request<GetRegistrationsRequest>) -> Result<Registrations, Error> {
    let (permit, request) = admitted(request)?;
    let mut faults = Violations::default();
    let person_id = fields::uuid("person_id", &request.person_id, &mut faults);
    let township = permit.named(&request.township, &mut faults);
    faults.check()?;

    let mut tx = svc.ground.db.township(&permit.at(township)?).await?;
    store::person::is_here(&mut tx, person_id).await?.ok_or(Error::NotFound(Resource::Person))?;
    let unemployment = store::registration::unemployment(&mut tx, person_id).await?;
    let employment = store::registration::employment(&mut tx, person_id).await?;
    tx.commit().await?;

    Ok(Registrations {
        unemployment: unemployment.iter().map(wire::registration::unemployment).collect(),
        employment: employment.iter().map(wire::registration::employment).collect(),
    })
}
