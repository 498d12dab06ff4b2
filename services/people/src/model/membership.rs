//! Memberships in key groups: dated, sourced, revocable.

use bangfu_kernel::Group;
use bangfu_proto::people::v1 as proto;
use chrono::NaiveDate;

/// One membership in a key group.
#[derive(Debug, Clone, PartialEq, Eq, serde::Deserialize)]
pub struct Membership {
    /// Which group.
    pub group: Group,
    /// First day.
    pub from: NaiveDate,
    /// The day the office learned of it.
    pub known_on: NaiveDate,
    /// First day it no longer holds.
    pub until: Option<NaiveDate>,
    /// The day the office learned of the end.
    pub until_known_on: Option<NaiveDate>,
    /// How the office learned of it.
    pub source: Source,
}

impl Membership {
    /// Whether it holds on a day.
    pub fn holds(&self, on: NaiveDate) -> bool {
        self.from <= on && self.until.is_none_or(|until| on < until)
    }
}

/// How the office came to know of something. Domain text, section 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Source {
    /// 数据比对
    DataMatch,
    /// 部门协查
    DepartmentInquiry,
    /// 入户调查
    HouseholdSurvey,
    /// 本人申请
    SelfApplication,
    /// 上级下发
    AssignedFromAbove,
}

impl Source {
    /// What a roster's memberships are said to come from: offices fill rosters from door to door, and the ledger form
    /// has no column for it.
    pub const OF_A_ROSTER: Self = Self::HouseholdSurvey;

    /// The code word as stored: "DATA_MATCH".
    pub fn code(self) -> &'static str {
        proto::Source::from(self).as_str_name().trim_start_matches("SOURCE_")
    }
}

impl From<Source> for proto::Source {
    fn from(source: Source) -> Self {
        match source {
            Source::DataMatch => Self::DataMatch,
            Source::DepartmentInquiry => Self::DepartmentInquiry,
            Source::HouseholdSurvey => Self::HouseholdSurvey,
            Source::SelfApplication => Self::SelfApplication,
            Source::AssignedFromAbove => Self::AssignedFromAbove,
        }
    }
}

impl From<proto::Source> for Source {
    /// Unspecified is an application of one's own, as the contract says.
    fn from(message: proto::Source) -> Self {
        match message {
            proto::Source::DataMatch => Self::DataMatch,
            proto::Source::DepartmentInquiry => Self::DepartmentInquiry,
            proto::Source::HouseholdSurvey => Self::HouseholdSurvey,
            proto::Source::Unspecified | proto::Source::SelfApplication => Self::SelfApplication,
            proto::Source::AssignedFromAbove => Self::AssignedFromAbove,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_membership_holds_from_its_first_day_up_to_the_day_before_its_end() {
        let day = |text: &str| text.parse().expect("a date");
        let membership = Membership {
            group: Group::Veteran,
            from: day("2026-01-05"),
            known_on: day("2026-01-05"),
            until: Some(day("2026-03-01")),
            until_known_on: Some(day("2026-03-02")),
            source: Source::SelfApplication,
        };
        for (on, holds) in [("2026-01-04", false), ("2026-01-05", true), ("2026-02-28", true), ("2026-03-01", false)] {
            assert_eq!(membership.holds(day(on)), holds, "{on}");
        }
    }
}
