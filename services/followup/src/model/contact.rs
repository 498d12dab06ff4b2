//! What came of a contact (联系结果). Which contacts count for which rule stands in the standard. Domain text, section 4.

use bangfu_proto::followup::v1 as proto;

/// What came of a contact.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum ContactResult {
    /// 联系到本人
    ReachedSelf,
    /// 联系到家属
    ReachedFamily,
    /// 拒绝服务
    Refused,
    /// 已搬离
    Moved,
    /// 已去世
    Deceased,
    /// 无人接听
    NoAnswer,
    /// 号码错误
    WrongNumber,
    /// 本人不在
    Away,
}

impl ContactResult {
    /// All results, in the order of the domain text.
    pub const ALL: [Self; 8] = [
        Self::ReachedSelf,
        Self::ReachedFamily,
        Self::Refused,
        Self::Moved,
        Self::Deceased,
        Self::NoAnswer,
        Self::WrongNumber,
        Self::Away,
    ];

    /// Whether the contact is effective (**default** of the domain text); otherwise it is an attempt and counts for
    /// nothing.
    pub fn is_effective(self) -> bool {
        match self {
            Self::ReachedSelf | Self::ReachedFamily | Self::Refused | Self::Moved | Self::Deceased => true,
            Self::NoAnswer | Self::WrongNumber | Self::Away => false,
        }
    }

    /// 联系到本人 …: the office's word.
    pub fn office_word(self) -> &'static str {
        match self {
            Self::ReachedSelf => "联系到本人",
            Self::ReachedFamily => "联系到家属",
            Self::Refused => "拒绝服务",
            Self::Moved => "已搬离",
            Self::Deceased => "已去世",
            Self::NoAnswer => "无人接听",
            Self::WrongNumber => "号码错误",
            Self::Away => "本人不在",
        }
    }

    /// The code word as stored: "REACHED_SELF".
    pub fn code(self) -> &'static str {
        proto::ContactResult::from(self).as_str_name().trim_start_matches("CONTACT_RESULT_")
    }

    /// The result of a stored code word.
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|result| result.code() == code)
    }
}

impl From<ContactResult> for proto::ContactResult {
    fn from(result: ContactResult) -> Self {
        match result {
            ContactResult::ReachedSelf => Self::ReachedSelf,
            ContactResult::ReachedFamily => Self::ReachedFamily,
            ContactResult::Refused => Self::Refused,
            ContactResult::Moved => Self::Moved,
            ContactResult::Deceased => Self::Deceased,
            ContactResult::NoAnswer => Self::NoAnswer,
            ContactResult::WrongNumber => Self::WrongNumber,
            ContactResult::Away => Self::Away,
        }
    }
}

/// `None` for UNSPECIFIED.
pub fn result_of(message: proto::ContactResult) -> Option<ContactResult> {
    ContactResult::ALL.into_iter().find(|&result| proto::ContactResult::from(result) == message)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn code_words_come_back() {
        for result in ContactResult::ALL {
            assert_eq!(ContactResult::from_code(result.code()), Some(result));
            assert_eq!(result_of(result.into()), Some(result));
        }
    }
}
