//! Makes a call, strikes it, and judges: an OK is there, an error is nothing or whole, and a repeat with the same request
//! id, or several at once, come to one effect.

use std::{collections::BTreeMap, ops::Range, time::Duration};

use futures::future::join_all;
use tokio::sync::OnceCell;
use tonic::{Code, Status};

use super::{
    ground::Ground,
    ledger::{Effect, Ledger, Moment, OWN, difference, in_general},
    write::{Whole, Write},
};
use crate::{
    chance::Chance,
    methods,
    proxy::{Fault, Which},
    row::Run,
};

/// How a call is struck.
#[derive(Debug, Clone)]
pub(super) enum Strike {
    /// One of its statements.
    Statement(Which, Fault),
    /// Its caller gives up after so long, while each message to and from the database takes so many milliseconds.
    Cancelled(Duration, Range<u64>),
}

/// A call that nothing strikes.
#[derive(Debug)]
pub(super) struct Clean {
    effect: Effect,
    /// Texts of its statements, in their order.
    pub(super) statements: Vec<String>,
}

/// Calls prepared in one city.
const CALLS_OF_A_CITY: usize = 212;

/// Both databases.
struct Ledgers {
    of: BTreeMap<&'static str, Ledger>,
    /// Townships that belong to one call each; their keys go on changing by themselves.
    townships: Vec<String>,
}

impl Ledgers {
    async fn of(ground: &Ground, writes: &[Write]) -> Self {
        let mut ledgers = BTreeMap::new();
        for (service, database) in &ground.city.databases {
            ledgers.insert(*service, Ledger::of(database).await);
        }
        let townships = writes.iter().filter(|write| write.only_own).flat_map(|write| write.own.clone()).collect();
        Self { of: ledgers, townships }
    }

    fn of_service(&mut self, service: &str) -> &mut Ledger {
        self.of.get_mut(service).expect("a service")
    }

    async fn now(&mut self, write: &Write) -> Moment {
        self.of_service(write.service).now().await
    }

    async fn effect(&mut self, write: &Write, then: &Moment) -> Effect {
        let mut effect = in_general(self.of_service(write.service).since(then).await, &write.own);
        let elsewhere = |what: &String| self.townships.iter().any(|township| what.contains(township.as_str()));
        effect.retain(|what, _| what.contains(OWN) || !write.only_own && !elsewhere(what));
        effect
    }
}

static CLEAN: OnceCell<BTreeMap<String, Clean>> = OnceCell::const_new();

/// What every writing RPC does when nothing strikes it. Each is made twice, about different people: what it does is told
/// apart from what it is done to.
pub(super) async fn clean(seed: u64) -> &'static BTreeMap<String, Clean> {
    CLEAN.get_or_init(|| unstruck(seed)).await
}

async fn unstruck(seed: u64) -> BTreeMap<String, Clean> {
    let writing = methods::writing();
    let twice: Vec<&str> = writing.iter().chain(&writing).map(String::as_str).collect();
    let (ground, writes) = Ground::new(seed, &twice).await;
    let mut ledgers = Ledgers::of(&ground, &writes).await;
    let mut clean = BTreeMap::<String, Clean>::new();
    for write in &writes {
        let then = ledgers.now(write).await;
        ground.proxy.note();
        let made = write.make(&ground.city).await;
        let statements = ground.proxy.noted();
        made.unwrap_or_else(|status| panic!("{write:?}: {status}"));
        let effect = ledgers.effect(write, &then).await;
        assert!(!effect.is_empty(), "{write:?} has no effect");
        let now = Clean { effect, statements };
        if let Some(before) = clean.insert(write.method.clone(), now) {
            let now = &clean[&write.method].effect;
            assert_eq!(*now, before.effect, "{write:?} twice:{}", difference(now, &before.effect));
        }
    }
    ground.close().await;
    clean
}

/// Makes all these calls and strikes each, in several cities at the same time.
pub(super) async fn strike_all(run: &Run, plan: Vec<(String, Strike)>) {
    for what in ["lost", "doubled", "by halves"] {
        run.count(what, 0);
    }
    let clean = clean(run.seed()).await;
    let lanes = run.of(1, 4);
    let lanes = (0..lanes).map(async |lane| {
        let plan: Vec<_> = plan.iter().skip(lane).step_by(lanes).cloned().collect();
        let mut chance = run.chance(1_000 + lane as u64);
        for calls in plan.chunks(CALLS_OF_A_CITY) {
            strike_some(run, calls, clean, &mut chance).await;
        }
    });
    join_all(lanes).await;
}

async fn strike_some(run: &Run, calls: &[(String, Strike)], clean: &BTreeMap<String, Clean>, chance: &mut Chance) {
    let methods: Vec<&str> = calls.iter().map(|(method, _)| method.as_str()).collect();
    let (ground, writes) = Ground::new(run.seed(), &methods).await;
    let mut ledgers = Ledgers::of(&ground, &writes).await;
    for (write, (method, strike)) in writes.iter().zip(calls) {
        let round = Round { run, ground: &ground, write, strike, clean: &clean[method] };
        round.judge(&mut ledgers, chance).await;
    }
    ground.close().await;
}

struct Round<'r> {
    run: &'r Run,
    ground: &'r Ground,
    write: &'r Write,
    strike: &'r Strike,
    clean: &'r Clean,
}

impl Round<'_> {
    async fn judge(&self, ledgers: &mut Ledgers, chance: &mut Chance) {
        let then = ledgers.now(self.write).await;
        let first = self.struck().await;
        self.told(first.as_ref());
        let effect = ledgers.effect(self.write, &then).await;
        match &first {
            Some(Ok(_)) => self.expect("lost", effect == self.clean.effect, &effect),
            Some(Err(_)) | None => self.expect("by halves", self.may_stand(&effect), &effect),
        }
        let repeats = 1 + chance.below(3);
        let answers = join_all((0..repeats).map(|_| self.repeated())).await;
        self.ground.proxy.delay(0..0);
        let same = first.as_ref().and_then(|first| first.as_ref().ok()).unwrap_or(&answers[0]);
        assert!(answers.iter().all(|answer| answer == same), "{self} is answered in another way when repeated");
        let effect = ledgers.effect(self.write, &then).await;
        let what = if effect.len() < self.clean.effect.len() { "lost" } else { "doubled" };
        self.expect(what, effect == self.clean.effect, &effect);
        self.run.count("rounds", 1);
        self.run.count("repeats", repeats as u64);
    }

    /// The call, struck; `None`: its caller gave up.
    async fn struck(&self) -> Option<Result<Vec<u8>, Status>> {
        let proxy = &self.ground.proxy;
        match self.strike {
            Strike::Statement(which, fault) => {
                let fired = proxy.fired();
                proxy.break_at(which.clone(), *fault);
                let answer = self.write.make(&self.ground.city).await;
                proxy.forget();
                let fired = proxy.fired() - fired;
                self.run.fault(fault_word(*fault), fired);
                self.run.count(if fired == 0 { "rounds whose statement did not come" } else { "struck" }, 1);
                Some(answer)
            }
            Strike::Cancelled(after, delay) => {
                proxy.delay(delay.clone());
                let answer = tokio::time::timeout(*after, self.write.make(&self.ground.city)).await.ok();
                self.run.fault("caller gave up", u64::from(answer.is_none()));
                answer
            }
        }
    }

    /// Counts how the call ended. A connection that broke is no fault of ours: its caller is told to come again.
    fn told(&self, first: Option<&Result<Vec<u8>, Status>>) {
        let code = match first {
            None => "given up".to_owned(),
            Some(Ok(_)) => "answered".to_owned(),
            Some(Err(status)) => format!("{:?}", status.code()),
        };
        let refused = matches!(self.strike, Strike::Statement(_, Fault::Refused));
        let ours = matches!(first, Some(Err(status)) if matches!(status.code(), Code::Internal | Code::Unknown));
        assert!(refused || !ours, "{self}: {first:?}");
        self.run.count(&code, 1);
    }

    /// The call once more; a caller comes again when it is told to.
    async fn repeated(&self) -> Vec<u8> {
        for _ in 0..100 {
            match self.write.make(&self.ground.city).await {
                Ok(answer) => return answer,
                Err(status) if matches!(status.code(), Code::Unavailable | Code::Aborted) => {
                    self.run.count("told to come again", 1);
                    tokio::time::sleep(Duration::from_millis(20)).await;
                }
                Err(status) => panic!("{self} is refused when repeated: {status}"),
            }
        }
        panic!("{self} is told to come again for ever");
    }

    /// What an error may leave behind.
    fn may_stand(&self, effect: &Effect) -> bool {
        let clean = &self.clean.effect;
        match self.write.whole {
            Whole::AtOnce => effect.is_empty() || effect == clean,
            Whole::InParts(parts) => (0..=parts).any(|done| {
                // What all parts write anew, such as a feed's head, is there once.
                let of = |n: i64| (n * done + parts - 1).div_euclid(parts);
                let part: Effect =
                    clean.iter().map(|(what, n)| (what.clone(), of(*n))).filter(|(_, n)| *n != 0).collect();
                part == *effect
            }),
            Whole::InBatches(tables) => effect
                .iter()
                .filter(|(what, _)| tables.iter().any(|table| what.starts_with(table)))
                .all(|(what, n)| clean.get(what).is_some_and(|all| (0..=*all).contains(n))),
        }
    }

    fn expect(&self, what: &str, holds: bool, effect: &Effect) {
        if !holds {
            self.run.count(what, 1);
            panic!("{self}: {what}:{}", difference(effect, &self.clean.effect));
        }
    }
}

impl std::fmt::Display for Round<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:?}, struck by {:?} (seed {})", self.write, self.strike, self.run.seed())
    }
}

/// How a fault is told in the line.
pub(super) fn fault_word(fault: Fault) -> &'static str {
    match fault {
        Fault::Refused => "statement refused",
        Fault::CutBefore => "connection cut before",
        Fault::CutAfter => "connection cut after",
        Fault::CutDuring => "connection cut when sent",
        Fault::Held => "held",
    }
}
