//! Sweeps: twice, at the same time, after a death, for too early a day, and by night.

use std::{collections::HashMap, time::Duration};

use bangfu::client::{date, request_id};
use bangfu_proto::followup::v1::{ListSweepsRequest, RunSweepRequest, TownshipSweep};
use bangfu_testkit::{City, DADONG, LIBAO, reason};
use chrono::TimeDelta;
use tonic::Code;

use crate::steps::{EACH, duties, of_january, standing, sweep, unemployed, until};

fn request() -> RunSweepRequest {
    RunSweepRequest { request_id: request_id(), ..Default::default() }
}

fn raised(sweep: &TownshipSweep) -> i64 {
    sweep.raised.values().sum()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_sweep_finds_nobody_and_a_repeated_request_the_first_result() {
    let city = City::new().await;
    unemployed(&city, 0..3, "2026-01-05").await;
    let bureau = city.bureau();
    let once = request();
    let first = bureau.followup().run_sweep(once.clone()).await.expect("swept").into_inner();
    assert_eq!(first.townships.iter().map(raised).sum::<i64>(), 24);
    assert_eq!(sweep(&city).await.in_scope, 0);
    assert_eq!(bureau.followup().run_sweep(once).await.expect("repeated").into_inner(), first);

    let all = bureau.followup().list_sweeps(ListSweepsRequest::default()).await.expect("listed").into_inner().sweeps;
    assert_eq!(all.len(), 4, "two townships, twice");
    assert!(all.is_sorted_by(|a, b| a.started_at.map(|at| at.seconds) >= b.started_at.map(|at| at.seconds)));
    let own = city.clerk(LIBAO).followup().list_sweeps(ListSweepsRequest::default()).await.expect("listed");
    assert!(own.into_inner().sweeps.iter().all(|sweep| sweep.township == LIBAO));
    city.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_sweeps_at_the_same_time_raise_nothing_twice_and_both_end() {
    let city = City::new().await;
    let people = unemployed(&city, 0..40, "2026-01-05").await;
    let (a, b) = (city.bureau(), city.bureau());
    let (mut a, mut b) = (a.followup(), b.followup());
    let (a, b) = tokio::join!(a.run_sweep(request()), b.run_sweep(request()));
    let both = [a.expect("swept").into_inner(), b.expect("swept").into_inner()];
    let raised: i64 = both.iter().flat_map(|result| &result.townships).map(raised).sum();
    assert_eq!(raised, 8 * 40);
    let in_scope: i64 = both.iter().flat_map(|result| &result.townships).map(|sweep| sweep.in_scope).sum();
    assert_eq!(in_scope, 40);
    let twice: HashMap<_, _> = of_january().into_iter().map(|(key, count)| (key, count * people.len())).collect();
    assert_eq!(standing(&duties(&city).await).into_iter().collect::<HashMap<_, _>>(), twice);
    city.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_lease_of_a_dead_sweep_is_taken_over() {
    let city = City::new().await;
    unemployed(&city, 0..1, "2026-01-05").await;
    let mut look = city.look("followup").await;
    sqlx::query("UPDATE sweep_lease SET holder = gen_random_uuid() WHERE township = $1")
        .bind(DADONG)
        .execute(&mut look)
        .await
        .expect("a holder that will never come back");
    let waited = std::time::Instant::now();
    assert_eq!(raised(&sweep(&city).await), 8);
    assert!(waited.elapsed() >= Duration::from_secs(9), "it was given its time");
    let held: i64 = sqlx::query_scalar("SELECT count(*) FROM sweep_lease WHERE holder IS NOT NULL")
        .fetch_one(&mut look)
        .await
        .expect("a count");
    assert_eq!(held, 0, "given back");
    city.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_day_before_the_first_standard_or_after_today_and_a_strange_township_are_refused() {
    let city = City::new().await;
    let bureau = city.bureau();
    for day in ["2021-02-28", "2026-01-06"] {
        let request = RunSweepRequest { as_of: date(day.parse().expect("a date")), ..request() };
        let refused = bureau.followup().run_sweep(request).await.expect_err("refused");
        assert_eq!((refused.code(), reason(&refused).as_str()), (Code::InvalidArgument, "FIELD_INVALID"), "{day}");
        assert!(refused.message().contains("as_of"), "{}", refused.message());
    }
    let strange = RunSweepRequest { townships: vec!["320685999".into()], ..request() };
    let refused = bureau.followup().run_sweep(strange).await.expect_err("refused");
    assert_eq!(reason(&refused), "NOT_FOUND");
    let by_clerk = city.clerk(DADONG).followup().run_sweep(request()).await.expect_err("refused");
    assert_eq!(reason(&by_clerk), "ROLE_MISSING");
    city.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn people_to_whom_nothing_is_owed_are_accounted_for_by_reason() {
    let city = City::new().await;
    let clerk = city.clerk(DADONG);
    for (n, status) in
        [bangfu_proto::people::v1::EmploymentStatus::Retired, bangfu_proto::people::v1::EmploymentStatus::Unemployed]
            .into_iter()
            .enumerate()
    {
        let n = u32::try_from(n).expect("small");
        let request = bangfu_testkit::sample::person_who_is(n, status, "2026-01-05");
        clerk.people().register_person(request).await.expect("registered");
    }
    city.settle().await;
    let swept = sweep(&city).await;
    assert_eq!((swept.in_scope, swept.with_duties), (2, 1));
    assert_eq!(swept.excluded, [("EXITED".to_owned(), 1)].into());
    city.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn somebody_who_cannot_be_planned_is_told_and_does_not_keep_the_others_from_their_duties() {
    let city = City::new().await;
    let people = unemployed(&city, 0..3, "2026-01-05").await;
    let mut look = city.look("followup").await;
    sqlx::query("UPDATE subject SET facts = '{\"spoiled\": true}' WHERE person_id = $1::uuid")
        .bind(&people[1])
        .execute(&mut look)
        .await
        .expect("spoiled");
    let swept = sweep(&city).await;
    assert_eq!((swept.in_scope, swept.with_duties, swept.failed), (3, 2, 1));
    assert_eq!(swept.excluded, [("PLAN_FAILED".to_owned(), 1)].into());
    assert_eq!(duties(&city).await.len(), 2 * EACH);
    assert_eq!(sweep(&city).await.failed, 1, "they stay in review");
    city.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_night_sweeps_by_itself_when_the_clock_runs() {
    let city = City::new().await;
    unemployed(&city, 0..1, "2026-01-05").await;
    city.clock.set("2026-01-05T16:04:50Z".parse().expect("ten seconds before five past midnight in Shanghai"));
    let runs = running(&city);
    until("it was swept", async || duties(&city).await.len() == EACH).await;
    // Duties are there with their batch, the record of the sweep a moment later.
    let bureau = city.bureau();
    let recorded = async || {
        let listed = bureau.followup().list_sweeps(ListSweepsRequest::default()).await.expect("listed").into_inner();
        listed.sweeps.iter().any(|sweep| sweep.township == DADONG && raised(sweep) == 8)
    };
    until("it is recorded", recorded).await;
    runs.abort();
    city.close().await;
}

/// Lets the city's clock run, five times as fast as others.
fn running(city: &City) -> tokio::task::JoinHandle<()> {
    let clock = city.clock.clone();
    tokio::spawn(async move {
        loop {
            tokio::time::sleep(Duration::from_millis(100)).await;
            clock.advance(TimeDelta::milliseconds(500));
        }
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_comes_in_after_the_sweep_of_the_day_has_their_duties_the_same_day() {
    let city = City::new().await;
    city.settle().await;
    let runs = running(&city);
    let sweeps = async || {
        let listed = city.clerk(DADONG).followup().list_sweeps(ListSweepsRequest::default()).await.expect("listed");
        listed.into_inner().sweeps
    };
    until("the day was swept", async || !sweeps().await.is_empty()).await;
    for people in [0..2, 2..3] {
        let all = people.end as usize;
        unemployed(&city, people, "2026-01-05").await;
        until("newcomers were swept", async || duties(&city).await.len() == EACH * all).await;
    }
    until("each sweep is recorded", async || sweeps().await.iter().map(raised).sum::<i64>() == 24).await;
    runs.abort();
    let quiet = sweeps().await.len();
    assert!((3..6).contains(&quiet), "a sweep each time people came, not one a second: {quiet}");
    city.close().await;
}
