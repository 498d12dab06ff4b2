//! Service records of a township or of one person, latest first, voided ones included.

use bangfu_kernel::{Error, error::Violations, fields, page::PageSize};
use bangfu_platform::auth::admitted;
use bangfu_proto::followup::v1::{ListServicesRequest, ListServicesResponse};
use chrono::{DateTime, Utc};
use tonic::Request;
use uuid::Uuid;

use crate::{Followup, store, wire};

pub(super) async fn handle(
    svc: &Followup,
    request: Request<ListServicesRequest>,
) -> Result<ListServicesResponse, Error> {
    let (permit, mut request) = admitted(request)?;
    let mut faults = Violations::default();
    let size = PageSize::parse(std::mem::take(&mut request.page_size), &mut faults);
    let token = std::mem::take(&mut request.page_token);
    let township = permit.named(&request.township, &mut faults);
    let person_id = fields::optional_uuid("person_id", &request.person_id, &mut faults);
    faults.check()?;
    let permit = permit.at(township)?;
    let before = svc.ground.pages.open::<(DateTime<Utc>, Uuid)>(&permit, &request, &token)?;

    let mut tx = svc.ground.db.township(&permit).await?;
    let mut records = store::service_record::list(&mut tx, person_id, before, size.probe()).await?;
    let more = records.len() > size.rows();
    records.truncate(size.rows());
    let ids: Vec<_> = records.iter().map(|record| record.record_id).collect();
    let settled = store::duty::settled_by(&mut tx, &ids).await?;
    tx.commit().await?;

    let next_page_token = match records.last().filter(|_| more) {
        Some(last) => svc.ground.pages.seal(&permit, &request, &(last.entered_at, last.record_id))?,
        None => String::new(),
    };
    let service_records = records.into_iter().map(|record| wire::service_record::message(record, &settled)).collect();
    Ok(ListServicesResponse { service_records, next_page_token })
}
