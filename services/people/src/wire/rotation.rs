//! Changes of townships' data keys as messages.

use bangfu_proto::people::v1::{KeyRotation, KeyRotationState as State};

use super::timestamp;
use crate::model::rotation::{Rotation, Stage};

/// The message of a change, with what is left to do.
pub(crate) fn message(township: &str, rotation: &Rotation, remaining: i64) -> KeyRotation {
    let state = match rotation.stage() {
        Stage::Never => State::Never,
        Stage::Announced => State::Announced,
        Stage::Resealing => State::Resealing,
        Stage::Done => State::Done,
    };
    KeyRotation {
        township: township.to_owned(),
        key_number: rotation.number.into(),
        state: state.into(),
        resealed: rotation.resealed,
        remaining,
        started_at: Some(timestamp(rotation.created_at)),
        finished_at: rotation.finished_at.map(timestamp),
    }
}
