//! Follows the people registry: every event is applied once, in order, in one transaction with the follower's position.
//!
//! An event that cannot be applied stops its township and no other: it is logged as an error and counted in
//! `bangfu_followup_feed_stopped_total`, and tried again after a second, then ever more seldom, down to once a minute, and
//! whenever the stream is opened anew. When the registry's store was restored from a backup (FEED_EPOCH_CHANGED, or a cursor
//! it no longer accepts) its numbers may stand for other facts now: the township stays stopped until somebody has compared
//! both sides and said so (`bangfu migrate followup --registry-restored`, `restored.rs`), and goes on from there within
//! seconds. Nothing is guessed.

mod apply;
mod fold;
mod stopped;

use std::{collections::BTreeMap, time::Duration};

use bangfu_kernel::{Error, Township};
use bangfu_platform::{feed::Position, peers::Peer};
use bangfu_proto::{
    common::v1::Cursor,
    people::v1::{
        PersonEvent, WatchPeopleRequest, WatchPeopleResponse, people_service_client::PeopleServiceClient,
        watch_people_response::Item,
    },
};
use tokio::time::{Instant, sleep, timeout_at};
use tonic::{Status, Streaming};
use tonic_types::StatusExt as _;

use self::stopped::Stopped;
use crate::{Followup, store};

/// Most events applied with one commit a township.
const BATCH: usize = 1_000;
/// How long a batch waits for more once it has begun.
const GATHER: Duration = Duration::from_millis(50);
/// Pause before the stream is opened again; doubled up to the longest.
const PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);
/// A stream that says nothing for so long is dead: bookmarks come every few seconds.
const SILENCE: Duration = Duration::from_secs(30);

struct Follower {
    svc: Followup,
    people: Peer,
    stopped: Stopped,
    /// Where each township stood when the stream was opened.
    opened_at: Vec<(Township, Position)>,
}

/// Why a stream ended.
enum End {
    /// The registry ended it, or cannot be reached.
    Told(Status),
    /// Our own database failed.
    Ours(Error),
}

impl From<Status> for End {
    fn from(status: Status) -> Self {
        Self::Told(status)
    }
}

impl From<Error> for End {
    fn from(error: Error) -> Self {
        Self::Ours(error)
    }
}

/// Follows until the ground is stopping.
pub(crate) async fn follow(svc: Followup, people: Peer) {
    let stopping = svc.ground.stopping.clone();
    let mut follower = Follower { svc, people, stopped: Stopped::default(), opened_at: Vec::new() };
    let mut pause = PAUSE;
    loop {
        let mut moved = false;
        let end = tokio::select! {
            () = stopping.begun() => return,
            end = follower.stream(&mut moved) => end,
        };
        if moved {
            pause = PAUSE;
        }
        match end {
            Ok(()) => tracing::debug!("the people feed ended"),
            Err(End::Told(status)) if follower.is_estranged(&status) => continue,
            Err(End::Told(status)) => {
                let reason = status.get_details_error_info().map_or_else(String::new, |info| info.reason);
                tracing::warn!(code = ?status.code(), reason, "the people feed broke off: it is opened again");
                metrics::counter!("bangfu_followup_feed_broken_off_total", "reason" => reason).increment(1);
            }
            Err(End::Ours(error)) => {
                tracing::warn!(error = &error as &dyn std::error::Error, "the people feed cannot be applied");
            }
        }
        tokio::select! {
            () = stopping.begun() => return,
            () = sleep(pause) => pause = (pause * 2).min(LONGEST_PAUSE),
        }
    }
}

impl Follower {
    /// Opens the stream and applies what comes until it ends. `moved`: something came.
    async fn stream(&mut self, moved: &mut bool) -> Result<(), End> {
        self.opened_at = self.positions().await?;
        self.stopped.open(&self.opened_at);
        let request = WatchPeopleRequest { cursors: self.cursors(), ..Default::default() };
        let mut client = PeopleServiceClient::new(self.people.service());
        let mut stream = client.watch_people(request).await?.into_inner();
        loop {
            let (events, ended) = gather(&mut stream, self.stopped.again(), moved).await;
            for (township, events) in by_township(events)? {
                self.take(&township, events).await?;
            }
            match ended {
                None => {}
                Some(Ok(())) => return Ok(()),
                Some(Err(status)) => return Err(status.into()),
            }
            if self.stopped.again().is_some_and(|again| again <= Instant::now()) {
                let positions = self.positions().await?;
                if self.stopped.worth_a_try(&positions, Instant::now()) {
                    return Ok(());
                }
            }
        }
    }

    async fn positions(&self) -> Result<Vec<(Township, Position)>, Error> {
        let mut tx = self.svc.ground.db.city(&self.svc.permit("followup.follow", None)).await?;
        let positions = store::township::list(&mut tx).await?;
        tx.commit().await?;
        Ok(positions)
    }

    /// Where the registry is to go on.
    fn cursors(&self) -> Vec<Cursor> {
        let accepted = self.opened_at.iter().filter(|(township, _)| !self.stopped.is_refused(township));
        accepted
            .map(|(township, Position { epoch, seq })| Cursor {
                township: township.to_string(),
                epoch: epoch.clone(),
                seq: *seq,
            })
            .collect()
    }

    /// Applies the events of one township. Only trouble that may pass by itself is an error here.
    async fn take(&mut self, township: &Township, events: Vec<PersonEvent>) -> Result<(), Error> {
        if self.stopped.waits(township) {
            return Ok(());
        }
        match apply::in_order(&self.svc, township, &events).await {
            Ok(()) => self.stopped.goes_on(township),
            Err(passing @ (Error::Unavailable(_) | Error::Conflict(_) | Error::Deadline | Error::Stopping)) => {
                return Err(passing);
            }
            Err(poison) => {
                let cause = &poison as &dyn std::error::Error;
                tracing::error!(%township, cause, "an event cannot be applied: the township stops here");
                metrics::counter!("bangfu_followup_feed_stopped_total").increment(1);
                self.stopped.stop(township, Instant::now());
            }
        }
        self.svc.followed.send_modify(|moves| *moves += 1);
        Ok(())
    }

    /// Whether the registry refuses the cursor of one township: that one stops, the others go on.
    fn is_estranged(&mut self, status: &Status) -> bool {
        let Some(info) = status.get_details_error_info() else { return false };
        let refused = ["FEED_EPOCH_CHANGED", "FEED_COMPACTED", "CURSOR_INVALID"].contains(&info.reason.as_str());
        let township = info.metadata.get("township").and_then(|code| code.parse::<Township>().ok());
        let Some(township) = township.filter(|_| refused) else { return false };
        let position =
            self.opened_at.iter().find(|(other, _)| *other == township).map(|(_, position)| position.clone());
        let Some(position) = position else { return false };
        tracing::error!(%township, reason = info.reason, "the registry does not accept our cursor: compare and set it");
        metrics::counter!("bangfu_followup_feed_stopped_total").increment(1);
        self.stopped.refuse(&township, position, Instant::now())
    }
}

/// The next events: as many as come within a moment, or as fit, and none when it is time `again` before any has come. The
/// second is how the stream ended, if it did.
async fn gather(
    stream: &mut Streaming<WatchPeopleResponse>,
    again: Option<Instant>,
    moved: &mut bool,
) -> (Vec<PersonEvent>, Option<Result<(), Status>>) {
    let mut events = Vec::new();
    let mut end = Instant::now() + SILENCE;
    while events.len() < BATCH {
        let until = again.filter(|_| events.is_empty()).map_or(end, |again| end.min(again));
        match timeout_at(until, stream.message()).await {
            Ok(Ok(Some(message))) => {
                *moved = true;
                if events.is_empty() {
                    let first = matches!(message.item, Some(Item::Event(_)));
                    end = Instant::now() + if first { GATHER } else { SILENCE };
                }
                if let Some(Item::Event(event)) = message.item {
                    events.push(event);
                }
            }
            Ok(Ok(None)) => return (events, Some(Ok(()))),
            Ok(Err(status)) => return (events, Some(Err(status))),
            Err(_elapsed) if events.is_empty() && until == end => {
                return (events, Some(Err(Status::unavailable("the people feed is silent"))));
            }
            Err(_elapsed) => break,
        }
    }
    (events, None)
}

fn by_township(events: Vec<PersonEvent>) -> Result<BTreeMap<Township, Vec<PersonEvent>>, Error> {
    let mut townships = BTreeMap::<Township, Vec<_>>::new();
    for event in events {
        let code = event.cursor.as_ref().map(|cursor| cursor.township.as_str()).unwrap_or_default();
        let township = code.parse().map_err(|error| Error::Internal(Box::new(error)))?;
        townships.entry(township).or_default().push(event);
    }
    Ok(townships)
}
