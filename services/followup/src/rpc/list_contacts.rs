//! Contacts of a township or of one person, latest first, voided ones included.

use bangfu_kernel::{Error, error::Violations, fields, page::PageSize};
use bangfu_platform::auth::admitted;
use bangfu_proto::followup::v1::{ListContactsRequest, ListContactsResponse};
use chrono::{DateTime, Utc};
use tonic::Request;
use uuid::Uuid;

use crate::{Followup, store, wire};

pub(super) async fn handle(
    svc: &Followup,
    request: Request<ListContactsRequest>,
) -> Result<ListContactsResponse, Error> {
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
    let mut contacts = store::contact::list(&mut tx, person_id, before, size.probe()).await?;
    let more = contacts.len() > size.rows();
    contacts.truncate(size.rows());
    let ids: Vec<_> = contacts.iter().map(|contact| contact.contact_id).collect();
    let settled = store::duty::settled_by(&mut tx, &ids).await?;
    tx.commit().await?;

    let next_page_token = match contacts.last().filter(|_| more) {
        Some(last) => svc.ground.pages.seal(&permit, &request, &(last.entered_at, last.contact_id))?,
        None => String::new(),
    };
    let contacts =
        contacts.into_iter().map(|contact| wire::contact::message(contact, &settled)).collect::<Result<_, _>>()?;
    Ok(ListContactsResponse { contacts, next_page_token })
}
