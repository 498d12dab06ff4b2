//! 区镇审核: the township's check of an application; passed, the public notice begins.

use bangfu_kernel::{Error, error::Violations, fields};
use bangfu_platform::auth::admitted;
use bangfu_proto::people::v1::{self as proto, CheckRecognitionRequest};
use tonic::Request;
use uuid::Uuid;

use crate::{
    People,
    model::{audit::Action, difficulty::rules, recognition::Step},
    recognition, wire,
};

pub(super) async fn handle(
    svc: &People,
    request: Request<CheckRecognitionRequest>,
) -> Result<proto::Recognition, Error> {
    let (permit, request) = admitted(request)?;
    let (request_id, recognition_id, note) = decode(&request)?;
    let step = Step { on: svc.ground.clock.today(), by: permit.caller().subject.clone(), note: note.clone() };

    let mut tx = svc.ground.db.township(&permit).await?;
    let checked = tx
        .once(request_id, &request, async |tx| {
            let mut application = recognition::locked(tx, recognition_id).await?;
            let facts = recognition::facts_of(svc, tx, &application).await?;
            application.check(step, request.passed, facts, rules()?.publicity_days)?;
            recognition::moved_on(tx, &application, Action::CheckRecognition, &note).await?;
            Ok(wire::recognition::message(&application, tx.township()))
        })
        .await?;
    tx.commit().await?;

    Ok(checked)
}

fn decode(request: &CheckRecognitionRequest) -> Result<(Uuid, Uuid, String), Error> {
    let mut faults = Violations::default();
    let request_id = fields::uuid("request_id", &request.request_id, &mut faults);
    let recognition_id = fields::uuid("recognition_id", &request.recognition_id, &mut faults);
    let note = fields::text("note", &request.note, 2, 512, &mut faults);
    faults.check()?;
    Ok((request_id, recognition_id, note))
}
