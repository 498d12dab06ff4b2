//! Tells what became of each row: JSON lines for programs, a table for people.
//!
//! Nothing an office wrote is printed but masked names and numbers: what stands in the wrong column could be anything.

mod table;

use std::{collections::BTreeMap, io};

use bangfu_kernel::Group;
use bangfu_proto::people::v1::{RowCode, RowOutcome};

pub use self::table::{meaning, write_table};
use super::judge::Verdict;

/// One row as JSON: `{"row","outcome","codes","groups","status"}`, words of the office for group and status.
#[derive(Debug, serde::Serialize)]
pub struct Answer {
    row: i32,
    outcome: &'static str,
    codes: Vec<&'static str>,
    groups: Vec<&'static str>,
    status: &'static str,
}

/// How many rows there are of each kind; kinds that do not occur are left out.
#[derive(Debug, Default, PartialEq, Eq, serde::Serialize)]
pub struct Summary {
    rows: usize,
    outcomes: BTreeMap<&'static str, usize>,
    codes: BTreeMap<&'static str, usize>,
}

impl From<&Verdict> for Answer {
    fn from(verdict: &Verdict) -> Self {
        Self {
            row: verdict.row,
            outcome: outcome_word(verdict.outcome),
            codes: verdict.codes.iter().copied().map(code_word).collect(),
            groups: group_words(verdict),
            status: verdict.status.office_word(),
        }
    }
}

impl Summary {
    /// Counts verdicts.
    pub fn of(verdicts: &[Verdict]) -> Self {
        let mut summary = Self { rows: verdicts.len(), ..Self::default() };
        for verdict in verdicts {
            *summary.outcomes.entry(outcome_word(verdict.outcome)).or_default() += 1;
            for &code in &verdict.codes {
                *summary.codes.entry(code_word(code)).or_default() += 1;
            }
        }
        summary
    }

    /// Rows with an outcome: "accepted", "merged" or "rejected".
    pub fn outcome(&self, word: &str) -> usize {
        self.outcomes.get(word).copied().unwrap_or_default()
    }

    /// Rows with a code.
    pub fn code(&self, code: RowCode) -> usize {
        self.codes.get(code_word(code)).copied().unwrap_or_default()
    }
}

/// Writes a JSON line for each row, and one with the summary.
pub fn write_json(out: &mut impl io::Write, verdicts: &[Verdict]) -> io::Result<()> {
    for verdict in verdicts {
        serde_json::to_writer(&mut *out, &Answer::from(verdict))?;
        out.write_all(b"\n")?;
    }
    serde_json::to_writer(&mut *out, &Summary::of(verdicts))?;
    out.write_all(b"\n")
}

/// Writes the summary with all answers as one JSON object: the key of a sample.
pub fn write_key(out: &mut impl io::Write, verdicts: &[Verdict]) -> io::Result<()> {
    #[derive(serde::Serialize)]
    struct Key {
        #[serde(flatten)]
        summary: Summary,
        answers: Vec<Answer>,
    }
    let key = Key { summary: Summary::of(verdicts), answers: verdicts.iter().map(Answer::from).collect() };
    serde_json::to_writer(&mut *out, &key)?;
    out.write_all(b"\n")
}

/// "accepted", "merged" or "rejected".
pub fn outcome_word(outcome: RowOutcome) -> &'static str {
    match outcome {
        RowOutcome::Accepted => "accepted",
        RowOutcome::Merged => "merged",
        RowOutcome::Rejected => "rejected",
        RowOutcome::Unspecified => "unspecified",
    }
}

/// "ID_LENGTH": the code as the domain text has it.
pub fn code_word(code: RowCode) -> &'static str {
    code.as_str_name().trim_start_matches("ROW_CODE_")
}

/// The office's words in the order of their characters' codes, which no reader has to know a table for.
fn group_words(verdict: &Verdict) -> Vec<&'static str> {
    let mut words = verdict.groups.iter().copied().map(Group::office_word).collect::<Vec<_>>();
    words.sort_unstable();
    words
}
