//! People: as they come in, and as they stand in the register with their personal data opened.

use std::{collections::BTreeSet, sync::Arc};

use bangfu_kernel::{EmploymentStatus, Group, IdNumber, ServiceLevel, id_number::Sex};
use bangfu_proto::people::v1::RowCode;
use chrono::{DateTime, NaiveDate, Utc};
use uuid::Uuid;
use zeroize::Zeroizing;

use super::{
    employment::{EmploymentRecord, NewEmployment, StandIn},
    membership::Membership,
};
use crate::roster::AcceptedRow;

/// Somebody on their way into the register, judged and normalised. Never printed.
pub struct NewPerson {
    /// 身份证号码
    pub id: IdNumber,
    /// 姓名
    pub name: String,
    /// 联系电话
    pub phone: Option<String>,
    /// 住址; may be empty.
    pub address: String,
    /// 备注; may be empty.
    pub remark: Arc<str>,
    /// 村(社区); may be empty.
    pub village: Arc<str>,
    /// 协理员; may be empty.
    pub coordinator: Arc<str>,
    /// 文化程度; may be empty.
    pub education: Arc<str>,
    /// 就业意愿; may be empty.
    pub job_wish: Arc<str>,
    /// 培训意愿; may be empty.
    pub training_wish: Arc<str>,
    /// 毕业时间
    pub graduated_on: Option<NaiveDate>,
    /// At least one.
    pub groups: BTreeSet<Group>,
    /// What is known of their employment.
    pub employment: Option<NewEmployment>,
}

/// Somebody in the register, personal data opened; wiped from memory when dropped. Never printed.
pub struct Person {
    /// Their id.
    pub person_id: Uuid,
    /// 姓名
    pub name: Zeroizing<String>,
    /// 身份证号码
    pub id_number: Zeroizing<String>,
    /// 联系电话; may be empty.
    pub phone: Zeroizing<String>,
    /// As the ID number says.
    pub sex: Sex,
    /// As the ID number says.
    pub birth_year: i16,
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
    /// Ordered by first day.
    pub memberships: Vec<Membership>,
    /// The record that is believed.
    pub employment: Option<EmploymentRecord>,
    /// The level that follows from it.
    pub level: ServiceLevel,
    /// First day in the register.
    pub joined_on: NaiveDate,
    /// First day on which they are no longer in it; `None`: they are.
    pub left_on: Option<NaiveDate>,
    /// The etag.
    pub version: i64,
    /// When the entry was made.
    pub created_at: DateTime<Utc>,
    /// When it last changed.
    pub updated_at: DateTime<Utc>,
    /// The entry it was merged into.
    pub merged_into: Option<Uuid>,
}

/// The level of somebody of whom this record is believed.
pub fn level_of(believed: Option<&EmploymentRecord>) -> ServiceLevel {
    believed.map_or(ServiceLevel::Unverified, EmploymentRecord::level)
}

/// Sex as stored.
pub fn sex_code(sex: Sex) -> &'static str {
    match sex {
        Sex::Female => "FEMALE",
        Sex::Male => "MALE",
    }
}

/// Sex from what is stored.
pub fn sex_from_code(code: &str) -> Sex {
    if code == "FEMALE" { Sex::Female } else { Sex::Male }
}

impl From<AcceptedRow> for NewPerson {
    fn from(row: AcceptedRow) -> Self {
        let stand_in = StandIn {
            status: row.warnings.contains(&RowCode::StatusUnknown)
                && row.employment.status == EmploymentStatus::Unverified,
            date: row.warnings.iter().any(|code| matches!(code, RowCode::DateUnreadable | RowCode::DateInFuture)),
        };
        let employment = NewEmployment {
            status: row.employment.status,
            effective_on: row.employment.effective_on,
            known_on: None,
            employer: row.employment.employer,
            credit_code: "".into(),
            contract_months: row.employment.contract_months,
            insured: row.employment.insured,
            source: "ROSTER".into(),
            evidence: "".into(),
            stand_in,
        };
        Self {
            id: row.id,
            name: row.name,
            phone: row.phone,
            address: String::new(),
            remark: row.remark,
            village: row.village,
            coordinator: row.coordinator,
            education: row.education,
            job_wish: row.job_wish,
            training_wish: row.training_wish,
            graduated_on: row.graduated_on,
            groups: row.groups,
            employment: Some(employment),
        }
    }
}

impl AsRef<IdNumber> for NewPerson {
    fn as_ref(&self) -> &IdNumber {
        &self.id
    }
}

impl AsRef<IdNumber> for AcceptedRow {
    fn as_ref(&self) -> &IdNumber {
        &self.id
    }
}
