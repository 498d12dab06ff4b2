//! Waivers of a township, of one person or of one duty, latest asked for first.

use bangfu_kernel::{
    Error,
    error::Violations,
    fields::{self, enumerated},
    page::PageSize,
};
use bangfu_platform::auth::admitted;
use bangfu_proto::followup::v1::{ListWaiversRequest, ListWaiversResponse, WaiverState};
use chrono::{DateTime, Utc};
use tonic::Request;
use uuid::Uuid;

use crate::{
    Followup,
    store::{self, waiver::Filter},
    wire,
};

pub(super) async fn handle(svc: &Followup, request: Request<ListWaiversRequest>) -> Result<ListWaiversResponse, Error> {
    let (permit, mut request) = admitted(request)?;
    let mut faults = Violations::default();
    let size = PageSize::parse(std::mem::take(&mut request.page_size), &mut faults);
    let token = std::mem::take(&mut request.page_token);
    let township = permit.named(&request.township, &mut faults);
    let filter = filter(&request, &mut faults);
    faults.check()?;
    let permit = permit.at(township)?;
    let before = svc.ground.pages.open::<(DateTime<Utc>, Uuid)>(&permit, &request, &token)?;

    let mut tx = svc.ground.db.township(&permit).await?;
    let mut waivers = store::waiver::list(&mut tx, &filter, before, size.probe()).await?;
    tx.commit().await?;

    let more = waivers.len() > size.rows();
    waivers.truncate(size.rows());
    let next_page_token = match waivers.last().filter(|_| more) {
        Some(last) => svc.ground.pages.seal(&permit, &request, &(last.requested_at, last.waiver_id))?,
        None => String::new(),
    };
    Ok(ListWaiversResponse { waivers: waivers.into_iter().map(wire::waiver::message).collect(), next_page_token })
}

fn filter(request: &ListWaiversRequest, faults: &mut Violations) -> Filter {
    let mut states = Vec::with_capacity(request.states.len());
    for &state in &request.states {
        match WaiverState::try_from(state) {
            Ok(WaiverState::Unspecified) | Err(_) => faults.add("states", enumerated()),
            Ok(state) => states.push(wire::number(state)),
        }
    }
    Filter {
        states,
        person_id: fields::optional_uuid("person_id", &request.person_id, faults),
        duty_id: fields::optional_uuid("duty_id", &request.duty_id, faults),
    }
}
