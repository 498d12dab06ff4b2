//! Takes back what this township opened: an offer, or a request.

use bangfu_kernel::Error;
use bangfu_platform::auth::admitted;
use bangfu_proto::people::v1::{self as proto, WithdrawTransferRequest};
use tonic::Request;

use crate::{
    People,
    model::{audit::Action, transfer::Step},
    transfer, wire,
};

pub(super) async fn handle(svc: &People, request: Request<WithdrawTransferRequest>) -> Result<proto::Transfer, Error> {
    let (permit, request) = admitted(request)?;
    let (request_id, transfer_id, reason) =
        wire::transfer::closing(&request.request_id, &request.transfer_id, &request.reason)?;

    let mut tx = svc.ground.db.township(&permit).await?;
    let transfer = tx
        .once(request_id, &request, async |tx| {
            let ended = transfer::end(svc, tx, transfer_id, Step::Withdraw, Action::WithdrawTransfer, &reason).await?;
            Ok(wire::transfer::message(&ended, tx.clock().today()))
        })
        .await?;
    tx.commit().await?;

    Ok(transfer)
}
