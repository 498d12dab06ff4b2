//! Withdraws a request for a waiver that is not decided; only who asked may.

use bangfu_kernel::{
    Error,
    error::{Resource, Violations},
    fields,
};
use bangfu_platform::auth::admitted;
use bangfu_proto::followup::v1::{self as proto, WaiverState, WithdrawWaiverRequest};
use tonic::Request;

use crate::{Followup, model::waiver::state_word, store, wire};

pub(super) async fn handle(svc: &Followup, request: Request<WithdrawWaiverRequest>) -> Result<proto::Waiver, Error> {
    let (permit, request) = admitted(request)?;
    let mut faults = Violations::default();
    let request_id = fields::uuid("request_id", &request.request_id, &mut faults);
    let waiver_id = fields::uuid("waiver_id", &request.waiver_id, &mut faults);
    faults.check()?;

    let mut tx = svc.ground.db.township(&permit).await?;
    let waiver = tx
        .once(request_id, &request, async |tx| {
            let waiver = store::waiver::get(tx, waiver_id).await?;
            if waiver.requested_by != tx.permit().caller().subject {
                return Err(Error::NotFound(Resource::Waiver));
            }
            let withdrawn = store::waiver::decide(tx, waiver_id, WaiverState::Withdrawn, "").await?;
            let waiver = store::waiver::get(tx, waiver_id).await?;
            if !withdrawn {
                return Err(Error::IllegalTransition { state: state_word(waiver.state()) });
            }
            Ok(wire::waiver::message(waiver))
        })
        .await?;
    tx.commit().await?;

    Ok(waiver)
}
