//! A roster coming in, part by part: judged at once, so that raw rows are not kept; hashed, so that a repeat is known.

use bangfu_kernel::{Error, error::Violations};
use bangfu_proto::people::v1::{RosterRows, RosterStart};
use chrono::NaiveDate;
use prost::Message as _;

use super::measure::Measure;
use crate::{
    roster::{Judge, Judged},
    wire::roster::{Start, start},
};

/// A roster as far as it has come.
pub(crate) struct Intake {
    start: Start,
    judge: Judge,
    measure: Measure,
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
        Ok(Self { start, judge, measure: Measure::begin(&message.encode_length_delimited_to_vec()) })
    }

    /// Takes the next part. Errors: FIELD_INVALID, TOO_LARGE.
    pub(crate) fn take(mut self, part: RosterRows) -> Result<Self, Error> {
        self.measure.part(part.rows.len())?;
        let mut faults = Violations::default();
        for row in part.rows {
            self.measure.row(&row, &row.encode_length_delimited_to_vec(), &mut faults)?;
            if faults.is_empty() {
                self.judge.take(&row);
            }
        }
        faults.check()?;
        Ok(self)
    }

    /// The whole of it. Errors: FIELD_INVALID when there was no row.
    pub(crate) fn finish(self) -> Result<Taken, Error> {
        let content = self.measure.finish()?;
        Ok(Taken { start: self.start, judged: self.judge.finish(), content })
    }
}

#[cfg(test)]
mod tests {
    use bangfu_proto::people::v1::RosterRow;

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
