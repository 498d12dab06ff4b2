//! The vault: personal data is sealed here, under keys of its own for each township, before it reaches a statement.
//!
//! Two keys come from outside and are never in the database: the *master* key wraps the townships' data keys, the *index*
//! key turns an ID number into what `identity` knows it by. Nothing in here can be debug-printed.

mod index;
mod key;
mod seal;

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use aes_gcm::Aes256Gcm;
use bangfu_kernel::{Error, Township};
use secrecy::{ExposeSecret as _, SecretSlice};
use tokio::time::Instant;

pub use index::{IdIndex, Tokens};
pub use key::WrappedKey;
pub use seal::{Column, HEADER, TownshipKey};

/// Bytes of the master key, of a data key, and the least of the index key.
pub const KEY_BYTES: usize = 32;
/// Townships whose keys are kept unwrapped; a city has a few dozen.
const KEPT: usize = 1_024;
/// How long keys are used that were read from the database.
pub const LEASE: Duration = Duration::from_secs(2);
/// How often they are read anew.
pub const ANEW: Duration = Duration::from_millis(500);

/// Wraps, unwraps and keeps the townships' keys. Cloning gives another handle.
///
/// # Why no read fails while a key changes
/// Several processes serve one township, and each keeps its keys in memory. So a new key is *announced* first: it stands in
/// the database and opens, but does not seal. Every process reads the keys anew every [`ANEW`], and uses none that it
/// read longer than [`LEASE`] ago without reading again. What is announced for twice a lease is known to all of them; only then
/// does the key seal, and everything that stands under an older one is sealed anew (`job/keys.rs`). Older keys stay:
/// whatever was on its way under one of them still opens.
#[derive(Clone)]
pub struct Vault(Arc<Inside>);

struct Inside {
    master: Aes256Gcm,
    /// Other master keys that unwrap while the master key changes.
    others: Vec<Aes256Gcm>,
    index: SecretSlice<u8>,
    keys: Mutex<HashMap<Township, Kept>>,
}

/// A township's keys, and when they were read.
struct Kept {
    keys: Arc<TownshipKey>,
    read_at: Option<Instant>,
}

impl Vault {
    /// A vault under two keys from outside. Errors: the master key has not exactly 32 bytes, the index key fewer.
    pub fn new(master: SecretSlice<u8>, index: SecretSlice<u8>) -> Result<Self, WeakKey> {
        Self::accepting(master, Vec::new(), index)
    }

    /// The same, accepting data keys that other master keys have wrapped, too. Errors: as above.
    pub fn accepting(
        master: SecretSlice<u8>,
        others: Vec<SecretSlice<u8>>,
        index: SecretSlice<u8>,
    ) -> Result<Self, WeakKey> {
        let cipher = |key: SecretSlice<u8>| cipher(key.expose_secret()).ok_or(WeakKey("master", "exactly"));
        // From here on the master keys are in the ciphers only, which wipe themselves.
        let master = cipher(master)?;
        let others = others.into_iter().map(cipher).collect::<Result<_, _>>()?;
        if index.expose_secret().len() < KEY_BYTES {
            return Err(WeakKey("index", "at least"));
        }
        Ok(Self(Arc::new(Inside { master, others, index, keys: Mutex::default() })))
    }

    /// The township's keys, if they were read within the lease.
    pub fn kept(&self, township: &Township) -> Option<Arc<TownshipKey>> {
        let keys = self.0.keys.lock().unwrap_or_else(PoisonError::into_inner);
        let kept = keys.get(township)?;
        (kept.read_at?.elapsed() < LEASE).then(|| Arc::clone(&kept.keys))
    }

    /// Unwraps a township's keys, those not unwrapped before, and keeps them. `read_at` is an instant before they were read.
    pub fn unwrap(
        &self,
        township: &Township,
        wrapped: &[WrappedKey],
        read_at: Instant,
    ) -> Result<Arc<TownshipKey>, Error> {
        let keys = self.ring(township);
        for key in wrapped {
            if !keys.has(key.number) {
                keys.learn(key.number, self.cipher(township, key)?);
            }
            if key.sealing {
                keys.seal_under(key.number);
            }
        }
        if let Some(kept) = self.0.keys.lock().unwrap_or_else(PoisonError::into_inner).get_mut(township) {
            kept.read_at = kept.read_at.max(Some(read_at));
        }
        Ok(keys)
    }

    /// A township's handle: the one that units of work under way hold, if there is one.
    fn ring(&self, township: &Township) -> Arc<TownshipKey> {
        let mut all = self.0.keys.lock().unwrap_or_else(PoisonError::into_inner);
        if all.len() >= KEPT && !all.contains_key(township) {
            all.clear();
        }
        let new = || Kept { keys: Arc::new(TownshipKey::new(township.clone())), read_at: None };
        Arc::clone(&all.entry(township.clone()).or_insert_with(new).keys)
    }

    fn cipher(&self, township: &Township, wrapped: &WrappedKey) -> Result<Aes256Gcm, Error> {
        let mut opened = key::unwrap(&self.0.master, township, wrapped);
        for other in &self.0.others {
            opened = opened.or_else(|_| key::unwrap(other, township, wrapped));
        }
        opened
    }

    /// A new key of a number for a township, wrapped; it opens once it has been stored, and the first one seals, too.
    pub fn new_key(
        &self,
        township: &Township,
        number: i16,
        chance: &mut impl rand::CryptoRng,
    ) -> Result<WrappedKey, Error> {
        key::make(&self.0.master, township, number, chance)
    }

    /// The key wrapped by the present master key; `None`: it is already.
    pub fn rewrap(
        &self,
        township: &Township,
        wrapped: &WrappedKey,
        chance: &mut impl rand::CryptoRng,
    ) -> Result<Option<Vec<u8>>, Error> {
        let inside = &self.0;
        if key::unwrap(&inside.master, township, wrapped).is_ok() {
            return Ok(None);
        }
        let mut again = Err(Error::internal(format!("no master key opens data key {} of {township}", wrapped.number)));
        for other in &inside.others {
            again = again.or_else(|_| key::rewrap(other, &inside.master, township, wrapped, chance));
        }
        again.map(Some)
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
        let wrapped = vec![vault.new_key(&here, 1, &mut chance).expect("made")];
        let key = vault.unwrap(&here, &wrapped, Instant::now()).expect("unwrapped");
        let (person, other) = (Uuid::from_u128(1), Uuid::from_u128(2));

        let sealed = key.seal(person, Column::Name, "张三丰", &mut chance).expect("sealed");
        assert_eq!(key.open(person, Column::Name, &sealed).expect("opened").as_str(), "张三丰");
        assert!(key.open(other, Column::Name, &sealed).is_err(), "another person");
        assert!(key.open(person, Column::Phone, &sealed).is_err(), "another column");
        assert!(vault.unwrap(&there, &wrapped, Instant::now()).is_err(), "another township");
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
        let wrapped = [vault(1).new_key(&township, 1, &mut chance).expect("made")];
        assert!(vault(2).unwrap(&township, &wrapped, Instant::now()).is_err());
        let digits = "32069919800101001";
        let number = format!("{digits}{}", char::from(check_digit(digits.as_bytes())));
        let id = number.parse().expect("a sample number");
        assert_ne!(vault(1).id_index(&id), vault(2).id_index(&id));
        assert_eq!(vault(1).id_index(&id), vault(1).id_index(&id));
    }

    #[test]
    fn a_new_key_opens_when_it_is_announced_seals_when_it_is_told_to_and_the_older_ones_go_on_opening() {
        let (vault, mut chance) = (vault(1), StdRng::seed_from_u64(7));
        let township: Township = "320685102".parse().expect("a code");
        let row = Uuid::from_u128(1);
        let mut keys = vec![vault.new_key(&township, 1, &mut chance).expect("made")];
        let key = vault.unwrap(&township, &keys, Instant::now()).expect("unwrapped");
        let first = key.seal(row, Column::Name, "张三丰", &mut chance).expect("sealed");

        keys.push(vault.new_key(&township, 2, &mut chance).expect("made"));
        vault.unwrap(&township, &keys, Instant::now()).expect("unwrapped");
        assert_eq!(key.seals_under(), 1, "announced");
        // Another process was told to seal: this one opens what it sealed.
        let there = self::vault(1);
        keys[1].sealing = true;
        let other = there.unwrap(&township, &keys, Instant::now()).expect("unwrapped");
        let second = other.seal(row, Column::Name, "张三丰", &mut chance).expect("sealed");
        assert_eq!(second[..HEADER], TownshipKey::header(2));
        for sealed in [&first, &second] {
            assert_eq!(key.open(row, Column::Name, sealed).expect("opened").as_str(), "张三丰");
        }
        // Told by a reading that was under way for long, it does not go back.
        vault.unwrap(&township, &keys, Instant::now()).expect("unwrapped");
        keys[1].sealing = false;
        vault.unwrap(&township, &keys, Instant::now()).expect("unwrapped");
        assert_eq!(key.seals_under(), 2);
        let again = key.reseal(row, Column::Name, &first, &mut chance).expect("sealed anew");
        assert_eq!(again[..HEADER], TownshipKey::header(2));

        let third = vault.new_key(&township, 3, &mut chance).expect("made");
        let ahead =
            there.unwrap(&township, &[WrappedKey { sealing: true, ..third }], Instant::now()).expect("unwrapped");
        let sealed = ahead.seal(row, Column::Name, "张三丰", &mut chance).expect("sealed");
        assert!(matches!(key.open(row, Column::Name, &sealed), Err(Error::Conflict(_))), "come again");
    }

    #[test]
    fn keys_are_not_used_longer_than_their_lease() {
        let (vault, mut chance) = (vault(1), StdRng::seed_from_u64(7));
        let township: Township = "320685102".parse().expect("a code");
        let keys = [vault.new_key(&township, 1, &mut chance).expect("made")];
        let long_ago = Instant::now().checked_sub(LEASE).expect("the machine runs for longer");
        vault.unwrap(&township, &keys, long_ago).expect("unwrapped");
        assert!(vault.kept(&township).is_none());
        vault.unwrap(&township, &keys, Instant::now()).expect("unwrapped");
        assert!(vault.kept(&township).is_some());
    }

    #[test]
    fn a_master_key_changes_by_wrapping_the_data_keys_anew() {
        let mut chance = StdRng::seed_from_u64(7);
        let township: Township = "320685102".parse().expect("a code");
        let key = |byte: u8| -> SecretSlice<u8> { vec![byte; KEY_BYTES].into() };
        let both = Vault::accepting(key(5), vec![key(9), key(1)], key(2)).expect("long enough");
        let mut wrapped = vault(1).new_key(&township, 1, &mut chance).expect("made");
        both.unwrap(&township, std::slice::from_ref(&wrapped), Instant::now()).expect("the older one unwraps, too");
        wrapped.wrapped = both.rewrap(&township, &wrapped, &mut chance).expect("wrapped").expect("anew");
        assert!(both.rewrap(&township, &wrapped, &mut chance).expect("it is").is_none());
        let new = Vault::new(key(5), key(2)).expect("long enough");
        new.unwrap(&township, std::slice::from_ref(&wrapped), Instant::now()).expect("the new one alone");
        assert!(vault(1).unwrap(&township, &[wrapped], Instant::now()).is_err(), "and the older one no more");
    }

    #[test]
    fn nothing_prints_a_key() {
        assert_eq!(format!("{:?}", vault(65)), "Vault(sealed)");
    }
}
