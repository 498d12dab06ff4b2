//! Voids a wrong contact: it counts as never entered, and what it had settled is open again, or missed.

use bangfu_kernel::{Error, error::Violations, fields};
use bangfu_platform::auth::admitted;
use bangfu_proto::followup::v1 as proto;
use tonic::Request;

use crate::{Followup, entry, store, wire};

pub(super) async fn handle(
    svc: &Followup,
    request: Request<proto::VoidContactRequest>,
) -> Result<proto::Contact, Error> {
    let (permit, request) = admitted(request)?;
    let mut faults = Violations::default();
    let request_id = fields::uuid("request_id", &request.request_id, &mut faults);
    let contact_id = fields::uuid("contact_id", &request.contact_id, &mut faults);
    let reason = fields::text("reason", &request.reason, 2, 256, &mut faults);
    faults.check()?;

    let recommender = svc.recommender().await?;
    let standards = svc.standards().await?;
    let mut tx = svc.ground.db.township(&permit).await?;
    let contact = tx
        .once(request_id, &request, async |tx| {
            let contact = store::contact::get(tx, contact_id).await?;
            let whose = (contact.person_id, contact.entered_by.as_str());
            if !entry::void(tx, &standards, &recommender, contact_id, whose, &reason).await? {
                return Err(Error::ContactVoided { contact_id });
            }
            wire::contact::message(store::contact::get(tx, contact_id).await?, &[])
        })
        .await?;
    tx.commit().await?;
    Ok(contact)
}
