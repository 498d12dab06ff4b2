//! 撤销合并: undoes a merge within 30 days.

use bangfu_kernel::{Error, error::Resource, error::Violations, fields};
use bangfu_platform::auth::admitted;
use bangfu_proto::people::v1::{self as proto, DuplicateState, UnmergePeopleRequest};
use tonic::Request;
use uuid::Uuid;

use super::merge_people::{restate, tell_households};
use crate::{
    People,
    model::{audit::Action, merge::Undone},
    store, wire,
};

pub(super) async fn handle(svc: &People, request: Request<UnmergePeopleRequest>) -> Result<proto::Merge, Error> {
    let (permit, request) = admitted(request)?;
    let (request_id, merge_id, reason) = decode(&request)?;
    let today = svc.ground.clock.today();

    let mut tx = svc.ground.db.township(&permit).await?;
    let merge = tx
        .once(request_id, &request, async |tx| {
            let (merge, _) = store::merge::get(tx, merge_id).await?;
            let (kept, back) = (merge.kept_id, merge.merged_id);
            // In the order of ids, as everywhere.
            for person_id in [kept.min(back), kept.max(back)] {
                let locked = store::person::lock(tx, person_id).await?.ok_or(Error::NotFound(Resource::Person))?;
                if locked.left_known_on.is_some() {
                    return Err(Error::PersonTransferred);
                }
                if locked.anonymised_on.is_some() {
                    return Err(Error::PersonAnonymised);
                }
                if let Some(into) = locked.merged_into.filter(|_| person_id == kept) {
                    return Err(Error::PersonMerged { person_id: into });
                }
            }
            let (mut merge, moved) = store::merge::get(tx, merge_id).await?;
            merge.can_be_undone(today)?;
            let mut homes = store::household::of_people(tx, &[kept]).await?;
            for household_id in &homes {
                store::household::lock(tx, *household_id).await?;
            }
            let records = store::merge::give_back(tx, kept, back, &moved).await?;
            let undone = Undone { on: today, by: tx.permit().caller().subject.clone(), reason: reason.clone() };
            store::merge::undo(tx, merge_id, &undone).await?;
            store::merge::carry_again(tx, kept).await?;
            store::duplicate::settle(tx, (kept, back), DuplicateState::Dismissed, &reason).await?;
            merge.undone = Some(undone);
            tx.emit(wire::event::unmerged(&merge, today));
            restate(tx, kept, &records).await?;
            restate(tx, back, &[]).await?;
            store::audit::append(tx, Action::UnmergePeople, Some(kept), &reason).await?;
            store::audit::append(tx, Action::UnmergePeople, Some(back), &reason).await?;
            homes.extend(store::household::of_people(tx, &[back]).await?);
            homes.sort_unstable();
            homes.dedup();
            let key = store::township_key::get(tx, &svc.vault).await?;
            tell_households(tx, &key, &homes).await?;
            Ok(wire::merge::message(&merge))
        })
        .await?;
    tx.commit().await?;

    Ok(merge)
}

fn decode(request: &UnmergePeopleRequest) -> Result<(Uuid, Uuid, String), Error> {
    let mut faults = Violations::default();
    let request_id = fields::uuid("request_id", &request.request_id, &mut faults);
    let merge_id = fields::uuid("merge_id", &request.merge_id, &mut faults);
    let reason = fields::text("reason", &request.reason, 2, 512, &mut faults);
    faults.check()?;
    Ok((request_id, merge_id, reason))
}
