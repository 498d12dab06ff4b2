//! Everybody at work while a key changes; a call that fails ends the test.

use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicU32, Ordering},
    },
};

use bangfu::client::{Client, people::send, request_id};
use bangfu_proto::people::v1::{RevealPersonRequest, RosterRow, RosterStart, UpdatePersonRequest};
use bangfu_testkit::{reason, sample};
use tokio::task::JoinSet;
use tonic::Status;

use crate::walls::get;

/// How many people there are.
pub(super) const PEOPLE: u32 = 2_000;

pub(super) fn row(n: u32, remark: &str) -> RosterRow {
    RosterRow { remark: remark.to_owned(), ..sample::row(n, i32::try_from(n).expect("few") + 2) }
}

pub(super) async fn import(client: &Client, rows: Vec<RosterRow>) -> Result<(), String> {
    let start = RosterStart { request_id: request_id(), ..Default::default() };
    send(client, start, rows).await.map(drop).map_err(|problem| problem.to_string())
}

pub(super) async fn reveal(client: &Client, person_id: &str) -> Result<(String, String, String), Status> {
    let request = RevealPersonRequest { person_id: person_id.to_owned(), reason: "电话核实".to_owned() };
    let shown = client.people().reveal_person(request).await?.into_inner();
    Ok((shown.name, shown.id_number, shown.phone))
}

/// Everybody calls again as soon as they are answered, until told to stop; how many calls were answered.
pub(super) struct Callers {
    stop: Arc<AtomicBool>,
    answered: Arc<AtomicU32>,
    calling: JoinSet<Result<(), String>>,
}

impl Callers {
    fn new() -> Self {
        Self { stop: Arc::default(), answered: Arc::default(), calling: JoinSet::new() }
    }

    fn add<F>(&mut self, call: impl Fn(u32) -> F + Send + 'static)
    where
        F: Future<Output = Result<(), String>> + Send,
    {
        let (stop, answered) = (Arc::clone(&self.stop), Arc::clone(&self.answered));
        self.calling.spawn(async move {
            let mut n = 0;
            while !stop.load(Ordering::SeqCst) {
                call(n).await?;
                n += 1;
                answered.fetch_add(1, Ordering::SeqCst);
            }
            Ok(())
        });
    }

    pub(super) async fn end(mut self) -> u32 {
        self.stop.store(true, Ordering::SeqCst);
        while let Some(ended) = self.calling.join_next().await {
            ended.expect("a caller").expect("no call failed");
        }
        self.answered.load(Ordering::SeqCst)
    }
}

/// What was written meanwhile: addresses by person.
pub(super) type Written = Arc<Mutex<BTreeMap<String, String>>>;

/// On two replicas: people read masked and in full, a roster imported over and over, addresses changed.
pub(super) fn everybody_works(clerk: &Client, there: &Client, ids: &Arc<Vec<String>>) -> (Callers, Written) {
    let mut callers = Callers::new();
    for client in [clerk.clone(), clerk.clone(), there.clone(), there.clone()] {
        let ids = Arc::clone(ids);
        callers.add(move |n| {
            let (client, id) = (client.clone(), ids[(n as usize * 37) % ids.len()].clone());
            async move {
                let person = get(&client, &id).await.map_err(|status| format!("GetPerson: {status:?}"))?;
                if person.person_id == id { Ok(()) } else { Err("somebody else".to_owned()) }
            }
        });
    }
    for client in [clerk.clone(), there.clone()] {
        let ids = Arc::clone(ids);
        callers.add(move |n| {
            let (client, id) = (client.clone(), ids[(n as usize * 61) % ids.len()].clone());
            async move { reveal(&client, &id).await.map(drop).map_err(|status| format!("RevealPerson: {status:?}")) }
        });
    }
    let importer = there.clone();
    callers.add(move |n| {
        let client = importer.clone();
        // Some of them are known and change, some are new.
        let rows = (n * 40..n * 40 + 200).map(|m| row(m % PEOPLE, &format!("第{n}次")));
        let rows: Vec<_> = rows.chain((0..5).map(|m| row(10_000 + n * 5 + m, "新")).collect::<Vec<_>>()).collect();
        async move { import(&client, rows).await }
    });
    let (updater, of_updater, written) = (clerk.clone(), Arc::clone(ids), Written::default());
    let addresses = Arc::clone(&written);
    callers.add(move |n| {
        let (client, person_id) = (updater.clone(), of_updater[(n as usize * 17) % of_updater.len()].clone());
        let addresses = Arc::clone(&addresses);
        async move {
            let known = get(&client, &person_id).await.map_err(|status| format!("GetPerson: {status:?}"))?;
            let request = UpdatePersonRequest {
                request_id: request_id(),
                person_id: person_id.clone(),
                address: format!("示范路{n}号"),
                update_mask: Some(prost_types::FieldMask { paths: vec!["address".to_owned()] }),
                etag: known.etag,
                ..Default::default()
            };
            match client.people().update_person(request).await {
                // The import was there first.
                Err(status) if reason(&status) == "ETAG_STALE" => Ok(()),
                Err(status) => Err(format!("UpdatePerson: {status:?}")),
                Ok(_) => {
                    addresses.lock().expect("whole").insert(person_id, format!("示范路{n}号"));
                    Ok(())
                }
            }
        }
    });
    (callers, written)
}
