//! What is known of those who live in a household and are not in the register.

use bangfu_kernel::{Error, error::Violations, fields};
use bangfu_platform::auth::admitted;
use bangfu_proto::people::v1::{self as proto, UpdateHouseholdRequest};
use chrono::NaiveDate;
use tonic::Request;
use uuid::Uuid;

use crate::{
    People, household,
    model::{audit::Action, household::Other},
    store, wire,
};

pub(super) async fn handle(svc: &People, request: Request<UpdateHouseholdRequest>) -> Result<proto::Household, Error> {
    let (permit, request) = admitted(request)?;
    let (request_id, household_id, others) = decode(&request, svc.ground.clock.today())?;

    let mut tx = svc.ground.db.township(&permit).await?;
    let changed = tx
        .once(request_id, &request, async |tx| {
            let mut household = household::locked(tx, household_id).await?;
            if household.version.to_string() != request.etag {
                return Err(Error::EtagStale);
            }
            household.others = others;
            store::household::update(tx, &household).await?;
            store::audit::append(tx, Action::UpdateHousehold, None, &household_id.to_string()).await?;
            household::settled(svc, tx, household_id).await
        })
        .await?;
    tx.commit().await?;

    Ok(changed)
}

fn decode(request: &UpdateHouseholdRequest, today: NaiveDate) -> Result<(Uuid, Uuid, Vec<Other>), Error> {
    let mut faults = Violations::default();
    let request_id = fields::uuid("request_id", &request.request_id, &mut faults);
    let household_id = fields::uuid("household_id", &request.household_id, &mut faults);
    if request.etag.is_empty() {
        faults.add("etag", fields::required());
    }
    let others = wire::household::others(&request.others, today, &mut faults);
    faults.check()?;
    Ok((request_id, household_id, others))
}
