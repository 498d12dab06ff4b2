//! Rows of a list while they wait: sealed as they came, each under an id of its own.

use bangfu_kernel::Error;
use uuid::Uuid;

use crate::{
    model::data_match::Listed,
    vault::{Column, TownshipKey},
};

/// Seals what a row says.
pub(crate) fn seal(
    key: &TownshipKey,
    row_id: Uuid,
    row: &Listed,
    chance: &mut impl rand::CryptoRng,
) -> Result<Vec<u8>, Error> {
    let plain = zeroize::Zeroizing::new(serde_json::to_string(row).map_err(|error| Error::Internal(Box::new(error)))?);
    key.seal(row_id, Column::ListedRow, &plain, chance)
}

/// Opens what a row says.
pub(crate) fn open(key: &TownshipKey, row_id: Uuid, sealed: &[u8]) -> Result<Listed, Error> {
    let plain = key.open(row_id, Column::ListedRow, sealed)?;
    // serde_json's errors name a place, and never a value.
    serde_json::from_str(&plain).map_err(|_error| Error::internal(format!("row {row_id} is none")))
}
