//! Random lives between three townships: nobody is in two, nobody in none, nothing is lost, and the feeds say the same.

use std::{
    cell::{Cell, RefCell},
    collections::BTreeMap,
};

use bangfu::client::{Client, request_id};
use bangfu_proto::people::v1::{
    EmploymentStatus as S, GetEmploymentHistoryRequest, OfferTransferRequest, PersonEvent, RecordEmploymentRequest,
    WatchPeopleRequest, person_event::Change,
};
use bangfu_testkit::{City, DADONG, LIBAO, reason, sample};
use chrono::{Days, NaiveDate};
use proptest::{
    prelude::*,
    test_runner::{Config, TestRunner},
};

use crate::{
    transfer_requests::ask,
    transfers::{QUTANG, accept, listed, look, offer, reject, withdraw},
    watch::until_bookmark,
};

const TOWNSHIPS: [&str; 3] = [DADONG, LIBAO, QUTANG];
const STATUSES: [S; 4] = [S::Unemployed, S::Flexible, S::Startup, S::Unverified];
/// Days for which a transfer is open.
const OPEN: u64 = 30;

/// What somebody in some township tries; `by` is `None` for the township whose turn it is.
#[derive(Debug, Clone, Copy)]
enum Try {
    Offer { by: Option<usize>, to: usize },
    Request { by: usize },
    Answer { by: Option<usize>, which: usize },
    Accept { by: Option<usize>, which: usize },
    Reject { by: Option<usize>, which: usize },
    Withdraw { by: Option<usize>, which: usize },
    Record { by: Option<usize>, status: usize },
    Pass { days: u64 },
}

fn tries() -> impl Strategy<Value = Vec<Try>> {
    // Whom it concerns, more often than not; and the latest transfers rather than old ones.
    let by = prop_oneof![1 => (0..3_usize).prop_map(Some), 2 => Just(None)];
    let (to, which) = (0..3_usize, prop_oneof![3 => Just(0_usize), 1 => 0..6_usize]);
    let one = prop_oneof![
        6 => (by.clone(), to.clone()).prop_map(|(by, to)| Try::Offer { by, to }),
        1 => to.prop_map(|by| Try::Request { by }),
        3 => (by.clone(), which.clone()).prop_map(|(by, which)| Try::Answer { by, which }),
        8 => (by.clone(), which.clone()).prop_map(|(by, which)| Try::Accept { by, which }),
        1 => (by.clone(), which.clone()).prop_map(|(by, which)| Try::Reject { by, which }),
        1 => (by.clone(), which).prop_map(|(by, which)| Try::Withdraw { by, which }),
        3 => (by, 0..4_usize).prop_map(|(by, status)| Try::Record { by, status }),
        2 => (1..20_u64).prop_map(|days| Try::Pass { days }),
    ];
    prop::collection::vec(one, 5..40)
}

/// A transfer as it should be: from, to, whether offered yet, last day, whether over.
#[derive(Debug, Clone)]
struct Expected {
    id: String,
    from: usize,
    to: usize,
    offered: bool,
    until: NaiveDate,
    over: bool,
}

/// One person's life, as it should be.
struct Life<'a> {
    city: &'a City,
    clerks: Vec<Client>,
    n: u32,
    person: String,
    home: usize,
    moves: usize,
    records: Vec<String>,
    transfers: Vec<Expected>,
}

impl Life<'_> {
    fn today(&self) -> NaiveDate {
        self.city.clock.today()
    }

    fn deadline(&self) -> NaiveDate {
        self.today() + Days::new(OPEN)
    }

    /// The one meant, counted from the latest; `None`: there is none yet.
    fn which(&self, which: usize) -> Option<usize> {
        self.transfers.len().checked_sub(which + 1)
    }

    fn is_open(&self, at: usize) -> bool {
        let transfer = &self.transfers[at];
        !transfer.over && self.today() <= transfer.until
    }

    /// What answers a step on a transfer: `turn` says whose it is in this state.
    fn expected(&self, by: usize, at: usize, turn: impl Fn(&Expected) -> Option<usize>) -> &'static str {
        let transfer = &self.transfers[at];
        if by != transfer.from && by != transfer.to {
            "NOT_FOUND"
        } else if !self.is_open(at) {
            "TRANSFER_CLOSED"
        } else if turn(transfer) == Some(by) {
            ""
        } else {
            "TRANSFER_OTHERS_TURN"
        }
    }

    fn offer_is_open(&self) -> bool {
        (0..self.transfers.len()).any(|at| self.transfers[at].offered && self.is_open(at))
    }

    /// What answers whoever wants to do something with the person. Nobody comes back within their thirty days of reading
    /// here without `left` being told apart from `never`: both are refusals.
    fn here(&self, by: usize, answer: &str) -> bool {
        if by == self.home {
            return true;
        }
        assert!(["NOT_FOUND", "PERSON_TRANSFERRED"].contains(&answer), "{answer}");
        false
    }

    #[expect(clippy::too_many_lines, reason = "one table: what is tried, and what must come of it")]
    async fn attempt(&mut self, attempt: Try) {
        let told = |answer: Result<_, tonic::Status>| answer.as_ref().map_or_else(reason, |_done| String::new());
        match attempt {
            Try::Pass { days } => {
                let day = (self.today() + Days::new(days)).to_string();
                self.city.turn_to(&day);
            }
            Try::Offer { by, to } => {
                let (by, to) = by.map_or((self.home, (self.home + 1 + to % 2) % 3), |by| (by, to));
                let answer = offer(&self.clerks[by], &self.person, TOWNSHIPS[to]).await;
                if by == to {
                    assert_eq!(told(answer.map(drop)), "FIELD_INVALID");
                    return;
                }
                let found = told(answer.as_ref().map(|_| ()).map_err(Clone::clone));
                if !self.here(by, &found) {
                    return;
                }
                assert_eq!(found, if self.offer_is_open() { "TRANSFER_OPEN" } else { "" });
                if let Ok(offered) = answer {
                    let until = self.deadline();
                    let id = offered.transfer_id;
                    self.transfers.push(Expected { id, from: by, to, offered: true, until, over: false });
                }
            }
            Try::Request { by } => {
                let answer = ask(&self.clerks[by], self.n).await;
                let waits = (0..self.transfers.len()).any(|at| {
                    let transfer = &self.transfers[at];
                    transfer.to == by && !transfer.offered && self.is_open(at)
                });
                let expected = match (by == self.home, waits) {
                    (true, _) => "PERSON_REGISTERED",
                    (false, true) => "TRANSFER_OPEN",
                    (false, false) => "",
                };
                assert_eq!(told(answer.as_ref().map(|_| ()).map_err(Clone::clone)), expected);
                if let Ok(asked) = answer {
                    let (id, until) = (asked.transfer_id, self.deadline());
                    self.transfers.push(Expected { id, from: self.home, to: by, offered: false, until, over: false });
                }
            }
            Try::Answer { by, which } => {
                let Some(at) = self.which(which) else { return };
                let by = by.unwrap_or(self.transfers[at].from);
                let request = OfferTransferRequest {
                    request_id: request_id(),
                    person_id: self.person.clone(),
                    transfer_id: self.transfers[at].id.clone(),
                    reason: "同意转出".to_owned(),
                    ..Default::default()
                };
                let found = told(self.clerks[by].people().offer_transfer(request).await.map(drop));
                if !self.here(by, &found) {
                    return;
                }
                let turn = |transfer: &Expected| (!transfer.offered).then_some(transfer.from);
                let expected = if self.offer_is_open() { "TRANSFER_OPEN" } else { self.expected(by, at, turn) };
                assert_eq!(found, expected);
                if found.is_empty() {
                    (self.transfers[at].offered, self.transfers[at].until) = (true, self.deadline());
                }
            }
            Try::Accept { by, which } => {
                let offered = (0..self.transfers.len()).find(|&at| self.transfers[at].offered && self.is_open(at));
                let Some(at) = offered.filter(|_| by.is_none()).or(self.which(which)) else { return };
                let by = by.unwrap_or(self.transfers[at].to);
                let found = told(accept(&self.clerks[by], &self.transfers[at].id).await.map(drop));
                let turn = |transfer: &Expected| transfer.offered.then_some(transfer.to);
                assert_eq!(found, self.expected(by, at, turn));
                if found.is_empty() {
                    (self.transfers[at].over, self.home) = (true, by);
                    self.moves += 1;
                }
            }
            Try::Reject { by, which } => {
                let Some(at) = self.which(which) else { return };
                let asked = |of: &Expected| if of.offered { of.to } else { of.from };
                let by = by.unwrap_or_else(|| asked(&self.transfers[at]));
                let found = told(reject(&self.clerks[by], &self.transfers[at].id).await.map(drop));
                assert_eq!(found, self.expected(by, at, |of| Some(asked(of))));
                self.transfers[at].over |= found.is_empty();
            }
            Try::Withdraw { by, which } => {
                let Some(at) = self.which(which) else { return };
                let opened = |of: &Expected| if of.offered { of.from } else { of.to };
                let by = by.unwrap_or_else(|| opened(&self.transfers[at]));
                let found = told(withdraw(&self.clerks[by], &self.transfers[at].id).await.map(drop));
                assert_eq!(found, self.expected(by, at, |of| Some(opened(of))));
                self.transfers[at].over |= found.is_empty();
            }
            Try::Record { by, status } => {
                let by = by.unwrap_or(self.home);
                let request = RecordEmploymentRequest {
                    request_id: request_id(),
                    person_id: self.person.clone(),
                    employment: Some(sample::employment(STATUSES[status], &self.today().to_string())),
                    ..Default::default()
                };
                let answer = self.clerks[by].people().record_employment(request).await;
                let found = told(answer.as_ref().map(|_| ()).map_err(Clone::clone));
                if self.here(by, &found) {
                    self.records.push(answer.expect("recorded").into_inner().record_id);
                }
            }
        }
    }

    /// What must hold after every step.
    async fn check(&self) {
        for (at, clerk) in self.clerks.iter().enumerate() {
            let here = listed(clerk).await.contains(&self.person);
            assert_eq!(here, at == self.home, "in {} though home is {}", TOWNSHIPS[at], TOWNSHIPS[self.home]);
        }
        let request = GetEmploymentHistoryRequest { person_id: self.person.clone(), ..Default::default() };
        let history = self.clerks[self.home].people().get_employment_history(request).await.expect("read");
        let records: Vec<_> = history.into_inner().records.into_iter().map(|record| record.record_id).collect();
        assert_eq!(records, self.records, "nothing is lost, nothing is there twice");
        for transfer in &self.transfers {
            let (out, come) =
                (look(&self.clerks[transfer.from], &transfer.id), look(&self.clerks[transfer.to], &transfer.id));
            assert_eq!(out.await.expect("found").state(), come.await.expect("found").state());
        }
    }
}

/// Where somebody is in the end, and what is recorded of them.
struct Lived {
    home: usize,
    records: Vec<String>,
}

/// The feeds alone say the same.
async fn check_feeds(city: &City, lives: &BTreeMap<String, Lived>) {
    for (at, township) in TOWNSHIPS.into_iter().enumerate() {
        let (events, _) = until_bookmark(&city.clerk(township), WatchPeopleRequest::default()).await.expect("a watch");
        let mut told: BTreeMap<String, Told> = BTreeMap::new();
        for event in events.into_iter().filter(|event| !event.person_id.is_empty()) {
            let before = told.remove(&event.person_id).unwrap_or_default();
            told.insert(event.person_id.clone(), before.take(event));
        }
        for (person, lived) in lives {
            let told = told.remove(person).unwrap_or_default();
            assert_eq!(told.here, at == lived.home, "{person} in {township}");
            if told.here {
                assert_eq!(told.records.into_keys().collect::<Vec<_>>(), lived.records);
            }
        }
    }
}

/// What a township's feed tells of somebody.
#[derive(Default)]
struct Told {
    here: bool,
    records: BTreeMap<String, i32>,
}

impl Told {
    fn take(mut self, event: PersonEvent) -> Self {
        match event.change.expect("a change") {
            Change::Registered(new) => {
                assert!(!self.here, "registered twice");
                self.here = true;
                self.records.extend(new.employment.map(|fact| (fact.record_id, fact.status)));
            }
            Change::Arrived(new) => {
                assert!(!self.here, "arrives where they are");
                self.here = true;
                let facts =
                    new.employment.into_iter().map(|fact| (fact.record_id, fact.status)).collect::<BTreeMap<_, _>>();
                assert!(self.records.iter().all(|(id, status)| facts.get(id) == Some(status)), "something was lost");
                self.records = facts;
            }
            Change::Left(_) => {
                assert!(self.here, "leaves where they are not");
                self.here = false;
            }
            other => {
                assert!(self.here, "told of somebody who is not here: {other:?}");
                if let Change::EmploymentRecorded(new) = other {
                    let fact = new.employment.expect("a fact");
                    self.records.insert(fact.record_id, fact.status);
                }
            }
        }
        self
    }
}

#[test]
fn nobody_is_in_two_townships_nor_in_none_and_nothing_is_lost() {
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let city = runtime.block_on(async {
        let city = City::new().await;
        city.township(QUTANG, "曲塘镇").await;
        city
    });
    let (n, moves, lives) = (Cell::new(0), Cell::new(0), RefCell::new(BTreeMap::new()));
    let mut runner = TestRunner::new(Config { cases: 16, failure_persistence: None, ..Config::default() });
    let lived = runner.run(&tries(), |tries| {
        n.set(n.get() + 1);
        runtime.block_on(async {
            let clerks: Vec<_> = TOWNSHIPS.iter().map(|township| city.clerk(township)).collect();
            let request = sample::person_who_is(n.get(), S::Unemployed, "2026-01-05");
            let person = clerks[0].people().register_person(request).await.expect("registered").into_inner();
            let mut life = Life {
                city: &city,
                clerks,
                n: n.get(),
                records: vec![person.employment.expect("a record").record_id],
                person: person.person_id,
                home: 0,
                moves: 0,
                transfers: Vec::new(),
            };
            for attempt in tries {
                life.attempt(attempt).await;
                life.check().await;
            }
            moves.set(moves.get() + life.moves);
            lives.borrow_mut().insert(life.person, Lived { home: life.home, records: life.records });
        });
        Ok(())
    });
    lived.expect("every life holds");
    let lives = lives.into_inner();
    let moves = moves.get();
    assert!(moves > 16 && lives.values().filter(|lived| lived.home != 0).count() > 3, "people do move: {moves}");
    runtime.block_on(check_feeds(&city, &lives));
    runtime.block_on(city.close());
}
