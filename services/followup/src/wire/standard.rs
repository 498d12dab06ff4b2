//! A standard → its message.

use bangfu_proto::followup::v1 as proto;

use super::instant;
use crate::store::standard::Published;

/// The message of a standard that was published.
pub(crate) fn message(published: &Published) -> proto::Standard {
    proto::Standard {
        published_at: Some(instant(published.at)),
        published_by: published.by.clone(),
        ..proto::Standard::from(&published.standard)
    }
}
