//! Those whose plan fails, of a township or of the whole city: what is owed to them is not known.

use bangfu_kernel::{Error, error::Violations, fields, page::PageSize};
use bangfu_platform::auth::admitted;
use bangfu_proto::followup::v1::{ListQuarantineRequest, ListQuarantineResponse};
use tonic::Request;

use crate::{
    Followup,
    store::{self, quarantine::After},
    wire,
};

pub(super) async fn handle(
    svc: &Followup,
    request: Request<ListQuarantineRequest>,
) -> Result<ListQuarantineResponse, Error> {
    let (permit, mut request) = admitted(request)?;
    let mut faults = Violations::default();
    let size = PageSize::parse(std::mem::take(&mut request.page_size), &mut faults);
    let token = std::mem::take(&mut request.page_token);
    let township = fields::optional_township("township", &request.township, &mut faults);
    faults.check()?;
    let whole_city = township.is_none() && permit.township().is_none();
    let permit = if whole_city { permit } else { permit.at(township)? };
    let after = svc.ground.pages.open::<After>(&permit, &request, &token)?;

    let mut quarantined = if whole_city {
        let mut tx = svc.ground.db.city(&permit).await?;
        let quarantined = store::quarantine::list_city(&mut tx, after, size.probe()).await?;
        tx.commit().await?;
        quarantined
    } else {
        let mut tx = svc.ground.db.township(&permit).await?;
        let quarantined = store::quarantine::list(&mut tx, after, size.probe()).await?;
        tx.commit().await?;
        quarantined
    };

    let more = quarantined.len() > size.rows();
    quarantined.truncate(size.rows());
    let next_page_token = match quarantined.last().filter(|_| more) {
        Some(last) => svc.ground.pages.seal(&permit, &request, &(last.township.clone(), last.person_id))?,
        None => String::new(),
    };
    let quarantined = quarantined.into_iter().map(wire::sweep::quarantined).collect();
    Ok(ListQuarantineResponse { quarantined, next_page_token })
}
