//! The ID number of a row: its faults, the age and the sex it tells.

use bangfu_kernel::{
    IdNumber, calendar,
    id_number::{IdNumberFault, Sex, check_digit},
};
use bangfu_proto::people::v1::{RosterRow, RowCode};
use chrono::NaiveDate;

use crate::roster::normal;

/// Full years from which somebody may be served (domain text, section 6).
const LEAST_AGE: i32 = 16;

/// What the number of a row is good for.
pub(super) struct Identity {
    /// The number; `None` when it has a fault.
    pub(super) number: Option<IdNumber>,
}

impl Identity {
    /// Examines the number of a row on the ledger's date.
    pub(super) fn of(row: &RosterRow, ledger_on: NaiveDate, codes: &mut Vec<RowCode>) -> Self {
        let text = normal::digits(&row.id_number);
        if row.id_number_is_numeric || is_scientific(&row.id_number) {
            codes.push(RowCode::IdLostDigits);
            return Self { number: None };
        }
        if text.chars().count() != 18 {
            codes.push(RowCode::IdLength);
            return Self { number: None };
        }
        let number = IdNumber::examine(&text).map_err(|faults| codes.extend(faults.into_iter().map(code))).ok();
        if born_on(&text).is_some_and(|born| calendar::full_years(born, ledger_on) < LEAST_AGE) {
            codes.push(RowCode::UnderAge);
        }
        let told = sex_of_word(&normal::compact(&row.sex));
        if let (Some(told), Some(meant)) = (told, sex_of_number(&text))
            && told != meant
        {
            codes.push(RowCode::SexMismatch);
        }
        Self { number }
    }
}

/// 18 characters that are no number cannot match a check digit: "not 18" would be untrue of them.
fn code(fault: IdNumberFault) -> RowCode {
    match fault {
        IdNumberFault::BirthDate => RowCode::IdBirthDate,
        IdNumberFault::CheckDigit | IdNumberFault::Length => RowCode::IdCheckDigit,
    }
}

/// "3.20699E+17": a numeric cell that went through a CSV.
fn is_scientific(text: &str) -> bool {
    let text = normal::compact(text).to_ascii_uppercase();
    text.split_once("E+").is_some_and(|(mantissa, exponent)| {
        mantissa.parse::<f64>().is_ok() && !exponent.is_empty() && exponent.bytes().all(|b| b.is_ascii_digit())
    })
}

/// The date of birth, if there is such a date, whatever the check digit: read with the check digit that fits.
fn born_on(text: &str) -> Option<NaiveDate> {
    let seventeen = text.get(..17).filter(|digits| digits.bytes().all(|b| b.is_ascii_digit()))?;
    let fitting = format!("{seventeen}{}", char::from(check_digit(seventeen.as_bytes())));
    IdNumber::examine(&fitting).ok().map(|number| number.born_on())
}

fn sex_of_number(text: &str) -> Option<Sex> {
    let digit = text.chars().nth(16)?.to_digit(10)?;
    Some(if digit % 2 == 1 { Sex::Male } else { Sex::Female })
}

fn sex_of_word(word: &str) -> Option<Sex> {
    match word {
        "男" | "男性" => Some(Sex::Male),
        "女" | "女性" => Some(Sex::Female),
        _ => None,
    }
}
