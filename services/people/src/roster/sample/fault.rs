//! Faults as offices make them, about as often as in the shared samples.

use bangfu_kernel::{EmploymentStatus, Group, id_number::check_digit};
use bangfu_proto::people::v1::RowCode;
use chrono::{Days, Months, NaiveDate};

use super::{
    Cell,
    chance::Chance,
    person::{self, Person, place},
};
use crate::roster::row::Column;

/// Rows from which on every code occurs.
const ALL_CODES_FROM: u32 = 40;

/// How many rows in ten thousand have the fault.
const SHARES: [(RowCode, u32); 15] = [
    (RowCode::NameMissing, 80),
    (RowCode::IdLength, 50),
    (RowCode::IdCheckDigit, 95),
    (RowCode::IdBirthDate, 75),
    (RowCode::IdLostDigits, 30),
    (RowCode::UnderAge, 50),
    (RowCode::GroupMissing, 10),
    (RowCode::GroupUnknown, 40),
    (RowCode::IdUsedByOtherName, 50),
    (RowCode::DuplicateInFile, 140),
    (RowCode::SexMismatch, 100),
    (RowCode::PhoneInvalid, 115),
    (RowCode::StatusUnknown, 70),
    (RowCode::DateUnreadable, 50),
    (RowCode::DateInFuture, 45),
];

/// Which row gets which fault.
pub(super) struct Plan(Vec<Option<RowCode>>);

impl Plan {
    /// The first row stays clean: the later ones may repeat it.
    pub(super) fn new(rows: u32, chance: &mut Chance) -> Self {
        let least = u32::from(rows >= ALL_CODES_FROM);
        let faults = SHARES.iter().flat_map(|&(code, share)| {
            let count = (rows * share).div_euclid(10_000).max(least);
            std::iter::repeat_n(Some(code), count as usize)
        });
        let mut plan = faults.collect::<Vec<_>>();
        plan.resize(rows as usize - 1, None);
        for last in (1..plan.len()).rev() {
            plan.swap(last, chance.below(u32::try_from(last + 1).unwrap_or(u32::MAX)) as usize);
        }
        plan.insert(0, None);
        Self(plan)
    }

    pub(super) fn faults(self) -> impl Iterator<Item = Option<RowCode>> {
        self.0.into_iter()
    }
}

/// Puts a fault into a row that is right. Repeated rows are wrong by being there: nothing is left to do.
pub(super) fn inflict(person: &mut Person, code: RowCode, ledger_on: NaiveDate, chance: &mut Chance) {
    let mut put = |column, cell| person.cells[place(column)] = cell;
    match code {
        RowCode::Unspecified | RowCode::DuplicateInFile | RowCode::IdUsedByOtherName => {}
        RowCode::NameMissing => put(Column::Name, Cell::Empty),
        RowCode::IdLength => {
            let mut short = person.number.clone();
            short.remove(6 + chance.below(10) as usize);
            put(Column::IdNumber, Cell::Text(short));
        }
        RowCode::IdCheckDigit => {
            let (seventeen, last) = person.number.split_at(17);
            let others = ('0'..='9').filter(|digit| !last.starts_with(*digit)).collect::<Vec<_>>();
            put(Column::IdNumber, Cell::Text(format!("{seventeen}{}", chance.pick(&others))));
        }
        RowCode::IdBirthDate => {
            let wrong = chance.pick(&["1332", "0230", "0431", "0000"]);
            let seventeen = format!("{}{wrong}{}", &person.number[..10], &person.number[14..17]);
            let last = char::from(check_digit(seventeen.as_bytes()));
            put(Column::IdNumber, Cell::Text(format!("{seventeen}{last}")));
        }
        RowCode::IdLostDigits => {
            let number = person.number.replace('X', "0").parse().unwrap_or_default();
            put(Column::IdNumber, Cell::Number(number));
        }
        RowCode::UnderAge => {
            let sixteenth = ledger_on - Months::new(16 * 12);
            let born = sixteenth + Days::new(1 + u64::from(chance.below(6 * 365)));
            let text = person::number(born, &person.number[14..17]);
            put(Column::IdNumber, Cell::Text(text));
        }
        RowCode::GroupMissing => {
            put(Column::Groups, Cell::Empty);
            person.groups.clear();
        }
        RowCode::GroupUnknown => unknown_group(person, chance),
        RowCode::SexMismatch => {
            let wrong = if person.number.as_bytes()[16] % 2 == 1 { "女" } else { "男" };
            put(Column::Sex, Cell::Text(wrong.to_owned()));
        }
        RowCode::PhoneInvalid => {
            let wrong = chance.pick(&["0513-8880", "空号", "无", "1380000123", "0513-888012", "12800001234"]);
            put(Column::Phone, Cell::Text(wrong.to_owned()));
        }
        RowCode::StatusUnknown => {
            put(Column::Status, Cell::Text(chance.pick(&["在外", "打工?", "不详"]).to_owned()));
            person.status = EmploymentStatus::Unverified;
        }
        RowCode::DateUnreadable => {
            put(Column::StatusSince, Cell::Text(chance.pick(&["去年", "不详", "2025-02-30"]).to_owned()));
        }
        RowCode::DateInFuture => {
            let ahead = ledger_on + Days::new(1 + u64::from(chance.below(400)));
            put(Column::StatusSince, person::date(ahead, chance));
        }
    }
}

/// A word that is no group, alone or behind one that is.
fn unknown_group(person: &mut Person, chance: &mut Chance) {
    let word = chance.pick(&["普通人员", "其他"]);
    let text = if chance.one_in(3) {
        person.groups = [Group::Veteran].into();
        format!("退役军人、{word}")
    } else {
        person.groups.clear();
        word.to_owned()
    };
    person.cells[place(Column::Groups)] = Cell::Text(text);
}
