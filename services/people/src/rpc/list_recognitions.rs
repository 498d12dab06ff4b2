//! The applications of a township, the latest first.

use bangfu_kernel::{Error, error::Violations, fields, page::PageSize};
use bangfu_platform::auth::admitted;
use bangfu_proto::people::v1::{ListRecognitionsRequest, ListRecognitionsResponse, RecognitionState};
use tonic::Request;
use uuid::Uuid;

use crate::{People, store, wire};

pub(super) async fn handle(
    svc: &People,
    request: Request<ListRecognitionsRequest>,
) -> Result<ListRecognitionsResponse, Error> {
    let (permit, mut request) = admitted(request)?;
    let mut faults = Violations::default();
    let size = PageSize::parse(request.page_size, &mut faults);
    let township = permit.named(&request.township, &mut faults);
    let person_id = fields::optional_uuid("person_id", &request.person_id, &mut faults);
    let state = RecognitionState::try_from(request.state).unwrap_or_else(|_unknown| {
        faults.add("state", fields::enumerated());
        RecognitionState::Unspecified
    });
    faults.check()?;
    let permit = permit.at(township)?;
    let token = std::mem::take(&mut request.page_token);
    request.page_size = 0;
    let before: Uuid = svc.ground.pages.open(&permit, &request, &token)?.unwrap_or(Uuid::max());

    let mut tx = svc.ground.db.township(&permit).await?;
    let state = Some(state).filter(|&state| state != RecognitionState::Unspecified);
    let mut found = store::recognition::page(&mut tx, before, person_id, state, size.probe()).await?;
    let township = tx.code().clone();
    tx.commit().await?;

    let more = found.len() > size.rows();
    found.truncate(size.rows());
    let next_page_token = match found.last().filter(|_| more) {
        Some(last) => svc.ground.pages.seal(&permit, &request, &last.recognition_id)?,
        None => String::new(),
    };
    let recognitions = found.iter().map(|found| wire::recognition::message(found, township.as_str())).collect();
    Ok(ListRecognitionsResponse { recognitions, next_page_token })
}
