//! The vault: personal data is sealed here, under a key of its own for each township, before it reaches a statement.
//!
//! Two keys come from outside and are never in the database: the *master* key wraps the townships' data keys, the *index*
//! key turns an ID number into what `identity` knows it by. Nothing in here can be debug-printed.

mod index;
mod key;
mod seal;

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use aes_gcm::Aes256Gcm;
use bangfu_kernel::{Error, Township};
use secrecy::{ExposeSecret as _, SecretSlice};

pub use index::{IdIndex, Tokens};
pub use key::WrappedKey;
pub use seal::{Column, TownshipKey};

/// Bytes of the master key, of a data key, and the least of the index key.
pub const KEY_BYTES: usize = 32;
/// Data keys kept unwrapped; a city has a few dozen townships.
const KEPT: usize = 1_024;

/// Wraps, unwraps and keeps the townships' keys. Cloning gives another handle.
#[derive(Clone)]
pub struct Vault(Arc<Inside>);

struct Inside {
    master: Aes256Gcm,
    index: SecretSlice<u8>,
    keys: Mutex<HashMap<Township, Arc<TownshipKey>>>,
}

impl Vault {
    /// A vault under two keys from outside. Errors: the master key has not exactly 32 bytes, the index key fewer.
    pub fn new(master: SecretSlice<u8>, index: SecretSlice<u8>) -> Result<Self, WeakKey> {
        let cipher = cipher(master.expose_secret()).ok_or(WeakKey("master", "exactly"))?;
        // From here on the master key is in the cipher only, which wipes itself.
        drop(master);
        if index.expose_secret().len() < KEY_BYTES {
            return Err(WeakKey("index", "at least"));
        }
        Ok(Self(Arc::new(Inside { master: cipher, index, keys: Mutex::default() })))
    }

    /// The township's key, if it has been unwrapped before.
    pub fn kept(&self, township: &Township) -> Option<Arc<TownshipKey>> {
        self.0.keys.lock().unwrap_or_else(PoisonError::into_inner).get(township).cloned()
    }

    /// Unwraps a township's key and keeps it.
    pub fn unwrap(&self, township: &Township, wrapped: &WrappedKey) -> Result<Arc<TownshipKey>, Error> {
        let key = Arc::new(key::unwrap(&self.0.master, township, wrapped)?);
        let mut keys = self.0.keys.lock().unwrap_or_else(PoisonError::into_inner);
        if keys.len() >= KEPT {
            keys.clear();
        }
        keys.insert(township.clone(), Arc::clone(&key));
        Ok(key)
    }

    /// A new key for a township, wrapped; it is used once it has been stored.
    pub fn new_key(&self, township: &Township, chance: &mut impl rand::CryptoRng) -> Result<WrappedKey, Error> {
        key::make(&self.0.master, township, chance)
    }
}

/// A key from outside is too weak to serve with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the {0} key must have {1} 32 bytes")]
pub struct WeakKey(&'static str, &'static str);

impl std::fmt::Debug for Vault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Vault(sealed)")
    }
}

fn cipher(key: &[u8]) -> Option<Aes256Gcm> {
    use aes_gcm::KeyInit as _;

    Aes256Gcm::new_from_slice(key).ok()
}

#[cfg(test)]
mod tests {
    use bangfu_kernel::id_number::check_digit;
    use rand::{SeedableRng as _, rngs::StdRng};
    use uuid::Uuid;

    use super::*;

    fn vault(byte: u8) -> Vault {
        Vault::new(vec![byte; KEY_BYTES].into(), vec![byte + 1; KEY_BYTES].into()).expect("long enough")
    }

    #[test]
    fn weak_keys_are_refused() {
        for (master, index) in [(0, 32), (31, 32), (33, 32), (32, 31), (32, 0)] {
            assert!(Vault::new(vec![1; master].into(), vec![2; index].into()).is_err(), "{master} {index}");
        }
    }

    #[test]
    fn what_is_sealed_opens_only_for_its_township_person_and_column() {
        let (vault, mut chance) = (vault(1), StdRng::seed_from_u64(7));
        let [here, there]: [Township; 2] = ["320685102", "320685103"].map(|code| code.parse().expect("a code"));
        let wrapped = vault.new_key(&here, &mut chance).expect("made");
        let key = vault.unwrap(&here, &wrapped).expect("unwrapped");
        let (person, other) = (Uuid::from_u128(1), Uuid::from_u128(2));

        let sealed = key.seal(person, Column::Name, "张三丰", &mut chance).expect("sealed");
        assert_eq!(key.open(person, Column::Name, &sealed).expect("opened").as_str(), "张三丰");
        assert!(key.open(other, Column::Name, &sealed).is_err(), "another person");
        assert!(key.open(person, Column::Phone, &sealed).is_err(), "another column");
        assert!(vault.unwrap(&there, &wrapped).is_err(), "another township");
        assert_ne!(key.seal(person, Column::Name, "张三丰", &mut chance).expect("sealed"), sealed, "a nonce each");
        for place in 0..sealed.len() {
            let mut damaged = sealed.clone();
            damaged[place] ^= 1;
            assert!(key.open(person, Column::Name, &damaged).is_err(), "place {place}");
        }
    }

    #[test]
    fn another_master_key_unwraps_nothing_and_another_index_key_finds_nothing() {
        let mut chance = StdRng::seed_from_u64(7);
        let township: Township = "320685102".parse().expect("a code");
        let wrapped = vault(1).new_key(&township, &mut chance).expect("made");
        assert!(vault(2).unwrap(&township, &wrapped).is_err());
        let digits = "32069919800101001";
        let number = format!("{digits}{}", char::from(check_digit(digits.as_bytes())));
        let id = number.parse().expect("a sample number");
        assert_ne!(vault(1).id_index(&id), vault(2).id_index(&id));
        assert_eq!(vault(1).id_index(&id), vault(1).id_index(&id));
    }

    #[test]
    fn nothing_prints_a_key() {
        assert_eq!(format!("{:?}", vault(65)), "Vault(sealed)");
    }
}
