//! The words in which offices write services, channels and results.

use bangfu_followup::model::{channel::Channel, contact::ContactResult, service::Service};
use bangfu_people::roster::normal;

/// Words met in lists besides the office's own.
const SERVICES: [(&str, Service); 14] = [
    ("岗位推荐", Service::JobReferral),
    ("推荐岗位", Service::JobReferral),
    ("推荐就业", Service::JobReferral),
    ("培训", Service::SkillsTraining),
    ("职业培训", Service::SkillsTraining),
    ("职业技能培训", Service::SkillsTraining),
    ("指导", Service::CareerGuidance),
    ("就业指导", Service::CareerGuidance),
    ("政策宣讲", Service::PolicyPublicity),
    ("政策告知", Service::PolicyPublicity),
    ("失业保险协助", Service::UnemploymentInsuranceHelp),
    ("就业困难认定协助", Service::RecognitionHelp),
    ("职业体验", Service::CareerPlanning),
    ("求职技巧", Service::CareerPlanning),
];
const CHANNELS: [(&str, Channel); 9] = [
    ("打电话", Channel::Phone),
    ("电话联系", Channel::Phone),
    ("电话回访", Channel::Phone),
    ("上门走访", Channel::HomeVisit),
    ("走访", Channel::HomeVisit),
    ("入户", Channel::HomeVisit),
    ("入户走访", Channel::HomeVisit),
    ("来访", Channel::Counter),
    ("窗口接待", Channel::Counter),
];
const RESULTS: [(&str, ContactResult); 11] = [
    ("本人", ContactResult::ReachedSelf),
    ("已联系", ContactResult::ReachedSelf),
    ("联系上", ContactResult::ReachedSelf),
    ("家属", ContactResult::ReachedFamily),
    ("拒绝", ContactResult::Refused),
    ("搬离", ContactResult::Moved),
    ("去世", ContactResult::Deceased),
    ("未接", ContactResult::NoAnswer),
    ("无人接", ContactResult::NoAnswer),
    ("空号", ContactResult::WrongNumber),
    ("不在家", ContactResult::Away),
];

/// The service that a cell names: 职业介绍, an alias, or JOB_REFERRAL.
pub(super) fn service(cell: &str) -> Option<Service> {
    named(cell, &Service::ALL, Service::office_word, Service::code, &SERVICES)
}

/// The channel that a cell names: 电话, an alias, or PHONE.
pub(super) fn channel(cell: &str) -> Option<Channel> {
    named(cell, &Channel::ALL, Channel::office_word, Channel::code, &CHANNELS)
}

/// The result that a cell names: 联系到本人, an alias, or REACHED_SELF.
pub(super) fn result(cell: &str) -> Option<ContactResult> {
    named(cell, &ContactResult::ALL, ContactResult::office_word, ContactResult::code, &RESULTS)
}

fn named<T: Copy>(
    cell: &str,
    all: &[T],
    office_word: impl Fn(T) -> &'static str,
    code: impl Fn(T) -> &'static str,
    aliases: &[(&str, T)],
) -> Option<T> {
    let word = normal::compact(cell);
    let spelt = normal::free(cell).to_uppercase().replace([' ', '-'], "_");
    let own = all.iter().copied().find(|&it| office_word(it) == word || code(it) == spelt);
    own.or_else(|| aliases.iter().find(|(alias, _)| *alias == word).map(|&(_, meant)| meant))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn services_are_named_by_office_word_alias_or_code() {
        for service in Service::ALL {
            assert_eq!(super::service(service.office_word()), Some(service));
            assert_eq!(super::service(&service.code().to_lowercase()), Some(service));
        }
        for (cell, meant) in [
            (" 岗 位推荐", Service::JobReferral),
            ("推荐岗位", Service::JobReferral),
            ("培训", Service::SkillsTraining),
            ("指导", Service::CareerGuidance),
            ("job referral", Service::JobReferral),
        ] {
            assert_eq!(service(cell), Some(meant), "{cell}");
        }
        assert_eq!((service(""), service("慰问")), (None, None));
    }

    #[test]
    fn an_alias_is_no_office_word_of_something_else() {
        for (alias, meant) in SERVICES {
            assert_eq!(service(alias), Some(meant), "{alias}");
        }
        for (alias, meant) in CHANNELS {
            assert_eq!(channel(alias), Some(meant), "{alias}");
        }
        for (alias, meant) in RESULTS {
            assert_eq!(result(alias), Some(meant), "{alias}");
        }
        assert_eq!(channel("微信"), Some(Channel::Wechat));
        assert_eq!(result("REACHED_FAMILY"), Some(ContactResult::ReachedFamily));
    }
}
