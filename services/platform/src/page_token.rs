//! Page tokens: opaque, authenticated, bound to method, township and filter; they expire after a day.

use bangfu_kernel::{Clock, Error};
use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use hmac::{Hmac, KeyInit as _, Mac as _};
use prost::Message;
use secrecy::{ExposeSecret as _, SecretSlice};
use serde::{Serialize, de::DeserializeOwned};
use sha2::Sha256;

use crate::auth::Permit;

/// Seconds a token is good for.
const LIFE: i64 = 24 * 60 * 60;
const MAC: usize = 16;

/// Seals and opens page tokens with a key that all replicas of a service share.
#[derive(Debug, Clone)]
pub struct PageTokens {
    key: SecretSlice<u8>,
    clock: Clock,
}

impl PageTokens {
    /// With a key of 32 bytes or more.
    pub fn new(key: SecretSlice<u8>, clock: Clock) -> Self {
        Self { key, clock }
    }

    /// The token for what comes after `last`. `filter` is the request with its page fields emptied. `last` holds ids and
    /// dates only, never personal data: a token is authenticated, not secret.
    pub fn seal(&self, permit: &Permit, filter: &impl Message, last: &impl Serialize) -> Result<String, Error> {
        let mut token = (self.clock.now().timestamp() + LIFE).to_be_bytes().to_vec();
        serde_json::to_writer(&mut token, last).map_err(|error| Error::Internal(Box::new(error)))?;
        let mac = self.mac(permit, filter, &token)?;
        token.extend_from_slice(&mac);
        Ok(BASE64_URL_SAFE_NO_PAD.encode(token))
    }

    /// What the token was sealed over; `None` for the empty token of a first page.
    pub fn open<L: DeserializeOwned>(
        &self,
        permit: &Permit,
        filter: &impl Message,
        token: &str,
    ) -> Result<Option<L>, Error> {
        if token.is_empty() {
            return Ok(None);
        }
        let Ok(bytes) = BASE64_URL_SAFE_NO_PAD.decode(token) else { return Err(Error::PageTokenInvalid) };
        let Some(split) = bytes.len().checked_sub(MAC).filter(|&at| at >= 8) else {
            return Err(Error::PageTokenInvalid);
        };
        let (content, mac) = bytes.split_at(split);
        let expected = self.mac(permit, filter, content)?;
        if aws_lc_rs::constant_time::verify_slices_are_equal(&expected, mac).is_err() {
            return Err(Error::PageTokenInvalid);
        }
        let (expiry, last) = content.split_at(8);
        let expiry = expiry.try_into().map_or(0, i64::from_be_bytes);
        if expiry < self.clock.now().timestamp() {
            return Err(Error::PageTokenInvalid);
        }
        serde_json::from_slice(last).map(Some).or(Err(Error::PageTokenInvalid))
    }

    fn mac(&self, permit: &Permit, filter: &impl Message, content: &[u8]) -> Result<Vec<u8>, Error> {
        let mut mac = Hmac::<Sha256>::new_from_slice(self.key.expose_secret())
            .map_err(|error| Error::Internal(Box::new(error)))?;
        let township = permit.township().map_or("", |township| township.as_str());
        for part in [permit.method().as_bytes(), township.as_bytes(), &filter.encode_to_vec(), content] {
            mac.update(&(part.len() as u64).to_be_bytes());
            mac.update(part);
        }
        Ok(mac.finalize().into_bytes()[..MAC].to_vec())
    }
}

#[cfg(test)]
mod tests {
    use bangfu_proto::people::v1::ListPeopleRequest;

    use super::*;

    #[expect(clippy::disallowed_methods, reason = "a test is no caller: it stands where the auth layer would")]
    fn permit(township: &str) -> Permit {
        Permit::of_job("test", "320685", township.parse().ok())
    }

    #[test]
    fn a_token_opens_only_where_it_was_sealed() {
        let clock = Clock::at("2026-01-05".parse().expect("a date"));
        let tokens = PageTokens::new(vec![7; 32].into(), clock.clone());
        let filter = ListPeopleRequest { village: "双溪村".into(), ..Default::default() };
        let token = tokens.seal(&permit("320685102"), &filter, &("2026-01-05", 7)).expect("sealed");
        let open = |permit: &Permit, filter: &ListPeopleRequest, token: &str| {
            tokens.open::<(String, i32)>(permit, filter, token)
        };

        assert_eq!(open(&permit("320685102"), &filter, &token).ok(), Some(Some(("2026-01-05".to_owned(), 7))));
        assert_eq!(open(&permit("320685102"), &filter, "").ok(), Some(None));
        assert!(open(&permit("320685103"), &filter, &token).is_err(), "another township");
        assert!(open(&permit("320685102"), &ListPeopleRequest::default(), &token).is_err(), "another filter");
        for place in 0..token.len() {
            let mut damaged = token.clone().into_bytes();
            damaged[place] = if damaged[place] == b'A' { b'B' } else { b'A' };
            let damaged = String::from_utf8(damaged).expect("ASCII");
            assert!(open(&permit("320685102"), &filter, &damaged).is_err(), "place {place}");
        }
        clock.advance(chrono::TimeDelta::hours(25));
        assert!(open(&permit("320685102"), &filter, &token).is_err(), "expired");
    }
}
