//! What the people feed tells → facts. Whatever the contract does not allow is an error: the township stops there.

use bangfu_kernel::{
    Error, calendar,
    group::group_of,
    level::{Insured, status_of},
};
use bangfu_proto::{common::v1::CalendarDate, people::v1 as people};
use chrono::NaiveDate;
use uuid::Uuid;

use crate::model::history::{End, MembershipFact, RecognitionFact, StatusFact, Stay};
use crate::model::household::{HouseholdFacts, MemberFact, SpellFact};

/// Everybody an event is about, households included.
pub(crate) fn people(event: &people::PersonEvent) -> Vec<Result<Uuid, Error>> {
    use people::person_event::Change;

    let other = match &event.change {
        Some(Change::Merged(merged)) => Some(&merged.into_person_id),
        Some(Change::Unmerged(unmerged)) => Some(&unmerged.from_person_id),
        Some(Change::HouseholdChanged(household)) => Some(&household.household_id),
        _ => None,
    };
    let named = (!event.person_id.is_empty()).then_some(&event.person_id);
    named.into_iter().chain(other).map(|text| id("person_id", text)).collect()
}

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

/// A recognition that holds or has held; `None`: it was never granted.
pub(crate) fn recognition(changed: &people::RecognitionChanged) -> Result<Option<RecognitionFact>, Error> {
    if changed.recognised_on.is_none() {
        return Ok(None);
    }
    let until = match &changed.revoked_on {
        None => None,
        Some(on) => Some(End {
            on: day("revoked_on", Some(on))?,
            known_on: day("revoked_known_on", changed.revoked_known_on.as_ref())?,
        }),
    };
    let difficulty = people::DifficultyType::try_from(changed.r#type).ok();
    Ok(Some(RecognitionFact {
        recognition_id: id("recognition_id", &changed.recognition_id)?,
        kind: difficulty.ok_or_else(|| unusable("type"))?.as_str_name().into(),
        from: day("recognised_on", changed.recognised_on.as_ref())?,
        known_on: day("recognised_on", changed.recognised_on.as_ref())?,
        until,
    }))
}

/// What is known of a household, as one document: its kind, its members and every time it was recognised.
pub(crate) fn household(changed: &people::HouseholdChanged) -> Result<(Uuid, HouseholdFacts), Error> {
    let kind = people::HouseholdKind::try_from(changed.kind).ok();
    let spells = changed.spells.iter().map(|spell| {
        Ok(SpellFact {
            recognised_on: day("recognised_on", spell.recognised_on.as_ref())?,
            known_on: day("known_on", spell.known_on.as_ref())?,
            cleared: match &spell.cleared_on {
                None => None,
                Some(on) => {
                    Some((day("cleared_on", Some(on))?, day("cleared_known_on", spell.cleared_known_on.as_ref())?))
                }
            },
        })
    });
    let members = changed.members.iter().map(|member| {
        Ok(MemberFact {
            person_id: id("person_id", &member.person_id)?,
            from: day("from", member.from.as_ref())?,
            until: member.until.as_ref().map(|until| day("until", Some(until))).transpose()?,
        })
    });
    let facts = HouseholdFacts {
        kind: kind.ok_or_else(|| unusable("kind"))?.as_str_name().to_owned(),
        spells: spells.collect::<Result<_, Error>>()?,
        members: members.collect::<Result<_, Error>>()?,
    };
    Ok((id("household_id", &changed.household_id)?, facts))
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

/// A day of an event.
pub(crate) fn day(field: &'static str, date: Option<&CalendarDate>) -> Result<NaiveDate, Error> {
    date.and_then(calendar::date).ok_or_else(|| unusable(field))
}

fn unusable(field: &'static str) -> Error {
    Error::internal(format!("the event's {field} is not one of the contract"))
}
