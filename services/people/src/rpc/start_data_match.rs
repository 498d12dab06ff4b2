//! Takes a department's list, row by row, and holds it against the register. Nobody is changed by it.

use std::sync::Arc;

use bangfu_kernel::{Error, fields};
use bangfu_platform::{
    auth::{Permit, admitted},
    db::TownshipTx,
    id,
};
use bangfu_proto::people::v1::{
    self as proto, DataMatchKind, DataMatchStart, DataMatchState, ListedRows, StartDataMatchRequest,
    start_data_match_request::Part,
};
use rand::{SeedableRng as _, rngs::StdRng};
use tonic::{Request, Streaming};
use uuid::Uuid;

use crate::{
    People, blocking,
    data_match::{
        self,
        intake::{Intake, Taken},
        sealed,
    },
    model::{
        audit::Action,
        data_match::{DataMatch, Met, Row, Told, kind_word},
    },
    register::Effect,
    roster::report,
    rpc::parts,
    store::{self, data_match_row::Columns},
    vault::TownshipKey,
};

/// Rows handled with one set of statements.
const BATCH: usize = 5_000;

pub(super) async fn handle(
    svc: &People,
    request: Request<Streaming<StartDataMatchRequest>>,
) -> Result<proto::DataMatch, Error> {
    let (permit, mut parts) = admitted(request)?;
    // No session is held while the caller sends: a slow one costs memory, not a connection.
    let Taken { start, rows, content } = parts::in_time(&permit, taken(svc, &mut parts)).await?;
    let new = DataMatch {
        match_id: id::new(&svc.ground.clock),
        department: start.department,
        list_name: start.list_name,
        list_on: start.list_on,
        group: start.group,
        state: DataMatchState::Open,
        content,
        rows: i32::try_from(rows.len()).map_err(Error::internal)?,
        started_by: permit.caller().subject.clone(),
        started_at: svc.ground.clock.now(),
        committed_by: None,
        committed_at: None,
    };

    let known = known(svc, &permit, &new.content).await?;
    let batches = if known { Vec::new() } else { met(svc, &permit, rows, &new).await? };
    let mut tx = svc.ground.db.township(&permit).await?;
    let key = store::township_key::get(&mut tx, &svc.vault).await?;
    let answer = tx
        .once_as(start.request_id, &new.content, async |tx| {
            if !store::data_match::insert(tx, &new).await? {
                let there = store::data_match::find(tx, &new.content).await?;
                let there = there.ok_or_else(|| Error::Conflict("the same list is gone in the meantime".into()))?;
                return data_match::told(tx, &there).await;
            }
            if known {
                return Err(Error::Conflict("the same list expired in the meantime".into()));
            }
            for batch in batches {
                enter(tx, &key, new.match_id, batch).await?;
            }
            store::audit::append(tx, Action::StartDataMatch, None, &format!("match {}", new.match_id)).await?;
            data_match::told(tx, &new).await
        })
        .await?;
    tx.commit().await?;

    Ok(answer)
}

/// The whole list, judged as it comes in; raw rows are gone with their part.
async fn taken(svc: &People, parts: &mut Streaming<StartDataMatchRequest>) -> Result<Taken, Error> {
    let first = started(parts::next(parts, |request| request.part).await?)?;
    let mut intake = Intake::begin(&first, svc.ground.clock.today())?;
    while let Some(part) = parts::next(parts, |request| request.part).await? {
        let rows = rows(part)?;
        intake = blocking::run(move || intake.take(rows)).await?;
    }
    blocking::run(move || intake.finish()).await
}

fn started(first: Option<Part>) -> Result<DataMatchStart, Error> {
    match first {
        Some(Part::Start(start)) => Ok(start),
        Some(Part::Rows(_)) | None => Err(Error::field("start", fields::required())),
    }
}

fn rows(part: Part) -> Result<ListedRows, Error> {
    match part {
        Part::Rows(rows) => Ok(rows),
        Part::Start(_) => Err(Error::field("start", parts::once_rule())),
    }
}

/// Whether the same list is there; what is overdue is wiped first.
async fn known(svc: &People, permit: &Permit, content: &[u8]) -> Result<bool, Error> {
    let mut tx = svc.ground.db.township(permit).await?;
    store::data_match::expire(&mut tx).await?;
    let there = store::data_match::find(&mut tx, content).await?;
    tx.commit().await?;
    Ok(there.is_some())
}

/// How each row meets the register; `None`: it does not come to that.
type Batch = Vec<(Row, Option<Met>)>;

/// Rows are compared batch by batch, each in a unit of its own, which is dropped.
async fn met(svc: &People, permit: &Permit, rows: Vec<Row>, new: &DataMatch) -> Result<Vec<Batch>, Error> {
    let origin = new.origin();
    let (mut rows, mut batches) = (rows.into_iter(), Vec::new());
    loop {
        let batch = rows.by_ref().take(BATCH).collect::<Vec<_>>();
        if batch.is_empty() {
            return Ok(batches);
        }
        let listed = batch.iter().filter_map(|row| match &row.told {
            Told::Somebody(listed) => Some((**listed).clone()),
            Told::Duplicate | Told::Invalid => None,
        });
        let listed = listed.collect::<Vec<_>>();
        let mut tx = svc.ground.db.township(permit).await?;
        let mut met = data_match::meet(&mut tx, &svc.vault, &listed, &origin, Effect::DryRun).await?.into_iter();
        drop(tx);
        let of = |row: &Row| matches!(row.told, Told::Somebody(_));
        batches.push(
            batch
                .into_iter()
                .map(|row| (of(&row), row))
                .map(|(of, row)| (row, if of { met.next() } else { None }))
                .collect(),
        );
    }
}

/// Seals a batch off the serving threads, and enters it.
async fn enter(tx: &mut TownshipTx, key: &Arc<TownshipKey>, match_id: Uuid, batch: Batch) -> Result<(), Error> {
    let (key, clock) = (Arc::clone(key), tx.clock().clone());
    let columns = blocking::run(move || {
        let mut chance = StdRng::from_os_rng();
        let mut columns = Columns::default();
        for (row, met) in batch {
            let row_id = id::new(&clock);
            let (kind, differing) = match (&row.told, &met) {
                (Told::Somebody(_), Some(met)) => met.kind(),
                (Told::Duplicate, _) => (DataMatchKind::Duplicate, [].as_slice()),
                (Told::Invalid | Told::Somebody(_), _) => (DataMatchKind::Invalid, [].as_slice()),
            };
            columns.number.push(row.number);
            columns.row_id.push(row_id);
            columns.kind.push(kind_word(kind));
            columns.codes.push(row.codes.into_iter().map(report::code_word).collect::<Vec<_>>().join(","));
            columns.differing.push(differing.join(","));
            columns.unread.push(row.unread.join(","));
            columns.sealed.push(match &row.told {
                Told::Somebody(listed) => Some(sealed::seal(&key, row_id, listed, &mut chance)?),
                Told::Duplicate | Told::Invalid => None,
            });
        }
        Ok(columns)
    })
    .await?;
    store::data_match_row::insert(tx, match_id, &columns).await
}
