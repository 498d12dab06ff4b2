//! 撤回申请: takes back an application that is not decided.

use bangfu_kernel::{Error, error::Violations, fields};
use bangfu_platform::auth::admitted;
use bangfu_proto::people::v1::{self as proto, WithdrawRecognitionRequest};
use tonic::Request;
use uuid::Uuid;

use crate::{People, model::audit::Action, recognition, wire};

pub(super) async fn handle(
    svc: &People,
    request: Request<WithdrawRecognitionRequest>,
) -> Result<proto::Recognition, Error> {
    let (permit, request) = admitted(request)?;
    let (request_id, recognition_id, reason) = decode(&request)?;

    let mut tx = svc.ground.db.township(&permit).await?;
    let withdrawn = tx
        .once(request_id, &request, async |tx| {
            let mut application = recognition::locked(tx, recognition_id).await?;
            application.withdraw(reason.clone())?;
            recognition::moved_on(tx, &application, Action::WithdrawRecognition, &reason).await?;
            Ok(wire::recognition::message(&application, tx.township()))
        })
        .await?;
    tx.commit().await?;

    Ok(withdrawn)
}

fn decode(request: &WithdrawRecognitionRequest) -> Result<(Uuid, Uuid, String), Error> {
    let mut faults = Violations::default();
    let request_id = fields::uuid("request_id", &request.request_id, &mut faults);
    let recognition_id = fields::uuid("recognition_id", &request.recognition_id, &mut faults);
    let reason = fields::text("reason", &request.reason, 2, 512, &mut faults);
    faults.check()?;
    Ok((request_id, recognition_id, reason))
}
