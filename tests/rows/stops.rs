//! A process that is told to stop ends in time, in order, and without anybody losing a call.

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicU32, Ordering},
    },
    time::Duration,
};

use bangfu::client::Client;
use bangfu_kernel::Role;
use bangfu_platform::peers::{Peer, PeerSettings, Resolve, TokenSource};
use bangfu_proto::{
    common::v1::Cursor,
    people::v1::{
        ListPeopleRequest, PersonEvent, RegisterPersonRequest, WatchPeopleRequest, WatchPeopleResponse,
        people_service_client::PeopleServiceClient, watch_people_response::Item,
    },
};
use bangfu_testkit::{City, DADONG, reason, sample};
use sqlx::{Connection as _, PgConnection};
use tokio::{
    io::AsyncReadExt as _,
    net::TcpStream,
    task::JoinSet,
    time::{Instant, timeout},
};
use tonic::{Code, Status, Streaming};

use super::shell::frames::{DATA, END_HEADERS, HEADERS, Raw, call, frame};
use crate::{
    row::Run,
    served::{ANYWHERE, Served},
    steps::until,
};

/// Longer than a loaded machine takes for anything here.
const PATIENCE: Duration = Duration::from_mins(1);
/// From the signal to the end of the process.
const LIMIT: Duration = Duration::from_secs(25);

/// The Watch ends with the cursor to go on from and STOPPING, the silent connection is closed, the call in flight is
/// answered, the exit code is 0. In every fifth round of a long run the call hangs for good, and the process ends all the same.
pub async fn a_process_that_is_told_to_stop_ends_in_time_with_a_watch_a_silent_connection_and_a_call_open(run: Run) {
    let city = City::with(|plan| plan.followup = None).await;
    run.count("stops in time", 0);
    run.fault("SIGTERM with a watch, a silent connection and a call open", 0);
    for round in 0..run.of(2, 20) {
        let hangs = run.of(false, round % 5 == 4);
        let served =
            Served::start(&city, ANYWHERE, run.of(Duration::from_millis(300), Duration::from_secs(2)), true).await;
        let clerk =
            Client::on(served.channel(), &city.token("clerk-1", &[Role::Clerk], Some(DADONG))).expect("a client");
        clerk.people().register_person(sample::person(round * 2)).await.expect("registered");

        let watch = clerk.people().watch_people(WatchPeopleRequest::default()).await.expect("a watch");
        let mut watch = watch.into_inner();
        let last = bookmark(&mut watch).await;
        let mut silent = TcpStream::connect(served.address).await.expect("a connection");
        // What waits for a lock gives up by itself after ten seconds; who sends a request byte by byte does not.
        let drips = if hangs { Some(Drips::start(&served, &city).await) } else { None };
        let mut lock = Lock::of_requests(&city).await;
        let call = tokio::spawn({
            let clerk = clerk.clone();
            async move { clerk.people().register_person(sample::person(round * 2 + 1)).await }
        });
        lock.is_waited_for().await;

        let told = served.tell().await;
        run.fault("SIGTERM with a watch, a silent connection and a call open", 1);
        let (cursor, ended) = end(&mut watch).await;
        assert_eq!(cursor, Some(last), "the watch does not say where it ends");
        assert_eq!((ended.code(), reason(&ended).as_str()), (Code::Cancelled, "STOPPING"));
        let closed = timeout(PATIENCE, silent.read(&mut [0])).await.expect("the silent one is closed");
        assert!(matches!(closed, Ok(0) | Err(_)), "it is closed, not answered");
        lock.release().await;
        call.await.expect("no panic").expect("the call in flight is answered");
        run.count("calls in flight answered", 1);
        let status = served.ended().await;
        if let Some(drips) = drips {
            assert!(told.elapsed() > Duration::from_secs(15), "nothing was left to be cut");
            assert!(drips.end().await, "it is cut, not answered");
            run.count("calls cut that hung for good", 1);
        }
        let took = told.elapsed();
        assert_eq!(status.code(), Some(0), "round {round}");
        assert!(took < LIMIT, "round {round}: {took:?}");
        run.count("stops in time", 1);
        drop(lock);
    }
    city.close().await;
}

/// Reads on to the next bookmark; how far it says that nothing was missed.
async fn bookmark(watch: &mut Streaming<WatchPeopleResponse>) -> Cursor {
    let mut seen = 0;
    loop {
        let message =
            timeout(PATIENCE, watch.message()).await.expect("in time").expect("it goes on").expect("it goes on");
        match message.item.expect("an item") {
            Item::Event(PersonEvent { cursor, .. }) => seen = cursor.expect("a cursor").seq,
            Item::Bookmark(bookmark) => {
                let cursor = bookmark.cursor.expect("a cursor");
                assert!(seen == 0 || cursor.seq == seen, "a bookmark at {} after event {seen}", cursor.seq);
                return cursor;
            }
        }
    }
}

/// Reads to the end: the last bookmark on the way, and how it ended.
async fn end(watch: &mut Streaming<WatchPeopleResponse>) -> (Option<Cursor>, Status) {
    let mut last = None;
    loop {
        match timeout(PATIENCE, watch.message()).await.expect("it ends") {
            Ok(Some(WatchPeopleResponse { item: Some(Item::Bookmark(bookmark)) })) => last = bookmark.cursor,
            Ok(message) => panic!("nothing has happened, and it has an end: {message:?}"),
            Err(status) => return (last, status),
        }
    }
}

/// A request that comes a byte at a time, for longer than the server takes to stop.
struct Drips(tokio::task::JoinHandle<Raw>);

impl Drips {
    async fn start(served: &Served, city: &City) -> Self {
        let headers =
            call("/bangfu.people.v1.PeopleService/ListPeople", &city.token("clerk-1", &[Role::Clerk], Some(DADONG)));
        let mut raw = Raw::connect(served.address).await;
        raw.send(&frame(HEADERS, END_HEADERS, 1, &headers)).await;
        raw.send(&frame(DATA, 0, 1, &[0, 0, 0, 0, 100])).await;
        Self(tokio::spawn(async move {
            while raw.send(&frame(DATA, 0, 1, b"x")).await {
                tokio::time::sleep(Duration::from_secs(2)).await;
            }
            raw
        }))
    }

    /// Whether the connection is gone.
    async fn end(self) -> bool {
        let raw = timeout(PATIENCE, self.0).await.expect("it is cut").expect("no panic");
        raw.end(PATIENCE).await.is_some()
    }
}

/// A lock on the table that every writing call needs.
struct Lock {
    holds: Option<PgConnection>,
    looks: PgConnection,
}

impl Lock {
    async fn of_requests(city: &City) -> Self {
        let mut holds = city.look("people").await;
        sqlx::raw_sql("BEGIN; LOCK TABLE request IN ACCESS EXCLUSIVE MODE").execute(&mut holds).await.expect("a lock");
        Self { holds: Some(holds), looks: city.look("people").await }
    }

    async fn is_waited_for(&mut self) {
        until("a call waits for the lock", async || {
            let waiting = "SELECT EXISTS (SELECT FROM pg_locks WHERE relation = 'request'::regclass AND NOT granted)";
            sqlx::query_scalar(waiting).fetch_one(&mut self.looks).await.expect("a look")
        })
        .await;
    }

    async fn release(&mut self) {
        if let Some(holds) = self.holds.take() {
            holds.close().await.expect("closed");
        }
    }
}

/// Two replicas on two addresses that stay; our own balancing client before them, with reads and writes all the time.
pub async fn no_call_fails_while_two_replicas_are_restarted_in_turn(run: Run) {
    let lame_duck = run.of(Duration::from_millis(300), Duration::from_secs(2));
    let city = City::with(|plan| plan.followup = None).await;
    let mut replicas = [
        Served::start(&city, ANYWHERE, lame_duck, false).await,
        Served::start(&city, ANYWHERE, lame_duck, false).await,
    ];
    let before = told(&city).await;
    let load = Load::begin(&city, replicas.each_ref().map(|replica| replica.address), run.of(4, 8));
    run.fault("a replica restarted under load", 0);

    load.goes_on(50).await;
    for turn in 0..run.of(4, 20) {
        let address = replicas[turn % 2].address;
        replicas[turn % 2].tell().await;
        let before = load.calls.load(Ordering::SeqCst);
        let next = Served::start(&city, address, lame_duck, false);
        // The new one takes the address as soon as the old one leaves it.
        let old = std::mem::replace(&mut replicas[turn % 2], next.await);
        assert_eq!(old.ended().await.code(), Some(0), "a replica did not stop in order");
        assert!(load.calls.load(Ordering::SeqCst) > before, "nobody called while it was away");
        run.fault("a replica restarted under load", 1);
        load.goes_on(50).await;
    }
    let (calls, written, failed) = load.end().await;
    run.count("calls", calls.into());
    run.count("failed calls", u64::try_from(failed.len()).expect("few"));
    run.count("writes acknowledged", written.into());
    assert!(failed.is_empty(), "{} of {calls} calls failed: {failed:#?}", failed.len());
    let mut people = city.look("people").await;
    let there: i64 = sqlx::query_scalar("SELECT count(*) FROM person").fetch_one(&mut people).await.expect("a count");
    assert_eq!((there, told(&city).await - before), (written.into(), written.into()), "each write once, and told once");
    run.count("writes lost or doubled", 0);
    for replica in replicas {
        replica.tell().await;
        assert_eq!(replica.ended().await.code(), Some(0));
    }
    city.close().await;
}

/// How much the feeds of all townships have told.
async fn told(city: &City) -> i64 {
    sqlx::query_scalar("SELECT coalesce(sum(seq), 0)::bigint FROM feed_head")
        .fetch_one(&mut city.look("people").await)
        .await
        .expect("heads")
}

/// Callers that never rest.
struct Load {
    stop: Arc<AtomicBool>,
    calls: Arc<AtomicU32>,
    written: Arc<AtomicU32>,
    failed: Arc<Mutex<Vec<String>>>,
    callers: JoinSet<()>,
}

impl Load {
    fn begin(city: &City, addresses: [std::net::SocketAddr; 2], callers: u32) -> Self {
        let resolve: Resolve = Arc::new(move || Box::pin(async move { Ok(addresses.to_vec()) }));
        let token = city.token("clerk-1", &[Role::Clerk], Some(DADONG));
        let mut settings = PeerSettings::new("http://people.test:50051");
        settings.resolve_every = Duration::from_millis(200);
        let peer = Peer::resolved_by(&settings, TokenSource::issued(move || token.clone()), resolve).expect("a peer");
        let mut load = Self {
            stop: Arc::default(),
            calls: Arc::default(),
            written: Arc::default(),
            failed: Arc::default(),
            callers: JoinSet::new(),
        };
        for _ in 0..callers {
            let (stop, calls) = (Arc::clone(&load.stop), Arc::clone(&load.calls));
            let (written, failed) = (Arc::clone(&load.written), Arc::clone(&load.failed));
            let peer = peer.clone();
            load.callers.spawn(async move {
                while !stop.load(Ordering::SeqCst) {
                    let n = calls.fetch_add(1, Ordering::SeqCst);
                    let answer = if n.is_multiple_of(2) { write(&peer, n).await } else { read(&peer).await };
                    match answer {
                        Ok(()) if n.is_multiple_of(2) => drop(written.fetch_add(1, Ordering::SeqCst)),
                        Ok(()) => {}
                        Err(status) => failed.lock().expect("whole").push(format!("{n}: {status:?}")),
                    }
                    tokio::time::sleep(Duration::from_millis(5)).await;
                }
            });
        }
        load
    }

    /// Waits for so many calls more.
    async fn goes_on(&self, calls: u32) {
        let from = self.calls.load(Ordering::SeqCst);
        until("the load goes on", async || self.calls.load(Ordering::SeqCst) >= from + calls).await;
    }

    /// Calls made, writes acknowledged, failures.
    async fn end(mut self) -> (u32, u32, Vec<String>) {
        self.stop.store(true, Ordering::SeqCst);
        while let Some(ended) = self.callers.join_next().await {
            ended.expect("no panic");
        }
        let failed = self.failed.lock().expect("whole").clone();
        (self.calls.load(Ordering::SeqCst), self.written.load(Ordering::SeqCst), failed)
    }
}

async fn write(peer: &Peer, n: u32) -> Result<(), Status> {
    // One request, one id, however often the peer has to try.
    let request: RegisterPersonRequest = sample::person(n);
    peer.call(Instant::now() + PATIENCE, async |service| {
        PeopleServiceClient::new(service).register_person(request.clone()).await.map(drop)
    })
    .await
}

async fn read(peer: &Peer) -> Result<(), Status> {
    let request = ListPeopleRequest { page_size: 5, ..Default::default() };
    peer.call(Instant::now() + PATIENCE, async |service| {
        PeopleServiceClient::new(service).list_people(request.clone()).await.map(drop)
    })
    .await
}
