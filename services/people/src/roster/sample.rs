//! Makes up rosters in the ledger form, faults of every kind included, and says what should become of each row.
//!
//! The people are nobody: area code 320699 is not in use, phone numbers have four zeros in the middle. The same order
//! gives the same cells on every machine. Numbers of people are drawn from about 15 million, so that two samples of a
//! thousand rows rarely share one.

mod chance;
mod fault;
pub mod list;
mod person;
mod workbook;

use std::path::Path;

use bangfu_proto::people::v1::{RowCode, RowOutcome};
use chrono::NaiveDate;

use self::{
    chance::Chance,
    fault::Plan,
    person::{People, Person},
};
use super::judge::Verdict;

/// First line of people: title, office line and two header lines stand above.
const FIRST_ROW: i32 = 5;
/// The ledger's date of a sample that names none: that of the shared samples.
pub const LEDGER_ON: NaiveDate = NaiveDate::from_ymd_opt(2026, 1, 5).expect("a date");
/// Most rows of a sample: as many as are read.
pub const MOST_ROWS: u32 = 200_000;

/// What sample is wanted.
#[derive(Debug, Clone)]
pub struct Order {
    /// How many rows, up to [`MOST_ROWS`]. From 40 on, every code occurs.
    pub rows: u32,
    /// Decides everything that chance decides.
    pub seed: u64,
    /// 填报日期
    pub ledger_on: NaiveDate,
    /// Name of the township, for the title: "示范镇".
    pub township: String,
}

/// Why a sample was not made.
#[derive(Debug, thiserror::Error)]
pub enum SampleError {
    /// More rows than are read, or none.
    #[error("a sample has 1 to {MOST_ROWS} rows. 样本应为1至{MOST_ROWS}行。")]
    Rows,
    /// The workbook cannot be written.
    #[error("the workbook cannot be written. 工作簿无法写入。")]
    Workbook(#[from] rust_xlsxwriter::XlsxError),
}

/// A cell of the form.
#[derive(Debug, Clone, PartialEq)]
enum Cell {
    Empty,
    Text(String),
    Number(f64),
    Date(NaiveDate),
}

/// One row of the form in the order of its columns, 序号 left out, and what should become of it.
struct Meant {
    cells: [Cell; 17],
    verdict: Verdict,
}

/// Writes a sample as a workbook and gives what should become of each row.
pub fn write(order: &Order, path: &Path) -> Result<Vec<Verdict>, SampleError> {
    if !(1..=MOST_ROWS).contains(&order.rows) {
        return Err(SampleError::Rows);
    }
    workbook::write(order, rows(order), path)
}

/// The rows of a sample, one after the other.
fn rows(order: &Order) -> impl Iterator<Item = Meant> {
    let mut chance = Chance::new(order.seed);
    let plan = Plan::new(order.rows, &mut chance);
    let mut people = People::new(order.ledger_on);
    let mut last_clean: Option<Person> = None;
    plan.faults().zip(FIRST_ROW..).map(move |(fault, row)| {
        let mut person = match (fault, &mut last_clean) {
            (Some(RowCode::DuplicateInFile), Some(first)) => people.again(first, &mut chance),
            (Some(RowCode::IdUsedByOtherName), Some(first)) => people.same_number(first, &mut chance),
            _ => people.next(&mut chance),
        };
        let mut codes = Vec::new();
        if let Some(code) = fault {
            fault::inflict(&mut person, code, order.ledger_on, &mut chance);
            codes.push(code);
            // Some rows have two faults: both must be told.
            if code < RowCode::DuplicateInFile && chance.one_in(8) {
                fault::inflict(&mut person, RowCode::PhoneInvalid, order.ledger_on, &mut chance);
                codes.push(RowCode::PhoneInvalid);
            }
        }
        let outcome = match codes.first() {
            Some(&code) if code < RowCode::DuplicateInFile => RowOutcome::Rejected,
            Some(RowCode::DuplicateInFile) => RowOutcome::Merged,
            _ => RowOutcome::Accepted,
        };
        let mut groups = person.groups.clone();
        match (outcome, &mut last_clean) {
            (RowOutcome::Merged, Some(first)) => {
                first.groups.append(&mut groups);
                groups.clone_from(&first.groups);
            }
            (RowOutcome::Accepted, _) => last_clean = Some(person.clone()),
            _ => {}
        }
        let status = person.status;
        Meant { cells: person.cells, verdict: Verdict { row, outcome, codes, groups, status } }
    })
}
