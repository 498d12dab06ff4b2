//! 家庭登记: who lives together; nobody belongs to two households at a time.

use bangfu_kernel::{Error, error::Violations, fields};
use bangfu_platform::{auth::admitted, id};
use bangfu_proto::people::v1::{self as proto, CreateHouseholdRequest, HouseholdKind};
use chrono::NaiveDate;
use tonic::Request;
use uuid::Uuid;

use crate::{
    People, household,
    model::{
        audit::Action,
        household::{Household, Member, Other},
    },
    store, wire,
};

pub(super) async fn handle(svc: &People, request: Request<CreateHouseholdRequest>) -> Result<proto::Household, Error> {
    let (permit, request) = admitted(request)?;
    let clock = &svc.ground.clock;
    let New { request_id, kind, members, others } = decode(&request, clock.today())?;

    let mut tx = svc.ground.db.township(&permit).await?;
    let created = tx
        .once(request_id, &request, async |tx| {
            household::lock_people(tx, members.iter().map(|member| member.person_id)).await?;
            let household = Household {
                household_id: id::new(clock),
                kind,
                members,
                others,
                spells: Vec::new(),
                entered_by: tx.permit().caller().subject.clone(),
                version: 1,
                created_at: clock.now(),
            };
            store::household::insert(tx, &household).await?;
            for member in &household.members {
                store::household::add_member(tx, household.household_id, member).await?;
                store::audit::append(tx, Action::JoinHousehold, Some(member.person_id), "").await?;
            }
            // As it is read from now on: the head first.
            let household = store::household::get(tx, household.household_id).await?;
            tx.emit(wire::event::household_changed(&household));
            let key = store::township_key::get(tx, &svc.vault).await?;
            household::message(tx, &key, &household).await
        })
        .await?;
    tx.commit().await?;

    Ok(created)
}

struct New {
    request_id: Uuid,
    kind: HouseholdKind,
    members: Vec<Member>,
    others: Vec<Other>,
}

fn decode(request: &CreateHouseholdRequest, today: NaiveDate) -> Result<New, Error> {
    let mut faults = Violations::default();
    let kind = HouseholdKind::try_from(request.kind).unwrap_or_default();
    if kind == HouseholdKind::Unspecified {
        faults.add("kind", fields::not_given_or_enumerated(request.kind));
    }
    let new = New {
        request_id: fields::uuid("request_id", &request.request_id, &mut faults),
        kind,
        members: wire::household::members(&request.members, today, &mut faults),
        others: wire::household::others(&request.others, today, &mut faults),
    };
    faults.check()?;
    Ok(new)
}
