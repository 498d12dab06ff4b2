//! The directory as messages.

use bangfu_proto::people::v1 as proto;

use crate::model::township::Entry;

/// The message of a directory entry.
pub(crate) fn message(entry: &Entry) -> proto::Township {
    proto::Township { code: entry.township.to_string(), name: entry.name.clone(), etag: entry.etag() }
}
