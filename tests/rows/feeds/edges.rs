//! Where a watch cannot go on, or only just: bad cursors, slow readers, the edge of what is kept.

use std::time::Duration;

use bangfu::client::{Client, request_id};
use bangfu_platform::feed::Watching;
use bangfu_proto::{common::v1::Cursor, followup::v1::WatchDutiesRequest, people::v1::WatchPeopleRequest};
use bangfu_testkit::{City, DADONG, LIBAO, reason};
use tokio::sync::oneshot;
use tokio_stream::StreamExt as _;
use tokio_util::sync::CancellationToken;
use tonic::{Code, Status};

use super::{
    promises,
    recording::{Recording, Step, Watch},
    stage::{Stage, forever, open, watch},
};
use crate::{
    proxy::{Fault, Proxy, Which},
    row::Run,
    steps::{sweep, unemployed, until},
};

/// Every kind of cursor that is none is refused by its name, by either feed, to callers of the township and of the city; and the
/// good ones beside them are not.
pub async fn every_kind_of_bad_cursor_is_refused_by_its_name(run: Run) {
    let city = City::new().await;
    unemployed(&city, DADONG, 0..6, "2026-01-05").await;
    sweep(&city).await;
    let (clerk, bureau) = (city.clerk(DADONG), city.bureau());
    for service in ["people", "followup"] {
        let mut look = city.look(service).await;
        let (head, epoch): (i64, String) =
            sqlx::query_as("UPDATE feed_head SET oldest = 4 WHERE township = $1 RETURNING seq, epoch::text")
                .bind(DADONG)
                .fetch_one(&mut look)
                .await
                .expect("a head");
        let foreign: String = sqlx::query_scalar("SELECT epoch::text FROM feed_head WHERE township = $1")
            .bind(LIBAO)
            .fetch_one(&mut look)
            .await
            .expect("an epoch");
        let at = |seq, epoch: &str| Cursor { township: DADONG.to_owned(), epoch: epoch.to_owned(), seq };
        let elsewhere = |township: &str, epoch: &str| Cursor { township: township.to_owned(), ..at(0, epoch) };
        let (invalid, changed, compacted) = ("CURSOR_INVALID", "FEED_EPOCH_CHANGED", "FEED_COMPACTED");
        let cases = [
            ("one beyond the head", vec![at(head + 1, &epoch)], invalid),
            ("the greatest number", vec![at(i64::MAX, &epoch)], invalid),
            ("negative", vec![at(-1, &epoch)], invalid),
            ("the least number", vec![at(i64::MIN, &epoch)], invalid),
            ("negative, without epoch", vec![at(-1, "")], invalid),
            ("without epoch", vec![at(head, "")], invalid),
            ("an epoch that is none", vec![at(head, "yesterday")], invalid),
            ("another epoch", vec![at(head, &request_id())], changed),
            ("another epoch, from zero", vec![at(0, &request_id())], changed),
            ("another epoch, beyond the head", vec![at(head + 1, &request_id())], changed),
            ("another township's epoch", vec![at(head, &foreign)], changed),
            ("compacted away", vec![at(1, &epoch)], compacted),
            ("the last one compacted away, but one", vec![at(2, &epoch)], compacted),
            ("from zero, where zero is no more", vec![at(0, "")], compacted),
            ("twice", vec![at(head, &epoch), at(head, &epoch)], invalid),
            ("no township", vec![elsewhere("", &epoch)], invalid),
            ("no such township", vec![elsewhere("320685999", &epoch)], invalid),
            ("another city's", vec![elsewhere("110101001", &epoch)], invalid),
            ("none of ours beside a good one", vec![at(head, &epoch), elsewhere("320685999", "")], invalid),
        ];
        for (what, cursors, wanted) in cases {
            for (who, client) in [("clerk", &clerk), ("bureau", &bureau)] {
                let refused = opened(client, service, cursors.clone()).await.expect_err(what);
                assert_eq!(reason(&refused), wanted, "{service}, {who}: {what} (seed {})", run.seed());
                let code = if wanted == invalid { Code::InvalidArgument } else { refused.code() };
                assert_eq!(refused.code(), code, "{what}");
                run.count("bad cursors refused", 1);
            }
        }
        let theirs = vec![elsewhere(LIBAO, &foreign)];
        let refused = opened(&clerk, service, theirs.clone()).await.expect_err("not the clerk's");
        assert_eq!(reason(&refused), invalid);
        opened(&bureau, service, theirs).await.expect("the city may");
        for seq in [3, 4, head - 1, head] {
            opened(&clerk, service, vec![at(seq, &epoch)]).await.expect("a good one");
            run.count("good cursors accepted", 1);
        }
    }
    city.close().await;
}

async fn opened(client: &Client, service: &str, cursors: Vec<Cursor>) -> Result<(), Status> {
    if service == "people" {
        client.people().watch_people(WatchPeopleRequest { cursors, ..Default::default() }).await.map(drop)
    } else {
        client.followup().watch_duties(WatchDutiesRequest { cursors, ..Default::default() }).await.map(drop)
    }
}

/// A reader that takes nothing is borne for a while, with a buffer of bounded size, and then disconnected; it finds out why
/// when it comes to read, however late, and goes on where it stood.
pub async fn a_slow_reader_is_told_so_and_goes_on_where_it_stood(run: Run) {
    let stage = Stage::new().await;
    run.fault("disconnected for being slow", 0);
    let (each, rounds) = (500, run.of(5, 60));
    let mut units = Vec::new();
    for unit in 0..rounds {
        units.push(stage.told(1, unit, each).await);
    }
    let head = stage.head().await;
    let (mut steps, mut stands) = (vec![], 0);
    while stands < head {
        let (held, ended) = oneshot::channel::<()>();
        let watching = Watching {
            stopping: CancellationToken::new().into(),
            patience: Duration::from_millis(100),
            held: Box::new(held),
        };
        let after = stage.cursor(stands).await;
        let mut stream = watch(&stage.db, Some(after), false, watching).await.expect("a watch");
        steps.push(Step::Opened(stands));
        // Nothing is taken; the last rest fits into the buffer and is waited for.
        let slow = head - stands > 1_100;
        if slow {
            // Far beyond the watch's patience; its place is kept until the reader knows.
            tokio::time::sleep(Duration::from_secs(2)).await;
        }
        let mut waiting = 0;
        while let Some(told) = stream.next().await {
            match told {
                Ok((cursor, tag)) => {
                    stands = cursor.seq;
                    steps.push(tag.map_or(Step::Bookmark(stands), |tag| Step::Event(stands, tag)));
                    waiting += 1;
                    if tag.is_none() {
                        break;
                    }
                }
                Err(status) => {
                    assert_eq!(reason(&status), "FEED_READER_SLOW", "seed {}", run.seed());
                    run.fault("disconnected for being slow", 1);
                    assert_eq!(waiting, 1_000, "bounded (seed {})", run.seed());
                    break;
                }
            }
        }
        drop(stream);
        assert!(ended.await.is_err(), "whoever read to the end keeps no place");
        assert!(waiting > 0 && (!slow || waiting == 1_000), "{waiting} (seed {})", run.seed());
    }
    let watch = Watch { name: "slow".to_owned(), steps, to_the_end: true };
    promises::hold(&Recording { units, watches: vec![watch] }, run.seed());
    run.count("events", u64::try_from(head).expect("positive"));
    stage.end().await;
}

/// A feed is compacted while watchers stand one before the edge, at it, and one after it, in the middle of reading on: the one
/// whose next event is gone is told FEED_COMPACTED, the others miss nothing. None is told anything else.
pub async fn compaction_at_the_edge_stops_only_those_whose_next_event_is_gone(run: Run) {
    let stage = Stage::new().await;
    let proxy = Proxy::start(run.seed()).await;
    let db = open(&proxy.before(&Stage::settings(&stage.database).await)).await;
    run.fault("compacted under a watcher", 0);
    run.fault("told FEED_COMPACTED", 0);
    for round in 0..run.of(1, 40) {
        for offset in -2..=1 {
            for unit in 0..6 {
                stage.told(1 + round, u32::try_from(unit + 6 * (offset + 2)).expect("small"), 1).await;
            }
            let head = stage.head().await;
            let oldest = head - 3;
            let after = stage.cursor(oldest + offset).await;
            // It has read where the feed stands, and is held where it reads on.
            let before = proxy.fired();
            proxy.break_at(Which::With("FROM event".to_owned()), Fault::Held);
            let mut stream = watch(&db, Some(after), false, forever()).await.expect("a watch");
            until("it is held", async || proxy.fired() > before).await;
            stage.compact(oldest).await;
            proxy.release();
            run.fault("compacted under a watcher", 1);
            let mut last = oldest + offset;
            let place = format!("{offset} from the edge (seed {})", run.seed());
            loop {
                match stream.next().await.expect("no end without a reason") {
                    Ok((cursor, Some(_))) => {
                        assert_eq!(cursor.seq, last + 1, "{place}");
                        last = cursor.seq;
                    }
                    Ok((cursor, None)) => {
                        assert_eq!((cursor.seq, last), (head, head), "{place}");
                        assert!(last > oldest + offset && oldest + offset + 1 >= oldest, "{place}");
                        break;
                    }
                    Err(status) => {
                        assert_eq!(reason(&status), "FEED_COMPACTED", "{place}: {status}");
                        assert!(last + 1 < oldest, "{place}: its next event is there");
                        run.fault("told FEED_COMPACTED", 1);
                        break;
                    }
                }
            }
            assert!(offset >= -1 || last == oldest + offset, "{place}: it went on over a hole");
            // From zero there is no way past the edge; with the last number that is gone there is.
            let zero = Cursor { township: DADONG.to_owned(), ..Cursor::default() };
            assert!(watch(&stage.db, Some(zero), false, forever()).await.is_err(), "{place}");
            let edge = stage.cursor(oldest - 1).await;
            let mut rest = watch(&stage.db, Some(edge), false, forever()).await.expect("at the edge");
            let next = rest.next().await.expect("no end").expect("an event").0.seq;
            assert_eq!(next, oldest, "{place}");
            // Whoever gives no cursor begins with what is kept.
            let mut anew = watch(&stage.db, None, false, forever()).await.expect("from what is kept");
            assert_eq!(anew.next().await.expect("no end").expect("an event").0.seq, oldest, "{place}");
            run.count("edges", 1);
        }
    }
    db.close().await;
    stage.end().await;
}
