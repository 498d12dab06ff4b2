//! Who may change somebody's entry: whoever serves the village they live in, for as long as they live there.

use bangfu_kernel::{Error, error::Resource};
use bangfu_platform::db::TownshipTx;
use uuid::Uuid;

use crate::{model::transfer::read_since, store};

/// Locks somebody for a change until the unit ends. Errors: NOT_FOUND, PERSON_TRANSFERRED (they left and can only be
/// read), VILLAGE_NOT_YOURS.
pub(crate) async fn lock(tx: &mut TownshipTx, person_id: Uuid) -> Result<(), Error> {
    let person = store::person::lock(tx, person_id).await?.ok_or(Error::NotFound(Resource::Person))?;
    match person.left_known_on {
        Some(known) if known < read_since(tx.clock().today()) => Err(Error::NotFound(Resource::Person)),
        Some(_) => Err(Error::PersonTransferred),
        None if tx.permit().caller().serves(&person.village) => Ok(()),
        None => Err(Error::VillageNotYours),
    }
}
