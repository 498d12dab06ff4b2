//! Memberships as messages.

use bangfu_kernel::calendar;
use bangfu_proto::people::v1 as proto;

use crate::model::membership::Membership;

/// The message of a membership.
pub(crate) fn message(membership: &Membership) -> proto::Membership {
    proto::Membership {
        group: proto::Group::from(membership.group).into(),
        from: Some(calendar::message(membership.from)),
        known_on: Some(calendar::message(membership.known_on)),
        until: membership.until.map(calendar::message),
        until_known_on: membership.until_known_on.map(calendar::message),
        source: proto::Source::from(membership.source).into(),
    }
}

/// The messages of several.
pub(crate) fn messages(memberships: &[Membership]) -> Vec<proto::Membership> {
    memberships.iter().map(message).collect()
}
