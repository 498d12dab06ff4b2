//! What is looked for in a sheet: an office's roster, or a department's list, which has further columns and names no groups.

use crate::roster::{Column, ListedRow, listed::Besides};

/// The form a sheet is read in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    /// 人员台账
    Roster,
    /// 部门名单
    List,
}

/// A column of either form.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Field {
    /// One that a roster has.
    Cell(Column),
    /// One that only lists have.
    Besides(Besides),
}

impl Form {
    /// Columns that every sheet of the form has.
    pub(super) fn required(self) -> &'static [Column] {
        match self {
            Self::Roster => &[Column::Name, Column::IdNumber, Column::Groups],
            Self::List => &[Column::Name, Column::IdNumber],
        }
    }

    /// The column a header cell names.
    pub(super) fn field(self, text: &str) -> Option<Field> {
        let besides = || (self == Self::List).then(|| Besides::of_header(text)).flatten().map(Field::Besides);
        Column::of_header(text).map(Field::Cell).or_else(besides)
    }
}

impl Field {
    /// Puts a cell into a row.
    pub(super) fn put(self, row: &mut ListedRow, text: String) {
        match self {
            Self::Cell(column) => column.put(row.cells.get_or_insert_default(), text),
            Self::Besides(column) => column.put(row, text),
        }
    }
}
