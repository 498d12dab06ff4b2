//! The change feed of duties.

use std::collections::BTreeMap;

use bangfu::client::Client;
use bangfu_proto::{
    common::v1::Cursor,
    followup::v1::{Duty, DutyEvent, DutyState, WatchDutiesRequest, watch_duties_response::Item},
};
use bangfu_testkit::{City, DADONG, reason};

use crate::steps::{contact, duties, record, sweep, unemployed};

/// Everything up to the first bookmark of DADONG, and where it stands.
async fn watched(client: &Client, request: WatchDutiesRequest) -> (Vec<DutyEvent>, Cursor) {
    let mut stream = client.followup().watch_duties(request).await.expect("a stream").into_inner();
    let mut events = Vec::new();
    loop {
        match stream.message().await.expect("a message").expect("no end").item.expect("an item") {
            Item::Event(event) => events.push(event),
            Item::Bookmark(mark) => {
                let cursor = mark.cursor.expect("a cursor");
                if cursor.township == DADONG {
                    return (events, cursor);
                }
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn watched_from_zero_the_steps_make_the_ledger() {
    let city = City::new().await;
    let people = unemployed(&city, 0..3, "2026-01-05").await;
    sweep(&city).await;
    record(&city.clerk(DADONG), contact(&city, &people[0])).await;
    city.turn_to("2026-02-10");
    sweep(&city).await;

    for client in [city.clerk(DADONG), city.service()] {
        let (events, head) = watched(&client, WatchDutiesRequest::default()).await;
        let mut ledger = BTreeMap::<String, Duty>::new();
        for (seq, event) in (1..).zip(&events) {
            assert_eq!(event.cursor.as_ref().map(|cursor| cursor.seq), Some(seq), "without gaps");
            let duty = event.duty.clone().expect("whole");
            let before = ledger.insert(duty.duty_id.clone(), duty).map_or(0, |duty| duty.state);
            assert_eq!(event.previous_state, before);
        }
        let mut listed = duties(&city).await;
        listed.sort_by(|a, b| a.duty_id.cmp(&b.duty_id));
        assert_eq!(ledger.into_values().collect::<Vec<_>>(), listed);
        assert_eq!(head.seq, i64::try_from(events.len()).expect("few"));
    }
    city.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_watch_goes_on_from_its_cursor_and_tells_only_the_states_asked_for() {
    let city = City::new().await;
    let people = unemployed(&city, 0..1, "2026-01-05").await;
    sweep(&city).await;
    let clerk = city.clerk(DADONG);
    let (_, cursor) = watched(&clerk, WatchDutiesRequest::default()).await;
    record(&clerk, contact(&city, &people[0])).await;

    let on = WatchDutiesRequest { cursors: vec![cursor.clone()], ..Default::default() };
    let (events, _) = watched(&clerk, on).await;
    let states: Vec<_> = events.iter().map(|event| event.duty.as_ref().map(Duty::state)).collect();
    assert_eq!(states, [Some(DutyState::Done)]);
    let only = WatchDutiesRequest { states: vec![DutyState::Done.into()], ..Default::default() };
    let (events, head) = watched(&clerk, only).await;
    assert_eq!((events.len(), head.seq), (1, cursor.seq + 1));

    let ahead = Cursor { seq: 1_000, ..cursor };
    let ahead = WatchDutiesRequest { cursors: vec![ahead], ..Default::default() };
    let refused = clerk.followup().watch_duties(ahead).await.expect_err("ahead of the head");
    assert_eq!(reason(&refused), "CURSOR_INVALID");
    city.close().await;
}
