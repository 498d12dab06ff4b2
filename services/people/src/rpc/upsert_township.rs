//! Enters a township in the directory, with its data key and its feed, or changes its name.

use bangfu_kernel::{Error, Township, error::Violations, fields};
use bangfu_platform::{auth::admitted, db::TownshipTx, feed, id};
use bangfu_proto::people::v1::{self as proto, UpsertTownshipRequest};
use rand::{SeedableRng as _, rngs::StdRng};
use tonic::Request;
use uuid::Uuid;

use crate::{
    People,
    model::{audit::Action, township::Entry},
    store, wire,
};

pub(super) async fn handle(svc: &People, request: Request<UpsertTownshipRequest>) -> Result<proto::Township, Error> {
    let (permit, request) = admitted(request)?;
    let (request_id, code, name) = decode(&request, &svc.ground.city)?;

    let mut tx = svc.ground.db.township(&permit.at(Some(code))?).await?;
    let entry = tx
        .once(request_id, &request, async |tx| {
            let entry = if request.etag.is_empty() && store::township::insert(tx, &name).await? {
                enter(svc, tx, name).await?
            } else {
                change(tx, name, &request.etag).await?
            };
            Ok(wire::township::message(&entry))
        })
        .await?;
    tx.commit().await?;

    Ok(entry)
}

/// A new township: without key and feed nothing can be written in it.
async fn enter(svc: &People, tx: &mut TownshipTx, name: String) -> Result<Entry, Error> {
    let key = svc.vault.new_key(tx.code(), 1, &mut StdRng::from_os_rng())?;
    store::township_key::insert(tx, &key).await?;
    feed::open(tx, id::new(&svc.ground.clock)).await?;
    told(tx, &name).await?;
    Ok(Entry { township: tx.code().clone(), name, version: 1 })
}

/// A township that stands in the directory. The same name again changes nothing.
async fn change(tx: &mut TownshipTx, name: String, etag: &str) -> Result<Entry, Error> {
    let mut entry = store::township::lock(tx).await?.ok_or(Error::EtagStale)?;
    if !etag.is_empty() && etag != entry.etag() {
        return Err(Error::EtagStale);
    }
    if entry.name != name {
        entry.version = store::township::rename(tx, &name).await?;
        told(tx, &name).await?;
        entry.name = name;
    }
    Ok(entry)
}

async fn told(tx: &mut TownshipTx, name: &str) -> Result<(), Error> {
    tx.emit(wire::event::township_changed(name));
    store::audit::append(tx, Action::UpsertTownship, None, name).await
}

fn decode(request: &UpsertTownshipRequest, city: &str) -> Result<(Uuid, Township, String), Error> {
    let mut faults = Violations::default();
    let request_id = fields::uuid("request_id", &request.request_id, &mut faults);
    let name = fields::text("name", &request.name, 1, 64, &mut faults);
    let code = fields::optional_township("code", &request.code, &mut faults);
    match &code {
        None if request.code.is_empty() => faults.add("code", fields::required()),
        Some(code) if code.city() != city => {
            faults.add("code", fields::rule("must begin with the city's six digits", "前六位应为本市代码"));
        }
        // The city keeps its own results under its own code.
        Some(code) if code.as_str() == city => {
            faults.add("code", fields::rule("must be longer than the city's own code", "应为区镇代码，不能是本市代码"));
        }
        _ => {}
    }
    faults.check()?;
    let code = code.ok_or_else(|| Error::internal("a township code without faults is missing"))?;
    Ok((request_id, code, name))
}
