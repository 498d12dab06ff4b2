//! Lists of things to be entered: every row is a unit of work of its own, and what is wrong with one is told in its place.

use bangfu_kernel::{Error, error::Rule, status};
use bangfu_proto::followup::v1::RowError;

use crate::Followup;

/// Rows of one call.
const MOST: usize = 500;

/// FIELD_INVALID when a list has no rows or too many.
pub(crate) fn counted<R>(field: &'static str, rows: &[R]) -> Result<(), Error> {
    if (1..=MOST).contains(&rows.len()) {
        return Ok(());
    }
    let en = format!("must have 1 to {MOST} rows").into();
    Err(Error::field(field, Rule { en, zh: format!("应有1至{MOST}行").into() }))
}

/// A server that stops takes no further row: what is entered stands, and the list is sent again.
pub(crate) fn go_on(svc: &Followup) -> Result<(), Error> {
    if svc.ground.stopping.has_begun() { Err(Error::Stopping) } else { Ok(()) }
}

/// What became of a row: the record, or why it was refused. An error that is not the row's ends the call.
pub(crate) fn outcome<M>(entered: Result<M, Error>) -> Result<(Option<M>, Option<RowError>), Error> {
    match entered {
        Ok(record) => Ok((Some(record), None)),
        Err(error) if is_of_the_row(&error) => Ok((None, Some(row_error(&error)))),
        Err(error) => Err(error),
    }
}

/// Whether the row is refused for what it says; the same row would be refused again.
fn is_of_the_row(error: &Error) -> bool {
    matches!(
        error,
        Error::Invalid(_)
            | Error::RequestIdReused { .. }
            | Error::NotFound(_)
            | Error::VillageNotYours
            | Error::PersonMerged { .. }
            | Error::PersonTransferred
    )
}

fn row_error(error: &Error) -> RowError {
    let (reason, message) = status::in_an_answer(error);
    let mut fields: Vec<String> = Vec::new();
    if let Error::Invalid(faults) = error {
        for (field, _) in faults.iter() {
            if !fields.iter().any(|told| told == field) {
                fields.push(field.to_string());
            }
        }
    }
    RowError { reason, message, fields }
}

#[cfg(test)]
mod tests {
    use bangfu_kernel::{error::Violations, fields};

    use super::*;

    #[test]
    fn what_a_row_says_is_its_own_fault_and_nothing_else_is() {
        let mut faults = Violations::default();
        fields::uuid("person_id", "320699198505171899", &mut faults);
        faults.add("on", fields::required());
        faults.add("on", fields::enumerated());
        let (record, error) = outcome::<()>(Err(Error::Invalid(faults))).expect("the row's");
        let error = error.expect("refused");
        assert_eq!((record, error.reason.as_str()), (None, "FIELD_INVALID"));
        assert_eq!(error.fields, ["person_id", "on"]);
        assert!(error.message.contains("服务对象编号") && !error.message.contains("320699198505171899"));

        for error in [Error::Deadline, Error::Stopping, Error::Overloaded { limit: "calls" }, Error::internal("x")] {
            outcome::<()>(Err(error)).expect_err("not the row's");
        }
    }

    #[test]
    fn a_list_has_1_to_500_rows() {
        for (rows, right) in [(0, false), (1, true), (500, true), (501, false)] {
            assert_eq!(counted("services", &vec![(); rows]).is_ok(), right, "{rows}");
        }
    }
}
