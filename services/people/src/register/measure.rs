//! What a streamed list may measure, for rosters and departments' lists alike; and what it is known by.

use std::collections::HashSet;

use bangfu_kernel::{
    Error,
    error::{Rule, Violations},
    fields,
};
use sha2::{Digest as _, Sha256};

use crate::roster::{Column, RosterRow, too_long};

/// Rows in one message.
const ROWS_PER_PART: usize = 1_000;
/// Rows in one list.
const ROWS: usize = 200_000;
/// Bytes of all rows together: 200,000 ordinary rows have a fifth of it.
const BYTES: usize = 256 << 20;

/// A list as far as it was measured.
pub(crate) struct Measure {
    numbers: HashSet<i32>,
    bytes: usize,
    hash: Sha256,
}

impl Measure {
    /// Begins with what stands before the rows.
    pub(crate) fn begin(start: &[u8]) -> Self {
        Self { numbers: HashSet::new(), bytes: 0, hash: Sha256::new().chain_update(start) }
    }

    /// Takes the next part, of so many rows. Errors: FIELD_INVALID, TOO_LARGE.
    pub(crate) fn part(&self, rows: usize) -> Result<(), Error> {
        if rows == 0 || rows > ROWS_PER_PART {
            return Err(Error::field("rows", rows_rule()));
        }
        if self.numbers.len() + rows > ROWS {
            return Err(Error::TooLarge { limit: "200000 rows" });
        }
        Ok(())
    }

    /// Takes the next row, with its whole message encoded. Errors: TOO_LARGE.
    pub(crate) fn row(&mut self, row: &RosterRow, encoded: &[u8], faults: &mut Violations) -> Result<(), Error> {
        self.bytes += encoded.len();
        if self.bytes > BYTES {
            return Err(Error::TooLarge { limit: "256 MiB of rows" });
        }
        self.hash.update(encoded);
        if row.row < 1 {
            faults.add("rows.row", fields::rule("must be 1 or more", "应为1或更大"));
        } else if !self.numbers.insert(row.row) {
            faults.add("rows.row", twice_rule(row.row));
        }
        for column in too_long(row) {
            faults.add("rows", too_long_rule(row.row, column));
        }
        Ok(())
    }

    /// What stands for all of the list. Errors: FIELD_INVALID when there was no row.
    pub(crate) fn finish(self) -> Result<Vec<u8>, Error> {
        if self.numbers.is_empty() {
            return Err(Error::field("rows", fields::required()));
        }
        Ok(self.hash.finalize().to_vec())
    }
}

fn rows_rule() -> Rule {
    fields::rule("must have 1 to 1000 rows a message", "每条消息应有1至1000行")
}

fn twice_rule(row: i32) -> Rule {
    Rule { en: format!("{row} stands for two rows").into(), zh: format!("{row}重复").into() }
}

fn too_long_rule(row: i32, column: Column) -> Rule {
    long_rule(row, column.header(), column.most_characters())
}

/// The rule of a cell that has more text than is taken.
pub(crate) fn long_rule(row: i32, header: &str, most: usize) -> Rule {
    Rule {
        en: format!("row {row}: {header} must have at most {most} characters").into(),
        zh: format!("第{row}行“{header}”不得超过{most}个字").into(),
    }
}
