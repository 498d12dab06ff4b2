//! Sweeps of a township or of the whole city, latest first.

use bangfu_kernel::{Error, error::Violations, fields, page::PageSize};
use bangfu_platform::auth::admitted;
use bangfu_proto::followup::v1::{ListSweepsRequest, ListSweepsResponse};
use tonic::Request;

use crate::{
    Followup,
    store::{self, sweep::Before},
    wire,
};

pub(super) async fn handle(svc: &Followup, request: Request<ListSweepsRequest>) -> Result<ListSweepsResponse, Error> {
    let (permit, mut request) = admitted(request)?;
    let mut faults = Violations::default();
    let size = PageSize::parse(std::mem::take(&mut request.page_size), &mut faults);
    let token = std::mem::take(&mut request.page_token);
    let township = fields::optional_township("township", &request.township, &mut faults);
    faults.check()?;
    let whole_city = township.is_none() && permit.township().is_none();
    let permit = if whole_city { permit } else { permit.at(township)? };
    let before = svc.ground.pages.open::<Before>(&permit, &request, &token)?;

    let mut sweeps = if whole_city {
        let mut tx = svc.ground.db.city(&permit).await?;
        let sweeps = store::sweep::list_city(&mut tx, before, size.probe()).await?;
        tx.commit().await?;
        sweeps
    } else {
        let mut tx = svc.ground.db.township(&permit).await?;
        let sweeps = store::sweep::list(&mut tx, before, size.probe()).await?;
        tx.commit().await?;
        sweeps
    };

    let more = sweeps.len() > size.rows();
    sweeps.truncate(size.rows());
    let next_page_token = match sweeps.last().filter(|_| more) {
        Some(last) => {
            let last: Before = (last.started_at, last.township.clone(), last.sweep_id);
            svc.ground.pages.seal(&permit, &request, &last)?
        }
        None => String::new(),
    };
    Ok(ListSweepsResponse { sweeps: sweeps.into_iter().map(wire::sweep::message).collect(), next_page_token })
}
