//! Lines of an xlsx workbook, cell by cell, so that only rows are held in memory.

use std::{fs::File, io::BufReader, panic, path::Path};

use calamine::{DataRef, ExcelDateTime, Reader as _, SheetType, Xlsx, XlsxError};

use super::{Cell, Form, Line, List, SheetError, Table};

/// Columns beyond this one hold nothing of a roster: stray cells far to the right are not kept.
const LAST_COLUMN: u32 = 255;

/// The roster on the first sheet that has one with rows.
///
/// calamine 0.38 does unchecked arithmetic on the cell references of a damaged workbook (`get_row_and_optional_column`)
/// and panics where overflow is checked: that is damage like any other.
pub(super) fn read(path: &Path, form: Form) -> Result<List, SheetError> {
    panic::catch_unwind(|| lists(path, form))
        .unwrap_or_else(|_| Err(SheetError::damaged("a cell reference is impossible")))
}

fn lists(path: &Path, form: Form) -> Result<List, SheetError> {
    let mut book = Xlsx::new(BufReader::new(File::open(path)?)).map_err(fault)?;
    let sheets = book.sheets_metadata().iter().filter(|sheet| sheet.typ == SheetType::WorkSheet);
    let names = sheets.map(|sheet| sheet.name.clone()).collect::<Vec<_>>();

    let mut found: Option<List> = None;
    let mut nearest: Option<SheetError> = None;
    for name in names {
        match (sheet(&mut book, &name, form), &mut found) {
            (Ok(list), None) => found = Some(List { sheet: name, ..list }),
            (Ok(_), Some(list)) => list.other_sheets.push(name),
            (Err(SheetError::NoHeader), _) => {}
            (Err(error @ (SheetError::MissingColumn { .. } | SheetError::NoRows { .. })), _) => {
                nearest = nearest.or(Some(error));
            }
            (Err(error), _) => return Err(error),
        }
    }
    found.ok_or_else(|| nearest.unwrap_or(SheetError::NoHeader))
}

fn sheet(book: &mut Xlsx<BufReader<File>>, name: &str, form: Form) -> Result<List, SheetError> {
    let mut cells = book.worksheet_cells_reader(name).map_err(fault)?;
    let mut table = Table::new(form);
    let mut line = Line::default();
    while let Some(cell) = cells.next_cell().map_err(fault)? {
        let (row, column) = cell.get_position();
        let number = i32::try_from(u64::from(row) + 1).map_err(SheetError::damaged)?;
        if number != line.number {
            table.take(std::mem::replace(&mut line, Line { number, cells: Vec::new() }))?;
        }
        if column <= LAST_COLUMN && *cell.get_value() != DataRef::Empty {
            let at = usize::try_from(column).map_err(SheetError::damaged)?;
            if line.cells.len() <= at {
                line.cells.resize(at + 1, Cell::default());
            }
            line.cells[at] = text(cell.get_value());
        }
    }
    table.take(line)?;
    table.finish()
}

fn fault(error: XlsxError) -> SheetError {
    match error {
        XlsxError::Password => SheetError::Encrypted,
        other => SheetError::damaged(other),
    }
}

fn text(value: &DataRef<'_>) -> Cell {
    let (text, numeric) = match value {
        DataRef::Empty => (String::new(), false),
        DataRef::String(text) | DataRef::DateTimeIso(text) | DataRef::DurationIso(text) => (text.clone(), false),
        DataRef::SharedString(text) => ((*text).to_owned(), false),
        DataRef::Int(number) => (number.to_string(), true),
        DataRef::Float(number) => (number.to_string(), true),
        DataRef::Bool(yes) => (if *yes { "是" } else { "否" }.to_owned(), false),
        DataRef::DateTime(date) => (day(date), true),
        DataRef::Error(error) => (error.to_string(), false),
    };
    Cell { text, numeric }
}

/// The day of a date cell in the form of the contract; its number when it is no day.
fn day(date: &ExcelDateTime) -> String {
    if !date.is_datetime() || date.as_f64() < 1.0 {
        return date.as_f64().to_string();
    }
    let (year, month, day, ..) = date.to_ymd_hms_milli();
    format!("{year:04}-{month:02}-{day:02}")
}
