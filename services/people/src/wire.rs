//! Messages of the contract ↔ the model: decoded with all faults at once, encoded masked.

pub mod employment;
pub mod event;
pub mod membership;
pub mod person;
pub mod register;
pub mod roster;
pub mod township;

use chrono::{DateTime, Utc};

/// An instant as a message.
pub(crate) fn timestamp(at: DateTime<Utc>) -> prost_types::Timestamp {
    let nanos = i32::try_from(at.timestamp_subsec_nanos()).unwrap_or_default();
    prost_types::Timestamp { seconds: at.timestamp(), nanos }
}
