//! Change feeds: per township a dense sequence in commit order, written with the change, watched with cursors.

mod follow;
mod outlet;
mod store;
mod watch;

use bangfu_kernel::{Error, Township};
use bangfu_proto::common::v1::Cursor;
use chrono::{DateTime, Utc};
use tokio::sync::watch as signal;
use uuid::Uuid;

pub use follow::{Position, next_in_order};
pub use outlet::{End, Outlet};
pub use store::{append, compact, events, heads_of_city, open};
pub use watch::{Item, Wanted, Watching, heads, watch};

/// An event on its way into the feed of the unit of work's township.
#[derive(Debug, Clone)]
pub struct NewEvent {
    /// Number of the kind in the contract's enum, for watchers that want only some.
    pub kind: i16,
    /// The encoded message, without cursor and time.
    pub payload: Vec<u8>,
}

/// An event as it stands in the feed.
#[derive(Debug, Clone)]
pub struct Event {
    /// Its number: 1, 2, 3, …
    pub seq: i64,
    /// Number of the kind in the contract's enum.
    pub kind: i16,
    /// The encoded message, without cursor and time.
    pub payload: Vec<u8>,
    /// When it was committed, by the injected clock.
    pub occurred_at: DateTime<Utc>,
}

/// Where a township's feed stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Head {
    /// Whose feed.
    pub township: Township,
    /// Identity of the store.
    pub epoch: Uuid,
    /// Number of the last event; 0: none yet.
    pub seq: i64,
    /// First event kept.
    pub oldest: i64,
}

impl Head {
    /// The cursor at an event of this feed.
    pub fn cursor(&self, seq: i64) -> Cursor {
        Cursor { township: self.township.to_string(), epoch: self.epoch.to_string(), seq }
    }

    /// Whether a consumer may go on from a cursor; the position after which it does.
    pub fn admit(&self, cursor: &Cursor) -> Result<i64, Error> {
        let invalid = || Error::CursorInvalid { township: cursor.township.clone(), head: self.seq };
        if cursor.seq < 0 {
            return Err(invalid());
        }
        let from_zero = cursor.seq == 0 && cursor.epoch.is_empty();
        if !from_zero {
            let Ok(epoch) = Uuid::try_parse(&cursor.epoch) else { return Err(invalid()) };
            if epoch != self.epoch {
                return Err(Error::FeedEpochChanged { township: self.township.clone(), epoch: self.epoch });
            }
        }
        if cursor.seq > self.seq {
            return Err(invalid());
        }
        // From zero means: from the first event kept. A position before the first kept one has a hole behind it.
        if cursor.seq == 0 && self.oldest == 1 || cursor.seq + 1 >= self.oldest {
            Ok(cursor.seq)
        } else {
            Err(Error::FeedCompacted { township: self.township.clone(), oldest: self.oldest })
        }
    }
}

/// Wakes the watchers of this process when a feed moved on. A hint only: watchers look for themselves now and then, so
/// a commit of another replica reaches them too.
#[derive(Debug, Clone)]
pub struct Hub(signal::Sender<u64>);

impl Default for Hub {
    fn default() -> Self {
        Self(signal::channel(0).0)
    }
}

impl Hub {
    /// A feed moved on.
    pub fn moved(&self) {
        self.0.send_modify(|count| *count += 1);
    }

    /// To wait for the next move.
    pub fn listen(&self) -> signal::Receiver<u64> {
        self.0.subscribe()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cursors_are_admitted_from_zero_or_from_any_event_kept() {
        let epoch = Uuid::from_u128(1);
        let head = |oldest| Head { township: "320685102".parse().expect("a code"), epoch, seq: 10, oldest };
        let at = |seq, epoch: &str| Cursor { township: "320685102".into(), epoch: epoch.into(), seq };
        let own = epoch.to_string();

        assert_eq!(head(1).admit(&at(0, "")).ok(), Some(0));
        assert_eq!(head(1).admit(&at(0, &own)).ok(), Some(0));
        assert_eq!(head(1).admit(&at(10, &own)).ok(), Some(10));
        assert_eq!(head(5).admit(&at(4, &own)).ok(), Some(4));
        assert!(matches!(head(5).admit(&at(3, &own)), Err(Error::FeedCompacted { oldest: 5, .. })));
        assert!(matches!(head(5).admit(&at(0, "")), Err(Error::FeedCompacted { oldest: 5, .. })));
        assert!(matches!(head(1).admit(&at(11, &own)), Err(Error::CursorInvalid { head: 10, .. })));
        assert!(matches!(head(1).admit(&at(-1, &own)), Err(Error::CursorInvalid { .. })));
        assert!(matches!(head(1).admit(&at(3, "")), Err(Error::CursorInvalid { .. })));
        let foreign = Uuid::from_u128(2).to_string();
        assert!(matches!(head(1).admit(&at(3, &foreign)), Err(Error::FeedEpochChanged { .. })));
    }
}
