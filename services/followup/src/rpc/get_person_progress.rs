//! One person's year, rule by rule.

use bangfu_kernel::{
    Error,
    error::{Resource, Violations},
    fields,
};
use bangfu_platform::auth::admitted;
use bangfu_proto::followup::v1::{GetPersonProgressRequest, PersonProgress};
use chrono::Datelike as _;
use tonic::Request;

use crate::{Followup, store, wire};

pub(super) async fn handle(
    svc: &Followup,
    request: Request<GetPersonProgressRequest>,
) -> Result<PersonProgress, Error> {
    let (permit, request) = admitted(request)?;
    let mut faults = Violations::default();
    let person_id = fields::uuid("person_id", &request.person_id, &mut faults);
    let wanted = wire::progress::of_year(request.year, svc.ground.clock.today(), None, &mut faults);
    let township = permit.named(&request.township, &mut faults);
    faults.check()?;

    let standards = svc.standards().await?;
    let mut tx = svc.ground.db.township(&permit.at(township)?).await?;
    if !store::progress::is_followed(&mut tx, person_id).await? {
        return Err(Error::NotFound(Resource::Person));
    }
    let duties = store::progress::of_person(&mut tx, person_id, &wanted).await?;
    let township = tx.township().to_owned();
    tx.commit().await?;

    let rules = wire::progress::by_rule(&township, duties, &standards, wanted.today);
    Ok(PersonProgress { person_id: person_id.to_string(), year: wanted.from.year(), rules })
}
