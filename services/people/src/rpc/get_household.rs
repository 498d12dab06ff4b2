//! One household.

use bangfu_kernel::{Error, error::Violations, fields};
use bangfu_platform::auth::admitted;
use bangfu_proto::people::v1::{self as proto, GetHouseholdRequest};
use tonic::Request;

use crate::{People, household, store};

pub(super) async fn handle(svc: &People, request: Request<GetHouseholdRequest>) -> Result<proto::Household, Error> {
    let (permit, request) = admitted(request)?;
    let mut faults = Violations::default();
    let household_id = fields::uuid("household_id", &request.household_id, &mut faults);
    let township = permit.named(&request.township, &mut faults);
    faults.check()?;
    let permit = permit.at(township)?;

    let mut tx = svc.ground.db.township(&permit).await?;
    let found = store::household::get(&mut tx, household_id).await?;
    let key = store::township_key::get(&mut tx, &svc.vault).await?;
    let message = household::message(&mut tx, &key, &found).await?;
    tx.commit().await?;
    Ok(message)
}
