//! All standards, the oldest first.

use bangfu_kernel::Error;
use bangfu_platform::auth::admitted;
use bangfu_proto::followup::v1::{ListStandardsRequest, ListStandardsResponse, Standard};
use chrono::NaiveDate;
use tonic::Request;

use crate::{Followup, wire};

pub(super) async fn handle(
    svc: &Followup,
    request: Request<ListStandardsRequest>,
) -> Result<ListStandardsResponse, Error> {
    let (_permit, _request) = admitted(request)?;
    let standards = all(svc).await?.into_iter().map(|(_, standard)| standard).collect();
    Ok(ListStandardsResponse { standards })
}

/// First day and message of every standard, the suite's own and those published, the oldest first.
pub(super) async fn all(svc: &Followup) -> Result<Vec<(NaiveDate, Standard)>, Error> {
    let own = svc.standards.base().iter().map(|own| (own.in_force_from, Standard::from(own)));
    let published = svc.published().await?;
    let published = published.iter().map(|it| (it.standard.in_force_from, wire::standard::message(it)));
    let mut all: Vec<_> = own.chain(published).collect();
    all.sort_by_key(|(first_day, _)| *first_day);
    Ok(all)
}
