//! A township's data key, wrapped by the master key.

use aes_gcm::{
    Aes256Gcm,
    aead::{Aead as _, Payload},
};
use bangfu_kernel::{Error, Township};
use zeroize::Zeroizing;

use super::{
    KEY_BYTES, cipher,
    seal::{ALGORITHM, NONCE},
};

/// A data key as it is stored.
#[derive(Clone)]
pub struct WrappedKey {
    /// Its number in the township; stands in the header of what it seals.
    pub number: i16,
    /// 1: AES-256-GCM.
    pub algorithm: i16,
    /// Nonce and sealed key.
    pub wrapped: Vec<u8>,
    /// Whether it seals, or is announced only.
    pub sealing: bool,
}

/// A new random key of a number.
pub(super) fn make(
    master: &Aes256Gcm,
    township: &Township,
    number: i16,
    chance: &mut impl rand::CryptoRng,
) -> Result<WrappedKey, Error> {
    let mut key = Zeroizing::new([0; KEY_BYTES]);
    chance.fill_bytes(key.as_mut_slice());
    // The first key seals at once: nobody can have missed it.
    Ok(WrappedKey {
        number,
        algorithm: ALGORITHM.into(),
        wrapped: wrap(master, township, number, key.as_slice(), chance)?,
        sealing: number == 1,
    })
}

/// The key under another master key.
pub(super) fn rewrap(
    from: &Aes256Gcm,
    to: &Aes256Gcm,
    township: &Township,
    key: &WrappedKey,
    chance: &mut impl rand::CryptoRng,
) -> Result<Vec<u8>, Error> {
    wrap(to, township, key.number, &opened(from, township, key)?, chance)
}

pub(super) fn unwrap(master: &Aes256Gcm, township: &Township, key: &WrappedKey) -> Result<Aes256Gcm, Error> {
    cipher(&opened(master, township, key)?).ok_or_else(|| damaged(township, key))
}

fn wrap(
    master: &Aes256Gcm,
    township: &Township,
    number: i16,
    key: &[u8],
    chance: &mut impl rand::CryptoRng,
) -> Result<Vec<u8>, Error> {
    let mut nonce = [0; NONCE];
    chance.fill_bytes(&mut nonce);
    let bound = bound_to(township, number);
    let payload = Payload { msg: key, aad: &bound };
    let sealed = master.encrypt(&nonce.into(), payload).map_err(|error| Error::internal(error.to_string()))?;
    Ok([&nonce[..], &sealed].concat())
}

fn opened(master: &Aes256Gcm, township: &Township, key: &WrappedKey) -> Result<Zeroizing<Vec<u8>>, Error> {
    let damaged = || damaged(township, key);
    if key.algorithm != i16::from(ALGORITHM) {
        return Err(Error::internal(format!("data key algorithm {} is not known", key.algorithm)));
    }
    let (nonce, sealed) = key.wrapped.split_first_chunk::<NONCE>().ok_or_else(damaged)?;
    let bound = bound_to(township, key.number);
    let opened = master.decrypt(&(*nonce).into(), Payload { msg: sealed, aad: &bound });
    opened.ok().map(Zeroizing::new).ok_or_else(damaged)
}

fn damaged(township: &Township, key: &WrappedKey) -> Error {
    Error::internal(format!("data key {} of {township} does not open", key.number))
}

fn bound_to(township: &Township, number: i16) -> Vec<u8> {
    [b"bangfu data key\0", township.as_str().as_bytes(), b"\0", &number.to_be_bytes()].concat()
}
