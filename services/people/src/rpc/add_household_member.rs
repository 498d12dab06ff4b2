//! Somebody comes into a household; if they work, a recognised one is cleared.

use bangfu_kernel::{Error, error::Violations, fields};
use bangfu_platform::auth::admitted;
use bangfu_proto::people::v1::{self as proto, AddHouseholdMemberRequest, HouseholdRelation};
use chrono::NaiveDate;
use tonic::Request;
use uuid::Uuid;

use crate::{
    People, household,
    model::{
        audit::Action,
        household::{Member, relation_word},
    },
    store, wire,
};

pub(super) async fn handle(
    svc: &People,
    request: Request<AddHouseholdMemberRequest>,
) -> Result<proto::Household, Error> {
    let (permit, request) = admitted(request)?;
    let (request_id, household_id, member) = decode(&request, svc.ground.clock.today())?;

    let mut tx = svc.ground.db.township(&permit).await?;
    let changed = tx
        .once(request_id, &request, async |tx| {
            household::lock_people(tx, [member.person_id]).await?;
            store::household::lock(tx, household_id).await?;
            let before = store::household::get(tx, household_id).await?;
            let head = relation_word(HouseholdRelation::Head);
            let has_head = before.members.iter().any(|known| known.until.is_none() && known.relation == head);
            if member.relation == head && has_head {
                let rule = fields::rule("must not be HEAD: there is one", "不得为户主：已有户主");
                return Err(Error::field("member.relation", rule));
            }
            store::household::add_member(tx, household_id, &member).await?;
            store::audit::append(tx, Action::JoinHousehold, Some(member.person_id), "").await?;
            household::members_changed(svc, tx, household_id).await
        })
        .await?;
    tx.commit().await?;

    Ok(changed)
}

fn decode(request: &AddHouseholdMemberRequest, today: NaiveDate) -> Result<(Uuid, Uuid, Member), Error> {
    let mut faults = Violations::default();
    let request_id = fields::uuid("request_id", &request.request_id, &mut faults);
    let household_id = fields::uuid("household_id", &request.household_id, &mut faults);
    let none = proto::NewHouseholdMember::default();
    let member = request.member.as_ref().unwrap_or(&none);
    let member = wire::household::new_member("member", member, today, &mut faults);
    faults.check()?;
    Ok((request_id, household_id, member))
}
