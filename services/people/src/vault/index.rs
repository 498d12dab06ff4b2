//! The blind index: what `identity` knows an ID number by. Keyed, because an unkeyed hash of a county's numbers is
//! reversed in seconds.

use bangfu_kernel::IdNumber;
use hmac::{Hmac, KeyInit as _, Mac as _};
use secrecy::ExposeSecret as _;
use sha2::Sha256;

use super::Vault;

/// HMAC-SHA-256 of a normalised ID number under the index key.
pub type IdIndex = [u8; 32];

impl Vault {
    /// The index of an ID number.
    pub fn id_index(&self, id: &IdNumber) -> IdIndex {
        // HMAC takes keys of any length; the zero index stands for what cannot happen.
        let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(self.0.index.expose_secret()) else { return [0; 32] };
        mac.update(id.reveal().as_bytes());
        mac.finalize().into_bytes().into()
    }
}
