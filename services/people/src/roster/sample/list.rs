//! A department's list made out of a roster, for trying a match: members of RELATIVE_POVERTY as they are
//! and some who no longer are, people about whom the list says something else, a row twice, a spoiled one, and people nobody
//! knows.

use std::{io, path::Path};

use bangfu_kernel::Group;

use super::{Cell, Order, rows};
use crate::roster::{AcceptedRow, Besides, Column, ListedRow, RosterRow, judge};

/// People of the roster who come onto the list, at most.
const KNOWN: usize = 24;
/// Of them, members of the group already, at most.
const MEMBERS: usize = 8;
/// People nobody knows.
const NEW: u32 = 6;
/// Decides who those are: another seed than anybody types.
const SEED: u64 = 0x6D_6174_6368;
/// The columns of the sample.
const COLUMNS: [Column; 6] =
    [Column::Name, Column::IdNumber, Column::Phone, Column::Village, Column::Status, Column::StatusSince];

/// The rows of a list about people of a roster, and some others.
pub fn of(roster: &[RosterRow], order: &Order) -> Vec<ListedRow> {
    let judged = judge(roster.iter().cloned(), order.ledger_on);
    let poor = |person: &AcceptedRow| person.groups.contains(&Group::RelativePoverty);
    let (members, others): (Vec<_>, Vec<_>) = judged.accepted.into_iter().partition(poor);
    let known = members.into_iter().take(MEMBERS).chain(others).take(KNOWN).zip(0..);
    let mut list = Vec::new();
    for (person, n) in known {
        let member = poor(&person);
        let mut row = ListedRow::default();
        let cells = row.cells.get_or_insert_default();
        cells.name = person.name;
        cells.id_number = person.id.reveal().to_owned();
        // Of the members of the group every second one has left it; of the others something else differs.
        match (member, n % 2) {
            (true, 0) => {}
            (true, _) => row.ended_on = order.ledger_on.to_string(),
            (false, 0) => cells.phone = format!("1990000{:04}", 9_000 + n),
            (false, _) => {
                "灵活就业".clone_into(&mut cells.status);
                cells.status_since = order.ledger_on.to_string();
            }
        }
        list.push(row);
    }
    if let Some(first) = list.first().cloned() {
        let mut spoiled = first.clone();
        spoiled.cells.get_or_insert_default().id_number.truncate(17);
        list.extend([first, spoiled]);
    }
    let strangers = Order { rows: NEW, seed: SEED, ..order.clone() };
    for stranger in rows(&strangers) {
        let mut cells = RosterRow::default();
        for (column, cell) in Column::all().skip(1).zip(&stranger.cells) {
            match cell {
                Cell::Text(text) if COLUMNS.contains(&column) => column.put(&mut cells, text.clone()),
                Cell::Date(date) if COLUMNS.contains(&column) => column.put(&mut cells, date.to_string()),
                _ => {}
            }
        }
        list.push(ListedRow { cells: Some(cells), ..Default::default() });
    }
    list
}

/// Writes a list as a CSV that spreadsheet programs open: date, header, rows.
pub fn write(list: &[ListedRow], order: &Order, path: &Path) -> io::Result<()> {
    let mut out = csv::WriterBuilder::new().flexible(true).from_path(path).map_err(io::Error::other)?;
    // The byte order mark tells spreadsheet programs that this is UTF-8.
    out.write_record([format!("\u{feff}填报日期：{}", order.ledger_on)])?;
    let ended = Besides::EndedOn;
    let headers = COLUMNS.map(Column::header).into_iter();
    out.write_record(std::iter::once("序号").chain(headers).chain([ended.header()]))?;
    for (row, number) in list.iter().zip(1..) {
        let none = RosterRow::default();
        let cells = row.cells.as_ref().unwrap_or(&none);
        let texts = COLUMNS.map(|column| column.cell(cells).to_owned());
        out.write_record(std::iter::once(number.to_string()).chain(texts).chain([ended.cell(row).to_owned()]))?;
    }
    out.flush()
}
