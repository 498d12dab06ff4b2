//! Producers that die between their insert and their commit.

use std::process::Stdio;

use bangfu_testkit::{DADONG, databases};
use secrecy::{ExposeSecret as _, SecretString};
use tokio::{
    io::{AsyncBufReadExt as _, BufReader},
    sync::watch as signal,
};

use super::{
    promises,
    recording::{Fate, Recording, Unit},
    stage::{Stage, follow, open, permit},
};
use crate::{
    child,
    proxy::{Fault, Proxy, Which},
    row::Run,
    steps::until,
};

const DATABASE: &str = "BANGFU_TEST_DATABASE";
const URL: &str = "BANGFU_TEST_URL";
const CITY_URL: &str = "BANGFU_TEST_CITY_URL";
const WRITER: &str = "BANGFU_TEST_WRITER";
/// What a producer says of a unit that is committed; its number follows.
const COMMITTED: &str = "committed ";

/// Connections cut before COMMIT leaves the proxy: nothing is there. Cut before its answer comes: it is all there, though nobody
/// was told. Processes killed while their COMMIT is held: nothing is there. And others go on: the feed has no gap.
pub async fn a_producer_killed_between_insert_and_commit_leaves_nothing_behind(run: Run) {
    let stage = Stage::new().await;
    for fault in ["cut before COMMIT", "cut after COMMIT", "kill -9 before COMMIT"] {
        run.fault(fault, 0);
    }
    let (over, ends) = signal::channel(None);
    let watchers = [("steady", None), ("broken off", Some(run.chance(1)))];
    let watchers = watchers
        .map(|(name, breaks)| tokio::spawn(follow(stage.db.clone(), name.to_owned(), false, breaks, ends.clone())));
    let mut units = cut(&stage, &run).await;
    for writer in 0..run.of(2, 40) {
        units.extend(killed(&stage, 100 + writer, &run).await);
    }
    units.push(stage.told(1_000, 0, 1).await);
    over.send(Some(stage.head().await)).expect("watchers");
    let mut watches = Vec::new();
    for watcher in watchers {
        watches.push(watcher.await.expect("it watched"));
    }
    run.count("units", units.len() as u64);
    promises::hold(&Recording { units, watches }, run.seed());
    stage.end().await;
}

/// Connections cut about COMMIT.
async fn cut(stage: &Stage, run: &Run) -> Vec<Unit> {
    let proxy = Proxy::start(run.seed()).await;
    let db = open(&proxy.before(&Stage::settings(&stage.database).await)).await;
    let mut chance = run.chance(2);
    let mut units = Vec::new();
    for unit in 0..run.of(20, 1_000) {
        let fault = chance.of(&[None, Some(Fault::CutBefore), Some(Fault::CutAfter)]);
        let of = 1 + u32::try_from(chance.below(3)).expect("small");
        let tx = db.township(&permit(Some(DADONG))).await.expect("a unit");
        let (before, began) = (proxy.fired(), stage.tick());
        if let Some(fault) = fault {
            proxy.break_at(Which::Commit, fault);
        }
        let committed = stage.commit(tx, 1, unit, of).await;
        let fate = match (fault, &committed) {
            (None, Ok(_)) => Fate::Committed,
            (Some(Fault::CutBefore), Err(_)) => Fate::RolledBack,
            (Some(Fault::CutAfter), Err(_)) => Fate::Unknown,
            other => panic!("{other:?} (seed {})", run.seed()),
        };
        let fired = proxy.fired() - before;
        match fault {
            Some(Fault::CutBefore) => run.fault("cut before COMMIT", fired),
            Some(_) => run.fault("cut after COMMIT", fired),
            None => {}
        }
        units.push(committed.unwrap_or(Unit { writer: 1, number: unit, of, fate, began, ended: stage.tick() }));
    }
    db.close().await;
    units
}

/// A process that commits a few units and is killed while the COMMIT of another one waits in the proxy, which never hands it on.
async fn killed(stage: &Stage, writer: u32, run: &Run) -> Vec<Unit> {
    let proxy = Proxy::start(run.seed()).await;
    let settings = proxy.before(&Stage::settings(&stage.database).await);
    let mut child = child::command("producer")
        .env(DATABASE, &stage.database)
        .env(URL, settings.service_url.expose_secret())
        .env(CITY_URL, settings.city_url.expose_secret())
        .env(WRITER, writer.to_string())
        .stdout(Stdio::piped())
        .spawn()
        .expect("a process");
    let mut said = BufReader::new(child.stdout.take().expect("piped")).lines();
    let began = stage.tick();
    let mut committed = 0;
    let wanted = 2 + u32::try_from(run.chance(writer.into()).below(5)).expect("small");
    while committed < wanted {
        let line = said.next_line().await.expect("its output").expect("it lives");
        committed += u32::from(line.contains(COMMITTED));
    }
    let before = proxy.fired();
    proxy.break_at(Which::Commit, Fault::Held);
    until("a COMMIT is held", async || proxy.fired() > before).await;
    child.kill().await.expect("killed");
    // What it had sent never arrives: the proxy is not released, and gone in the end.
    proxy.cut();
    run.fault("kill -9 before COMMIT", proxy.fired() - before);
    while let Some(line) = said.next_line().await.expect("its output") {
        committed += u32::from(line.contains(COMMITTED));
    }
    let ended = stage.tick();
    (0..=committed)
        .map(|unit| {
            let fate = if unit < committed { Fate::Committed } else { Fate::RolledBack };
            Unit { writer, number: unit, of: of(unit), fate, began, ended }
        })
        .collect()
}

/// How many events a process's unit has.
fn of(unit: u32) -> u32 {
    1 + unit % 3
}

/// The life of a producer in a process of its own: units without end.
pub(crate) async fn life() {
    let set = |name| std::env::var(name).expect("told by its parent");
    let settings = bangfu_platform::db::Settings {
        service_url: SecretString::from(set(URL)),
        city_url: SecretString::from(set(CITY_URL)),
        connections: 1,
        ..databases::settings("followup", &set(DATABASE)).await
    };
    let db = open(&settings).await;
    let writer = set(WRITER).parse().expect("a number");
    for unit in 0.. {
        let mut tx = db.township(&permit(Some(DADONG))).await.expect("a unit");
        for event in super::recording::Tag::unit(writer, unit, of(unit)) {
            tx.emit(event);
        }
        tx.commit().await.expect("committed");
        println!("{COMMITTED}{unit}");
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    }
}
