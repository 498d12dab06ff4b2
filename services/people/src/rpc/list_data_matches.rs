//! The lists held against a township's register, the latest first.

use bangfu_kernel::{Error, error::Violations, fields, page::PageSize};
use bangfu_platform::auth::admitted;
use bangfu_proto::people::v1::{DataMatchState, ListDataMatchesRequest, ListDataMatchesResponse};
use tonic::Request;
use uuid::Uuid;

use crate::{People, store, wire};

pub(super) async fn handle(
    svc: &People,
    request: Request<ListDataMatchesRequest>,
) -> Result<ListDataMatchesResponse, Error> {
    let (permit, mut request) = admitted(request)?;
    let mut faults = Violations::default();
    let size = PageSize::parse(request.page_size, &mut faults);
    let township = permit.named(&request.township, &mut faults);
    let state = DataMatchState::try_from(request.state).unwrap_or_else(|_unknown| {
        faults.add("state", fields::enumerated());
        DataMatchState::Unspecified
    });
    faults.check()?;
    let permit = permit.at(township)?;
    let token = std::mem::take(&mut request.page_token);
    request.page_size = 0;
    let before: Uuid = svc.ground.pages.open(&permit, &request, &token)?.unwrap_or(Uuid::max());

    let mut tx = svc.ground.db.township(&permit).await?;
    store::data_match::expire(&mut tx).await?;
    let state = Some(state).filter(|&state| state != DataMatchState::Unspecified);
    let mut found = store::data_match::page(&mut tx, before, state, size.probe()).await?;
    let township = tx.code().clone();
    tx.commit().await?;

    let more = found.len() > size.rows();
    found.truncate(size.rows());
    let next_page_token = match found.last().filter(|_| more) {
        Some(last) => svc.ground.pages.seal(&permit, &request, &last.match_id)?,
        None => String::new(),
    };
    let matches = found.iter().map(|found| wire::data_match::message(found, township.as_str(), None)).collect();
    Ok(ListDataMatchesResponse { matches, next_page_token })
}
