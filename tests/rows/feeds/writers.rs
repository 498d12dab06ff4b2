//! Twelve writers at once, and watchers that break off: the six promises.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use bangfu_platform::feed;
use bangfu_testkit::LIBAO;
use sqlx::Connection as _;
use tokio::{sync::watch as signal, task::JoinSet};

use super::{
    promises,
    recording::{Fate, Recording, Tag, Unit},
    stage::{Stage, follow},
};
use crate::{chance::Chance, row::Run};

const WRITERS: u32 = 12;

/// Writers with random delays of whose transactions one in twenty is rolled back, a transaction that is open all the time in the
/// same township and one elsewhere; watchers of the township and of the city, some of which break off all the time.
pub async fn twelve_writers_keep_the_six_promises(run: Run) {
    let stage = Arc::new(Stage::new().await);
    for fault in ["rolled back", "overlapped", "watches broken off", "transaction open elsewhere all the time"] {
        run.fault(fault, 0);
    }
    let (over, ends) = signal::channel(None);
    let mut watchers = JoinSet::new();
    for n in 0..8_u64 {
        let breaks = (n >= 3).then(|| run.chance(100 + n));
        let name = format!("watcher {n}{}", if breaks.is_some() { ", broken off" } else { "" });
        watchers.spawn(follow(stage.db.clone(), name, n % 2 == 1, breaks, ends.clone()));
    }
    // Elsewhere: it holds another township's feed, and a snapshot from before everything.
    let mut elsewhere = stage.look().await;
    let mut long = elsewhere.begin().await.expect("a transaction");
    sqlx::raw_sql("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ").execute(&mut *long).await.expect("set");
    sqlx::query("UPDATE feed_head SET seq = seq WHERE township = $1")
        .bind(LIBAO)
        .execute(&mut *long)
        .await
        .expect("held");
    // Here: it begins before all others and is committed after them.
    let first = stage.unit().await;

    let (units, under_way) = (run.of(25, 500), Arc::new(AtomicU64::new(0)));
    let mut writers = JoinSet::new();
    for writer in 1..=WRITERS {
        let (stage, under_way, run) = (Arc::clone(&stage), Arc::clone(&under_way), run.clone());
        writers.spawn(async move {
            let mut chance = run.chance(writer.into());
            let mut written = Vec::new();
            for unit in 0..units {
                written.push(write(&stage, &mut chance, (writer, unit), &under_way, &run).await);
            }
            written
        });
    }
    let mut units = writers.join_all().await.concat();
    units.push(stage.commit(first, 0, 0, 2).await.expect("committed, last of all"));
    let told: i64 =
        sqlx::query_scalar("SELECT count(*) FROM event").fetch_one(&mut *long).await.expect("it is still open");
    assert_eq!(told, 0, "it sees what was there when it began (seed {})", run.seed());
    long.commit().await.expect("it comes to its end");
    run.fault("transaction open elsewhere all the time", 1);
    over.send(Some(stage.head().await)).expect("watchers");

    let watches = watchers.join_all().await;
    let breaks: usize = watches.iter().map(|watch| watch.segments().count() - 1).sum();
    run.fault("watches broken off", breaks as u64);
    run.count("units", units.len() as u64);
    run.count("events watched", watches.iter().map(|watch| watch.events().count() as u64).sum());
    run.count("promises checked", promises::ALL.len() as u64);
    promises::hold(&Recording { units, watches }, run.seed());
    Arc::into_inner(stage).expect("nobody else has it").end().await;
}

/// One unit of work, with its delays; it may be given up, some after their numbers were taken.
async fn write(
    stage: &Stage,
    chance: &mut Chance,
    (writer, unit): (u32, u32),
    under_way: &AtomicU64,
    run: &Run,
) -> Unit {
    let of = 1 + u32::try_from(chance.below(3)).expect("small");
    let mut pause = async |milliseconds| {
        let milliseconds = u64::try_from(chance.below(milliseconds)).expect("small");
        tokio::time::sleep(Duration::from_millis(milliseconds)).await;
    };
    pause(4).await;
    run.fault("overlapped", u64::from(under_way.fetch_add(1, Ordering::SeqCst) > 0));
    let mut tx = stage.unit().await;
    sqlx::query("SELECT count(*) FROM event").execute(&mut tx).await.expect("some work");
    pause(6).await;
    let given_up = chance.one_in(20);
    let written = if given_up {
        let began = stage.tick();
        if chance.one_in(2) {
            // It has the head, and lets all others wait; then it goes, and so do its numbers.
            feed::append(&mut tx, Tag::unit(writer, unit, of)).await.expect("appended");
        }
        drop(tx);
        run.fault("rolled back", 1);
        Unit { writer, number: unit, of, fate: Fate::RolledBack, began, ended: stage.tick() }
    } else {
        stage.commit(tx, writer, unit, of).await.expect("committed")
    };
    under_way.fetch_sub(1, Ordering::SeqCst);
    written
}
