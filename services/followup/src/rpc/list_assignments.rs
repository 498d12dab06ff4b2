//! Assignments of villages and people, latest entered first, ended ones included.

use bangfu_kernel::{Error, error::Violations, fields, page::PageSize};
use bangfu_platform::auth::admitted;
use bangfu_proto::followup::v1::{ListAssignmentsRequest, ListAssignmentsResponse};
use chrono::{DateTime, Utc};
use tonic::Request;
use uuid::Uuid;

use crate::{Followup, store, wire};

pub(super) async fn handle(
    svc: &Followup,
    request: Request<ListAssignmentsRequest>,
) -> Result<ListAssignmentsResponse, Error> {
    let (permit, mut request) = admitted(request)?;
    let mut faults = Violations::default();
    let size = PageSize::parse(std::mem::take(&mut request.page_size), &mut faults);
    let token = std::mem::take(&mut request.page_token);
    let township = permit.named(&request.township, &mut faults);
    let village = fields::text("village", &request.village, 0, 64, &mut faults);
    let person_id = fields::optional_uuid("person_id", &request.person_id, &mut faults);
    faults.check()?;
    let permit = permit.at(township)?;
    let before = svc.ground.pages.open::<(DateTime<Utc>, Uuid)>(&permit, &request, &token)?;

    let mut tx = svc.ground.db.township(&permit).await?;
    let village = (!village.is_empty()).then_some(village.as_str());
    let mut assignments = store::assignment::list(&mut tx, village, person_id, before, size.probe()).await?;
    tx.commit().await?;

    let more = assignments.len() > size.rows();
    assignments.truncate(size.rows());
    let next_page_token = match assignments.last().filter(|_| more) {
        Some(last) => svc.ground.pages.seal(&permit, &request, &(last.entered_at, last.assignment_id))?,
        None => String::new(),
    };
    let assignments = assignments.into_iter().map(wire::coordinator::assignment).collect();
    Ok(ListAssignmentsResponse { assignments, next_page_token })
}
