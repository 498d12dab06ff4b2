//! Says who serves a person from a day on, whatever village they are of.

use bangfu_kernel::{Error, error::Violations, fields};
use bangfu_platform::auth::admitted;
use bangfu_proto::followup::v1::{AssignPersonRequest, Assignment};
use tonic::Request;

use crate::{
    Followup,
    assign::{self, Whose},
    coordinators, store, wire,
};

pub(super) async fn handle(svc: &Followup, request: Request<AssignPersonRequest>) -> Result<Assignment, Error> {
    let (permit, request) = admitted(request)?;
    let mut faults = Violations::default();
    let request_id = fields::uuid("request_id", &request.request_id, &mut faults);
    let person_id = fields::uuid("person_id", &request.person_id, &mut faults);
    let coordinator = fields::text("coordinator", &request.coordinator, 0, 64, &mut faults);
    let today = svc.ground.clock.today();
    let from = wire::coordinator::first_day("from", request.from.as_ref(), today, &mut faults);
    faults.check()?;

    let mut tx = svc.ground.db.township(&permit).await?;
    let assignment = tx
        .once(request_id, &request, async |tx| {
            store::subject::is_a_person(tx, person_id).await?;
            coordinators::entered(tx, "coordinator", &coordinator).await?;
            let assigned = assign::one(tx, Whose::Person(person_id), coordinator, from).await?;
            Ok(wire::coordinator::assignment(assigned))
        })
        .await?;
    tx.commit().await?;
    Ok(assignment)
}
