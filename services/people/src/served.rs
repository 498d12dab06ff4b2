//! Who may change somebody's entry: whoever serves the village they live in, for as long as they live there, unless it was
//! merged into another one.

use bangfu_kernel::{Error, error::Resource};
use bangfu_platform::db::TownshipTx;
use uuid::Uuid;

use crate::{model::transfer::read_since, store};

/// Locks somebody for a change until the unit ends. Errors: NOT_FOUND, PERSON_TRANSFERRED (they left and can only be
/// read), PERSON_ANONYMISED, VILLAGE_NOT_YOURS, PERSON_MERGED.
pub(crate) async fn lock(tx: &mut TownshipTx, person_id: Uuid) -> Result<(), Error> {
    let person = store::person::lock(tx, person_id).await?.ok_or(Error::NotFound(Resource::Person))?;
    if person.left_known_on.is_some_and(|known| known < read_since(tx.clock().today())) {
        return Err(Error::NotFound(Resource::Person));
    }
    // The entry that was kept says the rest: where they live, whether it is known who they are.
    if let Some(person_id) = person.merged_into {
        let serves = tx.permit().caller().serves(&person.village);
        return Err(if serves { Error::PersonMerged { person_id } } else { Error::VillageNotYours });
    }
    match person.left_known_on {
        Some(_) => Err(Error::PersonTransferred),
        None if person.anonymised_on.is_some() => Err(Error::PersonAnonymised),
        None if !tx.permit().caller().serves(&person.village) => Err(Error::VillageNotYours),
        None => Ok(()),
    }
}

/// The same, but goes on to the entry that this one was merged into: what a contact taught is entered there. Who was
/// looked at last, and how that went.
pub(crate) async fn lock_kept(tx: &mut TownshipTx, mut person_id: Uuid) -> (Uuid, Result<(), Error>) {
    loop {
        match lock(tx, person_id).await {
            Err(Error::PersonMerged { person_id: kept }) => person_id = kept,
            locked => return (person_id, locked),
        }
    }
}
