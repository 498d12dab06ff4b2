//! What a row says of employment: status, date, contract, insurance. Domain text, sections 2 and 6.

use bangfu_kernel::{EmploymentStatus, Insured};
use bangfu_proto::people::v1::RowCode;
use chrono::NaiveDate;

use super::{date, normal};

/// Longest contract that is believed, in months: a working life.
const LONGEST_CONTRACT: i32 = 600;

/// The status of a cell; UNVERIFIED, with STATUS_UNKNOWN, for any word that is none.
pub(super) fn status(cell: &str, codes: &mut Vec<RowCode>) -> EmploymentStatus {
    let word = normal::compact(cell);
    if word == "公益性岗位(临时)" {
        return EmploymentStatus::PublicPostTemporary;
    }
    EmploymentStatus::from_office_word(&word).unwrap_or_else(|| {
        codes.push(RowCode::StatusUnknown);
        EmploymentStatus::Unverified
    })
}

/// The first day of the status; the ledger's date, with a code, when it cannot be read or lies after it.
pub(super) fn since(cell: &str, ledger_on: NaiveDate, codes: &mut Vec<RowCode>) -> NaiveDate {
    match date::parse(cell) {
        Some(date) if date <= ledger_on => return date,
        Some(_) => codes.push(RowCode::DateInFuture),
        None => codes.push(RowCode::DateUnreadable),
    }
    ledger_on
}

/// The day of graduation, which may still be to come; nothing, with DATE_UNREADABLE, when it cannot be read.
pub(super) fn graduation(cell: &str, codes: &mut Vec<RowCode>) -> Option<NaiveDate> {
    if normal::compact(cell).is_empty() {
        return None;
    }
    let date = date::parse(cell);
    if date.is_none() {
        codes.push(RowCode::DateUnreadable);
    }
    date
}

/// The months of a contract; 0 when the cell holds no such number.
pub(super) fn months(cell: &str) -> i32 {
    let text = normal::compact(cell);
    let number = text.trim_end_matches(['个', '月']).trim_end_matches(".0");
    number.parse::<i32>().ok().filter(|months| (1..=LONGEST_CONTRACT).contains(months)).unwrap_or(0)
}

/// Whether the employer insures the person: 是 or 否.
pub(super) fn insured(cell: &str) -> Insured {
    match normal::compact(cell).as_str() {
        "是" | "已参保" => Insured::Yes,
        "否" | "未参保" => Insured::No,
        _ => Insured::Unknown,
    }
}
