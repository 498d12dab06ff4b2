//! The outside of a token: one header, three parts, a JOSE header that names a key. Nothing here is trusted yet.

use std::{collections::BTreeMap, fmt};

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use http::{HeaderMap, header::AUTHORIZATION};
use jsonwebtoken::Algorithm;
use serde::{
    Deserialize, Deserializer,
    de::{Error as _, MapAccess, Visitor},
};
use serde_json::Value;

use super::Refused;

/// Longest token, in bytes. Ours have about 600; whatever is longer is refused before it is decoded.
const LONGEST: usize = 8 * 1024;

/// The parts of a token, still encoded.
pub(super) struct Raw<'a> {
    header: &'a str,
    pub(super) payload: &'a str,
    pub(super) signature: &'a str,
    /// What the signature covers: header, dot, payload.
    pub(super) signed: &'a [u8],
}

/// What the JOSE header says.
pub(super) struct Header {
    pub(super) algorithm: Algorithm,
    pub(super) kid: String,
}

impl<'a> Raw<'a> {
    /// Finds the one token of a request.
    pub(super) fn of(headers: &'a HeaderMap) -> Result<Self, Refused> {
        let mut values = headers.get_all(AUTHORIZATION).iter();
        let value = values.next().ok_or(Refused::because("no token"))?;
        if values.next().is_some() {
            return Err(Refused::because("two authorization headers"));
        }
        if value.len() > LONGEST {
            return Err(Refused::because("the token is too long"));
        }
        let value = value.to_str().ok().ok_or(Refused::because("the token is not ASCII"))?;
        let (scheme, token) = value.split_once(' ').ok_or(Refused::because("not a bearer token"))?;
        if !scheme.eq_ignore_ascii_case("bearer") {
            return Err(Refused::because("not a bearer token"));
        }
        Self::parts(token).ok_or(Refused::because("a token has three parts"))
    }

    fn parts(token: &'a str) -> Option<Self> {
        let (signed, signature) = token.rsplit_once('.')?;
        let (header, payload) = signed.split_once('.')?;
        let whole = ![header, payload, signature].iter().any(|part| part.is_empty() || part.contains('.'));
        whole.then_some(Self { header, payload, signature, signed: signed.as_bytes() })
    }

    /// Reads the JOSE header. `typ` is `at+jwt` or, as RFC 9068 section 4 also allows, `application/at+jwt`; any `crit`
    /// is refused, since no extension is understood here. Keys that the token brings along (`jwk`, `jku`, `x5c`) are
    /// never looked at.
    pub(super) fn header(&self) -> Result<Header, Refused> {
        let header = object(self.header, "header")?;
        let text = |name: &str| header.get(name).and_then(Value::as_str);

        if header.contains_key("crit") {
            return Err(Refused::because("unknown crit"));
        }
        let typ = text("typ").unwrap_or_default();
        if !["at+jwt", "application/at+jwt"].iter().any(|known| typ.eq_ignore_ascii_case(known)) {
            return Err(Refused::because("typ is not at+jwt"));
        }
        let algorithm = match text("alg") {
            Some("EdDSA") => Algorithm::EdDSA,
            Some("ES256") => Algorithm::ES256,
            Some("RS256") => Algorithm::RS256,
            _ => return Err(Refused::because("alg is none of EdDSA, ES256, RS256")),
        };
        let kid = text("kid").filter(|kid| !kid.is_empty()).ok_or(Refused::because("no kid"))?;
        Ok(Header { algorithm, kid: kid.to_owned() })
    }
}

/// Decodes one part: base64url without padding, UTF-8, one JSON object without duplicate names and nothing behind it.
pub(super) fn object(part: &str, what: &'static str) -> Result<BTreeMap<String, Value>, Refused> {
    let bytes = URL_SAFE_NO_PAD.decode(part).ok().ok_or_else(|| Refused::because(format!("{what}: not base64url")))?;
    serde_json::from_slice::<Object>(&bytes)
        .map(|object| object.0)
        .ok()
        .ok_or_else(|| Refused::because(format!("{what}: not one JSON object without duplicate names")))
}

/// A JSON object whose names are all different. serde_json's own map keeps the last of two, other readers the first.
struct Object(BTreeMap<String, Value>);

impl<'de> Deserialize<'de> for Object {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Names;

        impl<'de> Visitor<'de> for Names {
            type Value = Object;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object without duplicate names")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Object, A::Error> {
                let mut object = BTreeMap::new();
                while let Some((name, value)) = entries.next_entry::<String, Value>()? {
                    if object.insert(name, value).is_some() {
                        return Err(A::Error::custom("duplicate name"));
                    }
                }
                Ok(Object(object))
            }
        }

        deserializer.deserialize_map(Names)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_one_object_without_duplicate_names_is_read() {
        for (json, fine) in [
            (r#"{"a":1,"b":{"c":2}}"#, true),
            (r#"{"a":1,"a":1}"#, false),
            (r#"{"a":1,"\u0061":2}"#, false),
            (r#"{"a":1} "#, true),
            (r#"{"a":1}{"a":1}"#, false),
            (r"[]", false),
            (r"null", false),
            ("", false),
        ] {
            assert_eq!(object(&URL_SAFE_NO_PAD.encode(json), "claims").is_ok(), fine, "{json}");
        }
        assert!(object(&URL_SAFE_NO_PAD.encode(b"{\"a\":\"\xff\"}"), "claims").is_err(), "not UTF-8");
        assert!(object("e30=", "claims").is_err(), "padding");
    }
}
