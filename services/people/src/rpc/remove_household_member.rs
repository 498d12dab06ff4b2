//! Somebody leaves a household; they stay in its history.

use bangfu_kernel::{
    Error,
    error::{Resource, Violations},
    fields,
};
use bangfu_platform::auth::admitted;
use bangfu_proto::people::v1::{self as proto, RemoveHouseholdMemberRequest};
use chrono::NaiveDate;
use tonic::Request;
use uuid::Uuid;

use crate::{People, household, model::audit::Action, store};

pub(super) async fn handle(
    svc: &People,
    request: Request<RemoveHouseholdMemberRequest>,
) -> Result<proto::Household, Error> {
    let (permit, request) = admitted(request)?;
    let (request_id, household_id, person_id, until) = decode(&request, svc.ground.clock.today())?;

    let mut tx = svc.ground.db.township(&permit).await?;
    let changed = tx
        .once(request_id, &request, async |tx| {
            household::lock_people(tx, [person_id]).await?;
            store::household::lock(tx, household_id).await?;
            let before = store::household::get(tx, household_id).await?;
            let mut here = before.members.iter().filter(|known| known.until.is_none() && known.person_id == person_id);
            let member = here.next().ok_or(Error::NotFound(Resource::Person))?;
            if until < member.from {
                let rule = fields::rule("must not lie before they came", "不得早于加入家庭的日期");
                return Err(Error::field("until", rule));
            }
            store::household::remove_member(tx, household_id, person_id, until).await?;
            store::audit::append(tx, Action::LeaveHousehold, Some(person_id), "").await?;
            household::members_changed(svc, tx, household_id).await
        })
        .await?;
    tx.commit().await?;

    Ok(changed)
}

fn decode(request: &RemoveHouseholdMemberRequest, today: NaiveDate) -> Result<(Uuid, Uuid, Uuid, NaiveDate), Error> {
    let mut faults = Violations::default();
    let request_id = fields::uuid("request_id", &request.request_id, &mut faults);
    let household_id = fields::uuid("household_id", &request.household_id, &mut faults);
    let person_id = fields::uuid("person_id", &request.person_id, &mut faults);
    let until = fields::optional_date("until", request.until.as_ref(), &mut faults).unwrap_or(today);
    fields::not_after_today("until", until, today, &mut faults);
    faults.check()?;
    Ok((request_id, household_id, person_id, until))
}
