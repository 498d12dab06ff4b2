//! A department's list coming in, part by part: judged at once as a roster's rows are, so that raw rows are not kept.

use bangfu_kernel::{EmploymentStatus, Error, error::Violations};
use bangfu_proto::people::v1::{DataMatchStart, DischargeKind, ListedRow, ListedRows, RowCode, RowOutcome};
use chrono::NaiveDate;
use prost::Message as _;

use crate::{
    model::data_match::{Listed, ListedDetails, ListedSpell, Row, Told},
    register::measure::{Measure, long_rule},
    roster::{AcceptedRow, Besides, Judge, RosterRow, date, normal},
    wire::data_match::{Start, start},
};

/// 待核实: what the judge of rosters is told of a status the list says nothing of. It becomes no record.
const NO_STATUS: EmploymentStatus = EmploymentStatus::Unverified;

/// 退役方式 as departments write them.
const DISCHARGES: [(DischargeKind, &[&str]); 5] = [
    (DischargeKind::OwnEmployment, &["自主就业", "自主就业退役士兵", "自主择业"]),
    (DischargeKind::AssignedWork, &["安排工作", "符合政府安排工作条件", "政府安排工作"]),
    (DischargeKind::TransferredToCivilianWork, &["转业", "计划安置"]),
    (DischargeKind::Demobilised, &["复员"]),
    (DischargeKind::Other, &["其他", "退休", "供养", "退休、供养及其他"]),
];

/// A list as far as it has come.
pub(crate) struct Intake {
    start: Start,
    today: NaiveDate,
    judge: Judge,
    measure: Measure,
    besides: Vec<Further>,
}

/// A whole list, judged.
pub(crate) struct Taken {
    /// What came before the rows.
    pub start: Start,
    /// Its rows, in the order sent.
    pub rows: Vec<Row>,
    /// Stands for all of the list, whoever sends it under whatever request id.
    pub content: Vec<u8>,
}

/// What a row has besides what a roster's has.
struct Further {
    address: String,
    says_status: bool,
    details: ListedDetails,
    ended_on: Option<NaiveDate>,
    unread: Vec<&'static str>,
}

impl Intake {
    /// Begins with the first part.
    pub(crate) fn begin(message: &DataMatchStart, today: NaiveDate) -> Result<Self, Error> {
        let start = start(message, today)?;
        let list = DataMatchStart { request_id: String::new(), group: start.group_message(), ..message.clone() };
        let measure = Measure::begin(&list.encode_length_delimited_to_vec());
        Ok(Self { judge: Judge::new(start.list_on), start, today, measure, besides: Vec::new() })
    }

    /// Takes the next part. Errors: FIELD_INVALID, TOO_LARGE.
    pub(crate) fn take(mut self, part: ListedRows) -> Result<Self, Error> {
        self.measure.part(part.rows.len())?;
        let mut faults = Violations::default();
        for row in part.rows {
            let encoded = row.encode_length_delimited_to_vec();
            let mut row = row;
            let cells = row.cells.take().unwrap_or_default();
            self.measure.row(&cells, &encoded, &mut faults)?;
            too_long(&row, cells.row, &mut faults);
            if faults.is_empty() {
                self.row(cells, &row);
            }
        }
        faults.check()?;
        Ok(self)
    }

    fn row(&mut self, mut cells: RosterRow, row: &ListedRow) {
        if normal::compact(&cells.groups).is_empty() {
            self.start.group.office_word().clone_into(&mut cells.groups);
        }
        let says_status = !normal::compact(&cells.status).is_empty();
        if !says_status {
            NO_STATUS.office_word().clone_into(&mut cells.status);
            cells.status_since = self.start.list_on.to_string();
        }
        let mut unread = Vec::new();
        let details = details(row, self.today, &mut unread);
        let ended = ended(&row.ended_on, self.today);
        self.judge.take_with(&cells, ended.err());
        let besides = Further {
            address: normal::free(&row.address),
            says_status,
            details,
            ended_on: ended.ok().flatten(),
            unread,
        };
        self.besides.push(besides);
    }

    /// The whole of it. Errors: FIELD_INVALID when there was no row.
    pub(crate) fn finish(self) -> Result<Taken, Error> {
        let content = self.measure.finish()?;
        let judged = self.judge.finish();
        let mut accepted = judged.accepted.into_iter();
        let rows = judged.verdicts.into_iter().zip(self.besides).map(|(verdict, besides)| Row {
            number: verdict.row,
            codes: verdict.codes,
            unread: besides.unread.clone(),
            told: match verdict.outcome {
                RowOutcome::Accepted => {
                    accepted.next().map_or(Told::Invalid, |row| Told::Somebody(Box::new(listed(row, besides))))
                }
                RowOutcome::Merged => Told::Duplicate,
                RowOutcome::Rejected | RowOutcome::Unspecified => Told::Invalid,
            },
        });
        Ok(Taken { rows: rows.collect(), start: self.start, content })
    }
}

fn listed(row: AcceptedRow, besides: Further) -> Listed {
    let warned = |code: RowCode| row.warnings.contains(&code);
    let says_status = besides.says_status && !warned(RowCode::StatusUnknown);
    let spell = ListedSpell {
        status: row.employment.status.code().to_owned(),
        effective_on: row.employment.effective_on,
        date_stands_in: warned(RowCode::DateUnreadable) || warned(RowCode::DateInFuture),
        employer: row.employment.employer.to_string(),
        contract_months: row.employment.contract_months,
        insured: row.employment.insured.as_option(),
    };
    Listed {
        row: row.row,
        id_number: row.id.reveal().to_owned(),
        name: row.name,
        phone: row.phone,
        address: besides.address,
        village: row.village.to_string(),
        coordinator: row.coordinator.to_string(),
        education: row.education.to_string(),
        job_wish: row.job_wish.to_string(),
        training_wish: row.training_wish.to_string(),
        remark: row.remark.to_string(),
        groups: row.groups,
        employment: says_status.then_some(spell),
        details: ListedDetails { graduated_on: row.graduated_on, ..besides.details },
        ended_on: besides.ended_on,
    }
}

/// The details in a row's cells, as far as they can be read; nothing of them lies ahead.
fn details(row: &ListedRow, today: NaiveDate, unread: &mut Vec<&'static str>) -> ListedDetails {
    let mut on = |field, cell: &str| {
        let said = !normal::compact(cell).is_empty();
        let date = date::parse(cell).filter(|&date| date <= today);
        if said && date.is_none() {
            unread.push(field);
        }
        date
    };
    let (discharged_on, returned_on) = (on("discharged_on", &row.discharged_on), on("returned_on", &row.returned_on));
    let word = normal::compact(&row.discharge_kind);
    let kind = DISCHARGES.iter().find(|(_, words)| words.contains(&word.as_str())).map(|&(kind, _)| kind);
    if kind.is_none() && !word.is_empty() {
        unread.push("discharge_kind");
    }
    ListedDetails {
        graduated_on: None,
        school: normal::free(&row.school),
        discharge_kind: kind.map_or("", |kind| kind.as_str_name().trim_start_matches("DISCHARGE_KIND_")).to_owned(),
        discharged_on,
        returned_from: normal::free(&row.returned_from),
        returned_on,
    }
}

/// When the membership ended, if it did. Nothing is put in the place of a date that cannot be read: an end ends duties.
fn ended(cell: &str, today: NaiveDate) -> Result<Option<NaiveDate>, RowCode> {
    if normal::compact(cell).is_empty() {
        return Ok(None);
    }
    match date::parse(cell) {
        None => Err(RowCode::DateUnreadable),
        Some(date) if date > today => Err(RowCode::DateInFuture),
        Some(date) => Ok(Some(date)),
    }
}

fn too_long(row: &ListedRow, number: i32, faults: &mut Violations) {
    for column in Besides::all() {
        let (header, cell, most) = (column.header(), column.cell(row), column.most_characters());
        if cell.len() > most && cell.chars().count() > most {
            faults.add("rows", long_rule(number, header, most));
        }
    }
}

#[cfg(test)]
mod tests {
    use bangfu_kernel::{Group, calendar, id_number::check_digit};
    use bangfu_proto::people::v1::Department;

    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().expect("a date")
    }

    fn list(request: u128) -> DataMatchStart {
        DataMatchStart {
            request_id: uuid::Uuid::from_u128(request).to_string(),
            department: Department::VeteransAffairs.into(),
            list_name: "2026年退役名单".to_owned(),
            list_on: Some(calendar::message(day("2026-01-04"))),
            group: 0,
        }
    }

    fn row(n: i32) -> ListedRow {
        let digits = format!("320699198001{:02}001", n % 28 + 1);
        let id_number = format!("{digits}{}", char::from(check_digit(digits.as_bytes())));
        let cells = RosterRow { row: n, name: "张样".to_owned(), id_number, ..Default::default() };
        ListedRow { cells: Some(cells), ..Default::default() }
    }

    fn taken(start: &DataMatchStart, rows: &[ListedRow]) -> Taken {
        let parts = rows.chunks(2).map(|rows| ListedRows { rows: rows.to_vec() }).collect::<Vec<_>>();
        let begun = Intake::begin(start, day("2026-01-05"));
        let whole = parts.into_iter().fold(begun, |intake, part| intake?.take(part)).and_then(Intake::finish);
        whole.unwrap_or_else(|error| panic!("{error}"))
    }

    fn only(row: ListedRow) -> Row {
        taken(&list(1), &[row]).rows.remove(0)
    }

    fn somebody(row: Row) -> Listed {
        match row.told {
            Told::Somebody(listed) => *listed,
            told => panic!("{told:?} {:?}", row.codes),
        }
    }

    #[test]
    fn the_same_list_is_known_whoever_sends_it_and_however_it_was_cut() {
        let rows: Vec<_> = (1..6).map(row).collect();
        let first = taken(&list(1), &rows).content;
        assert_eq!(first, taken(&list(2), &rows).content);
        let said = DataMatchStart { group: bangfu_proto::people::v1::Group::Veteran.into(), ..list(1) };
        assert_eq!(first, taken(&said, &rows).content, "the department's own group, said or not");
        let later = DataMatchStart { list_on: Some(calendar::message(day("2026-01-05"))), ..list(1) };
        assert_ne!(first, taken(&later, &rows).content);
        assert_ne!(first, taken(&list(1), &rows[1..]).content);
    }

    #[test]
    fn a_row_that_says_no_status_tells_of_no_employment_and_is_in_the_lists_group() {
        let judged = only(row(1));
        assert!(judged.codes.is_empty(), "{:?}", judged.codes);
        let listed = somebody(judged);
        assert_eq!((listed.groups, listed.employment), ([Group::Veteran].into(), None));
        let mut strange = row(1);
        strange.cells.iter_mut().for_each(|cells| cells.status = "看不懂".to_owned());
        let judged = only(strange);
        assert_eq!(judged.codes, [RowCode::StatusUnknown, RowCode::DateUnreadable]);
        assert!(somebody(judged).employment.is_none(), "nothing stands in for a status");
    }

    #[test]
    fn cells_of_details_are_read_or_left_out_by_name() {
        let told = ListedRow {
            discharge_kind: "自主就业".to_owned(),
            discharged_on: "2025年12月1日".to_owned(),
            returned_from: "上海".to_owned(),
            returned_on: "2026-01-06".to_owned(),
            ..row(1)
        };
        let judged = only(told.clone());
        assert_eq!(judged.unread, ["returned_on"], "it lies ahead");
        let details = somebody(judged).details;
        assert_eq!(
            (details.discharge_kind.as_str(), details.discharged_on),
            ("OWN_EMPLOYMENT", Some(day("2025-12-01")))
        );
        assert_eq!((details.returned_from.as_str(), details.returned_on), ("上海", None));
        assert_eq!(only(ListedRow { discharge_kind: "不明".to_owned(), ..told }).unread.len(), 2);
    }

    #[test]
    fn an_end_that_cannot_be_read_makes_the_row_invalid_and_leaves_the_person_to_a_later_row() {
        for (cell, code) in [("去年", RowCode::DateUnreadable), ("2026-01-06", RowCode::DateInFuture)] {
            let spoiled = ListedRow { ended_on: cell.to_owned(), ..row(1) };
            let numbered = |number| {
                let cells = row(1).cells.map(|cells| RosterRow { row: number, ..cells });
                ListedRow { cells, ..Default::default() }
            };
            let rows = taken(&list(1), &[spoiled, numbered(2), numbered(3)]).rows;
            assert!(matches!(rows[0].told, Told::Invalid), "{:?}", rows[0]);
            assert_eq!(rows[0].codes, [code]);
            assert!(matches!(rows[1].told, Told::Somebody(_)), "{:?}", rows[1]);
            assert!(matches!(rows[2].told, Told::Duplicate), "{:?}", rows[2]);
        }
        assert_eq!(
            somebody(only(ListedRow { ended_on: "2026-01-05".to_owned(), ..row(1) })).ended_on,
            Some(day("2026-01-05"))
        );
    }

    #[test]
    fn cells_have_limits() {
        let take = |row| {
            Intake::begin(&list(1), day("2026-01-05")).and_then(|intake| intake.take(ListedRows { rows: vec![row] }))
        };
        for (length, refused) in [(128, false), (129, true)] {
            let taken = take(ListedRow { school: "校".repeat(length), ..row(7) });
            match taken {
                Err(Error::Invalid(faults)) => {
                    assert!(refused && faults.to_string().contains("row 7: 毕业院校"), "{faults}");
                }
                taken => assert!(!refused && taken.is_ok()),
            }
        }
        assert!(matches!(take(ListedRow::default()), Err(Error::Invalid(_))), "no row number");
    }
}
