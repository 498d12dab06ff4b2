//! Finds the header: one line, or two with merged cells, wherever it stands.

use super::{
    Line, SheetError,
    form::{Field, Form},
};

/// Lines from the top among which a header is looked for.
pub(super) const LINES: usize = 60;
/// Fewest columns that make a line a header.
const FEWEST: usize = 2;

/// Which column stands where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Header {
    /// Index of the header's last line among those given.
    pub(super) last: usize,
    /// The number the spreadsheet shows beside that line.
    pub(super) line: i32,
    /// The column at each place; `None`: one we do not know.
    pub(super) columns: Vec<Option<Field>>,
}

/// The header among the first lines of a sheet: the line, or two neighbouring lines, that name most columns; the
/// uppermost of several.
pub(super) fn find(lines: &[Line], form: Form) -> Result<Header, SheetError> {
    let mut best: Option<(usize, Header)> = None;
    for (last, line) in lines.iter().enumerate() {
        let above = last.checked_sub(1).map(|above| &lines[above]).filter(|above| above.number + 1 == line.number);
        for top in [None, above] {
            let columns = columns(form, top, line);
            let known = columns.iter().flatten().count();
            // A second line that names nothing is no part of a header, but the first row of people.
            let grown = best.as_ref().is_none_or(|(most, _)| known > *most);
            if known >= FEWEST && grown {
                best = Some((known, Header { last, line: line.number, columns }));
            }
        }
    }
    let (_, header) = best.ok_or(SheetError::NoHeader)?;
    let missing = form.required().iter().find(|&&column| !header.columns.contains(&Some(Field::Cell(column))));
    match missing {
        Some(&column) => Err(SheetError::MissingColumn { line: header.line, column }),
        None => Ok(header),
    }
}

/// The columns that two lines name together, the lower one first; each column once, where it first stands.
fn columns(form: Form, above: Option<&Line>, line: &Line) -> Vec<Option<Field>> {
    let width = line.cells.len().max(above.map_or(0, |above| above.cells.len()));
    let at = |line: &Line, place: usize| line.cells.get(place).and_then(|cell| form.field(&cell.text));
    let mut seen = Vec::new();
    (0..width)
        .map(|place| {
            let column = at(line, place).or_else(|| at(above?, place)).filter(|column| !seen.contains(column));
            seen.extend(column);
            column
        })
        .collect()
}
