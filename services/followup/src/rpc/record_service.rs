//! Records a service given without a contact: a referral, a class, an application helped with.

use std::sync::Arc;

use bangfu_kernel::{Error, error::Violations, fields};
use bangfu_platform::{
    auth::{Permit, admitted},
    db::TownshipTx,
    id,
};
use bangfu_proto::followup::v1 as proto;
use tonic::Request;
use uuid::Uuid;

use crate::{
    Followup,
    entry::{self, Kind},
    model::standard::Standards,
    replan::Recommender,
    service_record::NewService,
    store::{self, subject::Subject},
    wire,
};

pub(super) async fn handle(
    svc: &Followup,
    request: Request<proto::RecordServiceRequest>,
) -> Result<proto::ServiceRecord, Error> {
    let (permit, request) = admitted(request)?;
    one(svc, &permit, &request).await
}

/// One service, in a unit of work of its own.
pub(super) async fn one(
    svc: &Followup,
    permit: &Permit,
    request: &proto::RecordServiceRequest,
) -> Result<proto::ServiceRecord, Error> {
    let mut faults = Violations::default();
    let request_id = fields::uuid("request_id", &request.request_id, &mut faults);
    let today = svc.ground.clock.today();
    let given = wire::new_service::new_service(request, permit.caller(), today, &mut faults);
    faults.check()?;

    let recommender = svc.recommender().await?;
    let standards = svc.standards().await?;
    let mut tx = svc.ground.db.township(permit).await?;
    let record = tx
        .once(request_id, request, async |tx| {
            let subject = entry::served(tx, given.person_id, given.on).await?.subject;
            let (record_id, settled) = enter(tx, &standards, &recommender, subject, &given).await?;
            Ok(wire::service_record::message(store::service_record::get(tx, record_id).await?, &settled))
        })
        .await?;
    tx.commit().await?;
    Ok(record)
}

/// Enters the service, unless a record of its source and reference stands: that one is as good if it is of the same person,
/// service and day, and FIELD_INVALID (source_ref) otherwise. Its id, and the duties that it settled.
async fn enter(
    tx: &mut TownshipTx,
    standards: &Arc<Standards>,
    recommender: &Recommender,
    subject: Subject,
    given: &NewService,
) -> Result<(Uuid, Vec<(Uuid, Uuid)>), Error> {
    let (record_id, entered_at) = (id::new(tx.clock()), tx.clock().now());
    if store::service_record::insert(tx, record_id, given, entered_at).await? {
        return Ok((record_id, entry::settle(tx, standards, recommender, subject, record_id).await?));
    }
    let (standing, settled) = entry::standing(tx, Kind::Service, &given.origin).await?;
    if !store::service_record::get(tx, standing).await?.is(given) {
        return Err(entry::another_record());
    }
    Ok((standing, settled))
}
