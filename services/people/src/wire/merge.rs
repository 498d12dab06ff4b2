//! Merges as messages.

use bangfu_kernel::calendar;
use bangfu_proto::people::v1 as proto;

use super::timestamp;
use crate::model::merge::Merge;

/// The message of a merge.
pub(crate) fn message(merge: &Merge) -> proto::Merge {
    let undone = merge.undone.as_ref();
    proto::Merge {
        merge_id: merge.merge_id.to_string(),
        kept_person_id: merge.kept_id.to_string(),
        merged_person_id: merge.merged_id.to_string(),
        merged_on: Some(calendar::message(merge.merged_on)),
        merged_by: merge.merged_by.clone(),
        reason: merge.reason.clone(),
        undo_until: Some(calendar::message(merge.undo_until())),
        undone_on: undone.map(|undone| calendar::message(undone.on)),
        undo_reason: undone.map(|undone| undone.reason.clone()).unwrap_or_default(),
        created_at: Some(timestamp(merge.created_at)),
    }
}
