//! The six key groups (重点群体) of the notice. Domain text, section 1.

use bangfu_proto::people::v1 as proto;

/// A key group; somebody may belong to several.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Group {
    /// 登记失业人员
    RegisteredUnemployed,
    /// 就业困难人员
    EmploymentDifficulty,
    /// 高校毕业生
    CollegeGraduate,
    /// 相对贫困群体
    RelativePoverty,
    /// 复员转业退役军人
    Veteran,
    /// 返乡农民工
    ReturnedMigrant,
}

impl Group {
    /// All groups, in the order of the notice.
    pub const ALL: [Self; 6] = [
        Self::RegisteredUnemployed,
        Self::EmploymentDifficulty,
        Self::CollegeGraduate,
        Self::RelativePoverty,
        Self::Veteran,
        Self::ReturnedMigrant,
    ];

    /// 登记失业人员 …: the office's word.
    pub fn office_word(self) -> &'static str {
        match self {
            Self::RegisteredUnemployed => "登记失业人员",
            Self::EmploymentDifficulty => "就业困难人员",
            Self::CollegeGraduate => "高校毕业生",
            Self::RelativePoverty => "相对贫困群体",
            Self::Veteran => "复员转业退役军人",
            Self::ReturnedMigrant => "返乡农民工",
        }
    }

    /// The code word as stored: "VETERAN".
    pub fn code(self) -> &'static str {
        proto::Group::from(self).as_str_name().trim_start_matches("GROUP_")
    }

    /// The group of a stored code word.
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|group| group.code() == code)
    }
}

impl From<Group> for proto::Group {
    fn from(group: Group) -> Self {
        match group {
            Group::RegisteredUnemployed => Self::RegisteredUnemployed,
            Group::EmploymentDifficulty => Self::EmploymentDifficulty,
            Group::CollegeGraduate => Self::CollegeGraduate,
            Group::RelativePoverty => Self::RelativePoverty,
            Group::Veteran => Self::Veteran,
            Group::ReturnedMigrant => Self::ReturnedMigrant,
        }
    }
}

/// `None` for UNSPECIFIED.
pub fn group_of(message: proto::Group) -> Option<Group> {
    Group::ALL.into_iter().find(|&group| proto::Group::from(group) == message)
}
