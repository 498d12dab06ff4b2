//! What every service stands on, handed to it at start.

use std::time::Duration;

use crate::{
    db::Db,
    page_token::PageTokens,
    server::{Stopping, WatchQuota},
};
use bangfu_kernel::Clock;

/// The ground of one service: its database, the clock, and what its handlers share.
#[derive(Debug, Clone)]
pub struct Ground {
    /// The service's own database.
    pub db: Db,
    /// The injected clock.
    pub clock: Clock,
    /// Seals and opens page tokens.
    pub pages: PageTokens,
    /// Limits how many watches one caller has open.
    pub watches: WatchQuota,
    /// How long the reader of a watch may leave its buffer full before it is disconnected.
    pub reader_patience: Duration,
    /// Tells watches and jobs that the server is stopping.
    pub stopping: Stopping,
    /// The city this deployment serves: six digits.
    pub city: String,
}
