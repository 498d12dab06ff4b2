//! Entries of the audit trail as messages.

use std::fmt::Write as _;

use bangfu_proto::people::v1 as proto;

use super::timestamp;
use crate::model::audit::AuditEntry;

/// The message of an entry.
pub(crate) fn message(entry: &AuditEntry) -> proto::AuditEntry {
    proto::AuditEntry {
        seq: entry.seq,
        at: Some(timestamp(entry.at)),
        actor: entry.actor.clone(),
        action: entry.action.clone(),
        person_id: entry.person_id.map(|id| id.to_string()).unwrap_or_default(),
        reason: entry.reason.clone(),
        hash: hex(&entry.hash),
    }
}

/// A hash as it is told.
pub(crate) fn hex(hash: &[u8]) -> String {
    hash.iter().fold(String::new(), |mut text, byte| {
        // Writing to a String cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}
