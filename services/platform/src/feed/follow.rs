//! The consumer's side: where a follower stands, and that nothing is skipped or taken twice.

use bangfu_kernel::Error;
use bangfu_proto::common::v1::Cursor;

/// Where a follower of one township stands; stored in the transaction of the effect.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Position {
    /// Identity of the store followed.
    pub epoch: String,
    /// Number of the last event applied.
    pub seq: i64,
}

/// Whether an event is the next one. `Ok(false)`: it was applied before, leave it. A gap is an error: the township stops
/// rather than going on without what is missing.
pub fn next_in_order(last: &Position, cursor: &Cursor) -> Result<bool, Error> {
    if !last.epoch.is_empty() && last.epoch != cursor.epoch {
        return Err(Error::internal("the feed's epoch changed: start again from zero"));
    }
    match cursor.seq - last.seq {
        ..=0 => Ok(false),
        1 => Ok(true),
        _ => Err(Error::internal(format!("event {} follows {}: something is missing", cursor.seq, last.seq))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_next_event_is_taken() {
        let last = Position { epoch: "e".into(), seq: 7 };
        let at = |seq, epoch: &str| Cursor { township: "320685".into(), epoch: epoch.into(), seq };
        assert_eq!(next_in_order(&last, &at(7, "e")).ok(), Some(false));
        assert_eq!(next_in_order(&last, &at(8, "e")).ok(), Some(true));
        assert!(next_in_order(&last, &at(9, "e")).is_err());
        assert!(next_in_order(&last, &at(8, "f")).is_err());
    }
}
