//! Tries a standard out on the people there are, without writing anything: one answer a township.

use std::sync::Arc;

use bangfu_kernel::{Error, error::Violations, fields::range};
use bangfu_platform::{auth::admitted, stack::refuse};
use bangfu_proto::followup::v1::PreviewStandardRequest;
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tonic::Request;

use super::{
    Previews,
    publish_standard::{not_to_come, right},
    run_sweep::{known, townships},
};
use crate::{Followup, model::standard::Standard, preview::Trial, store};

/// Most duties that anybody could do in a month.
const MOST: i32 = 100_000;

pub(super) async fn handle(svc: &Followup, request: Request<PreviewStandardRequest>) -> Result<Previews, Error> {
    let (permit, request) = admitted(request)?;
    let mut faults = Violations::default();
    let standard = right(svc, request.standard.as_ref(), &mut faults);
    if let Some(late) = not_to_come(svc, request.standard.as_ref()) {
        faults.join(late);
    }
    let named = townships(&request.townships, &mut faults);
    if !(0..=MOST).contains(&request.capacity) {
        faults.add("capacity", range(0, MOST.into()));
    }
    faults.check()?;
    let Some(standard) = standard else { return Err(Error::internal("a standard without faults is none")) };

    let townships = known(svc, &permit, named).await?;
    let capacity = (request.capacity > 0).then_some(i64::from(request.capacity));
    let trial = Arc::new(trial(svc, standard, capacity).await?);
    let place = svc.ground.watches.enter(permit.caller())?;
    let (sender, receiver) = mpsc::channel(1);
    let svc = svc.clone();
    tokio::spawn(async move {
        for township in townships {
            let figures = tokio::select! {
                figures = trial.of_township(&svc, &permit, township) => figures,
                () = sender.closed() => break,
            };
            let failed = figures.is_err();
            if sender.send(figures.map_err(|error| refuse(&error))).await.is_err() || failed {
                break;
            }
        }
        drop(place);
    });
    Ok(ReceiverStream::new(receiver))
}

/// The standards that stand, with and without the one tried out.
async fn trial(svc: &Followup, standard: Standard, capacity: Option<i64>) -> Result<Trial, Error> {
    let mut faults = Violations::default();
    let published = svc.published().await?;
    for published in &published {
        if published.standard.version == standard.version {
            faults.join(store::standard::version_taken());
        }
        if published.standard.in_force_from == standard.in_force_from {
            faults.join(store::standard::first_day_taken());
        }
    }
    faults.check()?;
    let (now, from) = (svc.standards.with(published)?, standard.in_force_from);
    let then = Arc::new(now.with(standard)?);
    Ok(Trial { now: Arc::new(now), then, from, capacity })
}
