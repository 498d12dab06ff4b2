//! Asks that a duty be let off, or appeals against one that was missed.

use bangfu_kernel::{
    Error,
    error::Violations,
    fields::{self, required, rule},
};
use bangfu_platform::{auth::admitted, id};
use bangfu_proto::followup::v1::{self as proto, RequestWaiverRequest, WaiverReason};
use tonic::Request;
use uuid::Uuid;

use crate::{
    Followup,
    model::waiver::least_words,
    serves, store,
    waiver::{Evidence, NewWaiver, may_be_let_off},
    wire,
};

/// Most pieces of evidence.
const MOST_EVIDENCE: usize = 20;

pub(super) async fn handle(svc: &Followup, request: Request<RequestWaiverRequest>) -> Result<proto::Waiver, Error> {
    let (permit, request) = admitted(request)?;
    let (request_id, waiver) = decode(&request)?;

    let standards = svc.standards().await?;
    let mut tx = svc.ground.db.township(&permit).await?;
    let waiver = tx
        .once(request_id, &request, async |tx| {
            // The person first: the order in which everybody locks. Nobody plans them while this is decided.
            let owed = store::duty::get(tx, waiver.duty_id).await?;
            let subject = store::subject::lock(tx, owed.person_id).await?;
            serves::check(tx, &subject).await?;
            let owed = store::duty::get(tx, waiver.duty_id).await?;
            may_be_let_off(&owed.kept.duty)?;
            Evidence::of(tx, &subject).await?.bears_out(&waiver, &owed.kept.duty, &standards)?;
            let waiver_id = id::new(tx.clock());
            store::waiver::insert(tx, waiver_id, &waiver, &owed).await?;
            Ok(wire::waiver::message(store::waiver::get(tx, waiver_id).await?))
        })
        .await?;
    tx.commit().await?;

    Ok(waiver)
}

fn decode(request: &RequestWaiverRequest) -> Result<(Uuid, NewWaiver), Error> {
    let mut faults = Violations::default();
    let request_id = fields::uuid("request_id", &request.request_id, &mut faults);
    let duty_id = fields::uuid("duty_id", &request.duty_id, &mut faults);
    let reason = WaiverReason::try_from(request.reason).unwrap_or_default();
    if reason == WaiverReason::Unspecified {
        faults.add("reason", fields::not_given_or_enumerated(request.reason));
    }
    let text = fields::text("text", &request.text, least_words(reason), 512, &mut faults);
    let evidence = evidence(request, reason, &mut faults);
    faults.check()?;
    Ok((request_id, NewWaiver { duty_id, reason, text, evidence }))
}

fn evidence(request: &RequestWaiverRequest, reason: WaiverReason, faults: &mut Violations) -> Vec<Uuid> {
    if request.evidence_ids.len() > MOST_EVIDENCE {
        faults.add("evidence_ids", rule("has too many entries", "条目过多"));
        return Vec::new();
    }
    if request.evidence_ids.is_empty() && reason == WaiverReason::LateEntry {
        faults.add("evidence_ids", required());
    }
    let mut evidence = Vec::with_capacity(request.evidence_ids.len());
    for text in &request.evidence_ids {
        let id = fields::uuid("evidence_ids", text, faults);
        if !evidence.contains(&id) {
            evidence.push(id);
        }
    }
    evidence
}
