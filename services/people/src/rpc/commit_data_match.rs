//! Writes what was decided on a list's rows, batch by batch. Each batch and what is noted of it are one unit of work, under the
//! match's lock: whatever interrupts it, the next call goes on behind the last batch, and no row is written twice.

use std::sync::Arc;

use bangfu_kernel::{Error, error::Violations, fields};
use bangfu_platform::auth::{Permit, admitted};
use bangfu_proto::people::v1::{self as proto, CommitDataMatchRequest, DataMatchState};
use tonic::Request;
use uuid::Uuid;

use crate::{
    People, blocking,
    data_match::{self, sealed},
    model::{
        audit::Action,
        data_match::{Met, state_word, undecided},
    },
    register::Effect,
    store,
};

/// Rows written in one unit: small enough that others who wait for the match, or for the township's feed, wait briefly.
const BATCH: i64 = 500;

pub(super) async fn handle(svc: &People, request: Request<CommitDataMatchRequest>) -> Result<proto::DataMatch, Error> {
    let (permit, request) = admitted(request)?;
    let mut faults = Violations::default();
    let request_id = fields::uuid("request_id", &request.request_id, &mut faults);
    let match_id = fields::uuid("match_id", &request.match_id, &mut faults);
    faults.check()?;

    begin(svc, &permit, request_id, &request, match_id).await?;
    while !batch(svc, &permit, match_id).await? {}
    let mut tx = svc.ground.db.township(&permit).await?;
    let found = store::data_match::get(&mut tx, match_id).await?;
    let answer = data_match::told(&mut tx, &found).await?;
    tx.commit().await?;

    Ok(answer)
}

/// From here on decisions stand. What is stored for the request id is that; what is answered is where the match stands in the end.
async fn begin(
    svc: &People,
    permit: &Permit,
    request_id: Uuid,
    request: &CommitDataMatchRequest,
    match_id: Uuid,
) -> Result<(), Error> {
    let mut tx = svc.ground.db.township(permit).await?;
    tx.once(request_id, request, async |tx| {
        store::data_match::expire(tx).await?;
        let found = store::data_match::lock(tx, match_id).await?;
        match found.state {
            DataMatchState::Open => {
                let open = undecided(&store::data_match_row::counts(tx, match_id).await?);
                if open > 0 {
                    return Err(Error::MatchUndecided { rows: open });
                }
                store::data_match::committing(tx, match_id).await?;
                store::audit::append(tx, Action::CommitDataMatch, None, &format!("match {match_id}")).await?;
            }
            DataMatchState::Committing | DataMatchState::Committed => {}
            state @ (DataMatchState::Expired | DataMatchState::Unspecified) => {
                return Err(Error::IllegalTransition { state: state_word(state) });
            }
        }
        Ok(proto::DataMatch { match_id: match_id.to_string(), ..Default::default() })
    })
    .await?;
    tx.commit().await
}

/// Writes the next rows; true: there is none left.
async fn batch(svc: &People, permit: &Permit, match_id: Uuid) -> Result<bool, Error> {
    let mut tx = svc.ground.db.township(permit).await?;
    let found = store::data_match::lock(&mut tx, match_id).await?;
    match found.state {
        DataMatchState::Committing => {}
        DataMatchState::Committed => return Ok(true),
        state => return Err(Error::IllegalTransition { state: state_word(state) }),
    }
    let rows = store::data_match_row::to_be_written(&mut tx, match_id, BATCH).await?;
    let done = rows.is_empty();
    if done {
        store::data_match_row::wipe(&mut tx, match_id).await?;
        store::data_match::committed(&mut tx, match_id).await?;
    } else {
        let key = store::township_key::get(&mut tx, &svc.vault).await?;
        let numbers = rows.iter().map(|(number, ..)| *number).collect::<Vec<_>>();
        let listed = blocking::run({
            let key = Arc::clone(&key);
            move || rows.into_iter().map(|(_, row_id, text)| sealed::open(&key, row_id, &text)).collect()
        });
        let listed: Vec<_> = listed.await?;
        let met = data_match::meet(&mut tx, &svc.vault, &listed, &found.origin(), Effect::Write).await?;
        let outcomes = met.iter().map(Met::outcome).collect::<Vec<_>>();
        store::data_match_row::written(&mut tx, match_id, &numbers, &outcomes).await?;
    }
    tx.commit().await?;
    Ok(done)
}
