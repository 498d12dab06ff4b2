//! Opens a roster file, xlsx or CSV, and gives its rows in text form.
//!
//! Columns are found by their header texts, in any order; title and office lines above, notes below and lines between
//! that are no rows are passed over and told. Row numbers are those a spreadsheet program shows.

mod archive;
mod csv_text;
mod error;
mod form;
mod header;
mod kind;
mod table;
mod workbook;

use std::path::Path;

use chrono::NaiveDate;

pub use self::error::SheetError;
use self::{form::Form, kind::Kind, table::Table};
use super::{listed::ListedRow, row::RosterRow};

/// Largest file that is opened, in bytes: a roster of 200,000 rows has about a third of that.
pub const LARGEST_FILE: u64 = 64 << 20;
/// Most rows a roster has.
pub const MOST_ROWS: usize = 200_000;

/// A roster as it stands in its file.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Roster {
    /// 填报日期, from the office lines; `None`: the file does not say.
    pub ledger_on: Option<NaiveDate>,
    /// The sheet it was found on; empty for a CSV.
    pub sheet: String,
    /// The rows, in order, cells as the office wrote them.
    pub rows: Vec<RosterRow>,
    /// Lines below the header that have text but are no rows: notes, totals, repeated headers.
    pub passed_over: Vec<i32>,
    /// Further sheets with a roster of their own, which were not read.
    pub other_sheets: Vec<String>,
}

/// A department's list as it stands in its file.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct List {
    /// The date in the office lines; `None`: the file does not say.
    pub list_on: Option<NaiveDate>,
    /// The sheet it was found on; empty for a CSV.
    pub sheet: String,
    /// The rows, in order, cells as the department wrote them.
    pub rows: Vec<ListedRow>,
    /// Lines below the header that have text but are no rows: notes, totals, repeated headers.
    pub passed_over: Vec<i32>,
    /// Further sheets with a list of their own, which were not read.
    pub other_sheets: Vec<String>,
}

/// Reads the roster in a file; nothing of a faulty one.
pub fn read(path: &Path) -> Result<Roster, SheetError> {
    let List { list_on, sheet, rows, passed_over, other_sheets } = read_form(path, Form::Roster)?;
    let rows = rows.into_iter().filter_map(|row| row.cells).collect();
    Ok(Roster { ledger_on: list_on, sheet, rows, passed_over, other_sheets })
}

/// A record of a CSV in another form than these.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CsvRecord {
    /// The number a spreadsheet shows beside it.
    pub number: i32,
    /// Its cells, as they were written.
    pub cells: Vec<String>,
}

/// Reads the records of a CSV, whatever stands in them: in UTF-8 or GB18030, and no larger than a roster.
pub fn read_csv(path: &Path) -> Result<Vec<CsvRecord>, SheetError> {
    match kind::of(path)? {
        Kind::Workbook => Err(SheetError::Workbook),
        Kind::Text => csv_text::records(path),
    }
}

/// Reads a department's list in a file; nothing of a faulty one. It needs no column of groups, and may have those of [`Besides`].
///
/// [`Besides`]: super::Besides
pub fn read_list(path: &Path) -> Result<List, SheetError> {
    read_form(path, Form::List)
}

fn read_form(path: &Path, form: Form) -> Result<List, SheetError> {
    match kind::of(path)? {
        Kind::Workbook => workbook::read(path, form),
        Kind::Text => csv_text::read(path, form),
    }
}

/// A cell's text, and whether it was a number.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Cell {
    text: String,
    numeric: bool,
}

/// A line of a sheet: the number the spreadsheet shows, and its cells from the first column on.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Line {
    number: i32,
    cells: Vec<Cell>,
}

impl Line {
    fn texts(&self) -> impl Iterator<Item = &str> {
        self.cells.iter().map(|cell| cell.text.as_str())
    }
}
