//! Pairs of entries that may be one person, in the order in which they were found.

use std::collections::HashMap;

use bangfu_kernel::{Error, error::Violations, fields, page::PageSize};
use bangfu_platform::{auth::admitted, db::TownshipTx};
use bangfu_proto::people::v1::{DuplicatePair, DuplicateState, ListDuplicatesRequest, ListDuplicatesResponse};
use tonic::Request;
use uuid::Uuid;

use crate::{
    People,
    store::{self, duplicate::FoundPair},
    wire,
};

pub(super) async fn handle(
    svc: &People,
    request: Request<ListDuplicatesRequest>,
) -> Result<ListDuplicatesResponse, Error> {
    let (permit, mut request) = admitted(request)?;
    let mut faults = Violations::default();
    let size = PageSize::parse(request.page_size, &mut faults);
    let township = permit.named(&request.township, &mut faults);
    let person_id = fields::optional_uuid("person_id", &request.person_id, &mut faults);
    let state = DuplicateState::try_from(request.state).unwrap_or_else(|_unknown| {
        faults.add("state", fields::enumerated());
        DuplicateState::Unspecified
    });
    faults.check()?;
    let permit = permit.at(township)?;
    let token = std::mem::take(&mut request.page_token);
    request.page_size = 0;
    let after: Uuid = svc.ground.pages.open(&permit, &request, &token)?.unwrap_or_default();

    let mut tx = svc.ground.db.township(&permit).await?;
    let state = Some(state).filter(|&state| state != DuplicateState::Unspecified);
    let mut found = store::duplicate::page(&mut tx, after, state, person_id, size.probe()).await?;
    let more = found.len() > size.rows();
    found.truncate(size.rows());
    let last = found.last().map(|pair| pair.pair_id).filter(|_| more);
    let pairs = messages(svc, &mut tx, found).await?;
    tx.commit().await?;

    let next_page_token = match last {
        Some(last) => svc.ground.pages.seal(&permit, &request, &last)?,
        None => String::new(),
    };
    Ok(ListDuplicatesResponse { pairs, next_page_token })
}

/// Pairs with both entries, masked.
pub(super) async fn messages(
    svc: &People,
    tx: &mut TownshipTx,
    pairs: Vec<FoundPair>,
) -> Result<Vec<DuplicatePair>, Error> {
    let people: Vec<Uuid> = pairs.iter().flat_map(|pair| [pair.first_id, pair.second_id]).collect();
    let key = store::township_key::get(tx, &svc.vault).await?;
    let mut shown = HashMap::with_capacity(people.len());
    for row in store::person::by_id(tx, &people).await? {
        shown.insert(row.person_id, wire::person::message(&row.open(&key)?, tx.township()));
    }
    pairs.into_iter().map(|pair| wire::duplicate::message(&pair, &shown)).collect()
}
