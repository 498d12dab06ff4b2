//! The change of a township's data key (密钥轮换): announced, then sealing, then done.

use chrono::{DateTime, Utc};

/// How far it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// The township's first key; there was no change yet.
    Never,
    /// The new key stands there, for every process to learn it; nothing is sealed under it.
    Announced,
    /// What stands under older keys is being sealed anew.
    Resealing,
    /// Everything was sealed anew.
    Done,
}

/// The latest key of a township and how far the change to it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rotation {
    /// The key's number: 1, 2, 3, …
    pub number: i16,
    /// Whether it seals.
    pub sealing: bool,
    /// Rows sealed anew so far.
    pub resealed: i64,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// When everything was sealed anew.
    pub finished_at: Option<DateTime<Utc>>,
}

impl Rotation {
    /// How far it is.
    pub fn stage(&self) -> Stage {
        match (self.number, self.sealing, self.finished_at) {
            (1, ..) => Stage::Never,
            (_, _, Some(_)) => Stage::Done,
            (_, true, None) => Stage::Resealing,
            (_, false, None) => Stage::Announced,
        }
    }

    /// Whether there is something left to do.
    pub fn is_under_way(&self) -> bool {
        matches!(self.stage(), Stage::Announced | Stage::Resealing)
    }
}
