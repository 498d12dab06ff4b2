//! One list held against the register, with its counts.

use bangfu_kernel::{Error, error::Violations, fields};
use bangfu_platform::auth::admitted;
use bangfu_proto::people::v1::{self as proto, GetDataMatchRequest};
use tonic::Request;

use crate::{People, data_match, store};

pub(super) async fn handle(svc: &People, request: Request<GetDataMatchRequest>) -> Result<proto::DataMatch, Error> {
    let (permit, request) = admitted(request)?;
    let mut faults = Violations::default();
    let match_id = fields::uuid("match_id", &request.match_id, &mut faults);
    let township = permit.named(&request.township, &mut faults);
    faults.check()?;
    let permit = permit.at(township)?;

    let mut tx = svc.ground.db.township(&permit).await?;
    store::data_match::expire(&mut tx).await?;
    let found = store::data_match::get(&mut tx, match_id).await?;
    let message = data_match::told(&mut tx, &found).await?;
    tx.commit().await?;
    Ok(message)
}
