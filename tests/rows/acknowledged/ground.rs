//! A city in which writing calls wait to be made: everything they need is entered first, by a suite of its own and without
//! faults; then another suite takes its place, behind a proxy and without background work of follow-up, and they are made.

use bangfu::{
    client::{Client, people::send, request_id},
    suite::Plan,
};
use bangfu_proto::{
    followup::v1::RunSweepRequest,
    people::v1::{EmploymentStatus, RegisterPersonRequest, RosterRow, RosterStart},
};
use bangfu_testkit::{City, DADONG, LIBAO, sample};

use super::{
    followup, people,
    write::{By, Whole, Write},
};
use crate::proxy::Proxy;

/// Two people are entered for each call, of one birthday, and the sample has so many birthdays.
pub(super) const MOST: usize = 330;

/// What a call is prepared with.
pub(super) struct Slot {
    /// Somebody of DADONG, unemployed for more than a year.
    pub(super) one: String,
    /// Somebody else of DADONG with the same birthday.
    pub(super) other: String,
    /// The number of `one` among sample people; `fresh(n)` and `namesake(n)` are nobody's yet.
    pub(super) n: u32,
    /// A township of its own, with somebody unemployed in it; empty where the call needs none.
    pub(super) township: String,
}

/// Calls that work on a whole township.
const OF_A_TOWNSHIP: [&str; 3] = ["RunSweep", "RunRetention", "RotateKey"];

/// A sample person with a name that nobody else has.
pub(super) fn person(n: u32) -> RegisterPersonRequest {
    RegisterPersonRequest { name: name(n), ..sample::person(n) }
}

/// The same as a row of a roster, unemployed for more than a year.
pub(super) fn row(n: u32, row: i32) -> RosterRow {
    RosterRow { name: name(n), status_since: "2024-11-03".to_owned(), ..sample::row(n, row) }
}

fn name(n: u32) -> String {
    let digits = ['零', '一', '二', '三', '四', '五', '六', '七', '八', '九'];
    let digits = n.to_string().bytes().map(|digit| digits[usize::from(digit - b'0')]).collect::<String>();
    format!("样{digits}")
}

/// The number of somebody who is not entered yet.
pub(super) fn fresh(n: u32) -> u32 {
    n + 2 * 336
}

/// Enters somebody with the name and the birthday of another one; their id.
pub(super) async fn namesake(clerk: &Client, n: u32) -> String {
    let request = RegisterPersonRequest { name: name(n), ..sample::person(n + 3 * 336) };
    clerk.people().register_person(request).await.expect("registered").into_inner().person_id
}

/// A city, and calls that can be made in it.
pub(super) struct Ground {
    pub(super) city: City,
    pub(super) proxy: Proxy,
}

impl Ground {
    /// Prepares one call of each of these methods, in their order.
    pub(super) async fn new(seed: u64, methods: &[&str]) -> (Self, Vec<Write>) {
        assert!(methods.len() <= MOST, "no city has so many birthdays");
        let mut city = City::with(|plan| without_sweeps(plan, true)).await;
        let slots = slots(&city, methods).await;
        for (method, slot) in methods.iter().zip(&slots) {
            people::long_before(&city, method, slot).await;
        }
        city.turn_to("2026-01-13");
        city.settle().await;
        let request =
            RunSweepRequest { request_id: request_id(), townships: vec![DADONG.to_owned()], ..Default::default() };
        city.bureau().followup().run_sweep(request).await.expect("swept");
        let mut writes = Vec::with_capacity(methods.len());
        for (&method, slot) in methods.iter().zip(&slots) {
            let write = match people::write(&city, method, slot).await {
                Some(write) => write,
                None => followup::write(&city, method, slot)
                    .await
                    .unwrap_or_else(|| panic!("{method} is not prepared here: a new RPC needs it")),
            };
            writes.push(Write { method: method.to_owned(), ..write });
        }
        city.settle().await;
        city.stop().await;
        let proxy = Proxy::start(seed).await;
        let mut plan = city.plan().await;
        without_sweeps(&mut plan, false);
        proxy.stand_before(&mut plan);
        city.start(plan).await;
        (Self { city, proxy }, writes)
    }

    pub(super) async fn close(self) {
        self.proxy.forget();
        self.proxy.delay(0..0);
        self.city.close().await;
    }
}

fn without_sweeps(plan: &mut Plan, jobs: bool) {
    if let Some(followup) = &mut plan.followup {
        followup.jobs = jobs;
        followup.sweeps = false;
    }
}

async fn slots(city: &City, methods: &[&str]) -> Vec<Slot> {
    let numbers = || (0..methods.len()).map(|n| u32::try_from(n).expect("few"));
    let rows = numbers().flat_map(|n| [n, n + 336]).zip(4..).map(|(n, at)| row(n, at)).collect();
    let start = RosterStart { request_id: request_id(), ..Default::default() };
    let entered = send(&city.clerk(DADONG), start, rows).await.expect("imported").results;
    let mut slots = Vec::new();
    for ((n, pair), method) in numbers().zip(entered.chunks(2)).zip(methods) {
        let mut township = String::new();
        if OF_A_TOWNSHIP.contains(method) {
            township = format!("320685{}", 200 + n);
            city.township(&township, "某镇").await;
            let request = RegisterPersonRequest {
                name: name(fresh(n)),
                ..sample::person_who_is(fresh(n), EmploymentStatus::Unemployed, "2025-11-03")
            };
            city.clerk(&township).people().register_person(request).await.expect("registered");
        }
        slots.push(Slot { one: pair[0].person_id.clone(), other: pair[1].person_id.clone(), n, township });
    }
    slots
}

pub(super) fn clerk() -> By {
    By::Clerk(DADONG.to_owned())
}

pub(super) fn neighbour() -> By {
    By::Clerk(LIBAO.to_owned())
}

/// A call on a township of its own; what happens in others is not its doing.
pub(super) fn in_own_township(write: Write, slot: &Slot) -> Write {
    Write { only_own: true, ..write.own([slot.township.clone()]) }
}

/// A call whose rows are units of work.
pub(super) fn in_parts(write: Write, parts: i64) -> Write {
    Write { whole: Whole::InParts(parts), ..write }
}
