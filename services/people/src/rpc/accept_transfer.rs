//! 接收: the person moves, with all that stands about them, in one transaction.

use bangfu_kernel::{Error, error::Violations, fields};
use bangfu_platform::{auth::admitted, db::TownshipTx};
use bangfu_proto::people::v1::{self as proto, AcceptTransferRequest};
use chrono::NaiveDate;
use tonic::Request;
use uuid::Uuid;

use crate::{
    People, household,
    model::{
        audit::Action,
        transfer::{Step, Transfer},
    },
    register::twins,
    store::{
        self,
        moving::{self, Arrival, Luggage},
    },
    transfer::{self, Sides},
    vault::IdIndex,
    wire,
};

pub(super) async fn handle(svc: &People, request: Request<AcceptTransferRequest>) -> Result<proto::Transfer, Error> {
    let (permit, request) = admitted(request)?;
    let today = svc.ground.clock.today();
    let entry = decode(&request, today)?;

    let mut tx = svc.ground.db.township(&permit).await?;
    let transfer = tx
        .once(entry.request_id, &request, async |tx| {
            let mut sides = Sides::lock(svc, tx, entry.transfer_id).await?;
            let state = sides.ours.step(Step::Accept, today)?;
            let effective_on = entry.effective_on.unwrap_or(today);
            if effective_on < transfer::day(sides.ours.offered_on)? {
                let rule = fields::rule("must not lie before the day of the offer", "不得早于提出转移的日期");
                return Err(Error::field("effective_on", rule));
            }
            sides.close(state, "", tx);
            sides.both(|side| side.effective_on = Some(effective_on));

            let Leaving { luggage, indexes, joined_on } = {
                let (crossing, theirs) = (sides.crossing.clone(), &sides.theirs);
                tx.across(&crossing, async |tx| leave(svc, tx, theirs, effective_on).await).await?
            };
            sides.theirs.joined_on = Some(joined_on);
            let arrival = Arrival {
                joined_on: effective_on,
                join_known_on: today,
                village: &entry.village,
                coordinator: &entry.coordinator,
            };
            arrive(svc, tx, &sides.ours, luggage, &indexes, &arrival).await?;
            sides.save(svc, tx).await?;
            sides.audit(tx, Action::AcceptTransfer, "").await?;
            Ok(wire::transfer::message(&sides.ours, today))
        })
        .await?;
    tx.commit().await?;

    Ok(transfer)
}

/// What the sender gives.
struct Leaving {
    luggage: Luggage,
    indexes: Vec<IdIndex>,
    joined_on: NaiveDate,
}

/// In the sender's township: everything is taken out, the ID number released, the entry marked.
async fn leave(svc: &People, tx: &mut TownshipTx, sent: &Transfer, left_on: NaiveDate) -> Result<Leaving, Error> {
    let person_id = person(sent)?;
    let gone = || Error::internal("somebody who is not here was offered");
    let locked = store::person::lock(tx, person_id).await?.ok_or_else(gone)?;
    if locked.left_known_on.is_some() || locked.merged_into.is_some() || locked.anonymised_on.is_some() {
        // The entry that was offered is no more; what became of it is the sender's business.
        return Err(Error::TransferClosed { transfer_id: sent.transfer_id, state: "WITHDRAWN" });
    }
    let key = store::township_key::get(tx, &svc.vault).await?;
    let luggage = moving::pack(tx, person_id, key.clone()).await?;
    let indexes = store::identity::release(tx, person_id).await?;
    for household_id in store::household::of_people(tx, &[person_id]).await? {
        store::household::lock(tx, household_id).await?;
        store::household::remove_member(tx, household_id, person_id, left_on).await?;
        household::members_changed(svc, tx, household_id).await?;
    }
    let joined_on = store::person::leave(tx, person_id, left_on).await?;
    tx.emit(wire::event::left(person_id, sent.transfer_id, left_on, tx.clock().today(), &sent.counterpart));
    Ok(Leaving { luggage, indexes, joined_on })
}

/// In the receiver's: everything is put in, the ID number claimed, the whole of it told.
async fn arrive(
    svc: &People,
    tx: &mut TownshipTx,
    received: &Transfer,
    luggage: Luggage,
    indexes: &[IdIndex],
    arrival: &Arrival<'_>,
) -> Result<(), Error> {
    let person_id = person(received)?;
    let key = store::township_key::get(tx, &svc.vault).await?;
    moving::unpack(tx, luggage, arrival, &key).await?;
    store::person::merged_with(tx, person_id, None).await?;
    let claimed = store::identity::claim(tx, indexes, &vec![person_id; indexes.len()]).await?;
    if u64::try_from(indexes.len()).is_ok_and(|all| all != claimed) {
        return Err(Error::internal("an ID number that was just released is taken"));
    }
    let memberships = store::membership::of_person(tx, person_id).await?;
    let records = store::employment::of_people(tx, &[person_id]).await?;
    let records: Vec<_> = records.into_iter().map(|(_, record)| record).collect();
    let (id, from) = (received.transfer_id, &received.counterpart);
    tx.emit(wire::event::arrived(person_id, id, arrival, from, &memberships, &records));
    for recognition in store::recognition::of_person(tx, person_id).await? {
        tx.emit(wire::event::recognition_changed(&recognition));
    }
    for registration in store::registration::unemployment(tx, person_id).await? {
        tx.emit(wire::event::unemployment_registered(&registration));
    }
    for registration in store::registration::employment(tx, person_id).await? {
        tx.emit(wire::event::employment_registered(&registration));
    }
    for survey in store::survey::list(tx, person_id, None, i64::MAX, &key).await?.iter().rev() {
        tx.emit(wire::event::survey_recorded(survey));
    }
    twins::hash_anew(tx, &svc.vault, &key, person_id).await?;
    Ok(())
}

fn person(transfer: &Transfer) -> Result<Uuid, Error> {
    transfer.person_id.ok_or_else(|| Error::internal("an offer of nobody"))
}

struct Entry {
    request_id: Uuid,
    transfer_id: Uuid,
    village: String,
    coordinator: String,
    effective_on: Option<NaiveDate>,
}

fn decode(request: &AcceptTransferRequest, today: NaiveDate) -> Result<Entry, Error> {
    let mut faults = Violations::default();
    let effective_on = fields::optional_date("effective_on", request.effective_on.as_ref(), &mut faults);
    if let Some(effective_on) = effective_on {
        fields::not_after_today("effective_on", effective_on, today, &mut faults);
    }
    let entry = Entry {
        request_id: fields::uuid("request_id", &request.request_id, &mut faults),
        transfer_id: fields::uuid("transfer_id", &request.transfer_id, &mut faults),
        village: fields::text("village", &request.village, 0, 64, &mut faults),
        coordinator: fields::text("coordinator", &request.coordinator, 0, 64, &mut faults),
        effective_on,
    };
    faults.check()?;
    Ok(entry)
}
