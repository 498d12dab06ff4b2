//! 就业登记: registers the beginning or the end of employment that a record tells of.

use bangfu_kernel::{Error, error::Violations, fields};
use bangfu_platform::{auth::admitted, id};
use bangfu_proto::people::v1::{self as proto, RegisterEmploymentRequest, RegisteredBy};
use chrono::NaiveDate;
use tonic::Request;
use uuid::Uuid;

use crate::{
    People,
    model::{
        audit::Action,
        registration::{EmploymentRegistration, due_on, event_of},
    },
    served, store, wire,
};

pub(super) async fn handle(
    svc: &People,
    request: Request<RegisterEmploymentRequest>,
) -> Result<proto::EmploymentRegistration, Error> {
    let (permit, request) = admitted(request)?;
    let clock = &svc.ground.clock;
    let Entry { request_id, person_id, record_id, registered_by, registered_on, evidence } =
        decode(&request, clock.today())?;

    let mut tx = svc.ground.db.township(&permit).await?;
    let registration = tx
        .once(request_id, &request, async |tx| {
            served::lock(tx, person_id).await?;
            let records = store::employment::of_people(tx, &[person_id]).await?;
            let corrected = records.iter().any(|(_, other)| other.corrects == Some(record_id));
            let record = records.into_iter().map(|(_, record)| record).find(|record| record.record_id == record_id);
            let (record, event) = record
                .filter(|_| !corrected)
                .and_then(|record| event_of(record.status).map(|event| (record, event)))
                .ok_or(Error::RecordNotRegistrable { record_id })?;
            if registered_on < record.effective_on {
                let rule = fields::rule("must not lie before the record's effective_on", "不得早于就业记录的起始日期");
                return Err(Error::field("registered_on", rule));
            }
            let registration = EmploymentRegistration {
                registration_id: id::new(clock),
                person_id,
                record_id,
                registered_by,
                event,
                registered_on,
                due_on: due_on(event, record.effective_on),
                evidence,
                created_at: clock.now(),
            };
            store::registration::insert_employment(tx, &registration).await?;
            tx.emit(wire::event::employment_registered(&registration));
            store::audit::append(tx, Action::RegisterEmployment, Some(person_id), "").await?;
            Ok(wire::registration::employment(&registration))
        })
        .await?;
    tx.commit().await?;

    Ok(registration)
}

struct Entry {
    request_id: Uuid,
    person_id: Uuid,
    record_id: Uuid,
    registered_by: RegisteredBy,
    registered_on: NaiveDate,
    evidence: String,
}

fn decode(request: &RegisterEmploymentRequest, today: NaiveDate) -> Result<Entry, Error> {
    let mut faults = Violations::default();
    let registered_by = RegisteredBy::try_from(request.registered_by).unwrap_or_default();
    if registered_by == RegisteredBy::Unspecified {
        faults.add("registered_by", fields::not_given_or_enumerated(request.registered_by));
    }
    let registered_on =
        fields::optional_date("registered_on", request.registered_on.as_ref(), &mut faults).unwrap_or(today);
    fields::not_after_today("registered_on", registered_on, today, &mut faults);
    let entry = Entry {
        request_id: fields::uuid("request_id", &request.request_id, &mut faults),
        person_id: fields::uuid("person_id", &request.person_id, &mut faults),
        record_id: fields::uuid("record_id", &request.record_id, &mut faults),
        registered_by,
        registered_on,
        evidence: fields::text("evidence", &request.evidence, 0, 512, &mut faults),
    };
    faults.check()?;
    Ok(entry)
}
