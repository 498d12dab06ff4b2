//! Messages of the contract ↔ the model: decoded with all faults at once, encoded masked.

pub(crate) mod audit;
pub(crate) mod data_match;
pub(crate) mod duplicate;
pub(crate) mod employment;
pub(crate) mod event;
pub(crate) mod household;
pub(crate) mod membership;
pub(crate) mod merge;
pub(crate) mod person;
pub(crate) mod recognition;
pub(crate) mod register;
pub(crate) mod registration;
pub(crate) mod retention;
pub(crate) mod roster;
pub(crate) mod rotation;
pub(crate) mod survey;
pub(crate) mod township;
pub(crate) mod transfer;
pub(crate) mod update;

use std::fmt::Write as _;

use chrono::{DateTime, Utc};

/// An instant as a message.
pub(crate) fn timestamp(at: DateTime<Utc>) -> prost_types::Timestamp {
    let nanos = i32::try_from(at.timestamp_subsec_nanos()).unwrap_or_default();
    prost_types::Timestamp { seconds: at.timestamp(), nanos }
}

/// Bytes in hex.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        // Writing to a String cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}
