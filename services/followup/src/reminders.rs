//! Reminders (提醒): what is OPEN and due soon, as it comes within reach; a day at a time, nothing twice in a stream.
//!
//! A stream reads what is within reach once, and from then on only what is new: the feed's events tell what was raised or
//! opened again, the turn of the day brings the duties of one more due day. An idle look costs one row a township.

mod place;

use std::{any::Any, collections::BTreeMap};

use bangfu_kernel::{Clock, Error, Township, calendar, error::Resource, status::status};
use bangfu_platform::{
    auth::Permit,
    db::Db,
    feed::{self, End, Outlet},
    ground::Ground,
    telemetry,
};
use bangfu_proto::followup::v1::{RemindedThrough, WatchRemindersResponse, watch_reminders_response::Item};
use chrono::{NaiveDate, TimeDelta};
use tokio::time::{Duration, sleep};
use tokio_stream::wrappers::ReceiverStream;
use tonic::Status;

use place::Place;

/// How often a stream looks for what is new.
const LOOK: Duration = Duration::from_secs(1);
/// How long after midnight a unit of work may still commit what it raised the day before: no statement outlives its call.
const COMMITTING: TimeDelta = TimeDelta::minutes(1);

/// Of what to be reminded.
#[derive(Debug, Clone)]
pub(crate) struct Wanted {
    /// Duties due so long from today.
    pub(crate) within: TimeDelta,
    /// Only these townships; empty: all the permit allows.
    pub(crate) townships: Vec<Township>,
    /// Less what was within reach on this day already.
    pub(crate) after: Option<NaiveDate>,
}

/// Starts a stream. `held` lives as long as the stream. Errors: NOT_FOUND (township).
pub(crate) async fn watch(
    ground: &Ground,
    permit: Permit,
    wanted: Wanted,
    held: Box<dyn Any + Send>,
) -> Result<ReceiverStream<Result<WatchRemindersResponse, Status>>, Error> {
    let heads = feed::heads(&ground.db, &permit, &wanted.townships).await?;
    if !wanted.townships.iter().all(|township| heads.iter().any(|head| head.township == *township)) {
        return Err(Error::NotFound(Resource::Township));
    }
    let (db, clock, stopping) = (ground.db.clone(), ground.clock.clone(), ground.stopping.clone());
    let (outlet, items) = Outlet::new(ground.reader_patience);
    let sink = Sink(outlet);
    let mut stream = Stream { db, clock, permit, wanted, places: BTreeMap::new(), through: None };
    tokio::spawn(async move {
        let ended = tokio::select! {
            () = stopping.begun() => Err(End::Because(Error::Stopping)),
            ended = stream.run(&sink) => ended,
        };
        if let Err(End::Because(error)) = ended {
            tracing::info!(error = &error as &dyn std::error::Error, "a stream of reminders ends");
            let told = status(&error, &telemetry::correlation_id());
            sink.0.end(told).await;
        }
        drop(held);
    });
    Ok(items)
}

/// Where items go. No connection of the database is held while one waits.
struct Sink(Outlet<WatchRemindersResponse>);

impl Sink {
    async fn send(&self, item: Item) -> Result<(), End> {
        self.0.send(WatchRemindersResponse { item: Some(item) }).await
    }
}

struct Stream {
    db: Db,
    clock: Clock,
    permit: Permit,
    wanted: Wanted,
    places: BTreeMap<Township, Place>,
    /// The last bookmark.
    through: Option<NaiveDate>,
}

impl Stream {
    async fn run(&mut self, sink: &Sink) -> Result<(), End> {
        loop {
            // Before anything is read: what is committed later is seen at the next look.
            let (today, through) = (self.clock.today(), last_over(&self.clock));
            for head in feed::heads(&self.db, &self.permit, &self.wanted.townships).await? {
                let permit = self.permit.at(Some(head.township.clone()))?;
                let place = self.places.entry(head.township.clone()).or_insert_with(|| Place::new(&self.wanted));
                place.look(&self.db, &permit, &head, today, sink).await?;
            }
            if self.through.is_none_or(|told| told < through) {
                sink.send(Item::Bookmark(RemindedThrough { through: Some(calendar::message(through)) })).await?;
                self.through = Some(through);
            }
            tokio::select! {
                () = sleep(LOOK) => {}
                () = sink.0.closed() => return Err(End::Gone),
            }
        }
    }
}

/// The last day that is over: nothing more will be raised on it.
fn last_over(clock: &Clock) -> NaiveDate {
    let day = calendar::civil_date(clock.now() - COMMITTING);
    day.pred_opt().unwrap_or(day)
}
