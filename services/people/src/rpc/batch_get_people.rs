//! Several people by id, in the order asked for, personal data masked.

use std::collections::HashMap;

use bangfu_kernel::{
    Error, Township,
    error::{Rule, Violations},
    fields,
};
use bangfu_platform::auth::{Permit, admitted};
use bangfu_proto::people::v1::{BatchGetPeopleRequest, BatchGetPeopleResponse};
use tonic::Request;
use uuid::Uuid;

use crate::{People, store, wire};

/// Ids in one call.
const IDS: usize = 500;

pub(super) async fn handle(
    svc: &People,
    request: Request<BatchGetPeopleRequest>,
) -> Result<BatchGetPeopleResponse, Error> {
    let (permit, request) = admitted(request)?;
    let (ids, township) = decode(&permit, &request)?;

    let mut tx = svc.ground.db.township(&permit.at(township)?).await?;
    let rows = store::person::by_id(&mut tx, &ids).await?;
    if rows.is_empty() {
        tx.commit().await?;
        return Ok(BatchGetPeopleResponse::default());
    }
    let key = store::township_key::get(&mut tx, &svc.vault).await?;
    let township = tx.code().clone();
    tx.commit().await?;

    let mut found = HashMap::with_capacity(rows.len());
    for row in rows {
        found.insert(row.person_id, wire::person::message(&row.open(&key)?, township.as_str()));
    }
    Ok(BatchGetPeopleResponse { people: ids.iter().filter_map(|id| found.get(id).cloned()).collect() })
}

fn decode(permit: &Permit, request: &BatchGetPeopleRequest) -> Result<(Vec<Uuid>, Option<Township>), Error> {
    let mut faults = Violations::default();
    if request.person_ids.is_empty() || request.person_ids.len() > IDS {
        faults.add("person_ids", ids_rule());
    }
    let ids = request.person_ids.iter().map(|id| fields::uuid("person_ids", id, &mut faults)).collect();
    let township = permit.named(&request.township, &mut faults);
    faults.check()?;
    Ok((ids, township))
}

fn ids_rule() -> Rule {
    fields::rule("must have 1 to 500 ids", "应有1至500个编号")
}
