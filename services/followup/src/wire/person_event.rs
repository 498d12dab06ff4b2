//! What the people feed tells → facts. Whatever the contract does not allow is an error: the township stops there.

use bangfu_kernel::{
    Error, calendar,
    group::group_of,
    level::{Insured, status_of},
};
use bangfu_proto::{common::v1::CalendarDate, people::v1 as people};
use chrono::NaiveDate;
use uuid::Uuid;

use crate::model::history::{End, MembershipFact, StatusFact, Stay};

/// A fact about employment.
pub(crate) fn status(fact: &people::EmploymentFact) -> Result<StatusFact, Error> {
    let status = people::EmploymentStatus::try_from(fact.status).ok().and_then(status_of);
    let insured = people::Insured::try_from(fact.insured).map_err(|error| Error::Internal(Box::new(error)))?;
    Ok(StatusFact {
        record_id: id("record_id", &fact.record_id)?,
        status: status.ok_or_else(|| unusable("status"))?,
        contract_months: fact.contract_months,
        insured: Insured::from(insured),
        effective_on: day("effective_on", fact.effective_on.as_ref())?,
        known_on: day("known_on", fact.known_on.as_ref())?,
        corrects: if fact.corrects_record_id.is_empty() {
            None
        } else {
            Some(id("corrects_record_id", &fact.corrects_record_id)?)
        },
    })
}

/// All memberships.
pub(crate) fn memberships(memberships: &[people::Membership]) -> Result<Vec<MembershipFact>, Error> {
    memberships.iter().map(membership).collect()
}

fn membership(membership: &people::Membership) -> Result<MembershipFact, Error> {
    let group = people::Group::try_from(membership.group).ok().and_then(group_of);
    let until = match &membership.until {
        None => None,
        Some(until) => Some(End {
            on: day("until", Some(until))?,
            known_on: day("until_known_on", membership.until_known_on.as_ref())?,
        }),
    };
    Ok(MembershipFact {
        group: group.ok_or_else(|| unusable("group"))?,
        from: day("from", membership.from.as_ref())?,
        known_on: day("known_on", membership.known_on.as_ref())?,
        until,
    })
}

/// The stay that a registration begins.
pub(crate) fn stay(registered: &people::PersonRegistered) -> Result<Stay, Error> {
    Ok(Stay {
        joined_on: day("joined_on", registered.joined_on.as_ref())?,
        join_known_on: day("join_known_on", registered.join_known_on.as_ref())?,
        left: None,
    })
}

/// The stay that a transfer here begins.
pub(crate) fn arrival(arrived: &people::PersonArrived) -> Result<Stay, Error> {
    Ok(Stay {
        joined_on: day("joined_on", arrived.joined_on.as_ref())?,
        join_known_on: day("join_known_on", arrived.join_known_on.as_ref())?,
        left: None,
    })
}

/// How a transfer elsewhere ends a stay.
pub(crate) fn end(left: &people::PersonLeft) -> Result<End, Error> {
    Ok(End { on: day("left_on", left.left_on.as_ref())?, known_on: day("left_known_on", left.left_known_on.as_ref())? })
}

/// An id of an event.
pub(crate) fn id(field: &'static str, text: &str) -> Result<Uuid, Error> {
    Uuid::try_parse(text).ok().ok_or_else(|| unusable(field))
}

fn day(field: &'static str, date: Option<&CalendarDate>) -> Result<NaiveDate, Error> {
    date.and_then(calendar::date).ok_or_else(|| unusable(field))
}

fn unusable(field: &'static str) -> Error {
    Error::internal(format!("the event's {field} is not one of the contract"))
}
