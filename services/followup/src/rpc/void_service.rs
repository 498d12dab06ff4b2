//! Voids a wrong service record: it counts as never entered, and what it had settled is open again, or missed.

use bangfu_kernel::{Error, error::Violations, fields};
use bangfu_platform::auth::admitted;
use bangfu_proto::followup::v1 as proto;
use tonic::Request;

use crate::{Followup, entry, store, wire};

pub(super) async fn handle(
    svc: &Followup,
    request: Request<proto::VoidServiceRequest>,
) -> Result<proto::ServiceRecord, Error> {
    let (permit, request) = admitted(request)?;
    let mut faults = Violations::default();
    let request_id = fields::uuid("request_id", &request.request_id, &mut faults);
    let record_id = fields::uuid("service_record_id", &request.service_record_id, &mut faults);
    let reason = fields::text("reason", &request.reason, 2, 256, &mut faults);
    faults.check()?;

    let recommender = svc.recommender().await?;
    let standards = svc.standards().await?;
    let mut tx = svc.ground.db.township(&permit).await?;
    let record = tx
        .once(request_id, &request, async |tx| {
            let record = store::service_record::get(tx, record_id).await?;
            let whose = (record.person_id, record.entered_by.as_str());
            if !entry::void(tx, &standards, &recommender, record_id, whose, &reason).await? {
                return Err(Error::IllegalTransition { state: "VOIDED" });
            }
            Ok(wire::service_record::message(store::service_record::get(tx, record_id).await?, &[]))
        })
        .await?;
    tx.commit().await?;
    Ok(record)
}
