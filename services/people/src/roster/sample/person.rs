//! People who do not exist, written down as offices write.

use std::collections::{BTreeSet, HashSet};

use bangfu_kernel::{EmploymentStatus as S, Group, id_number::check_digit};
use chrono::{Datelike as _, Days, Months, NaiveDate};

use super::{Cell, chance::Chance};
use crate::roster::{judge::ALIASES, row::Column};

/// No administrative division has this code.
const AREA: &str = "320699";
const SURNAMES: &[&str] = &[
    "王", "李", "张", "刘", "陈", "杨", "黄", "赵", "吴", "周", "徐", "孙", "马", "朱", "胡", "郭", "何", "林", "高",
    "罗", "郑", "梁", "谢", "宋", "唐", "许", "韩", "冯", "邓", "曹",
];
const GIVEN: &[&str] = &[
    "伟", "芳", "娜", "敏", "静", "丽", "强", "磊", "军", "洋", "勇", "艳", "杰", "娟", "涛", "明", "超", "秀", "霞",
    "平", "刚", "桂", "英", "华", "玉", "萍", "红", "鹏", "飞", "東",
];
const VILLAGES: &[&str] = &[
    "东港村",
    "西河村",
    "南园村",
    "北桥村",
    "双溪村",
    "花庄社区",
    "银杏社区",
    "李庄村",
    "长沟村",
    "柳堤村",
    "新民社区",
    "城南村",
];
const SCHOOLS: &[&str] = &["小学", "初中", "高中", "中专", "大专", "本科", "研究生"];
const COORDINATORS: &[&str] = &["协理员甲", "协理员乙", "协理员丙", "协理员丁", "协理员戊"];
const STATUSES: &[(u32, S)] = &[
    (28, S::Unemployed),
    (25, S::UnitEmployed),
    (17, S::Flexible),
    (10, S::NoIntention),
    (5, S::IndividualBusiness),
    (5, S::Unverified),
    (5, S::Startup),
    (3, S::PublicPostGeneral),
    (1, S::Retired),
    (1, S::InSchool),
];

/// Somebody's row and what it means.
#[derive(Debug, Clone)]
pub(super) struct Person {
    pub(super) cells: [Cell; 17],
    pub(super) name: String,
    pub(super) number: String,
    pub(super) groups: BTreeSet<Group>,
    pub(super) status: S,
}

/// Makes people up, each with a number of their own.
pub(super) struct People {
    ledger_on: NaiveDate,
    numbers: HashSet<u64>,
}

impl People {
    pub(super) fn new(ledger_on: NaiveDate) -> Self {
        Self { ledger_on, numbers: HashSet::new() }
    }

    /// Somebody new, between 18 and 60 years old.
    pub(super) fn next(&mut self, chance: &mut Chance) -> Person {
        let number = self.fresh_number(chance);
        let name = name(chance);
        let status = chance.weighted(STATUSES);
        let (groups, written) = groups(chance);
        let sex = if number.as_bytes()[16] % 2 == 1 { "男" } else { "女" };
        let mut cells = [const { Cell::Empty }; 17];
        let mut put = |column, cell| cells[place(column)] = cell;
        put(Column::Village, text(chance.pick(VILLAGES)));
        put(Column::Name, spaced_name(&name, chance));
        put(Column::Sex, text(sex));
        put(Column::IdNumber, written_number(&number, chance));
        put(Column::Phone, phone(chance));
        put(Column::Education, text(chance.pick(SCHOOLS)));
        put(Column::Groups, Cell::Text(written));
        put(Column::Status, text(status.office_word()));
        put(Column::Employer, text(employer(status)));
        let since = self.ledger_on - Days::new(u64::from(chance.below(900)));
        put(Column::StatusSince, date(since, chance));
        if status == S::UnitEmployed && chance.per_mille(810) {
            let months = chance.pick(&[6_u8, 12, 24, 36]);
            let number =
                if chance.one_in(2) { Cell::Number(f64::from(months)) } else { Cell::Text(months.to_string()) };
            put(Column::ContractMonths, number);
        }
        if matches!(status, S::UnitEmployed | S::Flexible) && chance.per_mille(670) {
            put(Column::Insured, text(chance.pick(&["是", "否"])));
        }
        if status == S::Unemployed {
            put(Column::JobWish, text(chance.pick(&["有", "家政", "电子装配", "有,月薪4000以上"])));
        }
        put(Column::TrainingWish, text(chance.pick(&["", "有", "无", "电工", "育婴员"])));
        if groups.contains(&Group::CollegeGraduate) {
            let graduated = self.ledger_on - Days::new(180 + 365 * u64::from(chance.below(3)));
            put(Column::GraduatedOn, date(graduated, chance));
        }
        put(Column::Coordinator, text(chance.pick(COORDINATORS)));
        Person { cells, name, number, groups, status }
    }

    /// The same person once more, with another group.
    pub(super) fn again(&self, first: &Person, chance: &mut Chance) -> Person {
        let group = chance.pick(&Group::ALL);
        let mut again = first.clone();
        again.groups = [group].into();
        again.cells[place(Column::Groups)] = text(group.office_word());
        again.cells[place(Column::Name)] = spaced_name(&first.name, chance);
        again.cells[place(Column::IdNumber)] = written_number(&first.number, chance);
        // A warning of the first row is not this row's fault.
        again.cells[place(Column::Phone)] = phone(chance);
        again.cells[place(Column::Sex)] = sex_cell(&first.number);
        again.cells[place(Column::StatusSince)] = date(self.ledger_on, chance);
        again.cells[place(Column::Status)] = text(first.status.office_word());
        again
    }

    /// Somebody else under the number of an earlier row.
    pub(super) fn same_number(&mut self, first: &Person, chance: &mut Chance) -> Person {
        let mut other = self.next(chance);
        while other.name == first.name {
            other.name = name(chance);
        }
        other.cells[place(Column::Name)] = text(&other.name);
        other.cells[place(Column::Sex)] = sex_cell(&first.number);
        other.cells[place(Column::IdNumber)] = written_number(&first.number, chance);
        other.number.clone_from(&first.number);
        other
    }

    fn fresh_number(&mut self, chance: &mut Chance) -> String {
        loop {
            let days = chance.below(42 * 365);
            let born = self.ledger_on - Months::new(18 * 12) - Days::new(u64::from(days));
            let sequence = chance.below(1000);
            if self.numbers.insert(u64::from(days) * 1000 + u64::from(sequence)) {
                return number(born, &format!("{sequence:03}"));
            }
        }
    }
}

/// Where a column stands among the cells, 序号 left out.
pub(super) fn place(column: Column) -> usize {
    Column::all().skip(1).position(|other| other == column).unwrap_or_default()
}

/// The whole number of somebody born on a day, with the three digits of the sequence.
pub(super) fn number(born: NaiveDate, sequence: &str) -> String {
    let seventeen = format!("{AREA}{}{sequence}", born.format("%Y%m%d"));
    format!("{seventeen}{}", char::from(check_digit(seventeen.as_bytes())))
}

/// A date in one of the forms of the domain text, or as a spreadsheet's own.
pub(super) fn date(day: NaiveDate, chance: &mut Chance) -> Cell {
    let forms = [(20, "%Y-%m-%d"), (20, "%Y/%m/%d"), (20, "%Y%m%d"), (4, "")];
    match chance.weighted(&[forms[0], forms[1], forms[2], (20, "."), (20, "年"), forms[3]]) {
        "" => Cell::Date(day),
        "." => Cell::Text(format!("{}.{}.{}", day.year(), day.month(), day.day())),
        "年" => Cell::Text(format!("{}年{}月{}日", day.year(), day.month(), day.day())),
        form => Cell::Text(day.format(form).to_string()),
    }
}

fn text(text: &str) -> Cell {
    if text.is_empty() { Cell::Empty } else { Cell::Text(text.to_owned()) }
}

fn sex_cell(number: &str) -> Cell {
    text(if number.as_bytes()[16] % 2 == 1 { "男" } else { "女" })
}

fn name(chance: &mut Chance) -> String {
    let second = if chance.per_mille(680) { chance.pick(GIVEN) } else { "" };
    format!("{}{}{second}", chance.pick(SURNAMES), chance.pick(GIVEN))
}

fn spaced_name(name: &str, chance: &mut Chance) -> Cell {
    if !chance.per_mille(20) {
        return text(name);
    }
    let mut letters = name.chars();
    let family = letters.next().map(String::from).unwrap_or_default();
    text(&format!("{family}\u{3000}{}", letters.as_str()))
}

fn written_number(number: &str, chance: &mut Chance) -> Cell {
    let wide = |c: char| char::from_u32(u32::from(c) + 0xFEE0).unwrap_or(c);
    Cell::Text(match chance.below(100) {
        0..=2 => number.chars().map(wide).collect(),
        3..=4 => format!("{} {} {}", &number[..6], &number[6..14], &number[14..]),
        5 => format!("'{number}"),
        6 => format!("{}-{}—{}", &number[..6], &number[6..14], &number[14..]),
        7 => number.to_lowercase(),
        _ => number.to_owned(),
    })
}

fn phone(chance: &mut Chance) -> Cell {
    let (kind, digit, last) = (chance.pick(&[3, 5, 7, 8]), chance.below(10), chance.below(10_000));
    match chance.below(100) {
        0..=13 => Cell::Number(f64::from(kind * 10 + digit) * 1e8 + 1e10 + f64::from(last)),
        14..=15 => Cell::Text(format!("1{kind}{digit}-0000-{last:04}")),
        16 => Cell::Text(format!("0513-8800{last:04}")),
        _ => Cell::Text(format!("1{kind}{digit}0000{last:04}")),
    }
}

fn groups(chance: &mut Chance) -> (BTreeSet<Group>, String) {
    let count = chance.weighted(&[(77, 1), (20, 2), (3, 3)]);
    let mut groups = BTreeSet::new();
    let mut words = Vec::new();
    while groups.len() < count {
        let group = chance.pick(&Group::ALL);
        if groups.insert(group) {
            let aliases = ALIASES.iter().filter(|(_, of)| *of == group).map(|&(word, _)| word);
            let known = std::iter::once(group.office_word()).chain(aliases).collect::<Vec<_>>();
            words.push(chance.pick(&known));
        }
    }
    (groups, words.join(chance.pick(&["、", ",", "，", ";", "；"])))
}

fn employer(status: S) -> &'static str {
    match status {
        S::UnitEmployed => "某某纺织有限公司",
        S::Flexible => "建筑零工",
        S::IndividualBusiness => "便民超市",
        S::Startup => "电商工作室",
        S::PublicPostGeneral => "村级保洁",
        _ => "",
    }
}
