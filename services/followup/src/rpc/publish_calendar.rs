//! Publishes the working days of a year for the whole city.

use bangfu_kernel::{Error, error::Violations, fields};
use bangfu_platform::auth::admitted;
use bangfu_proto::followup::v1::{PublishCalendarRequest, WorkCalendar};
use tonic::Request;

use crate::{Followup, store, wire};

pub(super) async fn handle(svc: &Followup, request: Request<PublishCalendarRequest>) -> Result<WorkCalendar, Error> {
    let (permit, request) = admitted(request)?;
    let mut faults = Violations::default();
    let request_id = fields::uuid("request_id", &request.request_id, &mut faults);
    let table = wire::work_calendar::table(request.calendar.as_ref(), &mut faults);
    faults.check()?;

    let city = permit.caller().city.parse().map_err(|error| Error::Internal(Box::new(error)))?;
    let mut tx = svc.ground.db.township(&permit.at(Some(city))?).await?;
    let calendar = tx
        .once(request_id, &request, async |tx| {
            store::work_calendar::save(tx, &table).await?;
            let published = store::work_calendar::find(tx, table.year).await?;
            let published = published.ok_or_else(|| Error::internal("a calendar that was just published is gone"))?;
            Ok(wire::work_calendar::published(&published))
        })
        .await?;
    tx.commit().await?;
    svc.calendars.renew();
    metrics::gauge!("bangfu_followup_calendar_missing", "year" => calendar.year.to_string()).set(0.0);
    Ok(calendar)
}
