//! What a file is, judged by its size and content, never by its name, before anything is parsed.

use std::{
    fs::{self, File},
    io::{self, Read as _},
    path::Path,
};

use super::{LARGEST_FILE, SheetError, archive};

/// What can be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Workbook,
    Text,
}

/// Names inside the OLE container that both encrypted and old workbooks are, in UTF-16.
const ENCRYPTED_PACKAGE: &str = "EncryptedPackage";
const OLD_STREAMS: [&str; 2] = ["Workbook", "Book"];

/// What the file is; an error for all that is neither a workbook nor text.
pub(super) fn of(path: &Path) -> Result<Kind, SheetError> {
    let metadata = fs::metadata(path).map_err(|error| match error.kind() {
        io::ErrorKind::NotFound => SheetError::NotFound,
        _ => SheetError::Unreadable(error),
    })?;
    if !metadata.is_file() {
        return Err(SheetError::NotAFile);
    }
    match metadata.len() {
        0 => return Err(SheetError::Empty),
        bytes if bytes > LARGEST_FILE => return Err(SheetError::large_file(bytes)),
        _ => {}
    }
    let mut head = Vec::new();
    File::open(path)?.take(512).read_to_end(&mut head)?;
    match head.as_slice() {
        [b'P', b'K', 3..=8, ..] => archive::check(path).map(|()| Kind::Workbook),
        [0xD0, 0xCF, 0x11, 0xE0, ..] => Err(ole(&fs::read(path)?)),
        [b'%', b'P', b'D', b'F', ..] => Err(SheetError::NotASpreadsheet { found: "a PDF" }),
        _ if is_markup(&head) => Err(SheetError::NotASpreadsheet { found: "a web page or XML" }),
        _ => Ok(Kind::Text),
    }
}

fn ole(bytes: &[u8]) -> SheetError {
    let holds = |name: &str| {
        let wide = name.encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<_>>();
        bytes.windows(wide.len()).any(|window| window == wide)
    };
    if holds(ENCRYPTED_PACKAGE) {
        SheetError::Encrypted
    } else if OLD_STREAMS.into_iter().any(holds) {
        SheetError::OldWorkbook
    } else {
        SheetError::NotASpreadsheet { found: "an Office file of another kind" }
    }
}

fn is_markup(head: &[u8]) -> bool {
    let text = head.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(head).trim_ascii_start().to_ascii_lowercase();
    [b"<?xml".as_slice(), b"<html", b"<!doctype", b"<table"].iter().any(|tag| text.starts_with(tag))
}
