//! Streams the changes of one township or of many.

use std::collections::BTreeSet;

use bangfu_kernel::{Error, error::Violations, fields};
use bangfu_platform::{
    auth::admitted,
    feed::{self, Wanted, Watching},
};
use bangfu_proto::people::v1::{PersonEventKind, WatchPeopleRequest, WatchPeopleResponse};
use tokio_stream::wrappers::ReceiverStream;
use tonic::{Request, Status};

use crate::{People, wire};

pub(super) async fn handle(
    svc: &People,
    request: Request<WatchPeopleRequest>,
) -> Result<ReceiverStream<Result<WatchPeopleResponse, Status>>, Error> {
    let (permit, request) = admitted(request)?;
    let wanted = decode(request)?;
    let place = svc.ground.watches.enter(permit.caller())?;
    let (stopping, patience) = (svc.ground.stopping.clone(), svc.ground.reader_patience);
    let watching = Watching { stopping, patience, held: Box::new(place) };
    feed::watch(&svc.ground.db, permit, wanted, watching, wire::event::response).await
}

fn decode(request: WatchPeopleRequest) -> Result<Wanted, Error> {
    let mut faults = Violations::default();
    let mut kinds = BTreeSet::new();
    for number in request.kinds {
        match PersonEventKind::try_from(number) {
            Ok(kind) if kind != PersonEventKind::Unspecified => {
                kinds.insert(wire::event::kind(kind));
            }
            _ => faults.add("kinds", fields::enumerated()),
        }
    }
    let townships = request
        .townships
        .iter()
        .filter_map(|code| {
            if code.is_empty() {
                faults.add("townships", fields::required());
            }
            fields::optional_township("townships", code, &mut faults)
        })
        .collect();
    faults.check()?;
    Ok(Wanted { cursors: request.cursors, townships, kinds })
}
