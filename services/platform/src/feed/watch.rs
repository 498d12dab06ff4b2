//! The producer's side of a Watch RPC: backlog, then changes as they come, bookmarks when idle; never a gap.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use bangfu_kernel::{Error, Township, error::Resource};
use bangfu_proto::common::v1::Cursor;
use tokio::time::{Duration, Instant};
use tokio_stream::wrappers::ReceiverStream;
use tonic::Status;

use super::{
    Event, Head,
    outlet::{End, Outlet},
    store,
};
use crate::{auth::Permit, db::Db, server::Stopping, telemetry};

/// Events read with one statement.
const BATCH: i64 = 500;
/// How often a watcher looks for itself: commits of other replicas give no hint here.
const LOOK: Duration = Duration::from_millis(500);
/// How often an idle watcher is told where it stands.
const BOOKMARK: Duration = Duration::from_secs(5);

/// What a Watch RPC asks for.
#[derive(Debug, Default)]
pub struct Wanted {
    /// Where to go on, one a township.
    pub cursors: Vec<Cursor>,
    /// Only these townships; empty: all the permit allows.
    pub townships: Vec<Township>,
    /// Only these kinds; empty: all.
    pub kinds: BTreeSet<i16>,
}

/// One step of a watch, to be put into the RPC's message.
#[derive(Debug)]
pub enum Item {
    /// A change and where it stands.
    Event(Cursor, Event),
    /// Nothing was missed up to here.
    Bookmark(Cursor),
}

/// What ends every watch when the server stops, and whatever else must live as long as the watch does.
pub struct Watching {
    /// Ends the watch when the server stops.
    pub stopping: Stopping,
    /// How long a reader may leave its buffer full before it is disconnected.
    pub patience: Duration,
    /// Held while the watch lasts, such as a place in the caller's quota.
    pub held: Box<dyn std::any::Any + Send>,
}

/// Starts a watch. Cursors are checked first, so that a wrong one is the call's error; the rest comes as a stream.
pub async fn watch<T: Send + 'static>(
    db: &Db,
    permit: Permit,
    wanted: Wanted,
    watching: Watching,
    encode: impl Fn(Item) -> Result<T, Error> + Send + Sync + 'static,
) -> Result<ReceiverStream<Result<T, Status>>, Error> {
    let Wanted { cursors, townships, kinds } = wanted;
    let mut watcher = Watcher { db: db.clone(), permit, townships, kinds, seen: BTreeMap::new() };
    watcher.start(&cursors).await?;

    let Watching { stopping, patience, held } = watching;
    let (outlet, stream) = Outlet::new(patience);
    let sink = Sink { outlet, encode: Arc::new(encode) };
    tokio::spawn(async move {
        let ended = tokio::select! {
            () = stopping.begun() => Err(End::Because(Error::Stopping)),
            ended = watcher.run(&sink) => ended,
        };
        if let Err(End::Because(error)) = ended {
            if matches!(error, Error::Stopping) {
                let _gone = watcher.bookmark(&sink).await;
            }
            sink.outlet.end(told(&error)).await;
        }
        drop(held);
    });
    Ok(stream)
}

fn told(error: &Error) -> Status {
    let correlation_id = telemetry::correlation_id();
    tracing::info!(error = error as &dyn std::error::Error, "a watch ends");
    bangfu_kernel::status::status(error, &correlation_id)
}

struct Sink<T, E> {
    outlet: Outlet<T>,
    encode: Arc<E>,
}

impl<T, E: Fn(Item) -> Result<T, Error>> Sink<T, E> {
    async fn send(&self, item: Item) -> Result<(), End> {
        self.outlet.send((self.encode)(item)?).await
    }
}

/// The heads a watch is about: of the permit's township, or of those named; none named: of all.
pub async fn heads(db: &Db, permit: &Permit, townships: &[Township]) -> Result<Vec<Head>, Error> {
    if permit.township().is_some() {
        let mut tx = db.township(permit).await?;
        let head = store::head(&mut tx).await?;
        tx.commit().await?;
        Ok(head.into_iter().collect())
    } else {
        let mut tx = db.city(permit).await?;
        let mut heads = store::heads_of_city(&mut tx).await?;
        tx.commit().await?;
        heads.retain(|head| townships.is_empty() || townships.contains(&head.township));
        Ok(heads)
    }
}

struct Watcher {
    db: Db,
    permit: Permit,
    townships: Vec<Township>,
    kinds: BTreeSet<i16>,
    /// The head as last seen and the number of the last event sent.
    seen: BTreeMap<Township, (Head, i64)>,
}

impl Watcher {
    async fn start(&mut self, cursors: &[Cursor]) -> Result<(), Error> {
        let heads = self.heads().await?;
        for township in &self.townships {
            if !heads.iter().any(|head| head.township == *township) {
                return Err(Error::NotFound(Resource::Township));
            }
        }
        let mut given = BTreeMap::new();
        for cursor in cursors {
            let head = heads.iter().find(|head| head.township.as_str() == cursor.township);
            let twice = given.insert(cursor.township.as_str(), cursor).is_some();
            match head {
                Some(head) if !twice => {
                    self.seen.insert(head.township.clone(), (head.clone(), head.admit(cursor)?));
                }
                _ => return Err(Error::CursorInvalid { township: cursor.township.clone(), head: 0 }),
            }
        }
        for head in heads {
            let start = head.oldest - 1;
            self.seen.entry(head.township.clone()).or_insert((head, start));
        }
        Ok(())
    }

    async fn run<T, E: Fn(Item) -> Result<T, Error>>(&mut self, sink: &Sink<T, E>) -> Result<(), End> {
        let mut moved = self.db.hub().listen();
        let mut told = None;
        loop {
            moved.mark_unchanged();
            let sent = self.catch_up(sink).await?;
            if sent || told.is_none_or(|at: Instant| at.elapsed() >= BOOKMARK) {
                self.bookmark(sink).await?;
                told = Some(Instant::now());
            }
            tokio::select! {
                _hint = moved.changed() => {}
                () = tokio::time::sleep(LOOK) => {}
                () = sink.outlet.closed() => return Err(End::Gone),
            }
        }
    }

    /// Sends whatever is new; whether there was anything.
    async fn catch_up<T, E: Fn(Item) -> Result<T, Error>>(&mut self, sink: &Sink<T, E>) -> Result<bool, End> {
        let mut any = false;
        for head in self.heads().await? {
            let township = head.township.clone();
            let start = head.oldest - 1;
            let (known, mut last) = self.seen.get(&township).cloned().unwrap_or((head.clone(), start));
            if known.epoch != head.epoch {
                return Err(End::Because(Error::FeedEpochChanged { township, epoch: head.epoch }));
            }
            if last + 1 < head.oldest {
                return Err(End::Because(Error::FeedCompacted { township, oldest: head.oldest }));
            }
            // As far as the head that was read and no farther, though more may be there by now: between two heads lie
            // whole units of work, and so a bookmark never stands among the events of one.
            while last < head.seq {
                let events = self.events(&township, last, BATCH.min(head.seq - last)).await?;
                if events.is_empty() {
                    return Err(self.missing(&township, last).await?);
                }
                for event in events {
                    if event.seq != last + 1 {
                        return Err(self.missing(&township, last).await?);
                    }
                    last = event.seq;
                    if self.kinds.is_empty() || self.kinds.contains(&event.kind) {
                        sink.send(Item::Event(head.cursor(last), event)).await?;
                    }
                    any = true;
                    self.seen.insert(township.clone(), (head.clone(), last));
                }
            }
            self.seen.insert(township, (head, last));
        }
        Ok(any)
    }

    /// Why the event after `last` is not there: it was compacted away since the head was read, or something is wrong.
    async fn missing(&self, township: &Township, last: i64) -> Result<End, Error> {
        let heads = self.heads().await?;
        let oldest = heads.iter().find(|head| head.township == *township).map_or(0, |head| head.oldest);
        Ok(End::Because(if last + 1 < oldest {
            Error::FeedCompacted { township: township.clone(), oldest }
        } else {
            Error::internal(format!("event {} is missing", last + 1))
        }))
    }

    /// Where the watch stands in every feed; in the middle of a backlog (the server is stopping) the last event tells it.
    async fn bookmark<T, E: Fn(Item) -> Result<T, Error>>(&self, sink: &Sink<T, E>) -> Result<(), End> {
        for (head, last) in self.seen.values().filter(|(head, last)| *last == head.seq) {
            sink.send(Item::Bookmark(head.cursor(*last))).await?;
        }
        Ok(())
    }

    async fn heads(&self) -> Result<Vec<Head>, Error> {
        heads(&self.db, &self.permit, &self.townships).await
    }

    async fn events(&self, township: &Township, after: i64, limit: i64) -> Result<Vec<Event>, Error> {
        let permit = self.permit.at(Some(township.clone()))?;
        let mut tx = self.db.township(&permit).await?;
        let events = store::events(&mut tx, after, limit).await?;
        tx.commit().await?;
        Ok(events)
    }
}
