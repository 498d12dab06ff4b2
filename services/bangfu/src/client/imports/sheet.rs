//! The table in a CSV: its header found by texts, in any order, with lines of the office above and notes below.

use std::path::Path;

use anyhow::Context as _;
use bangfu_people::roster::{CsvRecord, normal, read_csv};

/// Lines from the top among which the header is looked for.
const TOP: usize = 60;
/// How notes, signatures and totals begin.
const NOTES: [&str; 12] =
    ["填表人", "填报人", "审核人", "制表人", "经办人", "负责人", "填表说明", "说明:", "注:", "合计", "总计", "小计"];

/// A column that is looked for.
#[derive(Debug, Clone, Copy)]
pub(super) struct Column {
    /// Header texts, compact and in small letters; the first is the one we tell.
    pub(super) texts: &'static [&'static str],
    /// Every sheet has it.
    pub(super) required: bool,
}

/// A row: the number that a spreadsheet shows, and the cell of each column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Row<const N: usize> {
    pub(super) number: i32,
    pub(super) cells: [String; N],
}

/// The rows of a sheet, and the lines below its header that are none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Sheet<const N: usize> {
    pub(super) rows: Vec<Row<N>>,
    pub(super) passed_over: Vec<i32>,
}

/// Reads the table in a file; nothing of a faulty one.
pub(super) fn read<const N: usize>(path: &Path, columns: &[Column; N]) -> anyhow::Result<Sheet<N>> {
    let records = read_csv(path).with_context(|| path.display().to_string())?;
    of(&records, columns).with_context(|| path.display().to_string())
}

fn of<const N: usize>(records: &[CsvRecord], columns: &[Column; N]) -> anyhow::Result<Sheet<N>> {
    let (header, places) = header(records, columns)?;
    let mut sheet = Sheet { rows: Vec::new(), passed_over: Vec::new() };
    for record in &records[header + 1..] {
        let cells = places.map(|place| place.and_then(|place| record.cells.get(place)).cloned().unwrap_or_default());
        if record.cells.iter().all(|cell| normal::compact(cell).is_empty()) {
            continue;
        }
        let filled = cells.iter().filter(|cell| !normal::compact(cell).is_empty()).count();
        let repeated = named(&record.cells, columns).iter().flatten().count() >= 2;
        if filled < 2 || repeated || record.cells.iter().any(|cell| is_note(cell)) {
            sheet.passed_over.push(record.number);
        } else {
            sheet.rows.push(Row { number: record.number, cells });
        }
    }
    anyhow::ensure!(!sheet.rows.is_empty(), "表头下没有数据行 there are no rows below the header");
    Ok(sheet)
}

/// The line that names most columns, the uppermost of several, and where each column stands.
fn header<const N: usize>(records: &[CsvRecord], columns: &[Column; N]) -> anyhow::Result<(usize, [Option<usize>; N])> {
    let mut best = (1, None);
    for (line, record) in records.iter().take(TOP).enumerate() {
        let places = named(&record.cells, columns);
        let known = places.iter().flatten().count();
        if known > best.0 {
            best = (known, Some((line, places)));
        }
    }
    let headers = || columns.iter().filter(|column| column.required).map(|column| column.texts[0]).collect::<Vec<_>>();
    let (line, places) = best.1.with_context(|| {
        format!("没有找到表头，应有列 no header was found; expected columns {}", headers().join("、"))
    })?;
    for (column, place) in columns.iter().zip(&places) {
        let number = records[line].number;
        let text = column.texts[0];
        anyhow::ensure!(
            place.is_some() || !column.required,
            "第{number}行的表头缺少“{text}”列 the header in line {number} has no column {text}"
        );
    }
    Ok((line, places))
}

/// Where a line names each column. A mark of required fields and a note in brackets do not matter.
fn named<const N: usize>(cells: &[String], columns: &[Column; N]) -> [Option<usize>; N] {
    let texts: Vec<_> = cells.iter().map(|cell| header_text(cell)).collect();
    columns.each_ref().map(|column| texts.iter().position(|text| column.texts.contains(&text.as_str())))
}

fn header_text(cell: &str) -> String {
    let text = normal::compact(cell).to_lowercase();
    let text = text.trim_matches(['*', '★', '※', ':']);
    text.split_once('(').map_or(text, |(before, _)| before).to_owned()
}

fn is_note(cell: &str) -> bool {
    let text = normal::compact(cell);
    NOTES.iter().any(|note| text.starts_with(note))
}

#[cfg(test)]
mod tests {
    use super::*;

    const COLUMNS: [Column; 3] = [
        Column { texts: &["身份证号码", "person"], required: true },
        Column { texts: &["日期", "date"], required: true },
        Column { texts: &["备注", "note"], required: false },
    ];

    fn records(lines: &[&[&str]]) -> Vec<CsvRecord> {
        let cells = |line: &&[&str]| line.iter().map(|&cell| cell.to_owned()).collect();
        lines.iter().zip(1..).map(|(line, number)| CsvRecord { number, cells: cells(line) }).collect()
    }

    #[test]
    fn the_header_stands_anywhere_in_any_order_and_notes_are_no_rows() {
        let records = records(&[
            &["帮扶调查管理导出"],
            &["单位:示范镇", "日期"],
            &["* 日 期（年月日）", "序号", "身份证号码"],
            &["2026-01-05", "1", "x"],
            &["", ""],
            &["2026-01-06", "2"],
            &["日期", "", "身份证号码"],
            &["合计", "2", "", "9"],
            &["", "3", "y", "z"],
        ]);
        let sheet = of(&records, &COLUMNS).expect("a table");
        let row = |number, cells: [&str; 3]| Row { number, cells: cells.map(str::to_owned) };
        assert_eq!(sheet.rows, [row(4, ["x", "2026-01-05", ""])]);
        assert_eq!(sheet.passed_over, [6, 7, 8, 9]);
    }

    #[test]
    fn a_table_without_header_column_or_rows_is_told_what_was_expected() {
        for (lines, said) in [
            (vec![["a", "b"]], "no header was found"),
            (vec![["日期", "备注"], ["2026-01-05", "x"]], "no column 身份证号码"),
            (vec![["PERSON", "Date"]], "no rows"),
        ] {
            let lines: Vec<&[&str]> = lines.iter().map(<[&str; 2]>::as_slice).collect();
            let fault = of(&records(&lines), &COLUMNS).expect_err(said);
            assert!(fault.to_string().contains(said), "{fault}");
        }
    }
}
