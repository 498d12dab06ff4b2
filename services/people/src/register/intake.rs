//! A roster coming in, part by part: judged at once, so that raw rows are not kept; hashed, so that a repeat is known.

use std::collections::HashSet;

use bangfu_kernel::{
    Error,
    error::{Rule, Violations},
    fields,
};
use bangfu_proto::people::v1::{RosterRow, RosterRows, RosterStart};
use chrono::NaiveDate;
use prost::Message as _;
use sha2::{Digest as _, Sha256};

use crate::{
    roster::{Column, Judge, Judged, too_long},
    wire::roster::{Start, start},
};

/// Rows in one message.
const ROWS_PER_PART: usize = 1_000;
/// Rows in one import.
const ROWS: usize = 200_000;
/// Bytes of all rows together: 200,000 ordinary rows have a fifth of it.
const BYTES: usize = 256 << 20;

/// A roster as far as it has come.
pub(crate) struct Intake {
    start: Start,
    judge: Judge,
    numbers: HashSet<i32>,
    bytes: usize,
    hash: Sha256,
}

/// A whole roster, judged.
pub(crate) struct Taken {
    /// What came before the rows.
    pub start: Start,
    /// What became of each row, and the accepted ones.
    pub judged: Judged,
    /// Stands for all of the roster: the same only for the same start and the same rows, however they were cut into parts.
    pub content: Vec<u8>,
}

impl Intake {
    /// Begins with the first part; the ledger's date, if it has none, is `today`.
    pub(crate) fn begin(message: &RosterStart, today: NaiveDate) -> Result<Self, Error> {
        let start = start(message, today)?;
        let judge = Judge::new(start.ledger_on);
        let hash = Sha256::new().chain_update(message.encode_length_delimited_to_vec());
        Ok(Self { start, judge, numbers: HashSet::new(), bytes: 0, hash })
    }

    /// Takes the next part. Errors: FIELD_INVALID, TOO_LARGE.
    pub(crate) fn take(mut self, part: RosterRows) -> Result<Self, Error> {
        let rows = part.rows;
        if rows.is_empty() || rows.len() > ROWS_PER_PART {
            return Err(Error::field("rows", rows_rule()));
        }
        if self.numbers.len() + rows.len() > ROWS {
            return Err(Error::TooLarge { limit: "200000 rows" });
        }
        let mut faults = Violations::default();
        for row in rows {
            self.row(&row, &mut faults)?;
        }
        faults.check()?;
        Ok(self)
    }

    fn row(&mut self, row: &RosterRow, faults: &mut Violations) -> Result<(), Error> {
        let encoded = row.encode_length_delimited_to_vec();
        self.bytes += encoded.len();
        if self.bytes > BYTES {
            return Err(Error::TooLarge { limit: "256 MiB of rows" });
        }
        self.hash.update(&encoded);
        if row.row < 1 {
            faults.add("rows.row", fields::rule("must be 1 or more", "应为1或更大"));
        } else if !self.numbers.insert(row.row) {
            faults.add("rows.row", twice_rule(row.row));
        }
        for column in too_long(row) {
            faults.add("rows", too_long_rule(row.row, column));
        }
        if faults.is_empty() {
            self.judge.take(row);
        }
        Ok(())
    }

    /// The whole of it. Errors: FIELD_INVALID when there was no row.
    pub(crate) fn finish(self) -> Result<Taken, Error> {
        if self.numbers.is_empty() {
            return Err(Error::field("rows", fields::required()));
        }
        Ok(Taken { start: self.start, judged: self.judge.finish(), content: self.hash.finalize().to_vec() })
    }
}

fn rows_rule() -> Rule {
    fields::rule("must have 1 to 1000 rows a message", "每条消息应有1至1000行")
}

fn twice_rule(row: i32) -> Rule {
    Rule { en: format!("{row} stands for two rows").into(), zh: format!("{row}重复").into() }
}

fn too_long_rule(row: i32, column: Column) -> Rule {
    let (header, most) = (column.header(), column.most_characters());
    Rule {
        en: format!("row {row}: {header} must have at most {most} characters").into(),
        zh: format!("第{row}行“{header}”不得超过{most}个字").into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn today() -> NaiveDate {
        "2026-01-05".parse().expect("a date")
    }

    fn dry() -> RosterStart {
        RosterStart { validate_only: true, ..Default::default() }
    }

    fn part(numbers: std::ops::Range<i32>) -> RosterRows {
        RosterRows { rows: numbers.map(|row| RosterRow { row, ..Default::default() }).collect() }
    }

    fn content(parts: Vec<RosterRows>) -> Vec<u8> {
        let begun = Intake::begin(&dry(), today());
        parts
            .into_iter()
            .fold(begun, |intake, part| intake?.take(part))
            .and_then(Intake::finish)
            .expect("taken")
            .content
    }

    #[test]
    fn the_same_rows_are_the_same_roster_however_they_were_cut() {
        assert_eq!(content(vec![part(1..4)]), content(vec![part(1..2), part(2..4)]));
        assert_ne!(content(vec![part(1..4)]), content(vec![part(1..5)]));
    }

    #[test]
    fn limits_and_row_numbers_are_checked() {
        let take = |rows| Intake::begin(&dry(), today()).and_then(|intake| intake.take(rows));
        assert!(matches!(take(part(1..1)), Err(Error::Invalid(_))), "an empty part");
        assert!(matches!(take(part(1..1002)), Err(Error::Invalid(_))), "a long part");
        assert!(matches!(take(part(0..2)), Err(Error::Invalid(_))), "row 0");
        let twice = take(part(1..3)).and_then(|intake| intake.take(part(2..3)));
        assert!(matches!(twice, Err(Error::Invalid(_))), "a number twice");
        assert!(matches!(Intake::begin(&dry(), today()).and_then(Intake::finish), Err(Error::Invalid(_))), "no rows");
        let mut full = Intake::begin(&dry(), today());
        for thousand in 0..200 {
            full = full.and_then(|intake| intake.take(part(thousand * 1_000 + 1..thousand * 1_000 + 1_001)));
        }
        assert!(matches!(full.and_then(|intake| intake.take(part(200_001..200_002))), Err(Error::TooLarge { .. })));
    }

    #[test]
    fn a_cell_longer_than_its_field_is_refused_by_row_and_column() {
        let take = |row| Intake::begin(&dry(), today()).and_then(|intake| intake.take(RosterRows { rows: vec![row] }));
        for (length, refused) in [(64, false), (65, true), (20_000, true)] {
            let row = RosterRow { row: 17, village: "村".repeat(length), ..Default::default() };
            match take(row) {
                Err(Error::Invalid(faults)) => {
                    assert!(refused && faults.to_string().contains("row 17: 村(社区)"), "{faults}");
                }
                taken => assert!(!refused && taken.is_ok(), "{length}"),
            }
        }
    }

    #[test]
    fn writing_needs_a_request_id_and_a_ledger_of_today_or_before() {
        let tomorrow = "2026-01-06".parse().map(bangfu_kernel::calendar::message).ok();
        for start in [
            RosterStart::default(),
            RosterStart { ledger_on: tomorrow, ..dry() },
            RosterStart { file_name: "名".repeat(257), ..dry() },
        ] {
            assert!(matches!(Intake::begin(&start, today()), Err(Error::Invalid(_))), "{start:?}");
        }
    }
}
