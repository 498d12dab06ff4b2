//! The directory of a zip archive, read before it is unpacked: is it a workbook, is it whole, how large will it be.
//!
//! The sizes are what the archive says of itself. One that lies harms only the machine of whoever opens it: files are
//! read by the client, the server takes rows.

use std::{fs, path::Path};

use super::SheetError;

/// Most bytes one part of a workbook has when unpacked: 200,000 rows written without shared texts have about 180 MB.
pub(super) const LARGEST_PART: u64 = 512 << 20;

const END: [u8; 4] = *b"PK\x05\x06";
const ENTRY: [u8; 4] = *b"PK\x01\x02";
/// Bytes of a directory entry before its name.
const ENTRY_HEAD: usize = 46;
/// The end record may be followed by a comment of at most this many bytes.
const LONGEST_COMMENT: usize = 0xFFFF;

/// An archive that is a workbook, whole, unencrypted and not too large when unpacked.
pub(super) fn check(path: &Path) -> Result<(), SheetError> {
    let bytes = fs::read(path)?;
    let entries = entries(&bytes).ok_or_else(|| SheetError::damaged("the directory of the archive is missing"))?;
    if entries.iter().any(|entry| entry.encrypted) {
        return Err(SheetError::Encrypted);
    }
    let holds = |name: &str| entries.iter().any(|entry| entry.name == name);
    if !holds("xl/workbook.xml") {
        let found = match () {
            () if holds("xl/workbook.bin") => "a binary workbook (.xlsb)",
            () if holds("word/document.xml") => "a text document (.docx)",
            () if holds("content.xml") => "an OpenDocument file",
            () => "an archive",
        };
        return Err(SheetError::NotASpreadsheet { found });
    }
    match entries.iter().map(|entry| entry.unpacked).max() {
        Some(bytes) if bytes > LARGEST_PART => {
            Err(SheetError::TooLarge { what: "unpacked workbook", bytes, limit: LARGEST_PART })
        }
        _ => Ok(()),
    }
}

struct Entry<'a> {
    name: &'a str,
    unpacked: u64,
    encrypted: bool,
}

/// The entries of the central directory (APPNOTE 6.3, 4.3.12 and 4.3.16); `None` when it is not whole.
fn entries(bytes: &[u8]) -> Option<Vec<Entry<'_>>> {
    let tail = bytes.len().saturating_sub(LONGEST_COMMENT + 22);
    let end = tail + bytes[tail..].windows(4).rposition(|window| window == END)?;
    let count = u16_at(bytes, end + 10)?;
    let mut at = usize::try_from(u32_at(bytes, end + 16)?).ok()?;
    let mut entries = Vec::with_capacity(usize::from(count));
    for _ in 0..count {
        if bytes.get(at..at + 4)? != ENTRY {
            return None;
        }
        let [name, extra, comment] = [28, 30, 32].map(|offset| u16_at(bytes, at + offset).map(usize::from));
        let name_bytes = bytes.get(at + ENTRY_HEAD..at + ENTRY_HEAD + name?)?;
        entries.push(Entry {
            // A name in another encoding is none that a workbook has.
            name: std::str::from_utf8(name_bytes).unwrap_or_default(),
            unpacked: u64::from(u32_at(bytes, at + 24)?),
            encrypted: u16_at(bytes, at + 8)? & 1 == 1,
        });
        at += ENTRY_HEAD + name? + extra? + comment?;
    }
    Some(entries)
}

fn u16_at(bytes: &[u8], at: usize) -> Option<u16> {
    bytes.get(at..at + 2)?.try_into().map(u16::from_le_bytes).ok()
}

fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    bytes.get(at..at + 4)?.try_into().map(u32::from_le_bytes).ok()
}
