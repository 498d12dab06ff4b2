//! A JWKS document (RFC 7517), reduced to the keys that may verify a token here.

use std::{collections::hash_map::Entry, sync::Arc};

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use jsonwebtoken::{Algorithm, DecodingKey};

use super::Keys;

/// A public key and the one algorithm it is used with.
#[derive(Debug)]
pub struct Key {
    algorithm: Algorithm,
    decoding: DecodingKey,
}

impl Key {
    /// The algorithm that tokens of this key must name.
    pub(in crate::auth) fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// Whether the signature (base64url) is this key's over `signed`.
    pub(in crate::auth) fn verifies(&self, signed: &[u8], signature: &str) -> bool {
        jsonwebtoken::crypto::verify(signature, signed, &self.decoding, self.algorithm).unwrap_or(false)
    }
}

/// Keys cannot be had from here.
#[derive(Debug, thiserror::Error)]
pub enum Unusable {
    /// Not an address that keys may come from.
    #[error("not an address for keys: {0}")]
    Address(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// No answer, or not the one hoped for.
    #[error("keys are out of reach: {0}")]
    OutOfReach(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// More than 256 KiB.
    #[error("the key document is larger than 256 KiB")]
    TooLarge,
    /// Not a JWKS document.
    #[error("not a JWKS document: {0}")]
    Document(#[source] serde_json::Error),
    /// No key in it may be used.
    #[error("no signing key (Ed25519, P-256, RSA of at least 2048 bits) with a kid in the document")]
    Empty,
}

#[derive(serde::Deserialize)]
struct Document {
    keys: Vec<serde_json::Value>,
}

#[derive(serde::Deserialize)]
struct Entity {
    kty: String,
    kid: Option<String>,
    #[serde(rename = "use")]
    usage: Option<String>,
    key_ops: Option<Vec<String>>,
    alg: Option<String>,
    crv: Option<String>,
    x: Option<String>,
    y: Option<String>,
    n: Option<String>,
    e: Option<String>,
}

/// The usable keys by `kid`. Others are passed over, as RFC 7517 section 5 asks; of two with one kid the first counts.
pub(super) fn parse(document: &[u8]) -> Result<Keys, Unusable> {
    let document: Document = serde_json::from_slice(document).map_err(Unusable::Document)?;
    let mut keys = Keys::new();
    for entity in document.keys {
        let Some((kid, key)) = serde_json::from_value(entity).ok().and_then(usable) else {
            tracing::debug!("a key of the JWKS document is not usable here");
            continue;
        };
        match keys.entry(kid) {
            Entry::Vacant(place) => {
                place.insert(Arc::new(key));
            }
            Entry::Occupied(_) => tracing::warn!("two keys of the JWKS document have one kid; the first counts"),
        }
    }
    if keys.is_empty() { Err(Unusable::Empty) } else { Ok(keys) }
}

fn usable(entity: Entity) -> Option<(String, Key)> {
    let signs = entity.usage.as_deref().is_none_or(|usage| usage == "sig")
        && entity.key_ops.as_ref().is_none_or(|operations| operations.iter().any(|o| o == "verify"));
    let kid = entity.kid.filter(|kid| signs && !kid.is_empty())?;
    let bytes = |text: &Option<String>| text.as_deref().and_then(|t| URL_SAFE_NO_PAD.decode(t).ok());

    let (algorithm, name, decoding) = match (entity.kty.as_str(), entity.crv.as_deref()) {
        ("OKP", Some("Ed25519")) => {
            let x = bytes(&entity.x).filter(|x| x.len() == 32)?;
            (Algorithm::EdDSA, "EdDSA", DecodingKey::from_ed_der(&x))
        }
        ("EC", Some("P-256")) => {
            let x = bytes(&entity.x).filter(|x| x.len() == 32)?;
            let y = bytes(&entity.y).filter(|y| y.len() == 32)?;
            let point = [&[4], x.as_slice(), y.as_slice()].concat();
            (Algorithm::ES256, "ES256", DecodingKey::from_ec_der(&point))
        }
        ("RSA", _) => {
            let (n, e) = (bytes(&entity.n)?, bytes(&entity.e)?);
            (bits(&n) >= 2048).then_some(())?;
            (Algorithm::RS256, "RS256", DecodingKey::from_rsa_raw_components(&n, &e))
        }
        _ => return None,
    };
    entity.alg.is_none_or(|alg| alg == name).then_some((kid, Key { algorithm, decoding }))
}

/// Length of a big-endian number, leading zeros apart.
fn bits(number: &[u8]) -> usize {
    let digits = number.iter().position(|byte| *byte != 0).map_or(&[][..], |first| &number[first..]);
    digits.first().map_or(0, |first| digits.len() * 8 - first.leading_zeros() as usize)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kids(keys: &str) -> Result<Vec<String>, Unusable> {
        parse(format!(r#"{{"keys":[{keys}]}}"#).as_bytes()).map(|keys| keys.into_keys().collect())
    }

    #[test]
    fn only_signing_keys_of_the_three_kinds_are_kept() {
        let x = URL_SAFE_NO_PAD.encode([7; 32]);
        let modulus = |bytes: usize, first: u8| {
            let mut n = vec![0xff; bytes];
            n[0] = first;
            URL_SAFE_NO_PAD.encode(n)
        };
        let rsa = |n: String| format!(r#"{{"kty":"RSA","kid":"k","n":"{n}","e":"AQAB"}}"#);
        let ed = |more: &str| format!(r#"{{"kty":"OKP","crv":"Ed25519","x":"{x}"{more}}}"#);
        for (key, kept) in [
            (ed(r#","kid":"k""#), true),
            (ed(r#","kid":"k","use":"sig","alg":"EdDSA","key_ops":["verify"]"#), true),
            (ed(""), false),
            (ed(r#","kid":"""#), false),
            (ed(r#","kid":"k","use":"enc""#), false),
            (ed(r#","kid":"k","key_ops":["encrypt"]"#), false),
            (ed(r#","kid":"k","alg":"RS256""#), false),
            (r#"{"kty":"OKP","crv":"Ed25519","kid":"k","x":"AAAA"}"#.into(), false),
            (format!(r#"{{"kty":"OKP","crv":"X25519","kid":"k","x":"{x}"}}"#), false),
            (format!(r#"{{"kty":"EC","crv":"P-256","kid":"k","x":"{x}","y":"{x}"}}"#), true),
            (format!(r#"{{"kty":"EC","crv":"P-384","kid":"k","x":"{x}","y":"{x}"}}"#), false),
            (format!(r#"{{"kty":"oct","kid":"k","k":"{x}"}}"#), false),
            (rsa(modulus(256, 0x80)), true),
            (rsa(modulus(256, 0x7f)), false),
            (rsa(modulus(257, 0)), true),
            (rsa(modulus(128, 0xff)), false),
            ("7".into(), false),
        ] {
            assert_eq!(kids(&key).is_ok(), kept, "{key}");
        }
    }
}
