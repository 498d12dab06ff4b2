//! The one path into the register, for one person as for a hundred thousand: claim ID numbers in the city-wide place,
//! enter who is new, change what differs about who is known, tell nothing about who is elsewhere.
//!
//! Everything runs in the caller's unit of work. Statements carry thousands of people each; sealing and comparing are
//! done off the serving threads, one batch ahead of the statements.

mod claim;
mod enter;
pub(crate) mod intake;
pub(crate) mod measure;
pub(crate) mod twins;
mod update;

use std::{collections::HashSet, sync::Arc};

use bangfu_kernel::{Clock, Error, IdNumber, Township};
use bangfu_platform::db::TownshipTx;
use chrono::{DateTime, NaiveDate, Utc};
use uuid::Uuid;

use self::claim::Claim;
use crate::{
    blocking,
    model::{membership::Origin, person::NewPerson},
    store,
    vault::{TownshipKey, Vault},
};

/// People handled with one set of statements: large enough that round trips do not count, small enough that a batch's
/// sealed columns stay a few megabytes.
const BATCH: usize = 10_000;

/// How somebody met the register.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// Nobody had the ID number: a new entry.
    New,
    /// Registered here, nothing differs.
    Known,
    /// Registered here; these fields changed.
    Changed(Vec<&'static str>),
    /// Registered here under another name: one of the two is mistyped, so nothing is written.
    OtherName,
    /// Registered in another township; nothing more is told.
    Elsewhere,
}

/// What became of somebody.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Registered {
    /// Who; `None` for ELSEWHERE, and for NEW on a dry run.
    pub person_id: Option<Uuid>,
    /// How they met the register.
    pub outcome: Outcome,
}

/// Whether anything is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Effect {
    /// Everything is.
    Write,
    /// Nothing but the claims, which tell who is where: the caller drops the unit instead of committing it.
    DryRun,
}

/// What a batch needs, wherever it is worked on.
#[derive(Clone)]
struct Desk {
    township: Township,
    vault: Vault,
    key: Arc<TownshipKey>,
    clock: Clock,
    origin: Origin,
    now: DateTime<Utc>,
    today: NaiveDate,
}

/// Takes people into the register; one answer each, in their order. Their ID numbers are all different.
/// `origin` is how the office learned of their memberships.
#[tracing::instrument(name = "register.many", level = "debug", skip_all, fields(people = people.len()))]
pub(crate) async fn many<P>(
    tx: &mut TownshipTx,
    vault: &Vault,
    people: Vec<P>,
    origin: impl Into<Origin>,
    effect: Effect,
) -> Result<Vec<Registered>, Error>
where
    P: AsRef<IdNumber> + Into<NewPerson> + Send + 'static,
{
    let key = store::township_key::get(tx, vault).await?;
    let clock = tx.clock().clone();
    let desk = Desk {
        township: tx.code().clone(),
        vault: vault.clone(),
        key,
        origin: origin.into(),
        now: clock.now(),
        today: clock.today(),
        clock,
    };
    let (people, claims) = claim::all(tx, vault, people).await?;

    let mut registered = Vec::with_capacity(people.len());
    let mut sealing = None;
    let (mut batches, mut claims) = (batches(people), claims.into_iter());
    while let Some(people) = batches.pop() {
        let (mut new, mut known) = (Vec::new(), Vec::new());
        for (person, claim) in people.into_iter().zip(claims.by_ref()) {
            registered.push(claim.answer(effect));
            match claim {
                Claim::New(id) if effect == Effect::Write => new.push((id, person)),
                Claim::Known(id) => known.push((registered.len() - 1, id, person)),
                Claim::New(_) | Claim::Elsewhere => {}
            }
        }
        let desk_of_batch = desk.clone();
        let batch = tokio::spawn(blocking::run(move || enter::seal(&desk_of_batch, new)));
        if let Some(earlier) = sealing.replace(batch) {
            enter::write(tx, &desk, joined(earlier).await?).await?;
        }
        // After a merge two numbers lead to one person: the second row meets what the first one left.
        while !known.is_empty() {
            let mut met = HashSet::with_capacity(known.len());
            let (now, later): (Vec<_>, Vec<_>) = known.into_iter().partition(|(_, id, _)| met.insert(*id));
            for (at, outcome) in update::known(tx, &desk, now, effect).await? {
                registered[at].outcome = outcome;
            }
            known = later;
        }
    }
    if let Some(last) = sealing {
        enter::write(tx, &desk, joined(last).await?).await?;
    }
    Ok(registered)
}

/// Cut into batches, the last first. A batch's memory is given back with it, while the events of those before pile up.
fn batches<P>(mut people: Vec<P>) -> Vec<Vec<P>> {
    let mut batches = Vec::new();
    while !people.is_empty() {
        let start = (people.len() - 1) / BATCH * BATCH;
        batches.push(people.split_off(start));
        people.shrink_to_fit();
    }
    batches
}

async fn joined<T>(task: tokio::task::JoinHandle<Result<T, Error>>) -> Result<T, Error> {
    task.await.map_err(|error| Error::Internal(Box::new(error)))?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn batches_come_back_in_order_and_whole() {
        for count in [0, 1, BATCH - 1, BATCH, BATCH + 1, 3 * BATCH + 7] {
            let mut batches = batches((0..count).collect());
            assert!(batches.iter().all(|batch| (1..=BATCH).contains(&batch.len())), "{count}");
            let mut again = Vec::new();
            while let Some(batch) = batches.pop() {
                again.extend(batch);
            }
            assert!(again.into_iter().eq(0..count), "{count}");
        }
    }
}
