//! Lines of a CSV in UTF-8 (with or without a byte order mark) or GB18030.

use std::{borrow::Cow, fs, path::Path};

use encoding_rs::{GB18030, UTF_8};

use super::{Cell, CsvRecord, Form, Line, List, MOST_ROWS, SheetError, Table};

/// The rows in a CSV.
pub(super) fn read(path: &Path, form: Form) -> Result<List, SheetError> {
    let bytes = fs::read(path)?;
    let text = decode(&bytes)?;
    let mut table = Table::new(form);
    lines(&text, |line| table.take(line))?;
    table.finish()
}

/// The records of a CSV, whatever stands in them.
pub(super) fn records(path: &Path) -> Result<Vec<CsvRecord>, SheetError> {
    let bytes = fs::read(path)?;
    let text = decode(&bytes)?;
    let mut records = Vec::new();
    lines(&text, |line| {
        let cells = line.cells.into_iter().map(|cell| cell.text).collect();
        records.push(CsvRecord { number: line.number, cells });
        if records.len() > MOST_ROWS { Err(SheetError::TooManyRows) } else { Ok(()) }
    })?;
    Ok(records)
}

/// UTF-8 is tried first: hardly any text in GB18030 is valid UTF-8. Text has no control characters.
fn decode(bytes: &[u8]) -> Result<Cow<'_, str>, SheetError> {
    let bytes = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes);
    let text = [UTF_8, GB18030]
        .into_iter()
        .find_map(|encoding| encoding.decode_without_bom_handling_and_without_replacement(bytes))
        .ok_or(SheetError::UnknownEncoding)?;
    let strange = |c: char| c.is_control() && !matches!(c, '\t' | '\n' | '\r' | '\u{85}');
    if text.contains(strange) {
        return Err(SheetError::UnknownEncoding);
    }
    if text.trim().is_empty() {
        return Err(SheetError::Empty);
    }
    Ok(text)
}

/// Gives each record with the number a spreadsheet shows: blank lines count, line breaks within quotes do not.
fn lines(text: &str, mut take: impl FnMut(Line) -> Result<(), SheetError>) -> Result<(), SheetError> {
    // With one kind of line break, and one at the end, the reader's line number after a record is that of the next one.
    let mut text = text.replace("\r\n", "\n").replace('\r', "\n");
    text.push('\n');
    let mut reader = csv::ReaderBuilder::new().has_headers(false).flexible(true).from_reader(text.as_bytes());
    let mut record = csv::StringRecord::new();
    let mut breaks_within = 0;
    while reader.read_record(&mut record).map_err(SheetError::damaged)? {
        breaks_within += record.iter().map(|field| field.matches('\n').count()).sum::<usize>();
        let next = usize::try_from(reader.position().line()).map_err(SheetError::damaged)?;
        let number = next.saturating_sub(1).saturating_sub(breaks_within);
        let cells = record.iter().map(|field| Cell { text: field.to_owned(), numeric: false }).collect();
        take(Line { number: i32::try_from(number).map_err(SheetError::damaged)?, cells })?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn numbered(text: &str) -> Vec<(i32, String)> {
        let mut found = Vec::new();
        lines(text, |line| {
            found.push((line.number, line.texts().collect::<Vec<_>>().join("|")));
            Ok(())
        })
        .expect("readable");
        found
    }

    #[test]
    fn records_have_the_numbers_a_spreadsheet_shows() {
        for ending in ["\n", "\r\n", "\r"] {
            let text = ["a,b", "", "\"c", "c\",d", "", "", "e,\"f,f\"", "\"g", "", "g\"", "h"].join(ending);
            let expected =
                [(1, "a|b"), (3, "c\nc|d"), (6, "e|f,f"), (7, "g\n\ng"), (8, "h")].map(|(n, t)| (n, t.to_owned()));
            assert_eq!(numbered(&text), expected, "{ending:?}");
        }
    }

    #[test]
    fn both_encodings_are_read_and_no_third() {
        let words = "姓名,身份证号码,李東";
        let (gb, _, _) = GB18030.encode(words);
        let marked = [b"\xEF\xBB\xBF", words.as_bytes()].concat();
        for bytes in [words.as_bytes(), &marked, &gb] {
            assert_eq!(decode(bytes).expect("decoded"), words);
        }
        let utf16 = words.encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<_>>();
        for bytes in [b"\xFF\xFEa\0b\0".as_slice(), b"\x80\x81\xFF", b"PNG\0\0\x01", &utf16] {
            assert!(matches!(decode(bytes), Err(SheetError::UnknownEncoding)), "{bytes:?}");
        }
    }
}
