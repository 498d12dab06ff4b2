//! The level somebody was believed to have on one day, as known on another.

use bangfu_kernel::{
    Error, Township, calendar,
    error::{Resource, Violations},
    fields,
};
use bangfu_platform::auth::{Permit, admitted};
use bangfu_proto::people::v1::{self as proto, BelievedLevel, GetLevelRequest};
use chrono::NaiveDate;
use tonic::Request;
use uuid::Uuid;

use crate::{
    People,
    model::{employment::believed_on, person::level_of},
    store, wire,
};

pub(super) async fn handle(svc: &People, request: Request<GetLevelRequest>) -> Result<BelievedLevel, Error> {
    let (permit, request) = admitted(request)?;
    let Asked { person_id, on, known_on, township } = decode(&permit, &request, svc.ground.clock.today())?;

    let mut tx = svc.ground.db.township(&permit.at(township)?).await?;
    store::person::is_here(&mut tx, person_id).await?.ok_or(Error::NotFound(Resource::Person))?;
    let records = store::employment::of_people(&mut tx, &[person_id]).await?;
    tx.commit().await?;

    let records: Vec<_> = records.into_iter().map(|(_, record)| record).collect();
    let believed = believed_on(&records, on, known_on);
    Ok(BelievedLevel {
        person_id: request.person_id,
        on: Some(calendar::message(on)),
        known_on: Some(calendar::message(known_on)),
        level: proto::ServiceLevel::from(level_of(believed)).into(),
        employment: believed.map(wire::employment::message),
    })
}

struct Asked {
    person_id: Uuid,
    on: NaiveDate,
    known_on: NaiveDate,
    township: Option<Township>,
}

fn decode(permit: &Permit, request: &GetLevelRequest, today: NaiveDate) -> Result<Asked, Error> {
    let mut faults = Violations::default();
    let on = fields::optional_date("on", request.on.as_ref(), &mut faults).unwrap_or(today);
    fields::not_after_today("on", on, today, &mut faults);
    let known_on = fields::optional_date("known_on", request.known_on.as_ref(), &mut faults).unwrap_or(today);
    fields::not_after_today("known_on", known_on, today, &mut faults);
    let asked = Asked {
        person_id: fields::uuid("person_id", &request.person_id, &mut faults),
        on,
        known_on,
        township: permit.named(&request.township, &mut faults),
    };
    faults.check()?;
    Ok(asked)
}
