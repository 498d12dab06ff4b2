//! From an `authorization` header to a verified `Caller`. The library verifies the signature; everything else (walls.md,
//! "Tokens: refused, all of them") is checked here by hand, against the injected clock.

mod claims;
mod raw;

use std::{borrow::Cow, time::Duration};

use bangfu_kernel::{Caller, Clock, Error};
use http::HeaderMap;

use super::jwks::Jwks;
use raw::Raw;

/// What this deployment accepts.
#[derive(Debug, Clone)]
pub struct Settings {
    /// `iss` of every token, to the letter.
    pub issuer: String,
    /// `aud` of every token: one string, to the letter.
    pub audience: String,
    /// Six digits: the city this deployment serves.
    pub city: String,
    /// Longest `exp - iat` of a person's or partner's token.
    pub max_life: Duration,
    /// Longest `exp - iat` of a token whose only role is SERVICE.
    pub max_service_life: Duration,
    /// How far the issuer's clock may be off.
    pub leeway: Duration,
}

impl Settings {
    /// The limits of contract.md ("Tokens"): 15 minutes for people, an hour for services, five seconds of leeway.
    pub fn new(issuer: impl Into<String>, audience: impl Into<String>, city: impl Into<String>) -> Self {
        Self {
            issuer: issuer.into(),
            audience: audience.into(),
            city: city.into(),
            max_life: Duration::from_mins(15),
            max_service_life: Duration::from_hours(1),
            leeway: Duration::from_secs(5),
        }
    }
}

/// Verifies tokens.
#[derive(Debug, Clone)]
pub struct Verifier {
    settings: Settings,
    keys: Jwks,
    clock: Clock,
}

impl Verifier {
    /// A verifier over the given keys.
    pub fn new(settings: Settings, keys: Jwks, clock: Clock) -> Self {
        Self { settings, keys, clock }
    }

    /// The city this deployment serves.
    pub fn city(&self) -> &str {
        &self.settings.city
    }

    /// The caller that the request's token speaks for, or `Error::TokenRefused`, whose cause holds nothing of the token.
    pub async fn verify(&self, headers: &HeaderMap) -> Result<Caller, Error> {
        self.caller(headers).await.map_err(|Refused(cause)| Error::TokenRefused { cause })
    }

    async fn caller(&self, headers: &HeaderMap) -> Result<Caller, Refused> {
        let raw = Raw::of(headers)?;
        let header = raw.header()?;
        let key = self.keys.key(&header.kid).await.ok_or(Refused::because("unknown kid"))?;
        if key.algorithm() != header.algorithm {
            return Err(Refused::because("alg is not the key's"));
        }
        if !key.verifies(raw.signed, raw.signature) {
            return Err(Refused::because("bad signature"));
        }
        // Claims are parsed only once the signature holds: strangers do not reach the parser.
        claims::caller(raw.payload, &self.settings, self.clock.now())
    }
}

/// Why a token is refused. For the log; never holds anything of the token.
#[derive(Debug, PartialEq, Eq)]
struct Refused(Cow<'static, str>);

impl Refused {
    fn because(cause: impl Into<Cow<'static, str>>) -> Self {
        Self(cause.into())
    }
}
