//! 失业登记: registers somebody as unemployed; they are a member of REGISTERED_UNEMPLOYED while it stands.

use bangfu_kernel::{EmploymentStatus, Error, Group, error::Violations, fields};
use bangfu_platform::{auth::admitted, db::TownshipTx, id};
use bangfu_proto::people::v1::{self as proto, RegisterUnemploymentRequest};
use chrono::NaiveDate;
use tonic::Request;
use uuid::Uuid;

use crate::{
    People,
    model::{
        audit::Action,
        employment::believed_on,
        membership::{self, Membership, Source},
        registration::UnemploymentRegistration,
    },
    served,
    store::{self, person::Touch},
    wire,
};

pub(super) async fn handle(
    svc: &People,
    request: Request<RegisterUnemploymentRequest>,
) -> Result<proto::UnemploymentRegistration, Error> {
    let (permit, request) = admitted(request)?;
    let clock = &svc.ground.clock;
    let Entry { request_id, person_id, registered_on, evidence } = decode(&request, clock.today())?;

    let mut tx = svc.ground.db.township(&permit).await?;
    let registration = tx
        .once(request_id, &request, async |tx| {
            served::lock(tx, person_id).await?;
            let records = store::employment::of_people(tx, &[person_id]).await?;
            let records: Vec<_> = records.into_iter().map(|(_, record)| record).collect();
            let believed = believed_on(&records, registered_on, clock.today());
            if believed.is_none_or(|record| record.status != EmploymentStatus::Unemployed) {
                return Err(Error::NotUnemployed);
            }
            let registration = UnemploymentRegistration {
                registration_id: id::new(clock),
                person_id,
                registered_on,
                evidence,
                cancelled: None,
                created_at: clock.now(),
            };
            store::registration::insert_unemployment(tx, &registration).await?;
            join(tx, &registration).await?;
            tx.emit(wire::event::unemployment_registered(&registration));
            store::audit::append(tx, Action::RegisterUnemployment, Some(person_id), "").await?;
            Ok(wire::registration::unemployment(&registration))
        })
        .await?;
    tx.commit().await?;

    Ok(registration)
}

/// Begins the membership that stands with the registration, unless one stands already; where an earlier one ended after
/// the registration's day, it goes on from there.
async fn join(tx: &mut TownshipTx, registration: &UnemploymentRegistration) -> Result<(), Error> {
    let (person_id, group) = (registration.person_id, Group::RegisteredUnemployed);
    let mut memberships = store::membership::of_person(tx, person_id).await?;
    let Some(from) = membership::first_free(&memberships, group, registration.registered_on) else { return Ok(()) };
    let today = tx.clock().today();
    let begun = Membership {
        evidence: registration.evidence.clone(),
        ..Membership::begin(group, from, today, Source::SelfApplication)
    };
    store::membership::begin(tx, person_id, &begun).await?;
    store::person::touch(tx, person_id, &Touch::default()).await?;
    memberships.push(begun);
    tx.emit(wire::event::memberships_changed(person_id, &memberships));
    Ok(())
}

struct Entry {
    request_id: Uuid,
    person_id: Uuid,
    registered_on: NaiveDate,
    evidence: String,
}

fn decode(request: &RegisterUnemploymentRequest, today: NaiveDate) -> Result<Entry, Error> {
    let mut faults = Violations::default();
    let registered_on =
        fields::optional_date("registered_on", request.registered_on.as_ref(), &mut faults).unwrap_or(today);
    fields::not_after_today("registered_on", registered_on, today, &mut faults);
    let entry = Entry {
        request_id: fields::uuid("request_id", &request.request_id, &mut faults),
        person_id: fields::uuid("person_id", &request.person_id, &mut faults),
        registered_on,
        evidence: fields::text("evidence", &request.evidence, 0, 512, &mut faults),
    };
    faults.check()?;
    Ok(entry)
}
