//! Sweeps: twice, at the same time, after a death, for too early a day, and by night.

use std::{collections::HashMap, time::Duration};

use bangfu::{
    client::{Client, date, request_id},
    suite::Suite,
};
use bangfu_proto::{
    followup::v1::{
        ListDutiesRequest, ListQuarantineRequest, ListSweepsRequest, Quarantined, RunSweepRequest, TownshipSweep,
        VoidContactRequest,
    },
    people::v1::EmploymentStatus,
};
use bangfu_testkit::{City, DADONG, LIBAO, reason};
use chrono::TimeDelta;
use tonic::Code;

use crate::steps::{EACH, contact, duties, of_january, record, standing, sweep, unemployed, until};

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
    for (n, status) in [EmploymentStatus::Retired, EmploymentStatus::Unemployed].into_iter().enumerate() {
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
    let listed = quarantined(&city.bureau()).await;
    assert_eq!(listed.len(), 1, "{listed:?}");
    assert_eq!((listed[0].township.as_str(), &listed[0].person_id, listed[0].attempts), (DADONG, &people[1], 2));
    assert!(listed[0].household_id.is_empty() && !listed[0].correlation_id.is_empty());
    assert_eq!(quarantined(&city.clerk(LIBAO)).await, []);

    // Nothing is entered for them meanwhile: nobody could say what it settled.
    let refused = city.clerk(DADONG).followup().record_contact(contact(&city, &people[1])).await.expect_err("refused");
    assert_eq!(reason(&refused), "INTERNAL");
    sqlx::query(
        "UPDATE subject SET facts = (SELECT facts FROM subject WHERE person_id = $2::uuid) WHERE person_id = $1::uuid",
    )
    .bind(&people[1])
    .bind(&people[0])
    .execute(&mut look)
    .await
    .expect("mended");
    let swept = sweep(&city).await;
    assert_eq!((swept.in_scope, swept.failed, raised(&swept)), (1, 0, 8));
    assert_eq!(quarantined(&city.bureau()).await, []);
    city.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_voided_for_somebody_who_cannot_be_planned() {
    let city = City::new().await;
    let people = unemployed(&city, 0..1, "2026-01-05").await;
    sweep(&city).await;
    let contact = record(&city.clerk(DADONG), contact(&city, &people[0])).await;
    let mut look = city.look("followup").await;
    sqlx::query("UPDATE subject SET facts = '{\"spoiled\": true}'").execute(&mut look).await.expect("spoiled");
    let request = VoidContactRequest {
        request_id: request_id(),
        contact_id: contact.contact_id,
        reason: "wrong person".to_owned(),
    };
    let refused = city.clerk(DADONG).followup().void_contact(request).await.expect_err("refused");
    assert_eq!(reason(&refused), "INTERNAL");
    let voided: i64 = sqlx::query_scalar("SELECT count(*) FROM contact WHERE voided_at IS NOT NULL")
        .fetch_one(&mut look)
        .await
        .expect("a count");
    assert_eq!(voided, 0);
    city.close().await;
}

async fn quarantined(client: &Client) -> Vec<Quarantined> {
    let mut request = ListQuarantineRequest { page_size: 1, ..Default::default() };
    let mut all = Vec::new();
    loop {
        let page = client.followup().list_quarantine(request.clone()).await.expect("listed").into_inner();
        all.extend(page.quarantined);
        if page.next_page_token.is_empty() {
            return all;
        }
        request.page_token = page.next_page_token;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_township_that_another_sweep_holds_keeps_no_other_waiting() {
    let city = City::new().await;
    unemployed(&city, 0..1, "2026-01-05").await;
    let there = bangfu_testkit::sample::person_who_is(7, EmploymentStatus::Unemployed, "2026-01-05");
    city.clerk(LIBAO).people().register_person(there).await.expect("registered");
    city.settle().await;
    let mut look = city.look("followup").await;
    let holder = "UPDATE sweep_lease SET holder = $2, beats = beats + 1 WHERE township = $1";
    let hold = async |look: &mut sqlx::PgConnection, it: Option<uuid::Uuid>| {
        sqlx::query(holder).bind(DADONG).bind(it).execute(look).await.expect("handed");
    };
    let other = Some(uuid::Uuid::new_v4());
    hold(&mut look, other).await;
    let bureau = city.bureau();
    let round = tokio::spawn(async move { bureau.followup().run_sweep(request()).await });
    let clerk = city.clerk(LIBAO);
    until("the other township is swept", async || {
        let open = clerk.followup().list_duties(ListDutiesRequest::default()).await.expect("listed");
        open.into_inner().duties.len() == EACH
    })
    .await;
    assert_eq!(duties(&city).await.len(), 0, "this one is held");
    for _ in 0..12 {
        // Whoever renews its lease lives, however long it takes.
        tokio::time::sleep(Duration::from_secs(1)).await;
        hold(&mut look, other).await;
    }
    assert_eq!(duties(&city).await.len(), 0, "still held");
    hold(&mut look, None).await;
    let swept = round.await.expect("ended").expect("swept").into_inner().townships;
    assert_eq!(swept.iter().map(raised).collect::<Vec<_>>(), [8, 8]);
    city.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sweep_tells_by_how_many_days_it_was_late() {
    let city = City::new().await;
    unemployed(&city, 0..2, "2026-01-05").await;
    assert_eq!(sweep(&city).await.raised_days_late, 0);
    city.turn_to("2026-02-04");
    let late = sweep(&city).await;
    assert_eq!((late.raised_days_late, raised(&late)), (3, 2), "February opened on the first");
    assert_eq!(sweep(&city).await.raised_days_late, 0);
    city.close().await;
}

/// Replicas share the townships of a night: each is swept once.
#[tokio::test(flavor = "multi_thread")]
async fn two_replicas_sweep_each_township_once_a_night() {
    let city = City::new().await;
    unemployed(&city, 0..3, "2026-01-05").await;
    for n in 10..30 {
        city.township(&format!("3206851{n}"), "一个镇").await;
    }
    let other = Suite::start(city.plan().await).await.expect("another replica");
    city.settle().await;
    city.clock.set("2026-01-05T16:04:57Z".parse().expect("three seconds before five past midnight in Shanghai"));
    let runs = running(&city);
    let mut look = city.look("followup").await;
    let all = "SELECT count(*) FROM (SELECT township FROM sweep WHERE as_of = '2026-01-06' AND finished_at IS NOT NULL
               GROUP BY township) AS t";
    for _ in 0..600 {
        let swept: i64 = sqlx::query_scalar(all).fetch_one(&mut look).await.expect("a count");
        if swept == 22 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    // Time for whoever would sweep again.
    tokio::time::sleep(Duration::from_secs(2)).await;
    runs.abort();
    let swept: Vec<(String, i64)> =
        sqlx::query_as("SELECT township, count(*) FROM sweep WHERE as_of = '2026-01-06' GROUP BY township ORDER BY 1")
            .fetch_all(&mut look)
            .await
            .expect("counts");
    assert_eq!(swept.len(), 22, "every township");
    assert!(swept.iter().all(|(_, sweeps)| *sweeps == 1), "{swept:?}");
    other.stop().await.expect("stopped");
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
