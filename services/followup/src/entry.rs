//! Entering work done, and taking it back: the steps that contacts and service records have in common.

use std::sync::Arc;

use bangfu_kernel::{Caller, Error, Role, error::Resource, fields::rule};
use bangfu_platform::db::TownshipTx;
use chrono::NaiveDate;
use uuid::Uuid;

use crate::{
    model::{history::Stay, standard::Standards},
    replan::{self, Recommender},
    serves,
    store::{self, subject::Subject},
};

/// What a record is: both kinds stand in one table, under numbers of their own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Contact = 1,
    Service = 2,
}

/// Where a record was taken from, and its id there.
#[derive(Debug, Clone)]
pub(crate) struct Origin {
    /// Empty: entered by hand.
    pub(crate) source: String,
    /// Empty: none.
    pub(crate) source_ref: String,
}

/// Somebody who was served, locked.
#[derive(Debug)]
pub(crate) struct Served {
    pub(crate) subject: Subject,
    /// They were transferred elsewhere since.
    pub(crate) gone: bool,
}

/// Locks whoever was served on a day, if the caller may enter work for them and they belonged here on that day.
///
/// Errors: NOT_FOUND (person), VILLAGE_NOT_YOURS, PERSON_MERGED, FIELD_INVALID (on).
pub(crate) async fn served(tx: &mut TownshipTx, person_id: Uuid, on: NaiveDate) -> Result<Served, Error> {
    let subject = store::subject::lock(tx, person_id).await?;
    if subject.household {
        return Err(Error::NotFound(Resource::Person));
    }
    serves::check(tx, &subject).await?;
    if let Some(person_id) = subject.merged_into {
        return Err(Error::PersonMerged { person_id });
    }
    if on < subject.joined_on {
        return Err(Error::field("on", rule("must not lie before the person joined", "不得早于纳入服务日期")));
    }
    let stays = store::facts::history(&subject.facts)?.stays;
    let here = |stay: &Stay| stay.joined_on <= on && stay.left.is_none_or(|left| on < left.on);
    if !stays.iter().any(here) {
        let rule = rule("must lie within the person's time in this township", "应在该人员属于本区镇的期间内");
        return Err(Error::field("on", rule));
    }
    let gone = stays.iter().all(|stay| stay.left.is_some());
    Ok(Served { subject, gone })
}

/// The record of a kind and origin that stands, where a new one found it in its place, and the duties that it settled, as
/// pairs of record and duty.
pub(crate) async fn standing(
    tx: &mut TownshipTx,
    kind: Kind,
    origin: &Origin,
) -> Result<(Uuid, Vec<(Uuid, Uuid)>), Error> {
    // It can only be gone when it was voided between the two statements.
    let standing = store::contact::standing(tx, kind, origin).await?;
    let standing = standing.ok_or_else(|| Error::Conflict("the record that stood was just voided".into()))?;
    Ok((standing, store::duty::settled_by(tx, &[standing]).await?))
}

/// A source's reference that stands already, for something else: to answer with that would lose what was to be entered.
pub(crate) fn another_record() -> Error {
    Error::field("source_ref", rule("is the id of another record", "该原编号已用于另一条记录"))
}

/// Plans whoever was served anew, now that the record stands. The duties that it settled, as pairs of record and duty.
pub(crate) async fn settle(
    tx: &mut TownshipTx,
    standards: &Arc<Standards>,
    recommender: &Recommender,
    subject: Subject,
    record_id: Uuid,
) -> Result<Vec<(Uuid, Uuid)>, Error> {
    replan::contacted(tx, standards, recommender, subject, None).await?;
    store::duty::settled_by(tx, &[record_id]).await
}

/// Takes a record back: it counts as never entered. Whether it stood until now.
///
/// Clerks void any, coordinators what they entered themselves: ROLE_MISSING.
pub(crate) async fn void(
    tx: &mut TownshipTx,
    standards: &Arc<Standards>,
    recommender: &Recommender,
    record_id: Uuid,
    (person_id, entered_by): (Uuid, &str),
    reason: &str,
) -> Result<bool, Error> {
    if !may_void(tx.permit().caller(), entered_by) {
        return Err(Error::RoleMissing { method: tx.permit().method().to_owned() });
    }
    // The person first, then the record: the order in which everybody locks.
    let subject = store::subject::lock(tx, person_id).await?;
    if !store::contact::void(tx, record_id, reason).await? {
        return Ok(false);
    }
    replan::contacted(tx, standards, recommender, subject, Some(record_id)).await?;
    Ok(true)
}

fn may_void(caller: &Caller, entered_by: &str) -> bool {
    caller.is(Role::Clerk) || caller.subject == entered_by
}
