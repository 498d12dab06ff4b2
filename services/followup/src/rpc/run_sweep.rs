//! Raises what has become due and closes what was missed, as of a date; waits until it is done.

use bangfu_kernel::{
    Error, Township,
    error::{Resource, Violations},
    fields::{self, rule},
};
use bangfu_platform::auth::{Permit, admitted};
use bangfu_proto::followup::v1::{RunSweepRequest, RunSweepResponse};
use tonic::Request;
use uuid::Uuid;

use crate::{Followup, job::sweep, store, wire};

pub(super) async fn handle(svc: &Followup, request: Request<RunSweepRequest>) -> Result<RunSweepResponse, Error> {
    let (permit, request) = admitted(request)?;
    let mut faults = Violations::default();
    let request_id = fields::uuid("request_id", &request.request_id, &mut faults);
    let today = svc.ground.clock.today();
    let before = faults.len();
    let as_of = fields::optional_date("as_of", request.as_of.as_ref(), &mut faults).unwrap_or(today);
    let is_a_date = faults.len() == before;
    fields::not_after_today("as_of", as_of, today, &mut faults);
    if is_a_date && as_of < svc.standards.first_day() {
        faults.add("as_of", rule("must not lie before the first standard", "不得早于首个服务标准生效日"));
    }
    let named = townships(&request.townships, &mut faults);
    faults.check()?;

    // The result is kept under the city's own code; the work itself commits township by township, batch by batch.
    let city = permit.caller().city.parse().map_err(|error| Error::Internal(Box::new(error)))?;
    let city = permit.at(Some(city))?;
    if let Some(first) = first_result(svc, &city, request_id, &request).await? {
        return Ok(first);
    }
    let townships = known(svc, &permit, named).await?;
    let sweeps = sweep::run(svc, &permit, &townships, as_of, sweep::Need::Asked).await?;
    let result = RunSweepResponse { townships: sweeps.into_iter().map(wire::sweep::message).collect() };

    let mut tx = svc.ground.db.township(&city).await?;
    let result = tx.once(request_id, &request, async |_| Ok(result)).await?;
    tx.commit().await?;
    Ok(result)
}

/// The result, if the request was made before; nothing is claimed when it was not.
async fn first_result(
    svc: &Followup,
    city: &Permit,
    request_id: Uuid,
    request: &RunSweepRequest,
) -> Result<Option<RunSweepResponse>, Error> {
    let mut tx = svc.ground.db.township(city).await?;
    let mut new = false;
    let repeated = tx
        .once(request_id, request, async |_| {
            new = true;
            Err(Error::Stopping)
        })
        .await;
    if new { Ok(None) } else { repeated.map(Some) }
}

fn townships(codes: &[String], faults: &mut Violations) -> Vec<Township> {
    // An empty code is no township, and must not be taken for "all of them".
    if codes.iter().any(String::is_empty) {
        faults.add("townships", fields::required());
    }
    let mut townships: Vec<_> =
        codes.iter().filter_map(|code| fields::optional_township("townships", code, faults)).collect();
    townships.sort();
    townships.dedup();
    townships
}

/// Those named, or all. NOT_FOUND when one is named that is not followed.
async fn known(svc: &Followup, permit: &Permit, named: Vec<Township>) -> Result<Vec<Township>, Error> {
    let mut tx = svc.ground.db.city(permit).await?;
    let followed: Vec<_> = store::township::list(&mut tx).await?.into_iter().map(|(township, _)| township).collect();
    tx.commit().await?;
    if named.is_empty() {
        return Ok(followed);
    }
    let all = named.iter().all(|township| followed.contains(township));
    if all { Ok(named) } else { Err(Error::NotFound(Resource::Township)) }
}
