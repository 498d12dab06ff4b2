//! Keys that rotate, keys that cannot be had, and strangers who name keys that nobody has.

use std::{
    sync::{
        Arc, PoisonError, RwLock,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::Duration,
};

use bangfu_kernel::{Clock, Role};
use bangfu_platform::auth::{
    issuer::{Issuer, NewToken},
    jwks::Jwks,
};
use bangfu_testkit::{
    City, DADONG,
    city::CITY,
    forge::merged,
    pipe::Pipe,
    web::{Shown, Web},
};
use bytes::Bytes;
use chrono::TimeDelta;
use tokio::time::Instant;
use tonic::{
    Code,
    transport::{Channel, Endpoint},
};

use super::restarted;
use crate::{
    raw::{Answer, bearer, call, framed},
    row::Run,
};

/// Answers from one table, and a township's token is needed for it.
const PATH: &str = "/bangfu.people.v1.PeopleService/ListPeople";

/// Clients that call all the time while keys rotate.
const CALLERS: u64 = 6;

fn issuer() -> Issuer {
    Issuer::in_memory("test-issuer", "bangfu").expect("a key")
}

/// A clerk's token.
fn token(issuer: &Issuer) -> String {
    let token = NewToken {
        subject: "clerk-1".to_owned(),
        city: CITY.to_owned(),
        township: Some(DADONG.parse().expect("a code")),
        roles: vec![Role::Clerk],
        villages: Vec::new(),
        life: Duration::from_mins(15),
    };
    issuer.issue(&token, Clock::system().now())
}

async fn list(channel: &Channel, issuer: &Issuer) -> Answer {
    call(channel, PATH, &bearer(&token(issuer)), framed(&[Bytes::new()])).await
}

fn connection(city: &City) -> Channel {
    Endpoint::from_shared(city.suite().endpoint()).expect("an address").connect_lazy()
}

/// A clock of the keys alone: it is turned, so that nobody waits for minutes.
fn clock() -> Clock {
    Clock::simulated(Clock::system().now())
}

/// Signing keys rotate with overlap while clients call all the time: 0 failed calls. Once with keys from a URL, with
/// strangers knocking all the while, once with keys from a file.
pub async fn keys_that_rotate_under_load_fail_no_call(run: Run) {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("jwks.json");
    for from_file in [false, true] {
        let (clock, web) = (clock(), Web::start("{}").await);
        let source = if from_file {
            Jwks::file(&path, clock.clone())
        } else {
            Jwks::url(&web.url, clock.clone()).expect("an address")
        };
        let publish = |issuers: &[&Issuer]| {
            let keys = merged(&issuers.iter().map(|issuer| issuer.jwks()).collect::<Vec<_>>());
            if from_file {
                // As whoever rotates should: the whole file at once.
                let draft = path.with_extension("draft");
                std::fs::write(&draft, keys).expect("a draft");
                std::fs::rename(draft, &path).expect("in its place");
            } else {
                web.shows(Shown::Document(keys));
            }
        };
        let mut old = Arc::new(issuer());
        publish(&[&old]);
        let city = restarted(|plan, _| plan.jwks = source).await;
        let load = Load::start(&run, &city, Arc::clone(&old), if from_file { 0 } else { 2 });
        load.every_caller_calls(2).await;
        let channel = connection(&city);
        for _ in 0..run.of(4, 150) {
            let new = Arc::new(issuer());
            // Published first, and signed with only when everybody has had the time to fetch it.
            publish(&[&old, &new]);
            turn_until(&clock, async || list(&channel, &new).await.code == Code::Ok).await;
            load.signs_with(Arc::clone(&new));
            load.every_caller_calls(3).await;
            publish(&[&new]);
            let gone = Arc::clone(&old);
            turn_until(&clock, async || list(&channel, &gone).await.code == Code::Unauthenticated).await;
            load.every_caller_calls(2).await;
            run.count(if from_file { "rotations of a file" } else { "rotations of a URL" }, 1);
            old = new;
        }
        load.stop().await;
        run.count("fetches", web.asked());
        city.close().await;
    }
}

/// Turns the keys' clock, five minutes at a time, until something holds.
async fn turn_until(clock: &Clock, mut holds: impl AsyncFnMut() -> bool) {
    for _ in 0..200 {
        clock.advance(TimeDelta::minutes(5));
        if holds().await {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("the keys are never looked at again");
}

/// Clients that call all the time, each with a fresh token, and strangers who are refused.
struct Load {
    signing: Arc<RwLock<Arc<Issuer>>>,
    calls: Arc<Vec<AtomicU64>>,
    over: Arc<AtomicBool>,
    tasks: Vec<tokio::task::JoinHandle<()>>,
}

impl Load {
    fn start(run: &Run, city: &City, first: Arc<Issuer>, strangers: usize) -> Self {
        run.count("failed calls", 0);
        let signing = Arc::new(RwLock::new(first));
        let calls: Arc<Vec<_>> = Arc::new((0..CALLERS).map(|_| AtomicU64::new(0)).collect());
        let over = Arc::new(AtomicBool::new(false));
        let mut tasks = Vec::new();
        for place in 0..calls.len() {
            let (run, channel, signing) = (run.clone(), connection(city), Arc::clone(&signing));
            let (calls, over) = (Arc::clone(&calls), Arc::clone(&over));
            tasks.push(tokio::spawn(async move {
                while !over.load(Ordering::SeqCst) {
                    let issuer = Arc::clone(&signing.read().unwrap_or_else(PoisonError::into_inner));
                    let answer = list(&channel, &issuer).await;
                    // A crowded machine may have no connection to the database in time; with tokens that has nothing to do.
                    if run.of(true, false) && answer.reason == "UNAVAILABLE" {
                        run.count("calls tried again for want of a connection", 1);
                        continue;
                    }
                    assert_eq!(answer.code, Code::Ok, "{answer:?} (seed {})", run.seed());
                    run.count("calls", 1);
                    calls[place].fetch_add(1, Ordering::SeqCst);
                }
            }));
        }
        for _ in 0..strangers {
            let (run, channel, over) = (run.clone(), connection(city), Arc::clone(&over));
            tasks.push(tokio::spawn(async move {
                while !over.load(Ordering::SeqCst) {
                    let answer = list(&channel, &issuer()).await;
                    assert_eq!(answer.code, Code::Unauthenticated, "{answer:?} (seed {})", run.seed());
                    run.count("strangers refused", 1);
                }
            }));
        }
        Self { signing, calls, over, tasks }
    }

    fn signs_with(&self, issuer: Arc<Issuer>) {
        *self.signing.write().unwrap_or_else(PoisonError::into_inner) = issuer;
    }

    /// Waits until each client has been answered some times more.
    async fn every_caller_calls(&self, times: u64) {
        let before: Vec<_> = self.calls.iter().map(|calls| calls.load(Ordering::SeqCst)).collect();
        let more = |(place, before): (usize, &u64)| self.calls[place].load(Ordering::SeqCst) >= before + times;
        while !before.iter().enumerate().all(more) {
            assert!(!self.tasks.iter().any(tokio::task::JoinHandle::is_finished), "a client failed");
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    }

    async fn stop(self) {
        self.over.store(true, Ordering::SeqCst);
        for task in self.tasks {
            task.await.expect("no call failed");
        }
    }
}

/// What a source shows on a bad day, and what it is called.
fn troubles(good: &str, elsewhere: &str) -> Vec<(&'static str, Shown)> {
    let document = |text: &str| Shown::Document(text.to_owned());
    vec![
        ("keys down: 500", Shown::Status(500)),
        ("keys down: 404", Shown::Status(404)),
        ("keys down: closed", Shown::Closed),
        ("keys slow: silent", Shown::Silence),
        ("keys slow: a byte at a time", Shown::Drip(good.to_owned())),
        ("keys huge: without an end", Shown::Endless),
        ("keys huge: 300 KiB", Shown::Document(format!("{good}{}", " ".repeat(300 * 1024)))),
        ("keys wrong: cut short", Shown::CutShort(good.to_owned())),
        ("keys wrong: no JSON", document("<html>登录</html>")),
        ("keys wrong: half a document", document(&good[..good.len() / 2])),
        ("keys wrong: nothing", document("")),
        ("keys wrong: no keys", document(r#"{"keys":[]}"#)),
        ("keys wrong: no list", document(r#"{"keys":{"kty":"OKP"}}"#)),
        ("keys wrong: another kind", document(r#"{"keys":[{"kty":"oct","kid":"k","k":"AAAA"}]}"#)),
        ("keys wrong: nested a thousand deep", Shown::Document(format!(r#"{{"keys":{}"#, "[".repeat(1_000)))),
        ("keys elsewhere: a redirect", Shown::Redirect(elsewhere.to_owned())),
    ]
}

/// The source is down, slow, huge, wrong or leads elsewhere: the last good keys serve on for a day and no longer, no call
/// with a known kid waits for it, and nobody else is let in.
pub async fn keys_that_cannot_be_had_leave_the_last_good_ones_serving_for_a_day(run: Run) {
    let (good, stranger, clock) = (issuer(), issuer(), clock());
    let (web, elsewhere) = (Web::start(&good.jwks()).await, Web::start(&stranger.jwks()).await);
    let jwks = Jwks::url(&web.url, clock.clone()).expect("an address");
    let city = restarted(|plan, _| plan.jwks = jwks).await;
    let channel = connection(&city);
    let calls = run.of(20, 300);
    let calm = paced(&run, &channel, &good, calls).await;
    for (what, trouble) in troubles(&good.jwks(), &elsewhere.url) {
        let slow = matches!(trouble, Shown::Silence | Shown::Drip(_));
        let (asked, sent) = (web.asked(), web.sent());
        run.fault(what, 0);
        web.shows(trouble);
        // Time to look for newer ones: a call with a known kid begins the fetch, and none waits for it.
        clock.advance(TimeDelta::minutes(6));
        let troubled = paced(&run, &channel, &good, calls).await;
        assert!(troubled[troubled.len() - 1] < Duration::from_secs(4), "{what}: {troubled:?} (seed {})", run.seed());
        let middle = |times: &[Duration]| times[times.len() / 2];
        if run.of(false, true) {
            let bound = middle(&calm) * 3 + Duration::from_millis(5);
            assert!(middle(&troubled) < bound, "{what}: {:?}, {:?} before", middle(&troubled), middle(&calm));
        }
        // All those calls may have come while the fetch before this one was on its way: the first after it begins this one.
        crate::steps::until(what, async || {
            let _known = list(&channel, &good).await;
            web.asked() > asked
        })
        .await;
        run.fault(what, web.asked() - asked);
        assert_eq!(web.asked() - asked, 1, "{what}: asked once in thirty seconds");
        // Whoever brings a key that nobody knows is let in by none of it.
        clock.advance(TimeDelta::seconds(31));
        let begun = Instant::now();
        let answer = list(&channel, &stranger).await;
        assert_eq!((answer.code, answer.reason.as_str()), (Code::Unauthenticated, "TOKEN_REFUSED"), "{what}");
        assert!(begun.elapsed() < Duration::from_secs(15), "{what}: a stranger waited {:?}", begun.elapsed());
        run.count("waited out", u64::from(slow));
        // What the kernel holds on the way comes on top of the 256 KiB that are read.
        assert!(web.sent() - sent < 16 << 20, "{what}: {} bytes were taken", web.sent() - sent);
    }
    assert_eq!(elsewhere.asked(), 0, "a redirect is not followed");

    // A day without good keys: nobody is let in any longer. And then the source is back.
    web.shows(Shown::Status(500));
    clock.advance(TimeDelta::hours(24));
    let answer = list(&channel, &good).await;
    assert_eq!((answer.code, answer.reason.as_str()), (Code::Unauthenticated, "TOKEN_REFUSED"), "a day later");
    web.shows(Shown::Document(good.jwks()));
    clock.advance(TimeDelta::seconds(31));
    assert_eq!(list(&channel, &good).await.code, Code::Ok, "the source is back");
    city.close().await;
}

/// Calls with a known kid, one after the other: how long each took, in order of length. All are answered.
async fn paced(run: &Run, channel: &Channel, issuer: &Issuer, calls: usize) -> Vec<Duration> {
    let mut times = Vec::new();
    for _ in 0..calls {
        let begun = Instant::now();
        let answer = list(channel, issuer).await;
        times.push(begun.elapsed());
        assert_eq!(answer.code, Code::Ok, "{answer:?} (seed {})", run.seed());
        run.count("calls with a known kid", 1);
    }
    times.sort();
    times
}

/// A server that has never had good keys lets nobody in, whatever its source shows, and serves as soon as it has some.
pub async fn without_good_keys_nobody_is_let_in(run: Run) {
    let (good, stranger, clock) = (issuer(), issuer(), clock());
    let (web, elsewhere) = (Web::start("").await, Web::start(&stranger.jwks()).await);
    let jwks = Jwks::url(&web.url, clock.clone()).expect("an address");
    let city = restarted(|plan, _| plan.jwks = jwks).await;
    let channel = connection(&city);
    for (what, trouble) in troubles(&good.jwks(), &elsewhere.url) {
        if matches!(trouble, Shown::Drip(_)) && run.of(true, false) {
            continue;
        }
        let asked = web.asked();
        run.fault(what, 0);
        web.shows(trouble);
        clock.advance(TimeDelta::seconds(31));
        for caller in [&good, &stranger] {
            let answer = list(&channel, caller).await;
            let told = (answer.code, answer.reason.as_str());
            assert_eq!(told, (Code::Unauthenticated, "TOKEN_REFUSED"), "{what} (seed {})", run.seed());
            run.count("refused", 1);
        }
        run.fault(what, web.asked() - asked);
    }
    assert_eq!(elsewhere.asked(), 0, "a redirect is not followed");
    web.shows(Shown::Document(good.jwks()));
    clock.advance(TimeDelta::seconds(31));
    assert_eq!(list(&channel, &good).await.code, Code::Ok, "the source is there");
    city.close().await;
}

/// A file that hangs (as one on a network may; here a pipe that nobody writes to): known kids are served as ever, strangers wait
/// for it once and then no more, new keys come as soon as it answers.
pub async fn a_key_file_that_hangs_takes_no_room_and_is_read_when_it_answers(run: Run) {
    let (good, new, clock) = (issuer(), issuer(), clock());
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("jwks.json");
    std::fs::write(&path, good.jwks()).expect("written");
    let jwks = Jwks::file(&path, clock.clone());
    let city = restarted(|plan, _| plan.jwks = jwks).await;
    let channel = connection(&city);
    run.fault("a key file that hangs", 0);
    for _ in 0..run.of(1, 20) {
        assert_eq!(list(&channel, &good).await.code, Code::Ok, "it is read");
        let pipe = Pipe::instead_of(&path);
        clock.advance(TimeDelta::seconds(5));
        let strangers = async |at_least: Duration, at_most: Duration| {
            let begun = Instant::now();
            let calls = (0..40).map(|_| async { list(&channel, &issuer()).await.code });
            let told = futures::future::join_all(calls).await;
            assert!(told.iter().all(|code| *code == Code::Unauthenticated), "{told:?} (seed {})", run.seed());
            let took = begun.elapsed();
            assert!(at_least <= took && took <= at_most, "strangers waited {took:?} (seed {})", run.seed());
            run.count("strangers refused", 40);
        };
        // Who comes first waits for it, as for any other source; afterwards it is known to hang.
        strangers(Duration::from_secs(4), Duration::from_secs(9)).await;
        run.fault("a key file that hangs", 1);
        for _ in 0..3 {
            clock.advance(TimeDelta::seconds(5));
            strangers(Duration::ZERO, Duration::from_secs(4)).await;
            paced(&run, &channel, &good, 20).await;
        }
        // It answers.
        let keys = merged(&[good.jwks(), new.jwks()]);
        pipe.answer(&keys).await;
        crate::steps::until("the new keys are known", async || list(&channel, &new).await.code == Code::Ok).await;
    }
    city.close().await;
}

/// Strangers by the hundred, each with a kid that nobody has: one fetch in thirty seconds, and who has a good token is
/// served among them.
pub async fn a_flood_of_unknown_kids_asks_once_in_thirty_seconds(run: Run) {
    let (good, clock) = (issuer(), clock());
    let web = Web::start(&good.jwks()).await;
    let jwks = Jwks::url(&web.url, clock.clone()).expect("an address");
    let city = restarted(|plan, _| plan.jwks = jwks).await;
    let channels: Vec<_> = (0..4).map(|_| connection(&city)).collect();
    let flood = async |strangers: usize| {
        let calls = (0..strangers).map(|n| {
            let channel = &channels[n % channels.len()];
            async move { list(channel, &issuer()).await }
        });
        for answer in futures::future::join_all(calls).await {
            let told = (answer.code, answer.reason.as_str());
            assert_eq!(told, (Code::Unauthenticated, "TOKEN_REFUSED"), "seed {}", run.seed());
            run.count("strangers refused", 1);
        }
        assert_eq!(list(&channels[0], &good).await.code, Code::Ok, "a good token among them");
        run.count("good calls", 1);
    };
    for window in 1..=run.of(4, 60) {
        for strangers in [run.of(100, 400), 50] {
            flood(strangers).await;
            assert_eq!(web.asked(), window, "fetches in {window} windows (seed {})", run.seed());
        }
        clock.advance(TimeDelta::seconds(29));
        flood(20).await;
        assert_eq!(web.asked(), window, "29 s later (seed {})", run.seed());
        clock.advance(TimeDelta::seconds(1));
        run.count("windows of 30 s", 1);
    }
    run.count("fetches", web.asked());
    city.close().await;
}

/// Strangers in number while the source does not answer: they wait for it, but not in everybody's room.
pub async fn a_flood_while_the_source_is_slow_takes_no_room_from_others(run: Run) {
    let (good, clock) = (issuer(), clock());
    let web = Web::start(&good.jwks()).await;
    let jwks = Jwks::url(&web.url, clock.clone()).expect("an address");
    let city = restarted(|plan, _| {
        plan.jwks = jwks;
        plan.stack.calls = 64;
    })
    .await;
    let channel = connection(&city);
    assert_eq!(list(&channel, &good).await.code, Code::Ok, "the keys are known");
    run.fault("keys slow: silent", 0);
    web.shows(Shown::Silence);
    for _ in 0..run.of(1, 8) {
        let asked = web.asked();
        clock.advance(TimeDelta::seconds(31));
        let others: Vec<_> = (0..4).map(|_| connection(&city)).collect();
        let strangers: Vec<_> = (0..400)
            .map(|n| {
                let channel = others[n % others.len()].clone();
                tokio::spawn(async move { list(&channel, &issuer()).await.code })
            })
            .collect();
        crate::steps::until("the source is asked", async || web.asked() > asked).await;
        run.fault("keys slow: silent", web.asked() - asked);
        // While the fetch hangs, and the strangers with it.
        let begun = Instant::now();
        while begun.elapsed() < Duration::from_secs(2) {
            let answer = list(&channel, &good).await;
            assert_eq!(answer.code, Code::Ok, "{answer:?} (seed {})", run.seed());
            run.count("good calls", 1);
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        for stranger in strangers {
            let code = stranger.await.expect("an answer");
            assert!(matches!(code, Code::Unauthenticated | Code::ResourceExhausted), "{code:?}");
            run.count("strangers refused", 1);
        }
    }
    city.close().await;
}
