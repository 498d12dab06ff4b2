//! One application for the recognition of a difficulty.

use bangfu_kernel::{Error, error::Violations, fields};
use bangfu_platform::auth::admitted;
use bangfu_proto::people::v1::{self as proto, GetRecognitionRequest};
use tonic::Request;

use crate::{People, store, wire};

pub(super) async fn handle(svc: &People, request: Request<GetRecognitionRequest>) -> Result<proto::Recognition, Error> {
    let (permit, request) = admitted(request)?;
    let mut faults = Violations::default();
    let recognition_id = fields::uuid("recognition_id", &request.recognition_id, &mut faults);
    let township = permit.named(&request.township, &mut faults);
    faults.check()?;
    let permit = permit.at(township)?;

    let mut tx = svc.ground.db.township(&permit).await?;
    let recognition = store::recognition::get(&mut tx, recognition_id).await?;
    let message = wire::recognition::message(&recognition, tx.township());
    tx.commit().await?;
    Ok(message)
}
