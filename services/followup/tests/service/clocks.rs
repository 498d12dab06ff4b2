//! Midnight in Beijing, and clocks that step: no duty is lost, doubled or rewritten by them.

use std::time::Duration;

use bangfu::client::date;
use bangfu_proto::followup::v1::{Duty, ListSweepsRequest, RecordContactRequest};
use bangfu_testkit::{City, DADONG};
use chrono::{DateTime, NaiveDate, TimeDelta, Utc};

use crate::steps::{contact, duties, record, state, sweep, the, unemployed, until};

fn at(instant: &str) -> DateTime<Utc> {
    instant.parse().expect("an instant")
}

/// What stands in the ledger, ids and all.
async fn ledger(city: &City) -> Vec<Duty> {
    let mut duties = duties(city).await;
    duties.sort_by(|a, b| a.duty_id.cmp(&b.duty_id));
    duties
}

#[tokio::test(flavor = "multi_thread")]
async fn the_grace_of_a_month_ends_at_midnight_in_beijing() {
    let city = City::new().await;
    let people = unemployed(&city, 0..2, "2026-01-05").await;
    sweep(&city).await;
    let clerk = city.clerk(DADONG);
    let on = |person: &str| RecordContactRequest {
        on: date("2026-01-31".parse().expect("a date")),
        ..contact(&city, person)
    };
    // A second before midnight of 5 February there, and at midnight. In London it is the afternoon of the fifth both times.
    city.clock.set(at("2026-02-05T15:59:59Z"));
    assert_eq!(record(&clerk, on(&people[0])).await.settled_duty_ids.len(), 1, "the last second of the grace");
    city.clock.set(at("2026-02-05T16:00:00Z"));
    assert!(record(&clerk, on(&people[1])).await.settled_duty_ids.is_empty(), "it is the sixth");
    let all = duties(&city).await;
    let january = |person: &str| {
        let theirs: Vec<_> = all.iter().filter(|duty| duty.person_id == person).cloned().collect();
        let duty = the(&theirs, "follow_up.unemployed", "2026-01-01").clone();
        (state(&duty), duty.state_on)
    };
    let day = |day: &str| date(day.parse::<NaiveDate>().expect("a date"));
    assert_eq!(january(&people[0]), ("DONE", day("2026-02-05")));
    assert_eq!(january(&people[1]), ("MISSED", day("2026-02-06")));
    city.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_clock_that_steps_back_rewrites_nothing() {
    let city = City::new().await;
    let people = unemployed(&city, 0..2, "2026-01-05").await;
    city.turn_to("2026-02-10");
    sweep(&city).await;
    let before = ledger(&city).await;
    assert_eq!(before.iter().filter(|duty| state(duty) == "MISSED").count(), 4, "January, and the benefit");

    city.turn_to("2026-02-01");
    sweep(&city).await;
    assert_eq!(ledger(&city).await, before, "a sweep on a day that was over");
    // Entered by that clock within January's grace: what is final stays final, what is open is done.
    let told = record(&city.clerk(DADONG), contact(&city, &people[0])).await;
    let now = ledger(&city).await;
    let changed: Vec<_> = now.iter().filter(|duty| !before.contains(duty)).collect();
    assert_eq!(changed.len(), told.settled_duty_ids.len(), "{changed:?}");
    assert!(changed.iter().all(|duty| state(duty) == "DONE" && duty.rule != "unemployment_benefit"), "{changed:?}");
    assert!(now.iter().filter(|duty| state(duty) == "MISSED").count() == 4, "none of them is undone");

    city.turn_to("2026-02-11");
    sweep(&city).await;
    assert_eq!(ledger(&city).await, now, "and on it goes");
    city.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn after_a_leap_of_the_clock_the_night_is_made_up_for_once() {
    let city = City::new().await;
    unemployed(&city, 0..2, "2026-01-05").await;
    let (clock, leaps) = (city.clock.clone(), city.clock.clone());
    let runs = tokio::spawn(async move {
        loop {
            tokio::time::sleep(Duration::from_millis(100)).await;
            clock.advance(TimeDelta::milliseconds(500));
        }
    });
    let bureau = city.bureau();
    let swept = async |day: &str| {
        let listed = bureau.followup().list_sweeps(ListSweepsRequest { page_size: 500, ..Default::default() }).await;
        let day = date(day.parse::<NaiveDate>().expect("a date"));
        let sweeps = listed.expect("listed").into_inner().sweeps;
        sweeps
            .iter()
            .filter(|sweep| sweep.as_of == day && sweep.township == DADONG && sweep.finished_at.is_some())
            .count()
    };
    until("the day is swept", async || swept("2026-01-05").await > 0).await;
    leaps.set(at("2026-02-10T01:00:00Z"));
    until("five weeks are made up for", async || swept("2026-02-10").await > 0).await;
    let raised = ledger(&city).await;
    assert_eq!(
        raised.iter().filter(|duty| duty.rule == "follow_up.unemployed").count(),
        4,
        "January and February of two"
    );
    // Back by an hour, across midnight: that day was swept, and so was this.
    leaps.set(at("2026-02-09T15:50:00Z"));
    tokio::time::sleep(Duration::from_secs(3)).await;
    leaps.set(at("2026-02-09T16:10:00Z"));
    tokio::time::sleep(Duration::from_secs(3)).await;
    assert_eq!((swept("2026-02-09").await, swept("2026-02-10").await), (0, 1));
    assert_eq!(ledger(&city).await, raised);
    runs.abort();
    city.close().await;
}
