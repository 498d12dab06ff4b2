//! Sealing one value: AES-256-GCM, bound to township, person and column, so that no value can be moved to another row.
//!
//! Layout: version (1), algorithm (1), key number (2, big-endian), nonce (12, random), ciphertext and tag. The header
//! names the algorithm so that SM4-GCM can stand beside AES.

use std::{
    collections::BTreeMap,
    sync::{Arc, PoisonError, RwLock},
};

use aes_gcm::{
    Aes256Gcm,
    aead::{Aead as _, AeadInOut as _, Payload},
};
use bangfu_kernel::{Error, Township};
use uuid::Uuid;
use zeroize::Zeroizing;

/// Of the layout above.
const VERSION: u8 = 1;
/// AES-256-GCM.
pub(super) const ALGORITHM: u8 = 1;
/// Bytes of a nonce.
pub(super) const NONCE: usize = 12;
/// Bytes before the nonce: they name version, algorithm and key.
pub const HEADER: usize = 4;
const TAG: usize = 16;

/// A column that is sealed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Column {
    /// 姓名
    Name,
    /// 身份证号码
    IdNumber,
    /// 联系电话
    Phone,
    /// 住址
    Address,
    /// 备注
    Remark,
    /// 备注 of a survey.
    SurveyNote,
    /// 姓名, masked, of a transfer.
    TransferName,
    /// 身份证号码, masked, of a transfer.
    TransferIdNumber,
    /// A row of another department's list, whole.
    ListedRow,
}

impl Column {
    /// All of them. What is not here is not sealed anew when a township's key changes.
    pub const ALL: [Self; 9] = [
        Self::Name,
        Self::IdNumber,
        Self::Phone,
        Self::Address,
        Self::Remark,
        Self::SurveyNote,
        Self::TransferName,
        Self::TransferIdNumber,
        Self::ListedRow,
    ];

    /// Table and column it stands in; `store::reseal` has a statement for each of these tables.
    pub fn place(self) -> (&'static str, &'static str) {
        match self {
            Self::Name => ("person", "name"),
            Self::IdNumber => ("person", "id_number"),
            Self::Phone => ("person", "phone"),
            Self::Address => ("person", "address"),
            Self::Remark => ("person", "remark"),
            Self::SurveyNote => ("survey", "note"),
            Self::TransferName => ("transfer", "name"),
            Self::TransferIdNumber => ("transfer", "id_number"),
            Self::ListedRow => ("data_match_row", "sealed"),
        }
    }

    fn word(self) -> &'static [u8] {
        match self {
            Self::Name => b"name",
            Self::IdNumber => b"id_number",
            Self::Phone => b"phone",
            Self::Address => b"address",
            Self::Remark => b"remark",
            Self::SurveyNote => b"survey_note",
            Self::TransferName => b"transfer_name",
            Self::TransferIdNumber => b"transfer_id_number",
            Self::ListedRow => b"listed_row",
        }
    }
}

/// A township's data keys, ready to seal and open; wiped from memory when dropped.
///
/// It is one and the same for everybody in the process: what the registry learns of a new key, units of work under way
/// learn at once.
pub struct TownshipKey {
    township: Township,
    ring: RwLock<Ring>,
}

#[derive(Default)]
struct Ring {
    ciphers: BTreeMap<i16, Arc<Aes256Gcm>>,
    /// The number it seals under.
    seals: i16,
}

impl TownshipKey {
    pub(super) fn new(township: Township) -> Self {
        Self { township, ring: RwLock::default() }
    }

    /// Whether it has the key of a number.
    pub(super) fn has(&self, number: i16) -> bool {
        self.ring().ciphers.contains_key(&number)
    }

    /// Opens what is sealed under another number, too.
    pub(super) fn learn(&self, number: i16, cipher: Aes256Gcm) {
        let mut ring = self.ring.write().unwrap_or_else(PoisonError::into_inner);
        ring.ciphers.insert(number, Arc::new(cipher));
    }

    /// Seals under a number from now on, never under an older one again.
    pub(super) fn seal_under(&self, number: i16) {
        let mut ring = self.ring.write().unwrap_or_else(PoisonError::into_inner);
        ring.seals = ring.seals.max(number);
    }

    /// The number it seals under.
    pub fn seals_under(&self) -> i16 {
        self.ring().seals
    }

    /// How everything begins that is sealed under a number.
    pub fn header(number: i16) -> [u8; HEADER] {
        let [high, low] = number.to_be_bytes();
        [VERSION, ALGORITHM, high, low]
    }

    /// Seals a value.
    pub fn seal(
        &self,
        person: Uuid,
        column: Column,
        plain: &str,
        chance: &mut impl rand::CryptoRng,
    ) -> Result<Vec<u8>, Error> {
        let number = self.seals_under();
        let cipher = self.cipher(number)?;
        let header = Self::header(number);
        let mut nonce = [0; NONCE];
        chance.fill_bytes(&mut nonce);
        let mut sealed = Vec::with_capacity(HEADER + NONCE + plain.len() + TAG);
        sealed.extend_from_slice(&header);
        sealed.extend_from_slice(&nonce);
        sealed.extend_from_slice(plain.as_bytes());
        let bound = self.bound_to(header, person, column);
        let body = &mut sealed[HEADER + NONCE..];
        let tag = cipher
            .encrypt_inout_detached(&nonce.into(), &bound, body.into())
            .map_err(|error| Error::internal(error.to_string()))?;
        sealed.extend_from_slice(&tag);
        Ok(sealed)
    }

    /// Opens a value; an error when it was sealed for another row, under a key that is not the township's, or was changed.
    pub fn open(&self, person: Uuid, column: Column, sealed: &[u8]) -> Result<Zeroizing<String>, Error> {
        let damaged = || Error::internal(format!("{column:?} of person {person} does not open"));
        let (header, rest) = sealed.split_first_chunk::<HEADER>().ok_or_else(damaged)?;
        let [VERSION, ALGORITHM, high, low] = *header else { return Err(damaged()) };
        let cipher = self.cipher(i16::from_be_bytes([high, low]))?;
        let (nonce, body) = rest.split_first_chunk::<NONCE>().ok_or_else(damaged)?;
        let bound = self.bound_to(*header, person, column);
        let opened = cipher.decrypt(&(*nonce).into(), Payload { msg: body, aad: &bound });
        let plain = String::from_utf8(opened.ok().ok_or_else(damaged)?).ok().ok_or_else(damaged)?;
        Ok(Zeroizing::new(plain))
    }

    /// A value that may be absent.
    pub fn open_optional(
        &self,
        person: Uuid,
        column: Column,
        sealed: Option<&[u8]>,
    ) -> Result<Zeroizing<String>, Error> {
        sealed.map_or_else(|| Ok(Zeroizing::default()), |sealed| self.open(person, column, sealed))
    }

    /// The value sealed anew, under the number it seals under now.
    pub fn reseal(
        &self,
        row: Uuid,
        column: Column,
        sealed: &[u8],
        chance: &mut impl rand::CryptoRng,
    ) -> Result<Vec<u8>, Error> {
        self.seal(row, column, &self.open(row, column, sealed)?, chance)
    }

    /// A number it does not have is told as a conflict, so that the caller comes again: `vault` says when that can be.
    fn cipher(&self, number: i16) -> Result<Arc<Aes256Gcm>, Error> {
        let township = &self.township;
        let unknown = || Error::Conflict(format!("data key {number} of {township} is not known here").into());
        self.ring().ciphers.get(&number).cloned().ok_or_else(unknown)
    }

    fn ring(&self) -> std::sync::RwLockReadGuard<'_, Ring> {
        self.ring.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn bound_to(&self, header: [u8; HEADER], person: Uuid, column: Column) -> Vec<u8> {
        let township = self.township.as_str().as_bytes();
        [&header[..], township, b"\0", person.as_bytes(), column.word()].concat()
    }
}
