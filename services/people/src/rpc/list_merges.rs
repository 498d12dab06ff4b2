//! The merges of a township, the latest first.

use bangfu_kernel::{Error, error::Violations, fields, page::PageSize};
use bangfu_platform::auth::admitted;
use bangfu_proto::people::v1::{ListMergesRequest, ListMergesResponse};
use tonic::Request;
use uuid::Uuid;

use crate::{People, store, wire};

pub(super) async fn handle(svc: &People, request: Request<ListMergesRequest>) -> Result<ListMergesResponse, Error> {
    let (permit, mut request) = admitted(request)?;
    let mut faults = Violations::default();
    let size = PageSize::parse(request.page_size, &mut faults);
    let township = permit.named(&request.township, &mut faults);
    let person_id = fields::optional_uuid("person_id", &request.person_id, &mut faults);
    faults.check()?;
    let permit = permit.at(township)?;
    let token = std::mem::take(&mut request.page_token);
    request.page_size = 0;
    let before: Uuid = svc.ground.pages.open(&permit, &request, &token)?.unwrap_or(Uuid::max());

    let mut tx = svc.ground.db.township(&permit).await?;
    let mut found = store::merge::page(&mut tx, before, person_id, size.probe()).await?;
    tx.commit().await?;

    let more = found.len() > size.rows();
    found.truncate(size.rows());
    let next_page_token = match found.last().filter(|_| more) {
        Some(last) => svc.ground.pages.seal(&permit, &request, &last.merge_id)?,
        None => String::new(),
    };
    Ok(ListMergesResponse { merges: found.iter().map(wire::merge::message).collect(), next_page_token })
}
