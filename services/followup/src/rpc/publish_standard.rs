//! Publishes a standard that will be in force from a future day.

use bangfu_kernel::{
    Error,
    error::Violations,
    fields::{self, required},
};
use bangfu_platform::auth::admitted;
use bangfu_proto::followup::v1 as proto;
use chrono::NaiveDate;
use tonic::Request;

use crate::{
    Followup,
    model::standard::{Standard, document::Document},
    store::{self, standard::Published},
    wire,
};

pub(super) async fn handle(
    svc: &Followup,
    request: Request<proto::PublishStandardRequest>,
) -> Result<proto::Standard, Error> {
    let (permit, request) = admitted(request)?;
    let mut faults = Violations::default();
    let request_id = fields::uuid("request_id", &request.request_id, &mut faults);
    let standard = right(svc, request.standard.as_ref(), &mut faults);
    if !faults.is_empty()
        && let Some(late) = not_to_come(svc, request.standard.as_ref())
    {
        faults.join(late);
    }
    faults.check()?;
    let Some(standard) = standard else { return Err(Error::internal("a standard without faults is none")) };

    let by = permit.caller().subject.clone();
    let mut tx = svc.ground.db.township(&svc.of_city(&permit)?).await?;
    let published = tx
        .once(request_id, &request, async |tx| {
            // Repeated on a later day it is what it was the first time: so this is asked here.
            if let Some(late) = not_to_come(svc, request.standard.as_ref()) {
                let mut faults = Violations::default();
                faults.join(late);
                let others = store::standard::list(tx).await?;
                let others = others.iter().map(|it| &it.standard);
                taken(others, &standard.version, Some(standard.in_force_from), &mut faults);
                return Err(Error::Invalid(faults));
            }
            let published = Published { standard, at: tx.clock().now(), by };
            store::standard::insert(tx, &published).await?;
            Ok(wire::standard::message(&published))
        })
        .await?;
    tx.commit().await?;
    Ok(published)
}

/// The standard of a request: right in itself, and none of the suite's own.
pub(super) fn right(svc: &Followup, message: Option<&proto::Standard>, faults: &mut Violations) -> Option<Standard> {
    let Some(message) = message else {
        faults.add("standard", required());
        return None;
    };
    let document = Document::from(message);
    // The suite's own standards are in no table whose constraints would know them.
    taken(svc.standards.base().iter(), &document.version, document.in_force_from.known(), faults);
    match document.checked() {
        Ok(standard) => Some(standard),
        Err(found) => {
            for (field, rule) in found {
                faults.add(field, rule);
            }
            None
        }
    }
}

/// What is wrong with a standard that would be in force today already.
pub(super) fn not_to_come(svc: &Followup, message: Option<&proto::Standard>) -> Option<Error> {
    let (field, rule) = Document::from(message?).late(svc.ground.clock.today())?;
    Some(Error::field(field, rule))
}

/// Adds a fault for a version, and for a first day, that another standard has.
fn taken<'s>(
    others: impl Iterator<Item = &'s Standard>,
    version: &str,
    first_day: Option<NaiveDate>,
    faults: &mut Violations,
) {
    for other in others {
        if &*other.version == version {
            faults.join(store::standard::version_taken());
        }
        if first_day == Some(other.in_force_from) {
            faults.join(store::standard::first_day_taken());
        }
    }
}
