//! Who may change somebody's entry: whoever serves the village they live in.

use bangfu_kernel::{Error, error::Resource};
use bangfu_platform::db::TownshipTx;
use uuid::Uuid;

use crate::store;

/// Locks somebody for a change until the unit ends. Errors: NOT_FOUND, VILLAGE_NOT_YOURS.
pub(crate) async fn lock(tx: &mut TownshipTx, person_id: Uuid) -> Result<(), Error> {
    let village = store::person::lock(tx, person_id).await?.ok_or(Error::NotFound(Resource::Person))?;
    if tx.permit().caller().serves(&village) { Ok(()) } else { Err(Error::VillageNotYours) }
}
