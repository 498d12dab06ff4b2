//! What somebody answered over time, the latest first.

use bangfu_kernel::{
    Error,
    error::{Resource, Violations},
    fields,
    page::PageSize,
};
use bangfu_platform::auth::admitted;
use bangfu_proto::people::v1::{ListSurveysRequest, ListSurveysResponse};
use tonic::Request;

use crate::{People, store, wire};

pub(super) async fn handle(svc: &People, request: Request<ListSurveysRequest>) -> Result<ListSurveysResponse, Error> {
    let (permit, mut request) = admitted(request)?;
    let mut faults = Violations::default();
    let person_id = fields::uuid("person_id", &request.person_id, &mut faults);
    let township = permit.named(&request.township, &mut faults);
    let size = PageSize::parse(request.page_size, &mut faults);
    faults.check()?;
    let permit = permit.at(township)?;
    let token = std::mem::take(&mut request.page_token);
    request.page_size = 0;
    let before = svc.ground.pages.open(&permit, &request, &token)?;

    let mut tx = svc.ground.db.township(&permit).await?;
    store::person::is_here(&mut tx, person_id).await?.ok_or(Error::NotFound(Resource::Person))?;
    let key = store::township_key::get(&mut tx, &svc.vault).await?;
    let mut surveys = store::survey::list(&mut tx, person_id, before, size.probe(), &key).await?;
    tx.commit().await?;

    let more = surveys.len() > size.rows();
    surveys.truncate(size.rows());
    let next_page_token = match surveys.last().filter(|_| more) {
        Some(last) => svc.ground.pages.seal(&permit, &request, &(last.answers.asked_on, last.survey_id))?,
        None => String::new(),
    };
    Ok(ListSurveysResponse { surveys: surveys.iter().map(wire::survey::message).collect(), next_page_token })
}
