//! Employment status (就业状态) and the service level (服务等级) that follows from it. Domain text, section 2.

use bangfu_proto::people::v1 as proto;

/// Employment status, as a record states it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum EmploymentStatus {
    /// 单位就业
    UnitEmployed,
    /// 自主创业
    Startup,
    /// 个体工商户
    IndividualBusiness,
    /// 灵活就业
    Flexible,
    /// 公益性岗位
    PublicPostGeneral,
    /// 公益性岗位(临时)
    PublicPostTemporary,
    /// 就业见习
    Internship,
    /// 失业
    Unemployed,
    /// 无就业愿望
    NoIntention,
    /// 待核实
    Unverified,
    /// 升学
    InSchool,
    /// 参军
    MilitaryService,
    /// 退休
    Retired,
    /// 丧失劳动能力
    Incapacitated,
    /// 收监
    Imprisoned,
    /// 出境
    Emigrated,
    /// 死亡
    Deceased,
}

/// Service level: how closely somebody is followed up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum ServiceLevel {
    /// 稳定就业
    Stable,
    /// 灵活就业
    Flexible,
    /// 无就业愿望
    NoIntention,
    /// 失业
    Unemployed,
    /// 待核实
    Unverified,
    /// 退出
    Exited,
}

/// Whether the employer insures the person.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Insured {
    /// Not known.
    #[default]
    Unknown,
    /// 已参保
    Yes,
    /// 未参保
    No,
}

/// Months of contract from which employment in a unit counts as stable (domain text, section 2: **default**).
pub const STABLE_CONTRACT_MONTHS: i32 = 12;

impl ServiceLevel {
    /// The level that follows from a record: the one place that decides it.
    /// `contract_months` 0 means: not known.
    pub fn of(status: EmploymentStatus, contract_months: i32, insured: Insured) -> Self {
        use EmploymentStatus as S;
        match status {
            S::UnitEmployed if contract_months >= STABLE_CONTRACT_MONTHS || insured == Insured::Yes => Self::Stable,
            S::Startup | S::IndividualBusiness | S::PublicPostGeneral => Self::Stable,
            S::UnitEmployed | S::Flexible | S::PublicPostTemporary | S::Internship => Self::Flexible,
            S::NoIntention => Self::NoIntention,
            S::Unemployed => Self::Unemployed,
            S::Unverified => Self::Unverified,
            S::InSchool
            | S::MilitaryService
            | S::Retired
            | S::Incapacitated
            | S::Imprisoned
            | S::Emigrated
            | S::Deceased => Self::Exited,
        }
    }

    /// All levels, in the order of the domain text.
    pub const ALL: [Self; 6] =
        [Self::Stable, Self::Flexible, Self::NoIntention, Self::Unemployed, Self::Unverified, Self::Exited];

    /// 稳定就业 …: the office's word.
    pub fn office_word(self) -> &'static str {
        match self {
            Self::Stable => "稳定就业",
            Self::Flexible => "灵活就业",
            Self::NoIntention => "无就业愿望",
            Self::Unemployed => "失业",
            Self::Unverified => "待核实",
            Self::Exited => "退出",
        }
    }

    /// The code word as stored: "UNEMPLOYED".
    pub fn code(self) -> &'static str {
        proto::ServiceLevel::from(self).as_str_name().trim_start_matches("SERVICE_LEVEL_")
    }

    /// The level of a stored code word.
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|level| level.code() == code)
    }
}

impl EmploymentStatus {
    /// All statuses, in the order of the domain text.
    pub const ALL: [Self; 17] = [
        Self::UnitEmployed,
        Self::Startup,
        Self::IndividualBusiness,
        Self::Flexible,
        Self::PublicPostGeneral,
        Self::PublicPostTemporary,
        Self::Internship,
        Self::Unemployed,
        Self::NoIntention,
        Self::Unverified,
        Self::InSchool,
        Self::MilitaryService,
        Self::Retired,
        Self::Incapacitated,
        Self::Imprisoned,
        Self::Emigrated,
        Self::Deceased,
    ];

    /// 单位就业 …: the office's word. Both kinds of public post are 公益性岗位 in ledgers.
    pub fn office_word(self) -> &'static str {
        match self {
            Self::UnitEmployed => "单位就业",
            Self::Startup => "自主创业",
            Self::IndividualBusiness => "个体工商户",
            Self::Flexible => "灵活就业",
            Self::PublicPostGeneral | Self::PublicPostTemporary => "公益性岗位",
            Self::Internship => "就业见习",
            Self::Unemployed => "失业",
            Self::NoIntention => "无就业愿望",
            Self::Unverified => "待核实",
            Self::InSchool => "升学",
            Self::MilitaryService => "参军",
            Self::Retired => "退休",
            Self::Incapacitated => "丧失劳动能力",
            Self::Imprisoned => "收监",
            Self::Emigrated => "出境",
            Self::Deceased => "死亡",
        }
    }

    /// The status an office's word means; 公益性岗位 is the general kind.
    pub fn from_office_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.office_word() == word)
    }

    /// The code word as stored: "UNIT_EMPLOYED".
    pub fn code(self) -> &'static str {
        proto::EmploymentStatus::from(self).as_str_name().trim_start_matches("EMPLOYMENT_STATUS_")
    }

    /// The status of a stored code word.
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.code() == code)
    }
}

impl From<EmploymentStatus> for proto::EmploymentStatus {
    fn from(status: EmploymentStatus) -> Self {
        use EmploymentStatus as S;
        match status {
            S::UnitEmployed => Self::UnitEmployed,
            S::Startup => Self::Startup,
            S::IndividualBusiness => Self::IndividualBusiness,
            S::Flexible => Self::Flexible,
            S::PublicPostGeneral => Self::PublicPostGeneral,
            S::PublicPostTemporary => Self::PublicPostTemporary,
            S::Internship => Self::Internship,
            S::Unemployed => Self::Unemployed,
            S::NoIntention => Self::NoIntention,
            S::Unverified => Self::Unverified,
            S::InSchool => Self::InSchool,
            S::MilitaryService => Self::MilitaryService,
            S::Retired => Self::Retired,
            S::Incapacitated => Self::Incapacitated,
            S::Imprisoned => Self::Imprisoned,
            S::Emigrated => Self::Emigrated,
            S::Deceased => Self::Deceased,
        }
    }
}

/// `None` for UNSPECIFIED.
pub fn status_of(message: proto::EmploymentStatus) -> Option<EmploymentStatus> {
    EmploymentStatus::ALL.into_iter().find(|&status| proto::EmploymentStatus::from(status) == message)
}

impl From<ServiceLevel> for proto::ServiceLevel {
    fn from(level: ServiceLevel) -> Self {
        match level {
            ServiceLevel::Stable => Self::Stable,
            ServiceLevel::Flexible => Self::Flexible,
            ServiceLevel::NoIntention => Self::NoIntention,
            ServiceLevel::Unemployed => Self::Unemployed,
            ServiceLevel::Unverified => Self::Unverified,
            ServiceLevel::Exited => Self::Exited,
        }
    }
}

impl From<Insured> for proto::Insured {
    fn from(insured: Insured) -> Self {
        match insured {
            Insured::Unknown => Self::Unspecified,
            Insured::Yes => Self::Yes,
            Insured::No => Self::No,
        }
    }
}

impl From<proto::Insured> for Insured {
    fn from(message: proto::Insured) -> Self {
        match message {
            proto::Insured::Unspecified => Self::Unknown,
            proto::Insured::Yes => Self::Yes,
            proto::Insured::No => Self::No,
        }
    }
}

impl Insured {
    /// As stored: NULL, true, false.
    pub fn as_option(self) -> Option<bool> {
        match self {
            Self::Unknown => None,
            Self::Yes => Some(true),
            Self::No => Some(false),
        }
    }

    /// From what is stored.
    pub fn from_option(stored: Option<bool>) -> Self {
        match stored {
            None => Self::Unknown,
            Some(true) => Self::Yes,
            Some(false) => Self::No,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_level_follows_from_the_record_as_the_domain_text_says() {
        use EmploymentStatus as S;
        use Insured::{No, Unknown, Yes};
        use ServiceLevel as L;
        for (status, months, insured, level) in [
            (S::UnitEmployed, 12, No, L::Stable),
            (S::UnitEmployed, 11, No, L::Flexible),
            (S::UnitEmployed, 0, Yes, L::Stable),
            (S::UnitEmployed, 0, Unknown, L::Flexible),
            (S::Startup, 0, Unknown, L::Stable),
            (S::IndividualBusiness, 0, Unknown, L::Stable),
            (S::PublicPostGeneral, 0, Unknown, L::Stable),
            (S::PublicPostTemporary, 36, Yes, L::Flexible),
            (S::Internship, 12, Yes, L::Flexible),
            (S::Flexible, 0, Unknown, L::Flexible),
            (S::NoIntention, 0, Unknown, L::NoIntention),
            (S::Unemployed, 0, Unknown, L::Unemployed),
            (S::Unverified, 0, Unknown, L::Unverified),
            (S::InSchool, 0, Unknown, L::Exited),
            (S::Deceased, 0, Unknown, L::Exited),
        ] {
            assert_eq!(ServiceLevel::of(status, months, insured), level, "{status:?} {months} {insured:?}");
        }
    }

    #[test]
    fn code_words_come_back() {
        for status in EmploymentStatus::ALL {
            assert_eq!(EmploymentStatus::from_code(status.code()), Some(status));
            assert_eq!(status_of(status.into()), Some(status));
        }
        for level in ServiceLevel::ALL {
            assert_eq!(ServiceLevel::from_code(level.code()), Some(level));
        }
        assert_eq!(EmploymentStatus::UnitEmployed.code(), "UNIT_EMPLOYED");
    }
}
