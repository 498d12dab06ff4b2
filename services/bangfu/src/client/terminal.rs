//! Writing to the person at the terminal.

use std::{
    fmt::Display,
    io::{self, Write as _},
};

/// Writes a line at once. Nobody reading any more (`| head`) is no fault: what is not read is not missed.
pub fn say(line: impl Display) {
    let mut out = io::stdout().lock();
    let _written = writeln!(out, "{line}");
    let _flushed = out.flush();
}

/// The same without a line's end.
pub fn show(text: impl Display) {
    let mut out = io::stdout().lock();
    let _written = write!(out, "{text}");
    let _flushed = out.flush();
}
