//! Pairs of entries as messages.

use std::collections::HashMap;

use bangfu_kernel::{Error, calendar};
use bangfu_proto::people::v1 as proto;
use uuid::Uuid;

use crate::store::duplicate::FoundPair;

/// The message of a pair; `shown` holds the entries, masked.
pub(crate) fn message(pair: &FoundPair, shown: &HashMap<Uuid, proto::Person>) -> Result<proto::DuplicatePair, Error> {
    Ok(proto::DuplicatePair {
        pair_id: pair.pair_id.to_string(),
        first: shown.get(&pair.first_id).cloned(),
        second: shown.get(&pair.second_id).cloned(),
        number_mistyped: pair.number_mistyped,
        same_birth_and_village: pair.same_birth,
        state: pair.state()?.into(),
        found_on: Some(calendar::message(pair.found_on)),
        settled_by: pair.settled_by.clone(),
        reason: pair.reason.clone(),
    })
}
