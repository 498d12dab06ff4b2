//! Says that a pair of entries are two people.

use bangfu_kernel::{Error, error::Violations, fields};
use bangfu_platform::auth::admitted;
use bangfu_proto::people::v1::{DismissDuplicateRequest, DuplicatePair, DuplicateState};
use tonic::Request;
use uuid::Uuid;

use super::list_duplicates::messages;
use crate::{People, model::audit::Action, store};

pub(super) async fn handle(svc: &People, request: Request<DismissDuplicateRequest>) -> Result<DuplicatePair, Error> {
    let (permit, request) = admitted(request)?;
    let (request_id, pair_id, reason) = decode(&request)?;

    let mut tx = svc.ground.db.township(&permit).await?;
    let pair = tx
        .once(request_id, &request, async |tx| {
            let pair = store::duplicate::lock(tx, pair_id).await?;
            match pair.state()? {
                DuplicateState::Open => {}
                DuplicateState::Dismissed => return Err(Error::IllegalTransition { state: "DISMISSED" }),
                _ => return Err(Error::IllegalTransition { state: "MERGED" }),
            }
            let people = (pair.first_id, pair.second_id);
            store::duplicate::settle(tx, people, DuplicateState::Dismissed, &reason).await?;
            store::audit::append(tx, Action::DismissDuplicate, Some(people.0), &reason).await?;
            let settled = store::duplicate::lock(tx, pair_id).await?;
            messages(svc, tx, vec![settled]).await?.pop().ok_or_else(|| Error::internal("one pair, no message"))
        })
        .await?;
    tx.commit().await?;

    Ok(pair)
}

fn decode(request: &DismissDuplicateRequest) -> Result<(Uuid, Uuid, String), Error> {
    let mut faults = Violations::default();
    let request_id = fields::uuid("request_id", &request.request_id, &mut faults);
    let pair_id = fields::uuid("pair_id", &request.pair_id, &mut faults);
    let reason = fields::text("reason", &request.reason, 2, 512, &mut faults);
    faults.check()?;
    Ok((request_id, pair_id, reason))
}
