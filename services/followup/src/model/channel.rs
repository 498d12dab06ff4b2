//! How somebody is contacted (联系方式), and which ways settle a follow-up. Domain text, section 4.

use bangfu_proto::followup::v1 as proto;

/// A way to contact somebody.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Channel {
    /// 电话
    Phone,
    /// 微信
    Wechat,
    /// 上门
    HomeVisit,
    /// 窗口
    Counter,
    /// 短信
    Sms,
    /// 数据比对
    DataMatch,
    /// 其他
    Other,
}

impl Channel {
    /// All channels, in the order of the domain text.
    pub const ALL: [Self; 7] =
        [Self::Phone, Self::Wechat, Self::HomeVisit, Self::Counter, Self::Sms, Self::DataMatch, Self::Other];

    /// Whether a contact of this kind settles a follow-up (**default** of the domain text): somebody spoke with somebody.
    pub fn settles_follow_up(self) -> bool {
        match self {
            Self::Phone | Self::Wechat | Self::HomeVisit | Self::Counter => true,
            Self::Sms | Self::DataMatch | Self::Other => false,
        }
    }

    /// 电话 …: the office's word.
    pub fn office_word(self) -> &'static str {
        match self {
            Self::Phone => "电话",
            Self::Wechat => "微信",
            Self::HomeVisit => "上门",
            Self::Counter => "窗口",
            Self::Sms => "短信",
            Self::DataMatch => "数据比对",
            Self::Other => "其他",
        }
    }

    /// The code word as stored: "HOME_VISIT".
    pub fn code(self) -> &'static str {
        proto::Channel::from(self).as_str_name().trim_start_matches("CHANNEL_")
    }

    /// The channel of a stored code word.
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|channel| channel.code() == code)
    }
}

impl From<Channel> for proto::Channel {
    fn from(channel: Channel) -> Self {
        match channel {
            Channel::Phone => Self::Phone,
            Channel::Wechat => Self::Wechat,
            Channel::HomeVisit => Self::HomeVisit,
            Channel::Counter => Self::Counter,
            Channel::Sms => Self::Sms,
            Channel::DataMatch => Self::DataMatch,
            Channel::Other => Self::Other,
        }
    }
}

/// `None` for UNSPECIFIED.
pub fn channel_of(message: proto::Channel) -> Option<Channel> {
    Channel::ALL.into_iter().find(|&channel| proto::Channel::from(channel) == message)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn code_words_come_back() {
        for channel in Channel::ALL {
            assert_eq!(Channel::from_code(channel.code()), Some(channel));
            assert_eq!(channel_of(channel.into()), Some(channel));
        }
    }
}
