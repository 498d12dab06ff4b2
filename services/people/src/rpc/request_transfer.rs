//! Asks for somebody whose number was found elsewhere, without learning who or where they are.

use bangfu_kernel::{Error, IdNumber, Township, error::Violations, fields};
use bangfu_platform::{auth::admitted, db::TownshipTx, id};
use bangfu_proto::people::v1::{self as proto, RequestTransferRequest};
use tonic::Request;
use uuid::Uuid;

use super::find_person::id_number;
use crate::{
    People,
    model::{
        audit::Action,
        transfer::{Direction, State, Transfer},
    },
    store,
    transfer::{self, Sides},
    vault::IdIndex,
    wire,
};

pub(super) async fn handle(svc: &People, request: Request<RequestTransferRequest>) -> Result<proto::Transfer, Error> {
    let (permit, request) = admitted(request)?;
    let Asked { request_id, number, reason } = decode(&request)?;
    let index = svc.vault.id_index(&number);
    // Asked for before the unit begins: no unit waits for another connection.
    let holder = transfer::holder(svc, &permit, &index).await?;

    // What is remembered of the request is a hash beside its other parts: the number goes into it by its keyed index only.
    let content = [index.as_slice(), reason.as_bytes()].concat();
    let mut tx = svc.ground.db.township(&permit).await?;
    let transfer = tx
        .once_as(request_id, &content, async |tx| {
            if let Some((_, person_id)) = store::identity::ours(tx, &[index]).await?.pop() {
                return Err(Error::PersonRegistered { person_id });
            }
            let holder = holder.ok_or(Error::NotElsewhere)?;
            let key = store::township_key::get(tx, &svc.vault).await?;
            let open = store::transfer::request_for(tx, &index, &key).await?;
            transfer::make_room(svc, tx, open).await?;

            let sides = begin(svc, tx, &holder, &number, &index, &reason).await?;
            sides.insert(svc, tx).await?;
            sides.audit(tx, Action::RequestTransfer, &reason).await?;
            Ok(wire::transfer::message(&sides.ours, tx.clock().today()))
        })
        .await?;
    tx.commit().await?;

    Ok(transfer)
}

async fn begin(
    svc: &People,
    tx: &mut TownshipTx,
    holder: &Township,
    number: &IdNumber,
    index: &IdIndex,
    reason: &str,
) -> Result<Sides, Error> {
    if holder == tx.code() {
        return Err(Error::Conflict("the person left since the holder was asked for".into()));
    }
    let crossing = transfer::crossing(tx, holder)?;
    let transfer_id = id::new(tx.clock());
    let requested = |direction, counterpart: &Township, tx: &TownshipTx| Transfer {
        request_reason: reason.to_owned(),
        ..transfer::begun(transfer_id, direction, counterpart.clone(), State::Requested, tx)
    };
    let mut ours = requested(Direction::In, holder, tx);
    ours.id_index = Some(*index);
    ours.id_number_masked = number.masked().into();
    let mut theirs = requested(Direction::Out, crossing.from(), tx);
    let (person_id, masked) = tx
        .across(&crossing, async |tx| {
            let found = store::identity::ours(tx, &[*index]).await?.pop();
            let moved = || Error::Conflict("the person moved on since the holder was asked for".into());
            let (_, person_id) = found.ok_or_else(moved)?;
            Ok((person_id, transfer::masked(svc, tx, person_id).await?))
        })
        .await?;
    theirs.person_id = Some(person_id);
    masked.on(&mut theirs);
    Ok(Sides { crossing, ours, theirs })
}

struct Asked {
    request_id: Uuid,
    number: IdNumber,
    reason: String,
}

fn decode(request: &RequestTransferRequest) -> Result<Asked, Error> {
    let mut faults = Violations::default();
    let request_id = fields::uuid("request_id", &request.request_id, &mut faults);
    let reason = fields::text("reason", &request.reason, 2, 256, &mut faults);
    let number = id_number(&request.id_number, &mut faults);
    faults.check()?;
    let number = number.ok_or_else(|| Error::internal("an ID number without faults is missing"))?;
    Ok(Asked { request_id, number, reason })
}
