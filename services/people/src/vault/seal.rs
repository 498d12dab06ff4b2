//! Sealing one value: AES-256-GCM, bound to township, person and column, so that no value can be moved to another row.
//!
//! Layout: version (1), algorithm (1), key number (2, big-endian), nonce (12, random), ciphertext and tag. The header
//! names the algorithm so that SM4-GCM can stand beside AES.

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
const HEADER: usize = 4;
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
    /// A row of another department's list, whole.
    ListedRow,
}

impl Column {
    fn word(self) -> &'static [u8] {
        match self {
            Self::Name => b"name",
            Self::IdNumber => b"id_number",
            Self::Phone => b"phone",
            Self::Address => b"address",
            Self::Remark => b"remark",
            Self::SurveyNote => b"survey_note",
            Self::ListedRow => b"listed_row",
        }
    }
}

/// A township's data key, ready to seal and open; wiped from memory when dropped.
pub struct TownshipKey {
    township: Township,
    header: [u8; HEADER],
    cipher: Aes256Gcm,
}

impl TownshipKey {
    pub(super) fn new(township: Township, number: i16, cipher: Aes256Gcm) -> Self {
        let [high, low] = number.to_be_bytes();
        Self { township, header: [VERSION, ALGORITHM, high, low], cipher }
    }

    /// Seals a value.
    pub fn seal(
        &self,
        person: Uuid,
        column: Column,
        plain: &str,
        chance: &mut impl rand::CryptoRng,
    ) -> Result<Vec<u8>, Error> {
        let mut nonce = [0; NONCE];
        chance.fill_bytes(&mut nonce);
        let mut sealed = Vec::with_capacity(HEADER + NONCE + plain.len() + TAG);
        sealed.extend_from_slice(&self.header);
        sealed.extend_from_slice(&nonce);
        sealed.extend_from_slice(plain.as_bytes());
        let bound = self.bound_to(person, column);
        let body = &mut sealed[HEADER + NONCE..];
        let tag = self
            .cipher
            .encrypt_inout_detached(&nonce.into(), &bound, body.into())
            .map_err(|error| Error::internal(error.to_string()))?;
        sealed.extend_from_slice(&tag);
        Ok(sealed)
    }

    /// Opens a value; an error when it was sealed for another row, under another key, or was changed.
    pub fn open(&self, person: Uuid, column: Column, sealed: &[u8]) -> Result<Zeroizing<String>, Error> {
        let damaged = || Error::internal(format!("{column:?} of person {person} does not open"));
        let (header, rest) = sealed.split_first_chunk::<HEADER>().ok_or_else(damaged)?;
        if *header != self.header {
            return Err(damaged());
        }
        let (nonce, body) = rest.split_first_chunk::<NONCE>().ok_or_else(damaged)?;
        let bound = self.bound_to(person, column);
        let opened = self.cipher.decrypt(&(*nonce).into(), Payload { msg: body, aad: &bound });
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

    fn bound_to(&self, person: Uuid, column: Column) -> Vec<u8> {
        let township = self.township.as_str().as_bytes();
        [&self.header[..], township, b"\0", person.as_bytes(), column.word()].concat()
    }
}
