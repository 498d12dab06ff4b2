//! The ledger of a city as lines in which nothing is random, and what must be true of it by itself.

use std::collections::BTreeMap;

use bangfu_proto::followup::v1::{DutyEvent, ListSweepsRequest, TownshipSweep};
use bangfu_testkit::City;
use prost::Message as _;

/// Every duty, by identity: what, when, and how it stands.
pub(super) async fn of(city: &City) -> Vec<String> {
    sqlx::query_scalar(
        "SELECT concat_ws(' | ', township, person_id, rule, period_start, slot, service, opens_on, due_on, window_start
                         , target_on, missed_from, 'state ' || state, state_on, 'released ' || release_reason
                         , standard_version, CASE WHEN settled_by IS NULL THEN 'not settled' ELSE 'settled' END)
           FROM duty
          ORDER BY township, person_id, rule, period_start, slot",
    )
    .fetch_all(&mut city.look("followup").await)
    .await
    .expect("duties")
}

/// One number.
pub(super) async fn count(city: &City, sql: &'static str) -> i64 {
    sqlx::query_scalar(sql).fetch_one(&mut city.look("followup").await).await.expect("a count")
}

/// One duty an identity; the events rebuild the ledger; sweeps account for everybody; nobody is due; no lease is held.
pub(super) async fn proven(city: &City, seed: u64) {
    let twice = "SELECT count(*) FROM (SELECT FROM duty GROUP BY township, person_id, rule, period_start, slot
                 HAVING count(*) > 1) AS t";
    assert_eq!(count(city, twice).await, 0, "duties that stand there twice (seed {seed})");
    assert_eq!(
        count(city, "SELECT count(*) FROM sweep_lease WHERE holder IS NOT NULL").await,
        0,
        "leases held (seed {seed})"
    );
    let today = city.clock.today();
    let due: i64 = sqlx::query_scalar("SELECT count(*) FROM review WHERE next_review_on <= $1")
        .bind(today)
        .fetch_one(&mut city.look("followup").await)
        .await
        .expect("a count");
    assert_eq!(due, 0, "people who are still due (seed {seed})");
    rebuilt(city, seed).await;
    for sweep in sweeps(city).await.iter().filter(|sweep| sweep.finished_at.is_some()) {
        let explained = sweep.with_duties + sweep.excluded.values().sum::<i64>();
        assert_eq!((sweep.in_scope, sweep.failed), (explained, 0), "{sweep:?} (seed {seed})");
    }
}

/// What the events tell from the first on is what stands in the ledger, and each step follows the one before.
async fn rebuilt(city: &City, seed: u64) {
    let mut look = city.look("followup").await;
    let events: Vec<(String, i64, Vec<u8>)> =
        sqlx::query_as("SELECT township, seq, payload FROM event ORDER BY township, seq")
            .fetch_all(&mut look)
            .await
            .expect("events");
    let mut states = BTreeMap::<String, i32>::new();
    let mut last = (String::new(), 0);
    for (township, seq, payload) in events {
        let before = if last.0 == township { last.1 } else { 0 };
        assert_eq!(seq, before + 1, "the feed of {township} is dense (seed {seed})");
        last = (township, seq);
        let event = DutyEvent::decode(payload.as_slice()).expect("an event");
        let duty = event.duty.expect("whole");
        let previous = states.insert(duty.duty_id, duty.state).unwrap_or_default();
        assert_eq!(previous, event.previous_state, "each step follows the one before (seed {seed})");
    }
    let kept: Vec<(String, i16)> =
        sqlx::query_as("SELECT duty_id::text, state FROM duty").fetch_all(&mut look).await.expect("duties");
    let kept: BTreeMap<String, i32> = kept.into_iter().map(|(duty, state)| (duty, state.into())).collect();
    assert!(states == kept, "the events do not rebuild the ledger (seed {seed})");
}

/// All sweeps, as ListSweeps tells them.
pub(super) async fn sweeps(city: &City) -> Vec<TownshipSweep> {
    let bureau = city.bureau();
    let (mut all, mut request) = (Vec::new(), ListSweepsRequest { page_size: 500, ..Default::default() });
    loop {
        let page = bureau.followup().list_sweeps(request.clone()).await.expect("listed").into_inner();
        all.extend(page.sweeps);
        if page.next_page_token.is_empty() {
            return all;
        }
        request.page_token = page.next_page_token;
    }
}
