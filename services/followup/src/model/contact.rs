//! What came of a contact (联系结果), and which services a contact counts for. Domain text, section 4.

use bangfu_proto::followup::v1 as proto;

use super::{
    channel::Channel,
    service::{Service, Services},
};

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

/// The services that a contact counts for.
///
/// Two rules of section 4 meet here. Being *effective* is a matter of the result: "a contact counts for any service only
/// if it is effective". *Settling a follow-up* is besides a matter of the channel: an effective contact is a follow-up
/// whether or not FOLLOW_UP stands among its services, but only by a channel that settles one. So a text message
/// that was answered counts for the policies told in it, and not as a follow-up, even where somebody ticked it as one.
pub fn counts_for(channel: Channel, result: ContactResult, services: Services) -> Services {
    match (result.is_effective(), channel.settles_follow_up()) {
        (false, _) => Services::NONE,
        (true, true) => services.with(Service::FollowUp),
        (true, false) => services.without(Service::FollowUp),
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

    #[test]
    fn a_contact_counts_for_what_section_4_says() {
        use Channel as C;
        use ContactResult as R;
        let policy = Services::NONE.with(Service::PolicyPublicity);
        let ticked = policy.with(Service::FollowUp);
        for (channel, result, services, counts) in [
            (C::Phone, R::ReachedSelf, Services::NONE, Services::NONE.with(Service::FollowUp)),
            (C::Counter, R::Refused, policy, ticked),
            (C::HomeVisit, R::Deceased, ticked, ticked),
            (C::Sms, R::ReachedSelf, policy, policy),
            (C::Sms, R::ReachedSelf, ticked, policy),
            (C::DataMatch, R::Moved, Services::NONE, Services::NONE),
            (C::HomeVisit, R::Away, ticked, Services::NONE),
            (C::Phone, R::NoAnswer, policy, Services::NONE),
        ] {
            assert_eq!(counts_for(channel, result, services), counts, "{channel:?} {result:?} {services:?}");
        }
    }
}
