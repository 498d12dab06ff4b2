//! 转移: offers a person to another township, unasked or in answer to its request.

use bangfu_kernel::{
    Error, Township,
    error::{Resource, Violations},
    fields,
};
use bangfu_platform::{
    auth::{Permit, admitted},
    db::TownshipTx,
    id,
};
use bangfu_proto::people::v1::{self as proto, OfferTransferRequest};
use tonic::Request;
use uuid::Uuid;

use crate::{
    People,
    model::{
        audit::Action,
        transfer::{Direction, State, Step, expires_on},
    },
    served, store,
    transfer::{self, Sides},
    wire,
};

pub(super) async fn handle(svc: &People, request: Request<OfferTransferRequest>) -> Result<proto::Transfer, Error> {
    let (permit, request) = admitted(request)?;
    let offer = decode(&permit, &request)?;

    let mut tx = svc.ground.db.township(&permit).await?;
    let transfer = tx
        .once(offer.request_id, &request, async |tx| {
            served::lock(tx, offer.person_id).await?;
            let key = store::township_key::get(tx, &svc.vault).await?;
            let open = store::transfer::offer_of(tx, offer.person_id, &key).await?;
            transfer::make_room(svc, tx, open).await?;
            let sides = match &offer.to {
                To::Township(to) => unasked(svc, tx, &offer, to).await?,
                To::WhoeverAsked(transfer_id) => asked(svc, tx, &offer, *transfer_id).await?,
            };
            sides.audit(tx, Action::OfferTransfer, &offer.reason).await?;
            Ok(wire::transfer::message(&sides.ours, tx.clock().today()))
        })
        .await?;
    tx.commit().await?;

    Ok(transfer)
}

async fn unasked(svc: &People, tx: &mut TownshipTx, offer: &Offer, to: &Township) -> Result<Sides, Error> {
    let crossing = transfer::crossing(tx, to)?;
    let there = tx.across(&crossing, async |tx| store::township::find(tx).await).await?;
    there.ok_or(Error::NotFound(Resource::Township))?;
    let transfer_id = id::new(tx.clock());
    let begun = |direction, counterpart: &Township| {
        transfer::begun(transfer_id, direction, counterpart.clone(), State::Offered, tx)
    };
    let (ours, theirs) = (begun(Direction::Out, to), begun(Direction::In, crossing.from()));
    let mut sides = Sides { crossing, ours, theirs };
    let masked = transfer::masked(svc, tx, offer.person_id).await?;
    sides.both(|side| {
        masked.on(side);
        side.person_id = Some(offer.person_id);
        side.offer_reason.clone_from(&offer.reason);
    });
    sides.insert(svc, tx).await?;
    Ok(sides)
}

async fn asked(svc: &People, tx: &mut TownshipTx, offer: &Offer, transfer_id: Uuid) -> Result<Sides, Error> {
    let (today, now) = (tx.clock().today(), tx.clock().now());
    let mut sides = Sides::lock(svc, tx, transfer_id).await?;
    let state = sides.ours.step(Step::Offer, today)?;
    if sides.ours.person_id != Some(offer.person_id) {
        let rule = fields::rule("must be a request for this person", "应为针对该人员的转移申请");
        return Err(Error::field("transfer_id", rule));
    }
    let masked = transfer::masked(svc, tx, offer.person_id).await?;
    sides.both(|side| {
        masked.on(side);
        side.written = state;
        side.person_id = Some(offer.person_id);
        side.offer_reason.clone_from(&offer.reason);
        side.offered_on = Some(today);
        side.expires_on = expires_on(today);
        side.updated_at = now;
    });
    sides.save(svc, tx).await?;
    Ok(sides)
}

struct Offer {
    request_id: Uuid,
    person_id: Uuid,
    to: To,
    reason: String,
}

enum To {
    Township(Township),
    WhoeverAsked(Uuid),
}

fn decode(permit: &Permit, request: &OfferTransferRequest) -> Result<Offer, Error> {
    let mut faults = Violations::default();
    let request_id = fields::uuid("request_id", &request.request_id, &mut faults);
    let person_id = fields::uuid("person_id", &request.person_id, &mut faults);
    let reason = fields::text("reason", &request.reason, 2, 256, &mut faults);
    let asked = fields::optional_uuid("transfer_id", &request.transfer_id, &mut faults);
    let township = fields::optional_township("to_township", &request.to_township, &mut faults);
    if request.to_township.is_empty() == request.transfer_id.is_empty() {
        let rule = fields::rule("must be given, or transfer_id, and not both", "与转移编号应填且只填一项");
        faults.add("to_township", rule);
    }
    if township.is_some() && township.as_ref() == permit.township() {
        faults.add("to_township", fields::rule("must be another township", "应为其他区镇"));
    }
    faults.check()?;
    let to = match (township, asked) {
        (Some(township), _) => To::Township(township),
        (None, Some(transfer_id)) => To::WhoeverAsked(transfer_id),
        (None, None) => return Err(Error::internal("an offer to nobody, without a fault")),
    };
    Ok(Offer { request_id, person_id, to, reason })
}
