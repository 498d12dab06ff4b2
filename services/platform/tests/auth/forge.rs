//! Makes tokens by hand, good and bad, with keys of all three kinds.

use std::sync::LazyLock;

use aws_lc_rs::{
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
pub(crate) const NOW: i64 = 1_780_000_000;

pub(crate) const ISSUER: &str = "https://id.test";
pub(crate) const AUDIENCE: &str = "bangfu";
pub(crate) const CITY: &str = "320685";

/// RSA keys take a while: one set serves every test.
pub(crate) static FORGE: LazyLock<Forge> = LazyLock::new(Forge::new);

pub(crate) struct Forge {
    ed: Ed25519KeyPair,
    ec: EcdsaKeyPair,
    rsa: rsa::KeyPair,
}

impl Forge {
    fn new() -> Self {
        Self {
            ed: Ed25519KeyPair::generate().expect("a key"),
            ec: EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).expect("a key"),
            rsa: rsa::KeyPair::generate(rsa::KeySize::Rsa2048).expect("a key"),
        }
    }

    /// The kid of the key that signs with an algorithm is the algorithm's name.
    pub(crate) fn jwks(&self) -> String {
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
    pub(crate) fn token(&self, algorithm: &str, header: &str, claims: &str) -> String {
        let signed = format!("{}.{}", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(claims));
        let bytes = signed.as_bytes();
        let signature = match algorithm {
            "EdDSA" => self.ed.sign(bytes).as_ref().to_vec(),
            "ES256" => self.ec.sign(&SystemRandom::new(), bytes).expect("a signature").as_ref().to_vec(),
            "RS256" => {
                let mut signature = vec![0; self.rsa.public_modulus_len()];
                self.rsa.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), bytes, &mut signature).expect("a signature");
                signature
            }
            other => panic!("no key signs {other}"),
        };
        format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature))
    }
}

pub(crate) fn header(algorithm: &str) -> Value {
    json!({"typ": "at+jwt", "alg": algorithm, "kid": algorithm})
}

/// A coordinator's claims.
pub(crate) fn claims() -> Value {
    json!({
        "iss": ISSUER, "aud": AUDIENCE, "sub": "coordinator-1", "iat": NOW, "nbf": NOW, "exp": NOW + 900,
        "city": CITY, "township": "320685102", "roles": ["coordinator"], "villages": ["village-1"],
    })
}

pub(crate) fn at(second: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(second, 0).expect("a second")
}

pub(crate) fn clock() -> Clock {
    Clock::simulated(at(NOW))
}

pub(crate) fn settings() -> Settings {
    Settings::new(ISSUER, AUDIENCE, CITY)
}

/// Accepts the forge's keys.
pub(crate) fn verifier(clock: &Clock) -> Verifier {
    let keys = Jwks::fixed(&FORGE.jwks(), clock.clone()).expect("keys");
    Verifier::new(settings(), keys, clock.clone())
}

pub(crate) fn bearer(token: &str) -> HeaderMap {
    let value = HeaderValue::try_from(format!("Bearer {token}")).expect("a header");
    HeaderMap::from_iter([(AUTHORIZATION, value)])
}

/// The cause of a refusal, for the assertion.
pub(crate) fn cause(outcome: Result<Caller, Error>) -> String {
    match outcome {
        Err(Error::TokenRefused { cause }) => cause.into_owned(),
        other => format!("not refused: {other:?}"),
    }
}
