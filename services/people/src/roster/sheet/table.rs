//! Turns the lines of a sheet into the rows of a roster or a list: office lines, header, rows, notes.

use chrono::NaiveDate;

use super::{
    Line, List, MOST_ROWS, SheetError,
    form::{Field, Form},
    header::{self, Header},
};
use crate::roster::{
    ledger,
    listed::ListedRow,
    normal,
    row::{Column, RosterRow},
};

/// How notes, signatures and totals begin.
const NOTES: [&str; 14] = [
    "填表人",
    "填报人",
    "审核人",
    "制表人",
    "经办人",
    "负责人",
    "单位负责人",
    "填表说明",
    "说明:",
    "备注:",
    "注:",
    "合计",
    "总计",
    "小计",
];

/// The lines of one sheet, taken one after the other.
#[derive(Debug)]
pub(super) struct Table {
    form: Form,
    /// Lines kept until the header is known.
    top: Vec<Line>,
    header: Option<Header>,
    ledger_on: Option<NaiveDate>,
    rows: Vec<ListedRow>,
    passed_over: Vec<i32>,
}

/// 序号
const NUMBER: Field = Field::Cell(Column::Number);

/// What a line below the header is.
enum Kind {
    Row,
    Blank,
    Note,
}

impl Table {
    /// Before the first line of a sheet.
    pub(super) fn new(form: Form) -> Self {
        Self { form, top: Vec::new(), header: None, ledger_on: None, rows: Vec::new(), passed_over: Vec::new() }
    }

    /// Takes the next line; blank ones may be left out.
    pub(super) fn take(&mut self, line: Line) -> Result<(), SheetError> {
        if line.texts().all(|text| normal::compact(text).is_empty()) {
            return Ok(());
        }
        if self.header.is_some() {
            return self.row(line);
        }
        self.top.push(line);
        if self.top.len() >= header::LINES { self.begin() } else { Ok(()) }
    }

    /// The rows, once all lines are taken.
    pub(super) fn finish(mut self) -> Result<List, SheetError> {
        if self.header.is_none() {
            self.begin()?;
        }
        let line = self.header.map_or(0, |header| header.line);
        if self.rows.is_empty() {
            return Err(SheetError::NoRows { line });
        }
        Ok(List { list_on: self.ledger_on, rows: self.rows, passed_over: self.passed_over, ..List::default() })
    }

    fn begin(&mut self) -> Result<(), SheetError> {
        let header = header::find(&self.top, self.form)?;
        let mut top = std::mem::take(&mut self.top);
        let below = top.split_off(header.last + 1);
        self.ledger_on = top.iter().find_map(|line| ledger::ledger_on(line.texts()));
        self.header = Some(header);
        below.into_iter().try_for_each(|line| self.row(line))
    }

    fn row(&mut self, line: Line) -> Result<(), SheetError> {
        let Some(header) = &self.header else { return Ok(()) };
        match kind(self.form, header, &line) {
            Kind::Blank => {}
            Kind::Note => {
                self.ledger_on = self.ledger_on.or_else(|| ledger::ledger_on(line.texts()));
                self.passed_over.push(line.number);
            }
            Kind::Row if self.rows.len() == MOST_ROWS => return Err(SheetError::TooManyRows),
            Kind::Row => {
                let mut cells = RosterRow { row: line.number, ..RosterRow::default() };
                let of_number = line.cells.iter().zip(&header.columns);
                let mut of_number = of_number.filter(|(_, column)| **column == Some(Field::Cell(Column::IdNumber)));
                cells.id_number_is_numeric = of_number.any(|(cell, _)| cell.numeric);
                let mut row = ListedRow { cells: Some(cells), ..ListedRow::default() };
                for (cell, column) in line.cells.into_iter().zip(&header.columns) {
                    if let Some(column) = column {
                        column.put(&mut row, cell.text);
                    }
                }
                self.rows.push(row);
            }
        }
        Ok(())
    }
}

/// A row has a number in 序号 and something more, or at least two cells with a name, an ID number or a group among them.
/// A number alone is an empty line of the form.
fn kind(form: Form, header: &Header, line: &Line) -> Kind {
    let cells = line.cells.iter().zip(&header.columns).filter_map(|(cell, &column)| Some((column?, cell)));
    let filled = cells.map(|(column, cell)| (column, normal::compact(&cell.text))).filter(|(_, text)| !text.is_empty());
    let filled = filled.collect::<Vec<_>>();

    let numbered = filled.iter().any(|(column, text)| *column == NUMBER && is_number(text));
    let content = filled.iter().filter(|(column, _)| *column != NUMBER).count();
    let repeats = filled.iter().filter(|(column, text)| form.field(text) == Some(*column)).count();
    let label = filled.iter().any(|(column, text)| {
        matches!(column, Field::Cell(Column::Number | Column::Village | Column::Name | Column::IdNumber))
            && (text.ends_with(':') || NOTES.iter().any(|note| text.starts_with(note)))
    });
    let somebody = filled
        .iter()
        .any(|(column, _)| matches!(column, Field::Cell(Column::Name | Column::IdNumber | Column::Groups)));

    if numbered && content == 0 {
        Kind::Blank
    } else if label || repeats >= 2 {
        Kind::Note
    } else if numbered || (content >= 2 && somebody) {
        Kind::Row
    } else {
        Kind::Note
    }
}

fn is_number(text: &str) -> bool {
    text.trim_end_matches(['.', '、']).parse::<f64>().is_ok()
}
