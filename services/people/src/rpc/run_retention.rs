//! 到期清理: lets go of what has outlived its purpose in a township, or tells what would go.

mod anonymise;

use bangfu_kernel::{
    Error, Township, calendar,
    error::{Resource, Violations},
    fields,
};
use bangfu_platform::{
    auth::{Permit, admitted},
    db::TownshipTx,
};
use bangfu_proto::people::v1::{RetentionRun, RunRetentionRequest};
use tonic::Request;
use uuid::Uuid;

use crate::{
    People,
    model::{
        audit::Action,
        retention::{self, Kind, Rule},
    },
    store, wire,
};

pub(super) async fn handle(svc: &People, request: Request<RunRetentionRequest>) -> Result<RetentionRun, Error> {
    let (permit, request) = admitted(request)?;
    let (request_id, township) = decode(&permit, &request)?;

    let mut tx = svc.ground.db.township(&permit.at(township)?).await?;
    if request.validate_only {
        // The same work, taken back: the unit is dropped.
        return run(svc, &mut tx, true).await;
    }
    let ran = tx.once(request_id, &request, async |tx| run(svc, tx, false).await).await?;
    tx.commit().await?;

    Ok(ran)
}

async fn run(svc: &People, tx: &mut TownshipTx, validate_only: bool) -> Result<RetentionRun, Error> {
    store::township::find(tx).await?.ok_or(Error::NotFound(Resource::Township))?;
    let today = svc.ground.clock.today();
    let (mut counts, mut words, mut gone) = (Vec::new(), Vec::new(), Vec::new());
    for rule in retention::rules()? {
        let records = follow(svc, tx, &rule, &mut gone).await?;
        if records > 0 {
            words.push(format!("{:?} {records}", rule.kind));
        }
        counts.push(wire::retention::count(&rule, today, records));
    }
    if !validate_only {
        // Late: the trail is locked from here to the end.
        for person_id in gone {
            store::audit::append(tx, Action::Anonymise, Some(person_id), "").await?;
        }
        store::audit::append(tx, Action::RunRetention, None, &words.join(", ")).await?;
    }
    Ok(RetentionRun {
        township: tx.township().to_owned(),
        validate_only,
        as_of: Some(calendar::message(today)),
        counts,
    })
}

/// Follows one rule; how many records it took.
async fn follow(svc: &People, tx: &mut TownshipTx, rule: &Rule, gone: &mut Vec<Uuid>) -> Result<u64, Error> {
    let kept_from = rule.kept_from(svc.ground.clock.today());
    match rule.kind {
        Kind::ExitedPerson => {
            let people = anonymise::long_gone(svc, tx, kept_from).await?;
            gone.extend(&people);
            Ok(people.len() as u64)
        }
        Kind::TransferredPerson => {
            let people = anonymise::moved_on(svc, tx, kept_from).await?;
            gone.extend(&people);
            Ok(people.len() as u64)
        }
        Kind::ExitedRemark => store::retention::empty_remarks(tx, kept_from).await,
        Kind::SurveyNote => store::retention::empty_notes(tx, kept_from).await,
        Kind::RosterImport => store::retention::delete_imports(tx, calendar::midnight(kept_from)).await,
        Kind::RequestResult => tx.expire_requests().await,
        Kind::Audit => Ok(0),
    }
}

fn decode(permit: &Permit, request: &RunRetentionRequest) -> Result<(Uuid, Option<Township>), Error> {
    let mut faults = Violations::default();
    let request_id = fields::uuid("request_id", &request.request_id, &mut faults);
    let township = permit.named(&request.township, &mut faults);
    faults.check()?;
    Ok((request_id, township))
}
