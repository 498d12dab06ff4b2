//! A township's data key, wrapped by the master key.

use aes_gcm::{
    Aes256Gcm,
    aead::{Aead as _, Payload},
};
use bangfu_kernel::{Error, Township};
use zeroize::Zeroizing;

use super::{
    KEY_BYTES, TownshipKey, cipher,
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
}

/// A new random key, the township's first.
pub(super) fn make(
    master: &Aes256Gcm,
    township: &Township,
    chance: &mut impl rand::CryptoRng,
) -> Result<WrappedKey, Error> {
    let number = 1;
    let mut key = Zeroizing::new([0; KEY_BYTES]);
    chance.fill_bytes(key.as_mut_slice());
    let mut nonce = [0; NONCE];
    chance.fill_bytes(&mut nonce);
    let bound = bound_to(township, number);
    let payload = Payload { msg: key.as_slice(), aad: &bound };
    let sealed = master.encrypt(&nonce.into(), payload).map_err(|error| Error::internal(error.to_string()))?;
    Ok(WrappedKey { number, algorithm: ALGORITHM.into(), wrapped: [&nonce[..], &sealed].concat() })
}

pub(super) fn unwrap(master: &Aes256Gcm, township: &Township, key: &WrappedKey) -> Result<TownshipKey, Error> {
    let damaged = || Error::internal(format!("data key {} of {township} does not open", key.number));
    if key.algorithm != i16::from(ALGORITHM) {
        return Err(Error::internal(format!("data key algorithm {} is not known", key.algorithm)));
    }
    let (nonce, sealed) = key.wrapped.split_first_chunk::<NONCE>().ok_or_else(damaged)?;
    let bound = bound_to(township, key.number);
    let opened = master.decrypt(&(*nonce).into(), Payload { msg: sealed, aad: &bound });
    let plain = Zeroizing::new(opened.ok().ok_or_else(damaged)?);
    let cipher = cipher(&plain).ok_or_else(damaged)?;
    Ok(TownshipKey::new(township.clone(), key.number, cipher))
}

fn bound_to(township: &Township, number: i16) -> Vec<u8> {
    [b"bangfu data key\0", township.as_str().as_bytes(), b"\0", &number.to_be_bytes()].concat()
}
