//! What the steps of a recognition share: finding the application under its person's lock, holding its type's conditions
//! against the register, telling the change.

use bangfu_kernel::{Error, IdNumber, error::Resource};
use bangfu_platform::db::TownshipTx;
use uuid::Uuid;

use crate::{
    People,
    model::{
        audit::Action,
        difficulty::{Type, rules},
        recognition::{CheckedFact, Known, Recognition},
    },
    served, store, wire,
};

/// Locks the person of an application until the unit ends, and reads it. Errors: NOT_FOUND, VILLAGE_NOT_YOURS.
pub(crate) async fn locked(tx: &mut TownshipTx, recognition_id: Uuid) -> Result<Recognition, Error> {
    // The person first, as everywhere: two steps at once wait and never deadlock.
    let person_id = store::recognition::get(tx, recognition_id).await?.person_id;
    served::lock(tx, person_id).await?;
    store::recognition::get(tx, recognition_id).await
}

/// The conditions of the application's type, held against the register as it is today.
pub(crate) async fn facts_of(
    svc: &People,
    tx: &mut TownshipTx,
    recognition: &Recognition,
) -> Result<Vec<CheckedFact>, Error> {
    let laid_down = rules()?.of(recognition.difficulty).ok_or_else(|| Error::internal("a type without rules"))?;
    known_facts(svc, tx, recognition.person_id, laid_down).await
}

/// The conditions of a type, held against the register as it is today.
pub(crate) async fn known_facts(
    svc: &People,
    tx: &mut TownshipTx,
    person_id: Uuid,
    laid_down: &Type,
) -> Result<Vec<CheckedFact>, Error> {
    let id = id_number(svc, tx, person_id).await?;
    let records = store::employment::of_people(tx, &[person_id]).await?;
    let records: Vec<_> = records.into_iter().map(|(_, record)| record).collect();
    let memberships = store::membership::of_person(tx, person_id).await?;
    let known = Known {
        sex: id.sex(),
        born_on: id.born_on(),
        records: &records,
        memberships: &memberships,
        household: store::household::recognised_kind(tx, person_id).await?,
    };
    Ok(known.check(&laid_down.facts(), rules()?, tx.clock().today()))
}

/// The ID number of somebody, opened.
pub(crate) async fn id_number(svc: &People, tx: &mut TownshipTx, person_id: Uuid) -> Result<IdNumber, Error> {
    let sealed = store::person::sealed(tx, person_id).await?.ok_or(Error::NotFound(Resource::Person))?;
    let key = store::township_key::get(tx, &svc.vault).await?;
    let number = sealed.open(person_id, &key)?.id_number;
    number.parse().map_err(|_faults| Error::internal(format!("person {person_id} has a stored number that is none")))
}

/// Writes where an application stands now, and tells it.
pub(crate) async fn moved_on(
    tx: &mut TownshipTx,
    recognition: &Recognition,
    action: Action,
    reason: &str,
) -> Result<(), Error> {
    store::recognition::update(tx, recognition).await?;
    tx.emit(wire::event::recognition_changed(recognition));
    store::audit::append(tx, action, Some(recognition.person_id), reason).await?;
    Ok(())
}
