//! Watches: how many one caller holds, and what a reader costs who does not read.

use std::time::Duration;

use bangfu::client::Client;
use bangfu_platform::server::watch::PER_CALLER;
use bangfu_proto::{
    common::v1::Cursor,
    followup::v1::{ListCoordinatorsRequest, WatchDutiesRequest, WatchDutiesResponse, WatchRemindersRequest},
    people::v1::{ListPeopleRequest, WatchPeopleRequest, WatchPeopleResponse, watch_people_response::Item},
};
use bangfu_testkit::{City, DADONG, LIBAO, reason, sample};
use tonic::{Code, Status, Streaming};
use tonic_types::StatusExt as _;

use super::server::{Served, Wanted};
use crate::{row::Run, steps::until};

/// What one caller holds open.
enum Held {
    People(Streaming<WatchPeopleResponse>),
    Duties(Streaming<WatchDutiesResponse>),
    Reminders(Streaming<bangfu_proto::followup::v1::WatchRemindersResponse>),
}

/// Seventeen are one too many, by whatever streams; other callers and other calls do not notice; whatever ends gives its
/// place back.
pub async fn a_caller_holds_sixteen_watches_and_no_more(run: Run) {
    let city = City::new().await;
    city.settle().await;
    let (clerk, other) = (city.clerk(DADONG), city.caller("clerk-2", &[bangfu_kernel::Role::Clerk], Some(DADONG), &[]));
    let mut chance = run.chance(0);
    run.fault("streams too many", 0);
    for _ in 0..run.of(3, 200) {
        // Each service counts for itself.
        for services in [["people"].as_slice(), ["duties", "reminders"].as_slice()] {
            let mut held = Vec::new();
            for _ in 0..PER_CALLER {
                let kind = chance.of(services);
                until("there is a place", async || match watch(&clerk, kind).await {
                    Ok(stream) => {
                        held.push(stream);
                        true
                    }
                    Err(status) => {
                        assert_eq!(reason(&status), "OVERLOADED", "{status:?} (seed {})", run.seed());
                        false
                    }
                })
                .await;
            }
            for kind in services {
                let Err(status) = watch(&clerk, kind).await else { panic!("one too many (seed {})", run.seed()) };
                let told = (status.code(), reason(&status));
                assert_eq!(told, (Code::ResourceExhausted, "OVERLOADED".to_owned()), "{status:?}");
                let limit = status.get_details_error_info().expect("details").metadata["limit"].clone();
                assert_eq!(limit, "watch", "seed {}", run.seed());
                run.fault("streams too many", 1);
                drop(watch(&other, kind).await.expect("others have their own"));
            }
            clerk.followup().list_coordinators(ListCoordinatorsRequest::default()).await.expect("a call");
            clerk.people().list_people(ListPeopleRequest::default()).await.expect("a call");
            run.count("calls beside them", 2);
            // One is let go, another comes to its deadline: two places.
            held.swap_remove(chance.below(held.len()));
            let brief = clerk.clone().within(Duration::from_millis(300));
            until("a place is given back", async || {
                let Ok(mut stream) = watch(&brief, services[0]).await else { return false };
                while next(&mut stream).await {}
                true
            })
            .await;
            until("once more", async || watch(&clerk, services[0]).await.is_ok()).await;
            run.count("places given back", 2);
        }
    }
    city.close().await;
}

async fn watch(client: &Client, kind: &str) -> Result<Held, Status> {
    Ok(match kind {
        "people" => Held::People(client.people().watch_people(WatchPeopleRequest::default()).await?.into_inner()),
        "duties" => Held::Duties(client.followup().watch_duties(WatchDutiesRequest::default()).await?.into_inner()),
        _ => {
            let request = WatchRemindersRequest { within_days: 7, ..Default::default() };
            Held::Reminders(client.followup().watch_reminders(request).await?.into_inner())
        }
    })
}

/// Whether there is another message.
async fn next(stream: &mut Held) -> bool {
    match stream {
        Held::People(stream) => matches!(stream.message().await, Ok(Some(_))),
        Held::Duties(stream) => matches!(stream.message().await, Ok(Some(_))),
        Held::Reminders(stream) => matches!(stream.message().await, Ok(Some(_))),
    }
}

/// Events that wait for readers who do not read.
const EVENTS: i64 = 40_000;

/// Whoever does not read is disconnected with FEED_READER_SLOW, after everything that was sent to them and without a gap;
/// the server holds no more for them than their buffer; others are served.
pub async fn a_slow_reader_is_told_so_and_costs_little(run: Run) {
    let mut city = City::new().await;
    city.clerk(DADONG).people().register_person(sample::person(1)).await.expect("registered");
    city.settle().await;
    // A long history, without living through it.
    for sql in [
        format!(
            "INSERT INTO event (township, seq, kind, payload, occurred_at)
             SELECT e.township, h.seq + n, e.kind, e.payload, e.occurred_at
             FROM feed_head h JOIN event e ON e.township = h.township AND e.seq = h.seq, generate_series(1, {EVENTS}) n
             WHERE h.township = '{DADONG}'"
        ),
        format!("UPDATE feed_head SET seq = seq + {EVENTS} WHERE township = '{DADONG}'"),
    ] {
        let mut session = city.look("people").await;
        sqlx::raw_sql(sqlx::AssertSqlSafe(sql)).execute(&mut session).await.expect("a history");
    }
    let patience = run.of(Duration::from_secs(2), Duration::from_secs(30));
    // Nobody follows it here: what this history says is nonsense.
    let served = Served::start_unsettled(&mut city, Wanted { patience, ..Wanted::default() }, None).await;
    let quick = served.clerk(&city, "clerk-2", DADONG);
    quick.people().list_people(ListPeopleRequest::default()).await.expect("served");

    run.fault("readers who stop reading", 0);
    for _ in 0..run.of(1, 3) {
        let before = served.forget_memory();
        let mut slow = Vec::new();
        for _ in 0..PER_CALLER {
            let channel = served.endpoint().initial_stream_window_size(65_535).connect_lazy();
            let token = city.token("clerk-1", &[bangfu_kernel::Role::Clerk], Some(DADONG));
            let client = Client::on(channel, &token).expect("a client");
            slow.push(
                client.people().watch_people(WatchPeopleRequest::default()).await.expect("a stream").into_inner(),
            );
        }
        // All the while, somebody reads it from end to end.
        let mut all = quick.people().watch_people(WatchPeopleRequest::default()).await.expect("a stream").into_inner();
        let mut last = 0;
        while let Some(Item::Event(event)) = all.message().await.expect("a reader who reads").expect("no end").item {
            last = event.cursor.expect("a cursor").seq;
        }
        assert!(last > EVENTS, "{last} (seed {})", run.seed());
        // A bit longer than they are borne, so that each has come to its end.
        tokio::time::sleep(patience + Duration::from_secs(1)).await;
        let grown = served.most_memory().saturating_sub(before) / 1024;
        run.count("MiB that the server grew by", grown);
        assert!(grown < 64, "{grown} MiB for {PER_CALLER} readers (seed {})", run.seed());

        let mut cursor = Cursor::default();
        for mut stream in slow {
            let (mut seen, mut end) = (0, None);
            while end.is_none() {
                match stream.message().await {
                    Ok(Some(message)) => {
                        let Some(Item::Event(event)) = message.item else { panic!("nothing but events") };
                        cursor = event.cursor.expect("a cursor");
                        assert_eq!(cursor.seq, seen + 1, "seed {}", run.seed());
                        seen = cursor.seq;
                    }
                    Ok(None) => panic!("it ended as if it were whole, at {seen} (seed {})", run.seed()),
                    Err(status) => end = Some(status),
                }
            }
            let status = end.expect("an end");
            let told = (status.code(), reason(&status));
            assert_eq!(told, (Code::Aborted, "FEED_READER_SLOW".to_owned()), "{status:?} (seed {})", run.seed());
            assert!(seen < EVENTS, "it was too quick to be slow (seed {})", run.seed());
            run.fault("readers who stop reading", 1);
        }
        // They go on from where they were.
        let seq = cursor.seq;
        let on = WatchPeopleRequest { cursors: vec![cursor], ..Default::default() };
        let mut on = quick.people().watch_people(on).await.expect("a stream").into_inner();
        let Some(Item::Event(event)) = on.message().await.expect("a message").expect("no end").item else {
            panic!("an event")
        };
        assert_eq!(event.cursor.expect("a cursor").seq, seq + 1, "nothing is skipped (seed {})", run.seed());
        let others = served.clerk(&city, "clerk-1", LIBAO);
        until("their places are given back", async || watch(&others, "people").await.is_ok()).await;
        quick.people().list_people(ListPeopleRequest::default()).await.expect("served");
    }
    served.end().await;
    city.close().await;
}
