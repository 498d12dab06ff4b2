//! The transfers of a township, out and in, the latest first.

use bangfu_kernel::{Error, error::Violations, page::PageSize};
use bangfu_platform::auth::admitted;
use bangfu_proto::people::v1::{ListTransfersRequest, ListTransfersResponse};
use tonic::Request;
use uuid::Uuid;

use crate::{
    People,
    store::{self, transfer::Filter},
    wire,
};

pub(super) async fn handle(
    svc: &People,
    request: Request<ListTransfersRequest>,
) -> Result<ListTransfersResponse, Error> {
    let (permit, mut request) = admitted(request)?;
    let mut faults = Violations::default();
    let size = PageSize::parse(request.page_size, &mut faults);
    let township = permit.named(&request.township, &mut faults);
    let direction = wire::transfer::direction_of(request.direction, &mut faults);
    let state = wire::transfer::state_of(request.state, &mut faults);
    faults.check()?;
    let permit = permit.at(township)?;
    let token = std::mem::take(&mut request.page_token);
    request.page_size = 0;
    let before: Option<Uuid> = svc.ground.pages.open(&permit, &request, &token)?;
    let filter = Filter { before: before.unwrap_or(Uuid::max()), direction, state };

    let mut tx = svc.ground.db.township(&permit).await?;
    if store::township::find(&mut tx).await?.is_none() {
        // It has no key, and no transfers.
        return Ok(ListTransfersResponse::default());
    }
    let key = store::township_key::get(&mut tx, &svc.vault).await?;
    let mut transfers = store::transfer::page(&mut tx, &filter, size.probe(), &key).await?;
    tx.commit().await?;

    let more = transfers.len() > size.rows();
    transfers.truncate(size.rows());
    let next_page_token = match transfers.last().filter(|_| more) {
        Some(last) => svc.ground.pages.seal(&permit, &request, &last.transfer_id)?,
        None => String::new(),
    };
    let today = svc.ground.clock.today();
    let transfers = transfers.iter().map(|transfer| wire::transfer::message(transfer, today)).collect();
    Ok(ListTransfersResponse { transfers, next_page_token })
}
