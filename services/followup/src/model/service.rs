//! Kinds of service (服务项目), and small sets of them. Domain text, section 3.

use bangfu_proto::followup::v1 as proto;

/// A kind of service that can be owed and given.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Service {
    /// 跟踪服务
    FollowUp,
    /// 职业指导
    CareerGuidance,
    /// 职业介绍
    JobReferral,
    /// 技能培训
    SkillsTraining,
    /// 政策宣传
    PolicyPublicity,
    /// 就业登记指导
    EmploymentRegistrationHelp,
    /// 失业保险待遇协助
    UnemploymentInsuranceHelp,
    /// 困难认定协助
    RecognitionHelp,
    /// 职业规划
    CareerPlanning,
    /// 送岗位
    PostDelivery,
    /// 零就业家庭清零
    HouseholdClearing,
}

/// A set of services.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Services(u16);

impl Service {
    /// All services, in the order of the domain text.
    pub const ALL: [Self; 11] = [
        Self::FollowUp,
        Self::CareerGuidance,
        Self::JobReferral,
        Self::SkillsTraining,
        Self::PolicyPublicity,
        Self::EmploymentRegistrationHelp,
        Self::UnemploymentInsuranceHelp,
        Self::RecognitionHelp,
        Self::CareerPlanning,
        Self::PostDelivery,
        Self::HouseholdClearing,
    ];

    /// 跟踪服务 …: the office's word.
    pub fn office_word(self) -> &'static str {
        match self {
            Self::FollowUp => "跟踪服务",
            Self::CareerGuidance => "职业指导",
            Self::JobReferral => "职业介绍",
            Self::SkillsTraining => "技能培训",
            Self::PolicyPublicity => "政策宣传",
            Self::EmploymentRegistrationHelp => "就业登记指导",
            Self::UnemploymentInsuranceHelp => "失业保险待遇协助",
            Self::RecognitionHelp => "困难认定协助",
            Self::CareerPlanning => "职业规划",
            Self::PostDelivery => "送岗位",
            Self::HouseholdClearing => "零就业家庭清零",
        }
    }

    /// The code word as stored: "FOLLOW_UP".
    pub fn code(self) -> &'static str {
        proto::Service::from(self).as_str_name().trim_start_matches("SERVICE_")
    }

    /// The service of a stored code word.
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|service| service.code() == code)
    }
}

impl Services {
    /// No service.
    pub const NONE: Self = Self(0);

    /// Whether the set holds it.
    pub fn contains(self, service: Service) -> bool {
        self.0 & (1 << service as u16) != 0
    }

    /// The set with one more.
    #[must_use]
    pub fn with(self, service: Service) -> Self {
        Self(self.0 | (1 << service as u16))
    }

    /// The set with one less.
    #[must_use]
    pub fn without(self, service: Service) -> Self {
        Self(self.0 & !(1 << service as u16))
    }

    /// Those it holds, in the order of the domain text.
    pub fn iter(self) -> impl Iterator<Item = Service> {
        Service::ALL.into_iter().filter(move |&service| self.contains(service))
    }
}

impl FromIterator<Service> for Services {
    fn from_iter<I: IntoIterator<Item = Service>>(services: I) -> Self {
        services.into_iter().fold(Self::NONE, Self::with)
    }
}

impl From<Service> for proto::Service {
    fn from(service: Service) -> Self {
        match service {
            Service::FollowUp => Self::FollowUp,
            Service::CareerGuidance => Self::CareerGuidance,
            Service::JobReferral => Self::JobReferral,
            Service::SkillsTraining => Self::SkillsTraining,
            Service::PolicyPublicity => Self::PolicyPublicity,
            Service::EmploymentRegistrationHelp => Self::EmploymentRegistrationHelp,
            Service::UnemploymentInsuranceHelp => Self::UnemploymentInsuranceHelp,
            Service::RecognitionHelp => Self::RecognitionHelp,
            Service::CareerPlanning => Self::CareerPlanning,
            Service::PostDelivery => Self::PostDelivery,
            Service::HouseholdClearing => Self::HouseholdClearing,
        }
    }
}

/// `None` for UNSPECIFIED.
pub fn service_of(message: proto::Service) -> Option<Service> {
    Service::ALL.into_iter().find(|&service| proto::Service::from(service) == message)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn code_words_come_back_and_sets_hold_what_was_put_in() {
        for service in Service::ALL {
            assert_eq!(Service::from_code(service.code()), Some(service));
            assert_eq!(service_of(service.into()), Some(service));
            let one: Services = [service].into_iter().collect();
            assert_eq!(one.iter().collect::<Vec<_>>(), [service]);
            assert_eq!(one.without(service), Services::NONE);
        }
        assert_eq!(Service::FollowUp.code(), "FOLLOW_UP");
    }
}
