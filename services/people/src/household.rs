//! What changes of a household share: its members as the register knows them, and what follows when their levels change.

use bangfu_kernel::{Error, error::Resource};
use bangfu_platform::db::TownshipTx;
use bangfu_proto::people::v1 as proto;
use uuid::Uuid;

use crate::{
    model::{
        audit::Action,
        difficulty::rules,
        household::{Household, Living},
    },
    served, store,
    vault::TownshipKey,
    wire,
};

/// Those who belong to it today, as the register knows them.
pub(crate) async fn living(
    tx: &mut TownshipTx,
    key: &TownshipKey,
    household: &Household,
) -> Result<Vec<Living>, Error> {
    let (rules, today) = (rules()?, tx.clock().today());
    let people: Vec<_> = household.present().collect();
    let mut living = Vec::with_capacity(people.len());
    for row in store::person::by_id(tx, &people).await? {
        let person = row.open(key)?;
        let id = person.id_number.parse::<bangfu_kernel::IdNumber>();
        let id = id.map_err(|_faults| Error::internal("a stored ID number is none"))?;
        living.push(Living {
            person_id: person.person_id,
            of_working_age: rules.is_of_working_age(id.sex(), id.born_on(), today),
            level: person.level,
            since: person.employment.map(|record| record.effective_on),
        });
    }
    living.sort_by_key(|one| one.person_id);
    Ok(living)
}

/// The message of a household, with what its members' levels come to today.
pub(crate) async fn message(
    tx: &mut TownshipTx,
    key: &TownshipKey,
    household: &Household,
) -> Result<proto::Household, Error> {
    let living = living(tx, key, household).await?;
    Ok(wire::household::message(household, &living, tx.township()))
}

/// Locks people who are about to come, in the order of their ids: two units at once wait and never deadlock.
/// Errors: NOT_FOUND, VILLAGE_NOT_YOURS.
pub(crate) async fn lock_people(tx: &mut TownshipTx, people: impl IntoIterator<Item = Uuid>) -> Result<(), Error> {
    let mut people: Vec<_> = people.into_iter().collect();
    people.sort_unstable();
    for person_id in people {
        served::lock(tx, person_id).await?;
    }
    Ok(())
}

/// Locks the members of a household and the household itself; it, as it is then. A coordinator has to serve one of the
/// members. Errors: NOT_FOUND, VILLAGE_NOT_YOURS.
pub(crate) async fn locked(tx: &mut TownshipTx, household_id: Uuid) -> Result<Household, Error> {
    let mut members: Vec<_> = store::household::get(tx, household_id).await?.present().collect();
    members.sort_unstable();
    let mut served = members.is_empty();
    for person_id in members {
        match served::lock(tx, person_id).await {
            Ok(()) => served = true,
            Err(Error::VillageNotYours | Error::NotFound(Resource::Person) | Error::PersonMerged { .. }) => {}
            Err(error) => return Err(error),
        }
    }
    if !served {
        return Err(Error::VillageNotYours);
    }
    store::household::lock(tx, household_id).await?;
    store::household::get(tx, household_id).await
}

/// Somebody's level may have changed: clears or recognises again the households they belong to. Whoever calls holds the
/// lock of the people concerned.
pub(crate) async fn reconsider(tx: &mut TownshipTx, key: &TownshipKey, people: &[Uuid]) -> Result<(), Error> {
    for household_id in store::household::of_people(tx, people).await? {
        store::household::lock(tx, household_id).await?;
        let mut household = store::household::get(tx, household_id).await?;
        reconsidered(tx, key, &mut household).await?;
    }
    Ok(())
}

/// Clears or recognises again one household, whose lock is held; whether it changed.
pub(crate) async fn reconsidered(
    tx: &mut TownshipTx,
    key: &TownshipKey,
    household: &mut Household,
) -> Result<bool, Error> {
    let living = living(tx, key, household).await?;
    let changed = household.reconsider(&living, tx.clock().today());
    if changed {
        store::household::update(tx, household).await?;
        household.version += 1;
        tx.emit(wire::event::household_changed(household));
        let reason = crate::model::household::state_word(household.state());
        store::audit::append(tx, Action::ReconsiderHousehold, None, &format!("{} {reason}", household.household_id))
            .await?;
    }
    Ok(changed)
}

/// After a change of members: the version moves on, and what follows from it. The household's lock is held.
pub(crate) async fn members_changed(
    svc: &crate::People,
    tx: &mut TownshipTx,
    household_id: Uuid,
) -> Result<proto::Household, Error> {
    let household = store::household::get(tx, household_id).await?;
    store::household::update(tx, &household).await?;
    settled(svc, tx, household_id).await
}

/// After a change: clears or recognises again, tells it, and answers it as it is then. The household's lock is held.
pub(crate) async fn settled(
    svc: &crate::People,
    tx: &mut TownshipTx,
    household_id: Uuid,
) -> Result<proto::Household, Error> {
    let key = store::township_key::get(tx, &svc.vault).await?;
    let mut household = store::household::get(tx, household_id).await?;
    if !reconsidered(tx, &key, &mut household).await? {
        tx.emit(wire::event::household_changed(&household));
    }
    message(tx, &key, &household).await
}
