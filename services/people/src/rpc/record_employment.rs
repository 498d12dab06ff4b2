//! Enters a record about somebody's employment; what is believed of them follows at once.

use bangfu_kernel::{Error, Role, Township, error::Violations, fields};
use bangfu_platform::{
    auth::{Permit, admitted},
    id,
};
use bangfu_proto::people::v1::{EmploymentRecord, NewEmployment as Message, RecordEmploymentRequest};
use chrono::NaiveDate;
use tonic::Request;
use uuid::Uuid;

use crate::{
    People, household,
    model::{
        audit::Action,
        employment::{NewEmployment, believed},
    },
    served, store, wire,
};

pub(super) async fn handle(svc: &People, request: Request<RecordEmploymentRequest>) -> Result<EmploymentRecord, Error> {
    let (permit, request) = admitted(request)?;
    let clock = &svc.ground.clock;
    let Entry { request_id, person_id, employment, corrects, township } = decode(&permit, &request, clock.today())?;

    let mut tx = svc.ground.db.township(&permit.at(township)?).await?;
    let record = tx
        .once(request_id, &request, async |tx| {
            // Only a service is led on: whoever sits before the form is told.
            let person_id = if tx.permit().caller().is(Role::Service) {
                served::lock_or_kept(tx, person_id).await?
            } else {
                served::lock(tx, person_id).await?;
                person_id
            };
            let record = employment.record(id::new(clock), corrects, clock.now(), clock.today());
            let mut columns = store::employment::Columns::default();
            columns.push(person_id, &record);
            store::employment::insert(tx, &columns).await?;

            let records = store::employment::of_people(tx, &[person_id]).await?;
            let records = records.into_iter().map(|(_, record)| record).collect::<Vec<_>>();
            let current = believed(&records, clock.today());
            let current = current.ok_or_else(|| Error::internal("a record was entered and none is believed"))?;
            store::person::believe(tx, person_id, current).await?;

            tx.emit(wire::event::employment_recorded(person_id, &record));
            let key = store::township_key::get(tx, &svc.vault).await?;
            household::reconsider(tx, &key, &[person_id]).await?;
            store::audit::append(tx, Action::RecordEmployment, Some(person_id), &record.source).await?;
            Ok(wire::employment::message(&record))
        })
        .await?;
    tx.commit().await?;

    Ok(record)
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
