//! The claims of a token whose signature holds: each one of its type, in its bounds, and fitting the others.

use std::collections::{BTreeMap, BTreeSet};

use bangfu_kernel::{Caller, Role, Township, caller::role_of_word};
use chrono::{DateTime, Utc};
use serde_json::Value;

use super::{Refused, Settings, raw};

/// Longest `sub`, in bytes: it stands in audit entries.
const LONGEST_SUBJECT: usize = 200;

/// Whom the claims speak for at `now`.
pub(super) fn caller(payload: &str, settings: &Settings, now: DateTime<Utc>) -> Result<Caller, Refused> {
    let claims = Claims(raw::object(payload, "claims")?);

    if claims.text("iss")? != settings.issuer {
        return Err(Refused::because("another issuer"));
    }
    // RFC 7519 lets `aud` be an array; ours is one string, so that a token for two audiences is good for none.
    if claims.text("aud")? != settings.audience {
        return Err(Refused::because("another audience"));
    }
    let subject = claims.text("sub")?;
    if subject.is_empty() || subject.len() > LONGEST_SUBJECT || subject.chars().any(char::is_control) {
        return Err(Refused::because("sub is empty, too long or holds control characters"));
    }
    let city = claims.text("city")?;
    if city.len() != 6 || !city.bytes().all(|b| b.is_ascii_digit()) {
        return Err(Refused::because("city is not six digits"));
    }
    let township = claims.township()?;
    let roles = claims.roles()?;
    if roles.iter().any(|role| !fits(*role, township.is_some())) {
        return Err(Refused::because("a role that does not go with the token's scope"));
    }
    claims.in_time(settings, &roles, now)?;

    Ok(Caller { subject: subject.to_owned(), city: city.to_owned(), township, villages: claims.villages()?, roles })
}

/// Whether a role may stand in a token that names a township, or in one that names none (access.proto, `Role`). A
/// coordinator's token that lost its township would otherwise see the whole city through a rule of scope EITHER.
fn fits(role: Role, township: bool) -> bool {
    match role {
        Role::Coordinator | Role::Clerk | Role::Reviewer => township,
        Role::Bureau | Role::Finance | Role::Auditor | Role::Service => !township,
        Role::Partner => true,
        Role::Unspecified => false,
    }
}

struct Claims(BTreeMap<String, Value>);

impl Claims {
    fn text(&self, name: &'static str) -> Result<&str, Refused> {
        self.0
            .get(name)
            .and_then(Value::as_str)
            .ok_or_else(|| Refused::because(format!("{name} is missing or not a string")))
    }

    /// Whole seconds since the epoch. Fractions are refused: no issuer we know sends them.
    fn instant(&self, name: &'static str) -> Result<DateTime<Utc>, Refused> {
        self.0
            .get(name)
            .and_then(Value::as_i64)
            .filter(|seconds| *seconds >= 0)
            .and_then(|seconds| DateTime::from_timestamp(seconds, 0))
            .ok_or_else(|| Refused::because(format!("{name} is missing or not a number of seconds")))
    }

    fn texts(&self, name: &'static str) -> Result<Option<BTreeSet<&str>>, Refused> {
        let Some(value) = self.0.get(name) else { return Ok(None) };
        let texts = value
            .as_array()
            .filter(|entries| !entries.is_empty())
            .and_then(|entries| entries.iter().map(|e| e.as_str().filter(|e| !e.is_empty())).collect());
        texts.map(Some).ok_or_else(|| Refused::because(format!("{name} is not a list of strings, or empty")))
    }

    fn township(&self) -> Result<Option<Township>, Refused> {
        if !self.0.contains_key("township") {
            return Ok(None);
        }
        let code = self.text("township")?;
        code.parse().map(Some).ok().ok_or(Refused::because("township is not a township code"))
    }

    fn roles(&self) -> Result<BTreeSet<Role>, Refused> {
        let words = self.texts("roles")?.ok_or(Refused::because("roles are missing"))?;
        let roles = words.into_iter().map(role_of_word).collect::<Option<_>>();
        roles.ok_or(Refused::because("a role that does not exist"))
    }

    /// A token without the claim means every village; an empty list may have meant none, and is refused.
    fn villages(&self) -> Result<BTreeSet<String>, Refused> {
        Ok(self.texts("villages")?.unwrap_or_default().into_iter().map(str::to_owned).collect())
    }

    fn in_time(&self, settings: &Settings, roles: &BTreeSet<Role>, now: DateTime<Utc>) -> Result<(), Refused> {
        let (exp, nbf, iat) = (self.instant("exp")?, self.instant("nbf")?, self.instant("iat")?);
        let only_service = roles.iter().all(|role| *role == Role::Service);
        let longest = if only_service { settings.max_service_life } else { settings.max_life };

        let refused = if now > exp + settings.leeway {
            "expired"
        } else if now + settings.leeway < nbf {
            "not yet valid"
        } else if now + settings.leeway < iat {
            "issued in the future"
        } else if exp <= iat || exp <= nbf {
            "ends before it begins"
        } else if exp > iat + longest {
            "its life is longer than allowed"
        } else {
            return Ok(());
        };
        Err(Refused::because(refused))
    }
}
