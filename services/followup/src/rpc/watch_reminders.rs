//! Streams the duties that are due within some days, as they come within reach.

use bangfu_kernel::{
    Error,
    error::Violations,
    fields::{self, range},
};
use bangfu_platform::auth::admitted;
use bangfu_proto::followup::v1::WatchRemindersRequest;
use chrono::TimeDelta;
use tonic::Request;

use crate::{
    Followup,
    reminders::{self, Wanted},
};

/// Most days to look ahead: a quarter.
const MOST_DAYS: i32 = 92;

pub(super) async fn handle(svc: &Followup, request: Request<WatchRemindersRequest>) -> Result<super::Reminders, Error> {
    let (permit, request) = admitted(request)?;
    let wanted = decode(&request)?;
    let held = Box::new(svc.ground.watches.enter(permit.caller())?);
    reminders::watch(&svc.ground, permit, wanted, held).await
}

fn decode(request: &WatchRemindersRequest) -> Result<Wanted, Error> {
    let mut faults = Violations::default();
    if !(0..=MOST_DAYS).contains(&request.within_days) {
        faults.add("within_days", range(0, MOST_DAYS.into()));
    }
    let mut townships = Vec::with_capacity(request.townships.len());
    for code in &request.townships {
        // An empty code is no township, and must not be taken for "all of them".
        if code.is_empty() {
            faults.add("townships", fields::required());
        }
        townships.extend(fields::optional_township("townships", code, &mut faults));
    }
    let after = fields::optional_date("after", request.after.as_ref(), &mut faults);
    faults.check()?;
    Ok(Wanted { within: TimeDelta::days(request.within_days.into()), townships, after })
}
