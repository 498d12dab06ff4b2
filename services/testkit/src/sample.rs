//! Sample people: nobody real (area code 320699), the same ones every time.

use bangfu::client::{date, request_id};
use bangfu_kernel::id_number::check_digit;
use bangfu_proto::people::v1::{EmploymentStatus, Group, NewEmployment, RegisterPersonRequest, RosterRow};
use chrono::NaiveDate;

/// The ID number of the n-th sample person: a woman or a man born in 1980.
pub fn id_number(n: u32) -> String {
    let (month, day, order) = (n % 12 + 1, n / 12 % 28 + 1, n / 336 % 1000);
    let mut number = format!("3206991980{month:02}{day:02}{order:03}");
    number.push(char::from(check_digit(number.as_bytes())));
    number
}

/// What registers the n-th sample person: 登记失业人员 of 双溪村, status unknown.
pub fn person(n: u32) -> RegisterPersonRequest {
    RegisterPersonRequest {
        request_id: request_id(),
        name: name(n),
        id_number: id_number(n),
        phone: phone(n),
        village: "双溪村".to_owned(),
        coordinator: "协理员甲".to_owned(),
        groups: vec![Group::RegisteredUnemployed.into()],
        ..Default::default()
    }
}

/// The same with a status.
pub fn person_who_is(n: u32, status: EmploymentStatus, since: &str) -> RegisterPersonRequest {
    RegisterPersonRequest { employment: Some(employment(status, since)), ..person(n) }
}

/// An employment record.
pub fn employment(status: EmploymentStatus, since: &str) -> NewEmployment {
    NewEmployment {
        status: status.into(),
        effective_on: date(since.parse::<NaiveDate>().expect("a date")),
        ..Default::default()
    }
}

/// The n-th sample person as a row of a roster: 失业.
pub fn row(n: u32, row: i32) -> RosterRow {
    RosterRow {
        row,
        village: "双溪村".to_owned(),
        name: name(n),
        id_number: id_number(n),
        phone: phone(n),
        groups: "登记失业人员".to_owned(),
        status: "失业".to_owned(),
        status_since: "2025-11-03".to_owned(),
        coordinator: "协理员甲".to_owned(),
        ..Default::default()
    }
}

/// The name of the n-th sample person.
pub fn name(n: u32) -> String {
    let family = ["赵", "钱", "孙", "李", "周", "吴", "郑", "王"][n as usize % 8];
    let given = ["样", "例", "甲", "乙", "丙", "丁", "戊", "己"][n as usize / 8 % 8];
    format!("{family}{given}样")
}

/// The phone of the n-th sample person: a number nobody has.
pub fn phone(n: u32) -> String {
    format!("1990000{:04}", n % 10_000)
}
