//! Ten times as many calls as the server can serve.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::Duration,
};

use bangfu::client::{Client, request_id};
use bangfu_proto::followup::v1::{Coordinator, ListCoordinatorsRequest, PutCoordinatorRequest};
use bangfu_testkit::{City, DADONG, LIBAO, reason};
use tokio::{task::JoinSet, time::Instant};
use tonic::{Code, Status};

use super::server::{Served, Wanted};
use crate::{chance::Chance, proxy::Proxy, row::Run};

/// Sessions with a database: 64 calls at work.
const SESSIONS: u32 = 4;
/// Milliseconds that the way to the database takes, either way.
const ROUND_TRIP: std::ops::Range<u64> = 8..12;
/// Callers who wait for their answer before they ask again: as many as there is room for.
const CALLERS: usize = 32;
/// Connections of those who do not wait.
const CONNECTIONS: usize = 32;
/// Calls that may be without an answer at once, all in all: this process is finite, too.
const UNANSWERED: u64 = 4_000;

/// What came of some calls.
#[derive(Debug, Default)]
struct Tally {
    served: AtomicU64,
    refused: AtomicU64,
    unanswered: AtomicU64,
    /// How long refusals took, in microseconds.
    waits: std::sync::Mutex<Vec<u64>>,
    /// Anything but an answer or a refusal for want of room.
    wrong: std::sync::Mutex<Vec<Status>>,
}

/// Those for whom there is no room are told so at once; the others are served nearly as fast as without them; afterwards
/// everything is as before.
pub async fn ten_times_the_load_is_refused_at_once_and_the_rest_is_served(run: Run) {
    let mut city = City::new().await;
    city.settle().await;
    // The database is what there is too little of, as it is on every bad day: each round trip takes its time.
    let proxy = Proxy::start(run.seed()).await;
    let wanted = Wanted { sessions: SESSIONS, one_core: true, ..Wanted::default() };
    let served = Served::start_unsettled(&mut city, wanted, Some(&proxy)).await;
    proxy.delay(ROUND_TRIP);
    let clients: Vec<_> =
        (0..CONNECTIONS).map(|n| served.clerk(&city, "clerk-1", if n % 2 == 0 { DADONG } else { LIBAO })).collect();
    for client in &clients {
        call(client, &mut run.chance(0)).await.expect("served");
    }
    let time = run.of(Duration::from_secs(3), Duration::from_secs(30));
    let capacity = closed(&clients, time, run.chance(1)).await;
    run.count("capacity, calls a second", capacity);

    run.fault("calls for which there is no room", 0);
    let tally = offered(&clients, capacity * 10, time, run.chance(2)).await;
    let seconds = time.as_secs();
    let (good, refused) = (tally.served.load(Ordering::SeqCst) / seconds, tally.refused.load(Ordering::SeqCst));
    let mut waits = std::mem::take(&mut *tally.waits.lock().expect("whole"));
    waits.sort_unstable();
    let at = |percent: usize| waits.get(waits.len() * percent / 100).copied().unwrap_or_default() / 1_000;
    run.fault("calls for which there is no room", refused);
    run.count("goodput, calls a second", good);
    run.count("goodput, percent of capacity", good * 100 / capacity.max(1));
    run.count("refusals, ms at the median", at(50));
    run.count("refusals, ms at the 99th percentile", at(99));
    run.count("calls not offered, for this process was full", tally.unanswered.load(Ordering::SeqCst));
    let wrong = std::mem::take(&mut *tally.wrong.lock().expect("whole"));
    assert!(wrong.is_empty(), "{} neither served nor refused: {:?} (seed {})", wrong.len(), wrong[0], run.seed());

    let begun = Instant::now();
    // Other tests run beside a quick run: it shows that refusals are refusals and that others are served, no figures.
    let enough = capacity * run.of(20, 80) / 100;
    let mut again = 0;
    while again < enough && begun.elapsed() < Duration::from_secs(30) {
        again = closed(&clients, Duration::from_secs(1), run.chance(3)).await;
    }
    run.count("ms to recover", u64::try_from(begun.elapsed().as_millis()).expect("short"));
    assert!(again >= enough, "{again} of {capacity} calls a second half a minute later (seed {})", run.seed());
    let percent = good * 100 / capacity.max(1);
    assert!(percent >= run.of(10, 80), "{percent} % of {capacity} calls a second (seed {})", run.seed());
    assert!(at(99) < run.of(5_000, 50), "{} ms for a refusal (seed {})", at(99), run.seed());
    served.end().await;
    city.close().await;
}

/// One call in four writes.
async fn call(client: &Client, chance: &mut Chance) -> Result<(), Status> {
    let mut followup = client.followup();
    if chance.one_in(4) {
        let coordinator = Coordinator { name: format!("协理员{}", chance.below(40)), ..Default::default() };
        let request = PutCoordinatorRequest { request_id: request_id(), coordinator: Some(coordinator) };
        followup.put_coordinator(request).await.map(drop)
    } else {
        followup.list_coordinators(ListCoordinatorsRequest::default()).await.map(drop)
    }
}

/// Calls a second served to callers who wait for their answers.
async fn closed(clients: &[Client], time: Duration, mut chance: Chance) -> u64 {
    let (over, mut callers) = (Arc::new(AtomicBool::new(false)), JoinSet::new());
    for client in clients.iter().cycle().take(CALLERS) {
        let client = client.clone();
        let (over, mut chance) = (Arc::clone(&over), Chance::new(u64::try_from(chance.below(1 << 20)).unwrap_or(1)));
        callers.spawn(async move {
            let mut served = 0;
            while !over.load(Ordering::SeqCst) {
                match call(&client, &mut chance).await {
                    Ok(()) => served += 1,
                    // Whoever was refused comes again, as the contract has it.
                    Err(status) => assert!(is_room(&status), "{status:?}"),
                }
            }
            served
        });
    }
    tokio::time::sleep(time).await;
    over.store(true, Ordering::SeqCst);
    let served: u64 = callers.join_all().await.into_iter().sum();
    served * 1_000 / u64::try_from(time.as_millis()).expect("short")
}

/// So many calls a second, whatever becomes of them.
async fn offered(clients: &[Client], rate: u64, time: Duration, mut chance: Chance) -> Arc<Tally> {
    let (tally, mut calls) = (Arc::new(Tally::default()), JoinSet::new());
    let (begun, mut sent) = (Instant::now(), 0);
    let unanswered = Arc::new(AtomicU64::new(0));
    let mut tick = tokio::time::interval(Duration::from_millis(5));
    while begun.elapsed() < time {
        tick.tick().await;
        let due = u64::try_from(begun.elapsed().as_millis()).expect("short") * rate / 1_000;
        while sent < due {
            sent += 1;
            if unanswered.load(Ordering::SeqCst) >= UNANSWERED {
                tally.unanswered.fetch_add(1, Ordering::SeqCst);
                continue;
            }
            let client = clients[chance.below(clients.len())].clone();
            let (tally, unanswered) = (Arc::clone(&tally), Arc::clone(&unanswered));
            let mut chance = Chance::new(sent);
            unanswered.fetch_add(1, Ordering::SeqCst);
            calls.spawn(async move {
                let asked = Instant::now();
                let answer = call(&client, &mut chance).await;
                unanswered.fetch_sub(1, Ordering::SeqCst);
                match answer {
                    // Later answers are not of this time.
                    Ok(()) if begun.elapsed() > time => {}
                    Ok(()) => {
                        tally.served.fetch_add(1, Ordering::SeqCst);
                    }
                    Err(status) if is_room(&status) => {
                        tally.refused.fetch_add(1, Ordering::SeqCst);
                        let waited = u64::try_from(asked.elapsed().as_micros()).unwrap_or(u64::MAX);
                        tally.waits.lock().expect("whole").push(waited);
                    }
                    Err(status) => tally.wrong.lock().expect("whole").push(status),
                }
            });
            while calls.try_join_next().is_some() {}
        }
    }
    calls.join_all().await;
    tally
}

fn is_room(status: &Status) -> bool {
    status.code() == Code::ResourceExhausted && reason(status) == "OVERLOADED"
}
