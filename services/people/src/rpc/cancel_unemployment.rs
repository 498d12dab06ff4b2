//! 注销失业登记: cancels the registration that stands, in one of ten ways.

use bangfu_kernel::{Error, Group, error::Violations, fields};
use bangfu_platform::auth::admitted;
use bangfu_proto::people::v1::{self as proto, CancelUnemploymentRequest, CancellationReason};
use chrono::NaiveDate;
use tonic::Request;
use uuid::Uuid;

use super::leave_group;
use crate::{
    People,
    model::{audit::Action, registration::Cancelled},
    served,
    store::{self, person::Touch},
    wire,
};

pub(super) async fn handle(
    svc: &People,
    request: Request<CancelUnemploymentRequest>,
) -> Result<proto::UnemploymentRegistration, Error> {
    let (permit, request) = admitted(request)?;
    let (request_id, person_id, cancelled) = decode(&request, svc.ground.clock.today())?;

    let mut tx = svc.ground.db.township(&permit).await?;
    let registration = tx
        .once(request_id, &request, async |tx| {
            served::lock(tx, person_id).await?;
            let mut registration = store::registration::standing(tx, person_id).await?.ok_or(Error::NoRegistration)?;
            if cancelled.on < registration.registered_on {
                let rule = fields::rule("must not lie before the registration", "不得早于登记日期");
                return Err(Error::field("cancelled_on", rule));
            }
            store::registration::cancel(tx, person_id, registration.registration_id, &cancelled).await?;
            let memberships = store::membership::of_person(tx, person_id).await?;
            let (group, reason) = (Group::RegisteredUnemployed, reason_word(cancelled.reason));
            leave_group::end(tx, person_id, memberships, group, cancelled.on, &cancelled.evidence).await?;
            store::person::touch(tx, person_id, &Touch::default()).await?;
            registration.cancelled = Some(cancelled);
            tx.emit(wire::event::unemployment_registered(&registration));
            store::audit::append(tx, Action::CancelUnemployment, Some(person_id), reason).await?;
            Ok(wire::registration::unemployment(&registration))
        })
        .await?;
    tx.commit().await?;

    Ok(registration)
}

fn reason_word(reason: CancellationReason) -> &'static str {
    reason.as_str_name().trim_start_matches("CANCELLATION_REASON_")
}

fn decode(request: &CancelUnemploymentRequest, today: NaiveDate) -> Result<(Uuid, Uuid, Cancelled), Error> {
    let mut faults = Violations::default();
    let request_id = fields::uuid("request_id", &request.request_id, &mut faults);
    let person_id = fields::uuid("person_id", &request.person_id, &mut faults);
    let on = fields::optional_date("cancelled_on", request.cancelled_on.as_ref(), &mut faults).unwrap_or(today);
    fields::not_after_today("cancelled_on", on, today, &mut faults);
    let reason = CancellationReason::try_from(request.reason).unwrap_or_default();
    if reason == CancellationReason::Unspecified {
        faults.add("reason", fields::not_given_or_enumerated(request.reason));
    }
    let evidence = fields::text("evidence", &request.evidence, 2, 512, &mut faults);
    faults.check()?;
    Ok((request_id, person_id, Cancelled { on, reason, evidence }))
}
