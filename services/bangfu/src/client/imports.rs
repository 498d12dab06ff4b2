//! Lists of work done, imported from a CSV: the older system's export of services, a day's paper list of contacts.
//!
//! Persons are found by their whole ID number, under the caller's own rights. Every row is told what became of it, by the
//! number that a spreadsheet shows; no ID number is ever printed. Importing a file again changes nothing.

pub mod contacts;
mod found;
pub mod services;
mod sheet;
mod standing;
mod words;

use std::{
    collections::{BTreeMap, btree_map::Entry},
    time::Duration,
};

use bangfu_people::roster::normal;
use bangfu_proto::followup::v1::RowError;
use chrono::NaiveDate;
use prost::Message;
use sha2::{Digest as _, Sha256};
use tonic::{Code, Response, Status};

use super::{problem::Problem, table::Table, terminal::say};

/// Rows of one call.
const BATCH: usize = 100;
/// How often a call is made that finds the suite busy or out of reach.
const ATTEMPTS: u32 = 5;

/// What became of a row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Became {
    /// A dry run: it can be entered.
    Ready,
    /// It was entered, and settled so many duties.
    Entered(usize),
    /// It was there before.
    Known(String),
    /// It was refused.
    Refused(String),
}

/// An import, row by row.
#[derive(Debug, Default)]
pub struct Report {
    /// By the number that a spreadsheet shows.
    pub rows: BTreeMap<i32, Became>,
    /// Lines below the header that are notes or totals.
    pub passed_over: Vec<i32>,
    /// Rows that say the same as an earlier one, and which. They are entered; somebody should look.
    pub repeated: BTreeMap<i32, i32>,
    /// Nothing was written.
    pub dry_run: bool,
}

/// What the rows of a file say, and in which row it stands first.
#[derive(Debug, Default)]
struct Lines(BTreeMap<Vec<u8>, i32>);

impl Lines {
    /// The earlier row that says the same, if one does.
    fn seen(&mut self, number: i32, says: &impl Message) -> Option<i32> {
        match self.0.entry(says.encode_to_vec()) {
            Entry::Occupied(first) => Some(*first.get()),
            Entry::Vacant(new) => {
                new.insert(number);
                None
            }
        }
    }
}

/// A row that can be sent: its number, and what is sent.
#[derive(Debug, Clone)]
struct Ready<R> {
    number: i32,
    request: R,
}

impl Report {
    fn refuse(&mut self, number: i32, why: impl Into<String>) {
        self.rows.insert(number, Became::Refused(why.into()));
    }

    fn compare(&mut self, number: i32, earlier: Option<i32>) {
        self.repeated.extend(earlier.map(|earlier| (number, earlier)));
    }

    /// Rows of which something holds.
    pub fn count(&self, which: impl Fn(&Became) -> bool) -> usize {
        self.rows.values().filter(|became| which(became)).count()
    }

    /// The rows as a table.
    pub fn table(&self) -> Table {
        let mut table = Table::new(["行 row", "结果 outcome", "说明 what was found"]);
        for (number, became) in &self.rows {
            let (word, why) = match became {
                Became::Ready => ("可录入 can be entered", String::new()),
                Became::Entered(0) => ("录入 entered", String::new()),
                Became::Entered(settled) => ("录入 entered", format!("完成 {settled} 项 duties settled")),
                Became::Known(why) => ("已有 there before", why.clone()),
                Became::Refused(why) => ("退回 refused", why.clone()),
            };
            let same = self.repeated.get(number);
            let same = same.map(|earlier| format!("与前面第{earlier}行相同，请核对 the same as row {earlier}"));
            let said: Vec<_> = [Some(why).filter(|why| !why.is_empty()), same].into_iter().flatten().collect();
            table.row([number.to_string(), word.to_owned(), said.join("; ")]);
        }
        table
    }

    /// Tells the sums.
    pub fn tell(&self) {
        if !self.passed_over.is_empty() {
            let lines = self.passed_over.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
            say(format_args!("视为说明、未处理：第 {lines} 行 lines passed over as notes"));
        }
        let settled: usize =
            self.rows.values().map(|became| if let Became::Entered(settled) = became { *settled } else { 0 }).sum();
        let entered = self.count(|became| matches!(became, Became::Entered(_)));
        let known = self.count(|became| matches!(became, Became::Known(_)));
        let refused = self.count(|became| matches!(became, Became::Refused(_)));
        let rows = self.rows.len();
        if self.dry_run {
            let ready = self.count(|became| *became == Became::Ready);
            say(format_args!(
                "共 {rows} 行 rows: 可录入 can be entered {ready}, 已有 there before {known}, 退回 refused {refused}"
            ));
            say("试算，未写入 a dry run: nothing was written");
            say("该人员是否属于您的村(社区)、是否曾转入转出，录入时判定 villages and transfers are judged on entry");
        } else {
            say(format_args!(
                "共 {rows} 行 rows: 录入 entered {entered}, 已有 there before {known}, 退回 refused {refused}; \
                 完成 {settled} 项 duties settled"
            ));
        }
        if !self.repeated.is_empty() {
            let rows = self.repeated.keys().map(ToString::to_string).collect::<Vec<_>>().join(", ");
            let count = self.repeated.len();
            say(format_args!(
                "{count} 行与前面某行相同，请核对：第 {rows} 行 rows that say the same as an earlier one"
            ));
        }
    }
}

/// A row's error: in the office's words, which name the fields, and its reason.
fn row_error(error: &RowError) -> String {
    format!("{} {}", error.message, error.reason)
}

/// A request id that follows from what is sent and who sends it: the same row sent again is the same request.
fn request_id(subject: &str, parts: &[&[u8]]) -> String {
    let mut hash = Sha256::new();
    for part in std::iter::once(&subject.as_bytes()).chain(parts) {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part);
    }
    let digest = hash.finalize();
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&digest[..16]);
    uuid::Builder::from_custom_bytes(bytes).into_uuid().to_string()
}

/// A digest in sixteen letters, without a digit: among many in hexadecimal some hold what looks like somebody's phone, and no
/// record takes that.
fn lettered(bytes: &[u8]) -> String {
    let letter = |four: u8| char::from(b'a' + four);
    bytes.iter().flat_map(|byte| [letter(byte >> 4), letter(byte & 15)]).collect()
}

/// The day a cell names, which lies not after today.
fn day(cell: &str, header: &str, today: NaiveDate) -> Result<NaiveDate, String> {
    if normal::compact(cell).is_empty() {
        return Err(format!("缺少{header} the day is missing"));
    }
    match bangfu_people::roster::date::parse(cell) {
        None => Err(format!("“{header}”不是存在的日期 the day is no date that exists")),
        Some(day) if day > today => Err(format!("“{header}”晚于今天 the day lies in the future")),
        Some(day) => Ok(day),
    }
}

/// A free text of a cell, of so many characters at most.
fn text(cell: &str, header: &str, most: usize) -> Result<String, String> {
    let text = normal::free(cell);
    if text.chars().count() > most {
        return Err(format!("“{header}”不得超过{most}个字 has more than {most} characters"));
    }
    Ok(text)
}

/// What was read, while what is wrong is put with the other faults of the row.
fn kept<T>(read: Result<T, String>, faults: &mut Vec<String>) -> Option<T> {
    read.map_err(|fault| faults.push(fault)).ok()
}

/// Makes a call until the suite takes it: what finds it busy, stopping or out of reach is sent again, under the same ids.
async fn taken<M>(mut call: impl AsyncFnMut() -> Result<Response<M>, Status>) -> Result<M, Problem> {
    let mut attempt = 1;
    loop {
        let again =
            |code| matches!(code, Code::Unavailable | Code::Aborted | Code::ResourceExhausted | Code::DeadlineExceeded);
        match call().await {
            Ok(answer) => return Ok(answer.into_inner()),
            Err(status) if again(status.code()) && attempt < ATTEMPTS => {
                tokio::time::sleep(Duration::from_secs(1)).await;
                attempt += 1;
            }
            Err(status) => return Err(status.into()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reference_never_looks_like_a_number_of_somebody() {
        assert_eq!(lettered(&[0x00, 0x1f, 0xff, 0x13]), "aabpppbd");
        let all: Vec<u8> = (0..=255).collect();
        assert!(lettered(&all).bytes().all(|letter| letter.is_ascii_lowercase()));
    }

    #[test]
    fn a_request_id_follows_from_sender_and_content_and_nothing_else() {
        let id = request_id("clerk", &[b"a", b"bc"]);
        assert_eq!(request_id("clerk", &[b"a", b"bc"]), id);
        assert_eq!(uuid::Uuid::try_parse(&id).expect("a UUID").get_version_num(), 8);
        for other in
            [request_id("clerk", &[b"ab", b"c"]), request_id("other", &[b"a", b"bc"]), request_id("clerk", &[])]
        {
            assert_ne!(other, id);
        }
    }

    #[test]
    fn days_are_read_as_rosters_write_them_and_told_without_their_value() {
        let today = "2026-03-20".parse().expect("a date");
        assert_eq!(day("2026年3月20日", "日期", today), Ok(today));
        for (cell, said) in [("", "missing"), ("2026-02-30", "no date"), ("2026.3.21", "future")] {
            let fault = day(cell, "日期", today).expect_err(cell);
            assert!(fault.contains(said) && !fault.contains("2026"), "{fault}");
        }
    }
}
