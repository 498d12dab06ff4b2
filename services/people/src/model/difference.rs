//! What a roster row changes about somebody who is in the register already. What the row leaves empty changes nothing.

use std::{collections::BTreeSet, sync::Arc};

use bangfu_kernel::Group;
use chrono::NaiveDate;
use uuid::Uuid;
use zeroize::Zeroizing;

use super::{
    employment::{EmploymentRecord, NewEmployment},
    membership::Membership,
    person::NewPerson,
};

/// Somebody in the register, as far as a row can change it. Never printed.
pub struct Known {
    /// Their id.
    pub person_id: Uuid,
    /// 姓名
    pub name: Zeroizing<String>,
    /// 联系电话; may be empty.
    pub phone: Zeroizing<String>,
    /// 住址; may be empty.
    pub address: Zeroizing<String>,
    /// 备注; may be empty.
    pub remark: Zeroizing<String>,
    /// 村(社区)
    pub village: String,
    /// 协理员
    pub coordinator: String,
    /// 文化程度
    pub education: String,
    /// 就业意愿
    pub job_wish: String,
    /// 培训意愿
    pub training_wish: String,
    /// 毕业时间
    pub graduated_on: Option<NaiveDate>,
    /// Ordered by first day.
    pub memberships: Vec<Membership>,
    /// All records.
    pub records: Vec<EmploymentRecord>,
}

/// What changes: `None` or empty where nothing does. Never printed.
#[derive(Default)]
pub struct Difference {
    /// The row has another name: one of the two is mistyped, and nothing of the row is written.
    pub other_name: bool,
    /// 联系电话
    pub phone: Option<String>,
    /// 住址
    pub address: Option<String>,
    /// 备注
    pub remark: Option<Arc<str>>,
    /// 村(社区)
    pub village: Option<Arc<str>>,
    /// 协理员
    pub coordinator: Option<Arc<str>>,
    /// 文化程度
    pub education: Option<Arc<str>>,
    /// 就业意愿
    pub job_wish: Option<Arc<str>>,
    /// 培训意愿
    pub training_wish: Option<Arc<str>>,
    /// 毕业时间
    pub graduated_on: Option<NaiveDate>,
    /// Groups they become members of.
    pub groups: BTreeSet<Group>,
    /// A record to be entered.
    pub employment: Option<NewEmployment>,
}

impl Difference {
    /// Between what a row says and what the register knows on `today`.
    pub fn between(new: NewPerson, known: &Known, today: NaiveDate) -> Self {
        let member = |group: &Group| known.memberships.iter().any(|m| m.group == *group && m.holds(today));
        let began_today = |group: &Group| known.memberships.iter().any(|m| m.group == *group && m.from == today);
        let mut employment = new.employment.filter(|employment| employment.is_news(&known.records, today));
        if let Some(employment) = &mut employment {
            let same_spell = known.records.iter().rev().find(|record| record.effective_on == employment.effective_on);
            if let Some(record) = same_spell {
                employment.complete(record);
            }
        }
        Self {
            other_name: differs(new.name, &known.name).is_some(),
            phone: new.phone.and_then(|phone| differs(phone, &known.phone)),
            address: differs(new.address, &known.address),
            remark: differs(new.remark, &known.remark),
            village: differs(new.village, &known.village),
            coordinator: differs(new.coordinator, &known.coordinator),
            education: differs(new.education, &known.education),
            job_wish: differs(new.job_wish, &known.job_wish),
            training_wish: differs(new.training_wish, &known.training_wish),
            graduated_on: new.graduated_on.filter(|&on| known.graduated_on != Some(on)),
            // A membership that began and ended today is not begun a second time on the same day.
            groups: new.groups.into_iter().filter(|group| !member(group) && !began_today(group)).collect(),
            employment,
        }
    }

    /// The contract's names of the fields that change; empty: the row says nothing new.
    pub fn fields(&self) -> Vec<&'static str> {
        [
            ("phone", self.phone.is_some()),
            ("address", self.address.is_some()),
            ("village", self.village.is_some()),
            ("coordinator", self.coordinator.is_some()),
            ("education", self.education.is_some()),
            ("job_wish", self.job_wish.is_some()),
            ("training_wish", self.training_wish.is_some()),
            ("graduated_on", self.graduated_on.is_some()),
            ("remark", self.remark.is_some()),
            ("memberships", !self.groups.is_empty()),
            ("employment", self.employment.is_some()),
        ]
        .into_iter()
        .filter_map(|(field, changes)| changes.then_some(field))
        .collect()
    }

    /// Whether village or coordinator change: that has an event of its own.
    pub fn moves(&self) -> bool {
        self.village.is_some() || self.coordinator.is_some()
    }
}

fn differs<T: AsRef<str>>(new: T, known: &str) -> Option<T> {
    let text = new.as_ref();
    (!text.is_empty() && text != known).then_some(new)
}

#[cfg(test)]
mod tests {
    use bangfu_kernel::{EmploymentStatus, IdNumber, Insured, id_number::check_digit};

    use super::*;
    use crate::model::{employment::StandIn, membership::Source};

    fn day(text: &str) -> NaiveDate {
        text.parse().expect("a date")
    }

    fn id() -> IdNumber {
        let digits = "32069919800101001";
        format!("{digits}{}", char::from(check_digit(digits.as_bytes()))).parse().expect("a sample number")
    }

    fn row() -> NewPerson {
        NewPerson {
            id: id(),
            name: "张样".to_owned(),
            phone: Some("15800007045".to_owned()),
            address: String::new(),
            remark: "".into(),
            village: "双溪村".into(),
            coordinator: "甲".into(),
            education: "".into(),
            job_wish: "".into(),
            training_wish: "".into(),
            graduated_on: None,
            groups: [Group::Veteran].into(),
            employment: Some(NewEmployment {
                status: EmploymentStatus::Unemployed,
                effective_on: day("2026-01-05"),
                known_on: None,
                employer: "".into(),
                credit_code: "".into(),
                contract_months: 0,
                insured: Insured::Unknown,
                source: "ROSTER".into(),
                evidence: "".into(),
                stand_in: StandIn::default(),
            }),
        }
    }

    fn known() -> Known {
        let record = row()
            .employment
            .map(|e| e.record(Uuid::from_u128(1), None, chrono::DateTime::UNIX_EPOCH, day("2026-01-05")));
        Known {
            person_id: Uuid::from_u128(9),
            name: "张样".to_owned().into(),
            phone: "15800007045".to_owned().into(),
            address: "某路1号".to_owned().into(),
            remark: "旧备注".to_owned().into(),
            village: "双溪村".to_owned(),
            coordinator: "甲".to_owned(),
            education: "本科".to_owned(),
            job_wish: String::new(),
            training_wish: String::new(),
            graduated_on: Some(day("2020-06-30")),
            memberships: vec![Membership::begin(
                Group::Veteran,
                day("2026-01-05"),
                day("2026-01-05"),
                Source::SelfApplication,
            )],
            records: record.into_iter().collect(),
        }
    }

    #[test]
    fn a_row_changes_what_it_says_otherwise_and_nothing_else() {
        type Change = fn(&mut NewPerson);
        let table: [(Change, &[&str]); 8] = [
            (|_| {}, &[]),
            (|row| row.phone = None, &[]),
            (|row| row.village = "".into(), &[]),
            (|row| row.phone = Some("13900000000".to_owned()), &["phone"]),
            (|row| row.coordinator = "乙".into(), &["coordinator"]),
            (|row| row.groups.extend([Group::CollegeGraduate]), &["memberships"]),
            (|row| row.employment = None, &[]),
            (
                |row| {
                    row.employment.iter_mut().for_each(|e| e.status = EmploymentStatus::Flexible);
                    row.education = "大专".into();
                },
                &["education", "employment"],
            ),
        ];
        for (change, fields) in table {
            let mut row = row();
            change(&mut row);
            assert_eq!(Difference::between(row, &known(), day("2026-02-01")).fields(), fields);
        }
    }
}
