//! The households of a township, in the order of entry.

use bangfu_kernel::{Error, Township, error::Violations, fields, page::PageSize};
use bangfu_platform::auth::{Permit, admitted};
use bangfu_proto::people::v1::{HouseholdKind, HouseholdState, ListHouseholdsRequest, ListHouseholdsResponse};
use tonic::Request;
use uuid::Uuid;

use crate::{
    People, household,
    store::{self, household::Filter},
};

pub(super) async fn handle(
    svc: &People,
    request: Request<ListHouseholdsRequest>,
) -> Result<ListHouseholdsResponse, Error> {
    let (permit, mut request) = admitted(request)?;
    let (size, township, filter) = decode(&permit, &request)?;
    let permit = permit.at(township)?;
    let token = std::mem::take(&mut request.page_token);
    request.page_size = 0;
    let after: Uuid = svc.ground.pages.open(&permit, &request, &token)?.unwrap_or_default();

    let mut tx = svc.ground.db.township(&permit).await?;
    let mut found = store::household::page(&mut tx, after, &filter, size.probe()).await?;
    let more = found.len() > size.rows();
    found.truncate(size.rows());
    let key = store::township_key::get(&mut tx, &svc.vault).await?;
    let mut households = Vec::with_capacity(found.len());
    for found in &found {
        let message = household::message(&mut tx, &key, found).await?;
        if message.without_work || !request.suspected {
            households.push(message);
        }
    }
    tx.commit().await?;

    let next_page_token = match found.last().filter(|_| more) {
        Some(last) => svc.ground.pages.seal(&permit, &request, &last.household_id)?,
        None => String::new(),
    };
    Ok(ListHouseholdsResponse { households, next_page_token })
}

fn decode(permit: &Permit, request: &ListHouseholdsRequest) -> Result<(PageSize, Option<Township>, Filter), Error> {
    let mut faults = Violations::default();
    let size = PageSize::parse(request.page_size, &mut faults);
    let township = permit.named(&request.township, &mut faults);
    let state = HouseholdState::try_from(request.state).unwrap_or_else(|_unknown| {
        faults.add("state", fields::enumerated());
        HouseholdState::Unspecified
    });
    let kind = HouseholdKind::try_from(request.kind).unwrap_or_else(|_unknown| {
        faults.add("kind", fields::enumerated());
        HouseholdKind::Unspecified
    });
    let filter = Filter {
        state: Some(state).filter(|&state| state != HouseholdState::Unspecified),
        kind: Some(kind).filter(|&kind| kind != HouseholdKind::Unspecified),
        person_id: fields::optional_uuid("person_id", &request.person_id, &mut faults),
        not_recognised: request.suspected,
    };
    faults.check()?;
    Ok((size, township, filter))
}
