//! 合并: makes two entries of the township one; both histories stand under the kept one.

use bangfu_kernel::{Error, error::Violations, fields};
use bangfu_platform::{auth::admitted, db::TownshipTx, id};
use bangfu_proto::people::v1::{self as proto, DuplicateState, MergePeopleRequest, RecognitionState};
use tonic::Request;
use uuid::Uuid;

use crate::{
    People, household,
    model::{
        audit::Action,
        employment::{EmploymentRecord, believed},
        merge::{Merge, Moved},
        transfer::{State, Step},
    },
    recognition, store, transfer,
    vault::TownshipKey,
    wire,
};

pub(super) async fn handle(svc: &People, request: Request<MergePeopleRequest>) -> Result<proto::Merge, Error> {
    let (permit, request) = admitted(request)?;
    let (request_id, kept_id, merged_id, reason) = decode(&request)?;
    let clock = &svc.ground.clock;

    let mut tx = svc.ground.db.township(&permit).await?;
    let merge = tx
        .once(request_id, &request, async |tx| {
            household::lock_people(tx, [kept_id, merged_id]).await?;
            let merge = Merge {
                merge_id: id::new(clock),
                kept_id,
                merged_id,
                merged_on: clock.today(),
                merged_by: tx.permit().caller().subject.clone(),
                reason: reason.clone(),
                undone: None,
                created_at: clock.now(),
            };
            let (homes, households_left) = one_household(tx, kept_id, merged_id).await?;
            let requests = store::merge::requests(tx, merged_id, kept_id).await?;
            give_way(tx, kept_id, merged_id).await?;
            let (swapped, moved) = store::merge::carry(tx, merged_id, kept_id).await?;
            let mut moved = Moved { swapped, requests, households_left, ..moved };
            // Where the kept one lived before, and left, the merged entry does not live on.
            for household_id in &homes {
                if store::household::remove_member(tx, *household_id, merged_id, clock.today()).await? {
                    moved.households_left.push(*household_id);
                }
            }
            store::merge::insert(tx, &merge, &moved).await?;
            store::merge::settle(tx, merged_id, Some(kept_id), None).await?;
            store::duplicate::settle(tx, (kept_id, merged_id), DuplicateState::Merged, &reason).await?;
            tx.emit(wire::event::merged(&merge));
            restate(tx, kept_id, &[]).await?;
            store::audit::append(tx, Action::MergePeople, Some(kept_id), &reason).await?;
            store::audit::append(tx, Action::MergePeople, Some(merged_id), &reason).await?;
            let key = store::township_key::get(tx, &svc.vault).await?;
            tell_households(tx, &key, &homes).await?;
            // Last: both townships' trails are written.
            if let Some(open) = store::transfer::offer_of(tx, merged_id, &key).await?
                && open.state(clock.today()) == State::Offered
            {
                let (id, action) = (open.transfer_id, Action::WithdrawTransfer);
                transfer::end(svc, tx, id, Step::Withdraw, action, "该条信息已并入另一条").await?;
            }
            Ok(wire::merge::message(&merge))
        })
        .await?;
    tx.commit().await?;

    Ok(merge)
}

/// Where the merged entry is recognised, an application of the kept one for the same has nothing left to decide.
async fn give_way(tx: &mut TownshipTx, kept_id: Uuid, merged_id: Uuid) -> Result<(), Error> {
    let theirs = store::recognition::of_person(tx, merged_id).await?;
    for mut ours in store::recognition::of_person(tx, kept_id).await? {
        let recognised = theirs
            .iter()
            .any(|their| their.difficulty == ours.difficulty && their.state == RecognitionState::Recognised);
        if recognised && ours.withdraw("合并：另一条信息已认定".to_owned()).is_ok() {
            recognition::moved_on(tx, &ours, Action::WithdrawRecognition, "合并").await?;
        }
    }
    Ok(())
}

/// The household of the two, locked, and whether the merged entry left it. Errors: PERSON_IN_HOUSEHOLD when they belong to
/// two.
async fn one_household(tx: &mut TownshipTx, kept_id: Uuid, merged_id: Uuid) -> Result<(Vec<Uuid>, Vec<Uuid>), Error> {
    let homes = store::household::of_people(tx, &[kept_id, merged_id]).await?;
    if homes.len() > 1 {
        let theirs = store::household::of_people(tx, &[merged_id]).await?;
        let household_id = theirs.first().copied().unwrap_or_default();
        return Err(Error::PersonInHousehold { person_id: merged_id, household_id });
    }
    for household_id in &homes {
        store::household::lock(tx, *household_id).await?;
    }
    // Of one household, both: the merged entry leaves it, for one person cannot live there twice.
    let mut left = Vec::new();
    if store::household::of_people(tx, &[kept_id]).await? == homes {
        for household_id in &homes {
            if store::household::remove_member(tx, *household_id, merged_id, tx.clock().today()).await? {
                left.push(*household_id);
            }
        }
    }
    Ok((homes, left))
}

/// Tells households whose members changed.
pub(super) async fn tell_households(tx: &mut TownshipTx, key: &TownshipKey, homes: &[Uuid]) -> Result<(), Error> {
    for household_id in homes {
        let mut home = store::household::get(tx, *household_id).await?;
        if !household::reconsidered(tx, key, &mut home).await? {
            tx.emit(wire::event::household_changed(&home));
        }
    }
    Ok(())
}

/// Settles what is believed of somebody whose records came or went, and tells all of it.
pub(super) async fn restate(tx: &mut TownshipTx, person_id: Uuid, dropped: &[Uuid]) -> Result<(), Error> {
    let records = store::employment::of_people(tx, &[person_id]).await?;
    let records: Vec<EmploymentRecord> = records.into_iter().map(|(_, record)| record).collect();
    let memberships = store::membership::of_person(tx, person_id).await?;
    let recognitions = store::recognition::of_person(tx, person_id).await?;
    store::merge::settle(tx, person_id, None, believed(&records, tx.clock().today())).await?;
    tx.emit(wire::event::restated(person_id, &records, &memberships, &recognitions, dropped));
    Ok(())
}

fn decode(request: &MergePeopleRequest) -> Result<(Uuid, Uuid, Uuid, String), Error> {
    let mut faults = Violations::default();
    let request_id = fields::uuid("request_id", &request.request_id, &mut faults);
    let kept_id = fields::uuid("kept_person_id", &request.kept_person_id, &mut faults);
    let merged_id = fields::uuid("merged_person_id", &request.merged_person_id, &mut faults);
    if faults.is_empty() && kept_id == merged_id {
        faults.add("merged_person_id", fields::rule("must not be the kept one", "不得与保留的相同"));
    }
    let reason = fields::text("reason", &request.reason, 2, 512, &mut faults);
    faults.check()?;
    Ok((request_id, kept_id, merged_id, reason))
}
