//! Entries of the audit trail as messages.

use bangfu_proto::people::v1 as proto;

use super::{hex, timestamp};
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
