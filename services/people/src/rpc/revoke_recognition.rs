//! 取消认定: ends a recognition; with the last one that stands, the membership of EMPLOYMENT_DIFFICULTY.

use bangfu_kernel::{Error, Group, Township, error::Violations, fields};
use bangfu_platform::auth::{Permit, admitted};
use bangfu_proto::people::v1::{self as proto, RecognitionState, RevokeRecognitionRequest};
use chrono::NaiveDate;
use tonic::Request;
use uuid::Uuid;

use super::leave_group;
use crate::{
    People,
    model::audit::Action,
    recognition,
    store::{self, person::Touch},
    wire,
};

pub(super) async fn handle(
    svc: &People,
    request: Request<RevokeRecognitionRequest>,
) -> Result<proto::Recognition, Error> {
    let (permit, request) = admitted(request)?;
    let today = svc.ground.clock.today();
    let Revoked { request_id, township, recognition_id, from, reason } = decode(&permit, &request, today)?;
    let permit = permit.at(township)?;

    let mut tx = svc.ground.db.township(&permit).await?;
    let revoked = tx
        .once(request_id, &request, async |tx| {
            let mut recognised = recognition::locked(tx, recognition_id).await?;
            if recognised.recognised_on.is_some_and(|on| from < on) {
                let rule = fields::rule("must not lie before the recognition", "不得早于认定日期");
                return Err(Error::field("revoked_on", rule));
            }
            recognised.revoke(from, today, reason.clone())?;
            recognition::moved_on(tx, &recognised, Action::RevokeRecognition, &reason).await?;
            let person_id = recognised.person_id;
            let others = store::recognition::of_person(tx, person_id).await?;
            if !others.iter().any(|other| other.state == RecognitionState::Recognised) {
                let memberships = store::membership::of_person(tx, person_id).await?;
                leave_group::end(tx, person_id, memberships, Group::EmploymentDifficulty, from, &reason).await?;
                store::person::touch(tx, person_id, &Touch::default()).await?;
            }
            Ok(wire::recognition::message(&recognised, tx.township()))
        })
        .await?;
    tx.commit().await?;

    Ok(revoked)
}

struct Revoked {
    request_id: Uuid,
    township: Option<Township>,
    recognition_id: Uuid,
    from: NaiveDate,
    reason: String,
}

fn decode(permit: &Permit, request: &RevokeRecognitionRequest, today: NaiveDate) -> Result<Revoked, Error> {
    let mut faults = Violations::default();
    let from = fields::optional_date("revoked_on", request.revoked_on.as_ref(), &mut faults).unwrap_or(today);
    fields::not_after_today("revoked_on", from, today, &mut faults);
    let revoked = Revoked {
        request_id: fields::uuid("request_id", &request.request_id, &mut faults),
        township: permit.named(&request.township, &mut faults),
        recognition_id: fields::uuid("recognition_id", &request.recognition_id, &mut faults),
        from,
        reason: fields::text("reason", &request.reason, 2, 512, &mut faults),
    };
    faults.check()?;
    Ok(revoked)
}
