//! The working days of a year: as the city has published them, or as they came with the suite.

use bangfu_kernel::{Error, error::Violations, fields::range};
use bangfu_platform::auth::admitted;
use bangfu_proto::followup::v1::{GetCalendarRequest, WorkCalendar};
use chrono::Datelike as _;
use tonic::Request;

use crate::{
    Followup,
    model::workdays::{WorkDays, YEARS},
    store, wire,
};

pub(super) async fn handle(svc: &Followup, request: Request<GetCalendarRequest>) -> Result<WorkCalendar, Error> {
    let (_permit, request) = admitted(request)?;
    let mut faults = Violations::default();
    let year = if request.year == 0 { svc.ground.clock.today().year() } else { request.year };
    if !YEARS.contains(&year) {
        faults.add("year", range((*YEARS.start()).into(), (*YEARS.end()).into()));
    }
    faults.check()?;

    // It stands under the city's code, and everybody may know it.
    let mut tx = svc.ground.db.township(&svc.of_the_city("followup.calendar")?).await?;
    let published = store::work_calendar::find(&mut tx, year).await?;
    tx.commit().await?;
    Ok(match published {
        Some(published) => wire::work_calendar::published(&published),
        None => wire::work_calendar::shipped(year, WorkDays::shipped()?.table(year)),
    })
}
