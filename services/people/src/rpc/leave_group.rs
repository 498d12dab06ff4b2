//! Ends a membership of a key group; it stays in the history.

use bangfu_kernel::{Error, Group, error::Violations, fields};
use bangfu_platform::{auth::admitted, db::TownshipTx};
use bangfu_proto::people::v1::{LeaveGroupRequest, Person};
use chrono::NaiveDate;
use tonic::Request;
use uuid::Uuid;

use crate::{
    People,
    model::{
        audit::Action,
        membership::{self, Membership},
    },
    rpc::get_person::read,
    served,
    store::{self, person::Touch},
    wire,
};

pub(super) async fn handle(svc: &People, request: Request<LeaveGroupRequest>) -> Result<Person, Error> {
    let (permit, request) = admitted(request)?;
    let Leaving { request_id, person_id, group, until, evidence } = decode(&request, svc.ground.clock.today())?;

    let mut tx = svc.ground.db.township(&permit).await?;
    let person = tx
        .once(request_id, &request, async |tx| {
            served::lock(tx, person_id).await?;
            let memberships = store::membership::of_person(tx, person_id).await?;
            let held = membership::open(&memberships, group).ok_or(Error::NotAMember { group })?;
            if until < held.from {
                let rule = fields::rule("must not lie before the membership's first day", "不得早于纳入该类别的日期");
                return Err(Error::field("until", rule));
            }
            end(tx, person_id, memberships, group, until, &evidence).await?;
            store::person::touch(tx, person_id, &Touch::default()).await?;
            let person = read(svc, tx, person_id).await?;
            store::audit::append(tx, Action::LeaveGroup, Some(person_id), group.code()).await?;
            Ok(person)
        })
        .await?;
    tx.commit().await?;

    Ok(person)
}

/// Ends the open membership of a group, if there is one, and tells it.
pub(super) async fn end(
    tx: &mut TownshipTx,
    person_id: Uuid,
    mut memberships: Vec<Membership>,
    group: Group,
    until: NaiveDate,
    evidence: &str,
) -> Result<(), Error> {
    let today = tx.clock().today();
    // After a merge of two entries there may be two.
    let mut ended = false;
    for held in memberships.iter_mut().filter(|held| held.group == group && held.until.is_none()) {
        // What began later than it ends has never held.
        held.until = Some(until.max(held.from));
        held.until_known_on = Some(today);
        evidence.clone_into(&mut held.end_evidence);
        store::membership::end(tx, person_id, held).await?;
        ended = true;
    }
    if !ended {
        return Ok(());
    }
    tx.emit(wire::event::memberships_changed(person_id, &memberships));
    Ok(())
}

struct Leaving {
    request_id: Uuid,
    person_id: Uuid,
    group: Group,
    until: NaiveDate,
    evidence: String,
}

fn decode(request: &LeaveGroupRequest, today: NaiveDate) -> Result<Leaving, Error> {
    let mut faults = Violations::default();
    let until = fields::optional_date("until", request.until.as_ref(), &mut faults).unwrap_or(today);
    fields::not_after_today("until", until, today, &mut faults);
    let leaving = Leaving {
        request_id: fields::uuid("request_id", &request.request_id, &mut faults),
        person_id: fields::uuid("person_id", &request.person_id, &mut faults),
        group: wire::membership::group(request.group, &mut faults),
        until,
        evidence: fields::text("evidence", &request.evidence, 2, 512, &mut faults),
    };
    faults.check()?;
    Ok(leaving)
}
