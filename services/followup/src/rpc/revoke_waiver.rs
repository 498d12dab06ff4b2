//! Takes a granted waiver back: the duty stands as the plan without it says.

use bangfu_kernel::{Error, error::Violations, fields};
use bangfu_platform::auth::admitted;
use bangfu_proto::followup::v1::{self as proto, RevokeWaiverRequest};
use tonic::Request;

use crate::{Followup, model::waiver::state_word, replan, store, wire};

pub(super) async fn handle(svc: &Followup, request: Request<RevokeWaiverRequest>) -> Result<proto::Waiver, Error> {
    let (permit, request) = admitted(request)?;
    let mut faults = Violations::default();
    let request_id = fields::uuid("request_id", &request.request_id, &mut faults);
    let waiver_id = fields::uuid("waiver_id", &request.waiver_id, &mut faults);
    let revocation = fields::text("revocation", &request.revocation, 2, 512, &mut faults);
    faults.check()?;

    let standards = svc.standards().await?;
    let recommender = svc.recommender().await?;
    let mut tx = svc.ground.db.township(&permit).await?;
    let waiver = tx
        .once(request_id, &request, async |tx| {
            let waiver = store::waiver::get(tx, waiver_id).await?;
            if waiver.requested_by == tx.permit().caller().subject {
                return Err(Error::OwnEntry);
            }
            let subject = store::subject::lock(tx, waiver.person_id).await?;
            if !store::waiver::revoke(tx, waiver_id, &revocation).await? {
                let now = store::waiver::get(tx, waiver_id).await?;
                return Err(Error::IllegalTransition { state: state_word(now.state()) });
            }
            replan::contacted(tx, &standards, &recommender, subject, Some(waiver_id)).await?;
            Ok(wire::waiver::message(store::waiver::get(tx, waiver_id).await?))
        })
        .await?;
    tx.commit().await?;

    Ok(waiver)
}
