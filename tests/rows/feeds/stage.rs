//! A feed of one's own, at the level of units of work: writers, watchers that note what they see, and nothing else.

use std::{
    future::poll_fn,
    sync::atomic::{AtomicU64, Ordering},
    task::Poll,
    time::Duration,
};

use bangfu_kernel::{Clock, Error, Township};
use bangfu_platform::{
    auth::Permit,
    db::{self, Db, TownshipTx},
    feed::{self, Item, Wanted, Watching},
    id,
};
use bangfu_proto::common::v1::Cursor;
use bangfu_testkit::{DADONG, LIBAO, databases};
use sqlx::PgConnection;
use tokio::sync::watch as signal;
use tokio_stream::{StreamExt as _, wrappers::ReceiverStream};
use tokio_util::sync::CancellationToken;
use tonic::Status;

use super::recording::{Fate, Step, Tag, Unit, Watch};
use crate::chance::Chance;

/// A database of follow-up's with the feeds of two townships.
pub(super) struct Stage {
    pub(super) database: String,
    pub(super) db: Db,
    ticks: AtomicU64,
}

/// What a watcher is told.
pub(super) type Told = (Cursor, Option<Tag>);

/// Our own permit for a township.
#[expect(clippy::disallowed_methods, reason = "a test is no caller: it stands where the auth layer would")]
pub(super) fn permit(township: Option<&str>) -> Permit {
    Permit::of_job("test", "320685", township.map(|code| code.parse().expect("a code")))
}

impl Stage {
    /// Set up anew.
    pub(super) async fn new() -> Self {
        let database = databases::clone("followup").await;
        let db = open(&Self::settings(&database).await).await;
        for township in [DADONG, LIBAO] {
            let mut tx = db.township(&permit(Some(township))).await.expect("a unit");
            let epoch = id::new(tx.clock());
            feed::open(&mut tx, epoch).await.expect("a feed");
            tx.commit().await.expect("opened");
        }
        Self { database, db, ticks: AtomicU64::new(0) }
    }

    /// How its database is reached.
    pub(super) async fn settings(database: &str) -> db::Settings {
        db::Settings { connections: 20, ..databases::settings("followup", database).await }
    }

    /// A unit of work in DADONG.
    pub(super) async fn unit(&self) -> TownshipTx {
        self.db.township(&permit(Some(DADONG))).await.expect("a unit")
    }

    /// The next tick of the run.
    pub(super) fn tick(&self) -> u64 {
        self.ticks.fetch_add(1, Ordering::SeqCst)
    }

    /// Commits a unit of so many events.
    pub(super) async fn told(&self, writer: u32, unit: u32, of: u32) -> Unit {
        self.commit(self.unit().await, writer, unit, of).await.expect("committed")
    }

    /// Commits a unit that has begun.
    pub(super) async fn commit(&self, mut tx: TownshipTx, writer: u32, unit: u32, of: u32) -> Result<Unit, Error> {
        for event in Tag::unit(writer, unit, of) {
            tx.emit(event);
        }
        let began = self.tick();
        tx.commit().await?;
        Ok(Unit { writer, number: unit, of, fate: Fate::Committed, began, ended: self.tick() })
    }

    /// The number of the last event.
    pub(super) async fn head(&self) -> i64 {
        self.feed().await.0
    }

    /// The cursor at an event.
    pub(super) async fn cursor(&self, seq: i64) -> Cursor {
        Cursor { township: DADONG.to_owned(), epoch: self.feed().await.1, seq }
    }

    async fn feed(&self) -> (i64, String) {
        sqlx::query_as("SELECT seq, epoch::text FROM feed_head WHERE township = $1")
            .bind(DADONG)
            .fetch_one(&mut self.look().await)
            .await
            .expect("a head")
    }

    /// A superuser's look.
    pub(super) async fn look(&self) -> PgConnection {
        databases::superuser(&self.database).await
    }

    /// Compacts the feed as a retention job would: declared first, then gone.
    pub(super) async fn compact(&self, oldest: i64) {
        let mut tx = self.unit().await;
        feed::compact(&mut tx, oldest).await.expect("compacted");
        tx.commit().await.expect("committed");
        sqlx::query("DELETE FROM event WHERE township = $1 AND seq < $2")
            .bind(DADONG)
            .bind(oldest)
            .execute(&mut self.look().await)
            .await
            .expect("gone");
    }

    /// Ends it.
    pub(super) async fn end(self) {
        self.db.close().await;
        databases::drop(&self.database).await;
    }
}

/// Opens a service's doors.
pub(super) async fn open(settings: &db::Settings) -> Db {
    Db::open(settings, Clock::at("2026-01-05".parse().expect("a date"))).await.expect("opens")
}

/// A watch of DADONG after a cursor, by a caller of the township or of the city.
pub(super) async fn watch(
    db: &Db,
    after: Option<Cursor>,
    city: bool,
    watching: Watching,
) -> Result<ReceiverStream<Result<Told, Status>>, Error> {
    let dadong: Township = DADONG.parse().expect("a code");
    let wanted = Wanted {
        cursors: after.into_iter().collect(),
        townships: if city { vec![dadong] } else { Vec::new() },
        ..Wanted::default()
    };
    let permit = permit(if city { None } else { Some(DADONG) });
    feed::watch(db, permit, wanted, watching, |item| {
        Ok(match item {
            Item::Event(cursor, event) => (cursor, Some(Tag::of(&event.payload))),
            Item::Bookmark(cursor) => (cursor, None),
        })
    })
    .await
}

/// A watch that nothing ends from outside.
pub(super) fn forever() -> Watching {
    Watching { stopping: CancellationToken::new().into(), patience: Duration::from_secs(30), held: Box::new(()) }
}

/// Watches from the first event until the feed has come to its end (`over`) and a bookmark says so; notes what it sees. With
/// `breaks` it breaks off now and then and goes on where it stood.
pub(super) async fn follow(
    db: Db,
    name: String,
    city: bool,
    mut breaks: Option<Chance>,
    mut over: signal::Receiver<Option<i64>>,
) -> Watch {
    let (mut steps, mut stands) = (Vec::new(), None::<Cursor>);
    loop {
        let mut stream = watch(&db, stands.clone(), city, forever()).await.expect("a watch");
        steps.push(Step::Opened(stands.as_ref().map_or(0, |cursor| cursor.seq)));
        let mut left = breaks.as_mut().map(|chance| 1 + chance.below(40));
        while left != Some(0) {
            let next = tokio::time::timeout(Duration::from_mins(1), stream.next()).await;
            let told = next.expect("bookmarks come every few seconds").expect("no end");
            let (cursor, tag) = told.expect("nothing ends it");
            let end = *over.borrow_and_update();
            steps.push(match tag {
                Some(tag) => Step::Event(cursor.seq, tag),
                None => Step::Bookmark(cursor.seq),
            });
            if tag.is_none() && end == Some(cursor.seq) {
                return Watch { name, steps, to_the_end: true };
            }
            stands = Some(cursor);
            left = left.map(|left| left - 1);
        }
    }
}

/// Polls a future so often and drops it where it waits then; what it came to, if it came to its end before.
pub(super) async fn killed_after<F: Future>(polls: u32, future: F) -> Option<F::Output> {
    let mut future = Box::pin(future);
    let mut polled = 0;
    poll_fn(move |context| {
        polled += 1;
        match future.as_mut().poll(context) {
            Poll::Ready(output) => Poll::Ready(Some(output)),
            Poll::Pending if polled >= polls => Poll::Ready(None),
            Poll::Pending => Poll::Pending,
        }
    })
    .await
}
