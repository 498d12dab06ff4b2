//! Enters a record about somebody's employment; what is believed of them follows at once.

use bangfu_kernel::{Error, Role, Township, error::Violations, fields};
use bangfu_platform::{
    auth::{Permit, admitted},
    db::TownshipTx,
    id,
};
use bangfu_proto::people::v1::{EmploymentRecord, NewEmployment as Message, RecordEmploymentRequest};
use chrono::NaiveDate;
use tonic::Request;
use uuid::Uuid;

use crate::{
    People, household,
    model::{
        self,
        audit::Action,
        employment::{NewEmployment, believed},
    },
    served, store, transfer, wire,
};

pub(super) async fn handle(svc: &People, request: Request<RecordEmploymentRequest>) -> Result<EmploymentRecord, Error> {
    let (permit, request) = admitted(request)?;
    let clock = &svc.ground.clock;
    let Entry { request_id, person_id, employment, corrects, township } = decode(&permit, &request, clock.today())?;

    let mut tx = svc.ground.db.township(&permit.at(township)?).await?;
    let record = tx
        .once(request_id, &request, async |tx| {
            let record = employment.record(id::new(clock), corrects, clock.now(), clock.today());
            // Only a service is led on, to the entry that was kept and to where they live now: what was learned must not be
            // lost because it was told later. Whoever sits before the form is told instead.
            let (person_id, locked) = if is_service(tx) {
                served::lock_kept(tx, person_id).await
            } else {
                (person_id, served::lock(tx, person_id).await)
            };
            match locked {
                Err(Error::PersonTransferred) if is_service(tx) => {
                    let onward = transfer::onward(tx, person_id).await?;
                    tx.across(&onward, async |tx| {
                        let (person_id, locked) = served::lock_kept(tx, person_id).await;
                        locked?;
                        enter(svc, tx, person_id, &record).await
                    })
                    .await?;
                }
                locked => {
                    locked?;
                    enter(svc, tx, person_id, &record).await?;
                }
            }
            Ok(wire::employment::message(&record))
        })
        .await?;
    tx.commit().await?;

    Ok(record)
}

fn is_service(tx: &TownshipTx) -> bool {
    tx.permit().caller().roles.contains(&Role::Service)
}

/// Enters a record about somebody who is locked, and what is believed of them from now on.
async fn enter(
    svc: &People,
    tx: &mut TownshipTx,
    person_id: Uuid,
    record: &model::employment::EmploymentRecord,
) -> Result<(), Error> {
    let mut columns = store::employment::Columns::default();
    columns.push(person_id, record);
    store::employment::insert(tx, &columns).await?;

    let records = store::employment::of_people(tx, &[person_id]).await?;
    let records = records.into_iter().map(|(_, record)| record).collect::<Vec<_>>();
    let current = believed(&records, tx.clock().today());
    let current = current.ok_or_else(|| Error::internal("a record was entered and none is believed"))?;
    store::person::believe(tx, person_id, current).await?;

    tx.emit(wire::event::employment_recorded(person_id, record));
    let key = store::township_key::get(tx, &svc.vault).await?;
    household::reconsider(tx, &key, &[person_id]).await?;
    store::audit::append(tx, Action::RecordEmployment, Some(person_id), &record.source).await
}

struct Entry {
    request_id: Uuid,
    person_id: Uuid,
    employment: NewEmployment,
    corrects: Option<Uuid>,
    township: Option<Township>,
}

fn decode(permit: &Permit, request: &RecordEmploymentRequest, today: NaiveDate) -> Result<Entry, Error> {
    let mut faults = Violations::default();
    if request.employment.is_none() {
        faults.add("employment", fields::required());
    }
    let (none, mut faults_of_none) = (Message::default(), Violations::default());
    let (message, employment_faults) = match &request.employment {
        Some(message) => (message, &mut faults),
        None => (&none, &mut faults_of_none),
    };
    let employment = wire::employment::decode(message, "", today, employment_faults);
    let entry = Entry {
        request_id: fields::uuid("request_id", &request.request_id, &mut faults),
        person_id: fields::uuid("person_id", &request.person_id, &mut faults),
        employment,
        corrects: fields::optional_uuid("corrects_record_id", &request.corrects_record_id, &mut faults),
        township: permit.named(&request.township, &mut faults),
    };
    faults.check()?;
    Ok(entry)
}
