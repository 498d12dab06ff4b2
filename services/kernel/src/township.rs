//! The code of a township: the tenant.

use std::{fmt, str::FromStr};

/// Code of a township (区镇、街道): 6 to 12 ASCII digits, the first six the city's.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Township(String);

/// The text is not 6 to 12 ASCII digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a township code is 6 to 12 digits")]
pub struct NotATownship;

impl Township {
    /// The code, digits only.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The city the township belongs to: the first six digits.
    pub fn city(&self) -> &str {
        &self.0[..6]
    }
}

impl FromStr for Township {
    type Err = NotATownship;

    fn from_str(code: &str) -> Result<Self, Self::Err> {
        let digits = code.bytes().all(|b| b.is_ascii_digit());
        if digits && (6..=12).contains(&code.len()) { Ok(Self(code.to_owned())) } else { Err(NotATownship) }
    }
}

impl TryFrom<String> for Township {
    type Error = NotATownship;

    fn try_from(code: String) -> Result<Self, Self::Error> {
        code.parse()
    }
}

impl From<Township> for String {
    fn from(township: Township) -> Self {
        township.0
    }
}

impl fmt::Display for Township {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for Township {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn six_to_twelve_ascii_digits_are_a_code() {
        for code in ["320685", "320685102", "320685102001"] {
            assert_eq!(code.parse::<Township>().map(|t| t.to_string()), Ok(code.to_owned()));
        }
        for code in ["", "32068", "3206851020012", "32068510x", "３２０６８５", "320685'--", " 320685"] {
            assert_eq!(code.parse::<Township>(), Err(NotATownship), "{code}");
        }
    }
}
