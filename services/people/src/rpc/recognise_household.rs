//! 零就业家庭认定: recognises a household without work.

use bangfu_kernel::{Error, error::Violations, fields};
use bangfu_platform::auth::admitted;
use bangfu_proto::people::v1::{self as proto, RecogniseHouseholdRequest};
use tonic::Request;
use uuid::Uuid;

use crate::{People, household, model::audit::Action, store, wire};

pub(super) async fn handle(
    svc: &People,
    request: Request<RecogniseHouseholdRequest>,
) -> Result<proto::Household, Error> {
    let (permit, request) = admitted(request)?;
    let (request_id, household_id, evidence) = decode(&request)?;
    let today = svc.ground.clock.today();

    let mut tx = svc.ground.db.township(&permit).await?;
    let recognised = tx
        .once(request_id, &request, async |tx| {
            let mut home = household::locked(tx, household_id).await?;
            let key = store::township_key::get(tx, &svc.vault).await?;
            let living = household::living(tx, &key, &home).await?;
            let by = tx.permit().caller().subject.clone();
            home.recognise(&living, today, &by, &evidence)?;
            store::household::update(tx, &home).await?;
            home.version += 1;
            tx.emit(wire::event::household_changed(&home));
            let reason = household_id.to_string();
            store::audit::append(tx, Action::RecogniseHousehold, None, &reason).await?;
            Ok(wire::household::message(&home, &living, tx.township()))
        })
        .await?;
    tx.commit().await?;

    Ok(recognised)
}

fn decode(request: &RecogniseHouseholdRequest) -> Result<(Uuid, Uuid, String), Error> {
    let mut faults = Violations::default();
    let request_id = fields::uuid("request_id", &request.request_id, &mut faults);
    let household_id = fields::uuid("household_id", &request.household_id, &mut faults);
    let evidence = fields::text("evidence", &request.evidence, 2, 512, &mut faults);
    faults.check()?;
    Ok((request_id, household_id, evidence))
}
