//! Memberships in key groups: dated, sourced, revocable.

use std::sync::Arc;

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
    /// What proves it.
    #[serde(default)]
    pub evidence: String,
    /// Why it ended, and what proves that.
    #[serde(default)]
    pub end_evidence: String,
    /// What the office keeps of this group's members besides.
    #[serde(default)]
    pub details: Option<Details>,
}

/// What the office keeps of the members of single groups.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Details {
    /// 毕业信息, of COLLEGE_GRADUATE.
    Graduation {
        /// 毕业时间
        graduated_on: NaiveDate,
        /// 毕业院校; may be empty.
        school: String,
    },
    /// 退役信息, of VETERAN.
    Discharge {
        /// 退役方式, as the contract's code word: "TRANSFERRED_TO_CIVILIAN_WORK".
        kind: String,
        /// 退役时间
        discharged_on: Option<NaiveDate>,
    },
    /// 返乡信息, of RETURNED_MIGRANT.
    Homecoming {
        /// 返乡前务工地点
        returned_from: String,
        /// 返乡时间
        returned_on: NaiveDate,
        /// 拟外出时间
        leaving_on: Option<NaiveDate>,
    },
}

impl Details {
    /// The group they belong to.
    pub fn group(&self) -> Group {
        match self {
            Self::Graduation { .. } => Group::CollegeGraduate,
            Self::Discharge { .. } => Group::Veteran,
            Self::Homecoming { .. } => Group::ReturnedMigrant,
        }
    }
}

impl Membership {
    /// Whether it holds on a day.
    pub fn holds(&self, on: NaiveDate) -> bool {
        self.from <= on && self.until.is_none_or(|until| on < until)
    }

    /// A membership that begins on a day and has not ended.
    pub fn begin(group: Group, from: NaiveDate, known_on: NaiveDate, source: Source) -> Self {
        Self {
            group,
            from,
            known_on,
            until: None,
            until_known_on: None,
            source,
            evidence: String::new(),
            end_evidence: String::new(),
            details: None,
        }
    }
}

/// Whether a membership of the group that begins on a day and goes on would meet another one: one that holds on that day
/// or later, or that began on the very day.
pub fn overlaps(memberships: &[Membership], group: Group, from: NaiveDate) -> bool {
    let of_group = memberships.iter().filter(|membership| membership.group == group);
    of_group.into_iter().any(|membership| {
        membership.from == from || membership.until.is_none_or(|until| until > from && until > membership.from)
    })
}

/// The first day from `from` on that no earlier membership of the group takes; `None`: one has not ended.
pub fn first_free(memberships: &[Membership], group: Group, from: NaiveDate) -> Option<NaiveDate> {
    let of_group = || memberships.iter().filter(|membership| membership.group == group);
    let mut day = from;
    for membership in of_group() {
        let until = membership.until?;
        if until > membership.from {
            day = day.max(until);
        }
    }
    // One that began and ended on a day has never held, but no other begins on that day.
    while of_group().any(|membership| membership.from == day) {
        day = day.succ_opt()?;
    }
    Some(day)
}

/// The membership of the group that has not ended; there is one at most.
pub fn open(memberships: &[Membership], group: Group) -> Option<&Membership> {
    memberships.iter().find(|membership| membership.group == group && membership.until.is_none())
}

/// Where memberships that are entered together come from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Origin {
    /// How the office learned of them.
    pub source: Source,
    /// What proves them; may be empty.
    pub evidence: Arc<str>,
}

impl From<Source> for Origin {
    fn from(source: Source) -> Self {
        Self { source, evidence: "".into() }
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

    /// The source of a stored code word.
    pub fn from_code(code: &str) -> Option<Self> {
        let source = proto::Source::from_str_name(&format!("SOURCE_{code}"))?;
        (source != proto::Source::Unspecified).then(|| source.into())
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
            until: Some(day("2026-03-01")),
            until_known_on: Some(day("2026-03-02")),
            ..Membership::begin(Group::Veteran, day("2026-01-05"), day("2026-01-05"), Source::SelfApplication)
        };
        for (on, holds) in [("2026-01-04", false), ("2026-01-05", true), ("2026-02-28", true), ("2026-03-01", false)] {
            assert_eq!(membership.holds(day(on)), holds, "{on}");
        }
    }

    #[test]
    fn memberships_of_a_group_do_not_overlap_and_those_of_several_do() {
        let day = |text: &str| text.parse::<NaiveDate>().expect("a date");
        let held = |from: &str, until: Option<&str>| Membership {
            until: until.map(day),
            until_known_on: until.map(day),
            ..Membership::begin(Group::Veteran, day(from), day(from), Source::DataMatch)
        };
        let table = [
            (vec![], "2026-01-05", false),
            (vec![held("2026-01-05", None)], "2026-02-01", true),
            (vec![held("2026-03-01", None)], "2026-02-01", true),
            (vec![held("2026-01-05", Some("2026-02-01"))], "2026-02-01", false),
            (vec![held("2026-01-05", Some("2026-02-01"))], "2026-01-31", true),
            (vec![held("2026-01-05", Some("2026-02-01"))], "2025-01-01", true),
            // Never held; but its first day is taken.
            (vec![held("2026-01-05", Some("2026-01-05"))], "2026-01-04", false),
            (vec![held("2026-01-05", Some("2026-01-05"))], "2026-01-05", true),
        ];
        for (memberships, from, expected) in table {
            assert_eq!(overlaps(&memberships, Group::Veteran, day(from)), expected, "{memberships:?} {from}");
            assert!(!overlaps(&memberships, Group::RelativePoverty, day(from)));
        }
    }

    #[test]
    fn a_membership_goes_on_where_the_one_before_ended() {
        let day = |text: &str| text.parse::<NaiveDate>().expect("a date");
        let held = |from: &str, until: Option<&str>| Membership {
            until: until.map(day),
            until_known_on: until.map(day),
            ..Membership::begin(Group::Veteran, day(from), day(from), Source::DataMatch)
        };
        for (memberships, from, free) in [
            (vec![], "2026-01-05", Some("2026-01-05")),
            (vec![held("2026-01-05", None)], "2026-01-02", None),
            (vec![held("2025-12-01", Some("2026-01-05"))], "2026-01-02", Some("2026-01-05")),
            (vec![held("2025-12-01", Some("2026-01-05"))], "2026-02-01", Some("2026-02-01")),
            (vec![held("2026-01-05", Some("2026-01-05"))], "2026-01-05", Some("2026-01-06")),
            (vec![held("2026-01-05", Some("2026-01-05"))], "2026-01-02", Some("2026-01-02")),
            (
                vec![held("2026-01-05", Some("2026-01-05")), held("2026-01-06", Some("2026-01-06"))],
                "2026-01-05",
                Some("2026-01-07"),
            ),
        ] {
            let found = first_free(&memberships, Group::Veteran, day(from));
            assert_eq!(found, free.map(day), "{memberships:?} {from}");
            if let Some(found) = found {
                assert!(!overlaps(&memberships, Group::Veteran, found));
            }
        }
    }
}
