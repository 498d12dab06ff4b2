//! Makes somebody a member of a key group.

use bangfu_kernel::{Error, error::Violations, fields};
use bangfu_platform::auth::admitted;
use bangfu_proto::people::v1::{self as proto, JoinGroupRequest, Person};
use chrono::NaiveDate;
use tonic::Request;
use uuid::Uuid;

use crate::{
    People,
    model::{
        audit::Action,
        membership::{self, Details, Membership},
    },
    rpc::get_person::read,
    served,
    store::{self, person::Touch},
    wire,
};

pub(super) async fn handle(svc: &People, request: Request<JoinGroupRequest>) -> Result<Person, Error> {
    let (permit, request) = admitted(request)?;
    let (request_id, person_id, new) = decode(&request, svc.ground.clock.today())?;

    let mut tx = svc.ground.db.township(&permit).await?;
    let person = tx
        .once(request_id, &request, async |tx| {
            served::lock(tx, person_id).await?;
            let mut memberships = store::membership::of_person(tx, person_id).await?;
            if membership::overlaps(&memberships, new.group, new.from) {
                return Err(Error::MembershipOverlaps { group: new.group });
            }
            store::membership::begin(tx, person_id, &new).await?;
            let graduated_on = match new.details {
                Some(Details::Graduation { graduated_on, .. }) => Some(graduated_on),
                _ => None,
            };
            store::person::touch(tx, person_id, &Touch { graduated_on, ..Touch::default() }).await?;
            let group = new.group.code();
            memberships.push(new);
            tx.emit(wire::event::memberships_changed(person_id, &memberships));
            let person = read(svc, tx, person_id).await?;
            store::audit::append(tx, Action::JoinGroup, Some(person_id), group).await?;
            Ok(person)
        })
        .await?;
    tx.commit().await?;

    Ok(person)
}

fn decode(request: &JoinGroupRequest, today: NaiveDate) -> Result<(Uuid, Uuid, Membership), Error> {
    let mut faults = Violations::default();
    let request_id = fields::uuid("request_id", &request.request_id, &mut faults);
    let person_id = fields::uuid("person_id", &request.person_id, &mut faults);
    let group = wire::membership::group(request.group, &mut faults);
    let from = fields::optional_date("from", request.from.as_ref(), &mut faults).unwrap_or(today);
    fields::not_after_today("from", from, today, &mut faults);
    let source = proto::Source::try_from(request.source).unwrap_or_default();
    if source == proto::Source::Unspecified {
        faults.add("source", fields::not_given_or_enumerated(request.source));
    }
    let details =
        request.details.as_ref().and_then(|details| wire::membership::decode(details, group, today, &mut faults));
    let evidence = fields::text("evidence", &request.evidence, 0, 512, &mut faults);
    faults.check()?;
    Ok((
        request_id,
        person_id,
        Membership { evidence, details, ..Membership::begin(group, from, today, source.into()) },
    ))
}
