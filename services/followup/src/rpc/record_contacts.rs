//! Records a day's paper list of contacts, each row as RecordContact would.

use bangfu_kernel::Error;
use bangfu_platform::auth::admitted;
use bangfu_proto::followup::v1 as proto;
use tonic::Request;

use super::record_contact;
use crate::{Followup, rows};

pub(super) async fn handle(
    svc: &Followup,
    request: Request<proto::RecordContactsRequest>,
) -> Result<proto::RecordContactsResponse, Error> {
    let (permit, request) = admitted(request)?;
    rows::counted("contacts", &request.contacts)?;

    let mut entered = Vec::with_capacity(request.contacts.len());
    for contact in &request.contacts {
        rows::go_on(svc)?;
        let (contact, error) = rows::outcome(record_contact::one(svc, &permit, contact).await)?;
        entered.push(proto::ContactRow { contact, error });
    }
    Ok(proto::RecordContactsResponse { rows: entered })
}
