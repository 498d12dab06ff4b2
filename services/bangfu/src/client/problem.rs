//! What went wrong with a call, told to the person at the terminal: in their language, with every field at fault.

use std::fmt;

use tonic::Status;
use tonic_types::StatusExt as _;

/// A refused or failed call.
#[derive(Debug)]
pub struct Problem(pub Box<Status>);

impl From<Status> for Problem {
    fn from(status: Status) -> Self {
        Self(Box::new(status))
    }
}

impl Problem {
    /// The closed reason: "NOT_FOUND", "REQUEST_ID_REUSED"; empty when something else than the suite answered.
    pub fn reason(&self) -> String {
        self.0.get_details_error_info().map(|info| info.reason).unwrap_or_default()
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(told) = self.0.get_details_localized_message() {
            writeln!(f, "{}", told.message)?;
        }
        write!(f, "{:?}", self.0.code())?;
        let reason = self.reason();
        if !reason.is_empty() {
            write!(f, " {reason}")?;
        }
        write!(f, ": {}", self.0.message())?;
        if let Some(bad) = self.0.get_details_bad_request() {
            for violation in bad.field_violations {
                write!(f, "\n  {}: {}", violation.field, violation.description)?;
            }
        }
        if reason == "TOKEN_REFUSED" {
            write!(f, "\n  令牌15分钟内有效；开发环境用 `bangfu token` 重新生成 `bangfu token` makes another one")?;
        }
        Ok(())
    }
}

impl std::error::Error for Problem {}
