//! The directory of townships, by code; a township caller sees its own entry.

use bangfu_kernel::{
    Error,
    error::Violations,
    page::{LARGEST_SIZE, PageSize},
};
use bangfu_platform::auth::admitted;
use bangfu_proto::people::v1::{ListTownshipsRequest, ListTownshipsResponse};
use tonic::Request;

use crate::{People, store, wire};

pub(super) async fn handle(
    svc: &People,
    request: Request<ListTownshipsRequest>,
) -> Result<ListTownshipsResponse, Error> {
    let (permit, request) = admitted(request)?;
    let size = decode(&request)?;
    // Nothing is filtered: every list of this method is the same list.
    let filter = ListTownshipsRequest::default();
    let after: Option<String> = svc.ground.pages.open(&permit, &filter, &request.page_token)?;

    if permit.township().is_some() {
        let mut tx = svc.ground.db.township(&permit).await?;
        let own = store::township::find(&mut tx).await?;
        tx.commit().await?;
        let townships = own.iter().map(wire::township::message).collect();
        return Ok(ListTownshipsResponse { townships, next_page_token: String::new() });
    }

    let mut tx = svc.ground.db.city(&permit).await?;
    let mut entries = store::township::list(&mut tx, &after.unwrap_or_default(), size.probe()).await?;
    tx.commit().await?;

    let more = entries.len() > size.rows();
    entries.truncate(size.rows());
    let next_page_token = match entries.last() {
        Some(last) if more => svc.ground.pages.seal(&permit, &filter, &last.township.as_str())?,
        _ => String::new(),
    };
    Ok(ListTownshipsResponse { townships: entries.iter().map(wire::township::message).collect(), next_page_token })
}

/// 0 is all a page can have: a city has a few dozen townships.
fn decode(request: &ListTownshipsRequest) -> Result<PageSize, Error> {
    let mut faults = Violations::default();
    let wanted = if request.page_size == 0 { LARGEST_SIZE } else { request.page_size };
    let size = PageSize::parse(wanted, &mut faults);
    faults.check()?;
    Ok(size)
}
