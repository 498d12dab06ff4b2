//! Who may change somebody's entry: whoever serves the village they live in, unless it was merged into another one.

use bangfu_kernel::{Error, error::Resource};
use bangfu_platform::db::TownshipTx;
use uuid::Uuid;

use crate::store;

/// Locks somebody for a change until the unit ends. Errors: NOT_FOUND, VILLAGE_NOT_YOURS, PERSON_MERGED.
pub(crate) async fn lock(tx: &mut TownshipTx, person_id: Uuid) -> Result<(), Error> {
    let locked = store::person::lock(tx, person_id).await?.ok_or(Error::NotFound(Resource::Person))?;
    if !tx.permit().caller().serves(&locked.village) {
        return Err(Error::VillageNotYours);
    }
    locked.merged_into.map_or(Ok(()), |person_id| Err(Error::PersonMerged { person_id }))
}

/// The same, but goes on to the entry that this one was merged into: what a contact taught is entered there. Who was
/// locked.
pub(crate) async fn lock_or_kept(tx: &mut TownshipTx, mut person_id: Uuid) -> Result<Uuid, Error> {
    loop {
        match lock(tx, person_id).await {
            Ok(()) => return Ok(person_id),
            Err(Error::PersonMerged { person_id: kept }) => person_id = kept,
            Err(error) => return Err(error),
        }
    }
}
