//! Takes a roster, row by row: all of it in one unit of work, or nothing.

use bangfu_kernel::{Error, fields};
use bangfu_platform::{auth::admitted, id};
use bangfu_proto::people::v1::{
    ImportRosterRequest, RosterImport, RosterRows, RosterStart, import_roster_request::Part,
};
use tonic::{Request, Streaming};

use crate::{
    People, blocking,
    model::{audit::Action, membership::Source},
    register::{
        self, Effect,
        intake::{Intake, Taken},
    },
    rpc::parts,
    store::{self, roster_import::NewImport},
    wire::roster::report,
};

pub(super) async fn handle(
    svc: &People,
    request: Request<Streaming<ImportRosterRequest>>,
) -> Result<RosterImport, Error> {
    let (permit, mut parts) = admitted(request)?;
    // No session is held while the caller sends: a slow one costs memory, not a connection.
    let Taken { start, judged, content } = parts::in_time(&permit, taken(svc, &mut parts)).await?;
    let (people, verdicts) = (judged.accepted, judged.verdicts);

    let mut tx = svc.ground.db.township(&permit).await?;
    let Some(request_id) = start.request_id else {
        let met = register::many(&mut tx, &svc.vault, people, Source::OF_A_ROSTER, Effect::DryRun).await?;
        return Ok(report(None, start.ledger_on, verdicts, met));
    };
    let import = tx
        .once_as(request_id, &content, async |tx| {
            let registered = register::many(tx, &svc.vault, people, Source::OF_A_ROSTER, Effect::Write).await?;
            let import_id = id::new(&svc.ground.clock);
            let import = report(Some(import_id), start.ledger_on, verdicts, registered);
            let new = NewImport {
                import_id,
                ledger_on: start.ledger_on,
                file_name: &start.file_name,
                accepted: import.accepted,
                merged: import.merged,
                rejected: import.rejected,
            };
            store::roster_import::insert(tx, &new).await?;
            store::audit::append(tx, Action::Import, None, &format!("import {import_id}")).await?;
            Ok(import)
        })
        .await?;
    tx.commit().await?;

    Ok(import)
}

/// The whole roster, judged as it comes in; raw rows are gone with their part.
async fn taken(svc: &People, parts: &mut Streaming<ImportRosterRequest>) -> Result<Taken, Error> {
    let first = started(parts::next(parts, |request| request.part).await?)?;
    let mut intake = Intake::begin(&first, svc.ground.clock.today())?;
    while let Some(part) = parts::next(parts, |request| request.part).await? {
        let rows = rows(part)?;
        intake = blocking::run(move || intake.take(rows)).await?;
    }
    blocking::run(move || intake.finish()).await
}

fn started(first: Option<Part>) -> Result<RosterStart, Error> {
    match first {
        Some(Part::Start(start)) => Ok(start),
        Some(Part::Rows(_)) | None => Err(Error::field("start", fields::required())),
    }
}

fn rows(part: Part) -> Result<RosterRows, Error> {
    match part {
        Part::Rows(rows) => Ok(rows),
        Part::Start(_) => Err(Error::field("start", parts::once_rule())),
    }
}
