//! Grants or rejects a waiver; granted, the duty is WAIVED in the same unit of work.

use bangfu_kernel::{Error, error::Violations, fields};
use bangfu_platform::{auth::admitted, db::TownshipTx};
use bangfu_proto::followup::v1::{self as proto, DecideWaiverRequest, WaiverReason, WaiverState};
use tonic::Request;
use uuid::Uuid;

use crate::{
    Followup,
    model::{standard::Standards, waiver::state_word},
    replan,
    store::{self, subject::Subject},
    waiver::{Evidence, Waiver, may_be_let_off, stands_whole},
    wire,
};

pub(super) async fn handle(svc: &Followup, request: Request<DecideWaiverRequest>) -> Result<proto::Waiver, Error> {
    let (permit, request) = admitted(request)?;
    let (request_id, waiver_id, decision) = decode(&request)?;
    let state = if request.grant { WaiverState::Granted } else { WaiverState::Rejected };

    let standards = svc.standards().await?;
    let recommender = svc.recommender().await?;
    let mut tx = svc.ground.db.township(&permit).await?;
    let waiver = tx
        .once(request_id, &request, async |tx| {
            let waiver = store::waiver::get(tx, waiver_id).await?;
            let subject = store::subject::lock(tx, waiver.person_id).await?;
            may_be_decided(&standards, tx, &waiver, &subject, request.grant).await?;
            if !store::waiver::decide(tx, waiver_id, state, &decision).await? {
                let now = store::waiver::get(tx, waiver_id).await?;
                return Err(Error::IllegalTransition { state: state_word(now.state()) });
            }
            if request.grant {
                replan::contacted(tx, &standards, &recommender, subject, None).await?;
            }
            Ok(wire::waiver::message(store::waiver::get(tx, waiver_id).await?))
        })
        .await?;
    tx.commit().await?;

    Ok(waiver)
}

fn decode(request: &DecideWaiverRequest) -> Result<(Uuid, Uuid, String), Error> {
    let mut faults = Violations::default();
    let request_id = fields::uuid("request_id", &request.request_id, &mut faults);
    let waiver_id = fields::uuid("waiver_id", &request.waiver_id, &mut faults);
    let least = if request.grant { 0 } else { 2 };
    let decision = fields::text("decision", &request.decision, least, 512, &mut faults);
    faults.check()?;
    Ok((request_id, waiver_id, decision))
}

/// Nobody decides what they asked for, nor what they entered the evidence of; and what is granted still has its ground.
async fn may_be_decided(
    standards: &Standards,
    tx: &mut TownshipTx,
    waiver: &Waiver,
    subject: &Subject,
    grant: bool,
) -> Result<(), Error> {
    let duty = store::duty::get(tx, waiver.duty_id).await?.kept.duty;
    let evidence = Evidence::of(tx, subject).await?;
    let cited = store::waiver::cited(tx, &waiver.evidence).await?;
    let caller = tx.permit().caller();
    if waiver.requested_by == caller.subject || evidence.was_entered_by(&caller.subject, &cited, waiver, &duty) {
        return Err(Error::OwnEntry);
    }
    if waiver.state() != WaiverState::Requested {
        return Err(Error::IllegalTransition { state: state_word(waiver.state()) });
    }
    if grant {
        may_be_let_off(&duty)?;
        stands_whole(&cited)?;
        if matches!(waiver.reason(), WaiverReason::Unreachable | WaiverReason::LateEntry) {
            evidence.still_bears_out(waiver, &duty, standards)?;
        }
    }
    Ok(())
}
