//! Streams every step of every duty of one township or of many.

use bangfu_kernel::{
    Error,
    error::Violations,
    fields::{self, enumerated},
};
use bangfu_platform::{
    auth::admitted,
    feed::{self, Wanted, Watching},
};
use bangfu_proto::followup::v1::{DutyState, WatchDutiesRequest};
use tonic::Request;

use crate::{Followup, rpc::Steps, wire};

pub(super) async fn handle(svc: &Followup, request: Request<WatchDutiesRequest>) -> Result<Steps, Error> {
    let (permit, request) = admitted(request)?;
    let mut faults = Violations::default();
    let mut wanted = Wanted { cursors: request.cursors, ..Wanted::default() };
    for &state in &request.states {
        match DutyState::try_from(state) {
            Ok(DutyState::Unspecified) | Err(_) => faults.add("states", enumerated()),
            Ok(state) => {
                wanted.kinds.insert(wire::number(state));
            }
        }
    }
    for code in &request.townships {
        // An empty code is no township, and must not be taken for "all of them".
        if code.is_empty() {
            faults.add("townships", fields::required());
        }
        wanted.townships.extend(fields::optional_township("townships", code, &mut faults));
    }
    faults.check()?;

    let held = Box::new(svc.ground.watches.enter(permit.caller())?);
    let (stopping, patience) = (svc.ground.stopping.clone(), svc.ground.reader_patience);
    let watching = Watching { stopping, patience, held };
    feed::watch(&svc.ground.db, permit, wanted, watching, wire::duty_event::told).await
}
