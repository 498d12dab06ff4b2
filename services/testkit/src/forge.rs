//! Makes tokens by hand, good and bad, with keys of all three kinds.

use std::{fmt, sync::LazyLock};

use aws_lc_rs::{
    hmac,
    rand::SystemRandom,
    rsa,
    signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair as _, RSA_PKCS1_SHA256},
};
use bangfu_kernel::{Caller, Clock, Error};
use bangfu_platform::auth::{
    jwks::Jwks,
    token::{Settings, Verifier},
};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use chrono::{DateTime, Utc};
use http::{HeaderMap, HeaderValue, header::AUTHORIZATION};
use serde_json::{Value, json};

/// The second at which the forge's tokens are issued.
pub const NOW: i64 = 1_780_000_000;

/// `iss` of tokens for tests of the verifier; a city has an issuer of its own.
pub const ISSUER: &str = "https://id.test";
/// `aud`
pub const AUDIENCE: &str = "bangfu";
/// `city`
pub const CITY: &str = "320685";

/// RSA keys take a while: one set serves every test.
pub static FORGE: LazyLock<Forge> = LazyLock::new(Forge::new);

/// Keys of the three kinds.
pub struct Forge {
    ed: Ed25519KeyPair,
    ec: EcdsaKeyPair,
    rsa: rsa::KeyPair,
}

impl fmt::Debug for Forge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Forge(…)")
    }
}

impl Default for Forge {
    fn default() -> Self {
        Self::new()
    }
}

impl Forge {
    /// New keys.
    pub fn new() -> Self {
        Self {
            ed: Ed25519KeyPair::generate().expect("a key"),
            ec: EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).expect("a key"),
            rsa: rsa::KeyPair::generate(rsa::KeySize::Rsa2048).expect("a key"),
        }
    }

    /// The kid of the key that signs with an algorithm is the algorithm's name.
    pub fn jwks(&self) -> String {
        let b64 = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
        let point = self.ec.public_key().as_ref();
        // RSAPublicKey of 2048 bits in DER: nine bytes of framing, a modulus of 256, a tag, a length, the exponent.
        let rsa = self.rsa.public_key().as_ref();
        json!({"keys": [
            {"kty": "OKP", "crv": "Ed25519", "kid": "EdDSA", "x": b64(self.ed.public_key().as_ref())},
            {"kty": "EC", "crv": "P-256", "kid": "ES256", "x": b64(&point[1..33]), "y": b64(&point[33..])},
            {"kty": "RSA", "kid": "RS256", "n": b64(&rsa[9..265]), "e": b64(&rsa[267..])},
        ]})
        .to_string()
    }

    /// Signs whatever it is given, with the key of `algorithm`; the header may say otherwise.
    pub fn token(&self, algorithm: &str, header: &str, claims: &str) -> String {
        let signed = format!("{}.{}", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(claims));
        let signature = self.signature(algorithm, signed.as_bytes());
        format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature))
    }

    /// What a library that is talked into HMAC would take: signed with the public key of `algorithm`, which everybody has.
    pub fn hmac(&self, algorithm: &str, header: &str, claims: &str) -> String {
        let public = match algorithm {
            "EdDSA" => self.ed.public_key().as_ref(),
            "ES256" => self.ec.public_key().as_ref(),
            _ => self.rsa.public_key().as_ref(),
        };
        let signed = format!("{}.{}", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(claims));
        let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, public), signed.as_bytes());
        format!("{signed}.{}", URL_SAFE_NO_PAD.encode(tag))
    }

    fn signature(&self, algorithm: &str, bytes: &[u8]) -> Vec<u8> {
        match algorithm {
            "EdDSA" => self.ed.sign(bytes).as_ref().to_vec(),
            "ES256" => self.ec.sign(&SystemRandom::new(), bytes).expect("a signature").as_ref().to_vec(),
            "RS256" => {
                let mut signature = vec![0; self.rsa.public_modulus_len()];
                self.rsa.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), bytes, &mut signature).expect("a signature");
                signature
            }
            other => panic!("no key signs {other}"),
        }
    }
}

/// The keys of several JWKS documents in one.
pub fn merged(documents: &[String]) -> String {
    let keys = documents.iter().flat_map(|document| {
        let document: Value = serde_json::from_str(document).expect("a JWKS document");
        document["keys"].as_array().expect("keys").clone()
    });
    json!({ "keys": keys.collect::<Vec<_>>() }).to_string()
}

/// A header that names the key of an algorithm.
pub fn header(algorithm: &str) -> Value {
    json!({"typ": "at+jwt", "alg": algorithm, "kid": algorithm})
}

/// A coordinator's claims.
pub fn claims() -> Value {
    json!({
        "iss": ISSUER, "aud": AUDIENCE, "sub": "coordinator-1", "iat": NOW, "nbf": NOW, "exp": NOW + 900,
        "city": CITY, "township": "320685102", "roles": ["coordinator"], "villages": ["village-1"],
    })
}

/// The object with one field set, or taken out.
pub fn edited(mut object: Value, field: &str, value: Option<Value>) -> Value {
    match value {
        Some(value) => object[field] = value,
        None => drop(object.as_object_mut().expect("an object").remove(field)),
    }
    object
}

/// An instant.
pub fn at(second: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(second, 0).expect("a second")
}

/// A clock that stands at [`NOW`].
pub fn clock() -> Clock {
    Clock::simulated(at(NOW))
}

/// Accepts what the forge makes.
pub fn settings() -> Settings {
    Settings::new(ISSUER, AUDIENCE, CITY)
}

/// Accepts the forge's keys.
pub fn verifier(clock: &Clock) -> Verifier {
    let keys = Jwks::fixed(&FORGE.jwks(), clock.clone()).expect("keys");
    Verifier::new(settings(), keys, clock.clone())
}

/// The header that a token comes in.
pub fn bearer(token: &str) -> HeaderMap {
    let value = HeaderValue::try_from(format!("Bearer {token}")).expect("a header");
    HeaderMap::from_iter([(AUTHORIZATION, value)])
}

/// The cause of a refusal, for the assertion.
pub fn cause(outcome: Result<Caller, Error>) -> String {
    match outcome {
        Err(Error::TokenRefused { cause }) => cause.into_owned(),
        other => format!("not refused: {other:?}"),
    }
}
