//! What happens in the two years: written beforehand, the same for every way they pass.

use std::collections::{BTreeMap, BTreeSet};

use bangfu_proto::{
    followup::v1::{Channel, ContactResult, Service, WaiverReason},
    people::v1::{EmploymentStatus, Group},
};
use chrono::{Datelike as _, Days, NaiveDate};

use bangfu_tests::chance::Chance;

/// Something that happens on a day; people by number.
#[derive(Debug, Clone)]
pub(super) enum Act {
    /// Somebody is entered in a township, with a status since so many days ago.
    Register {
        who: usize,
        township: usize,
        status: EmploymentStatus,
        back: u64,
    },
    /// A status is learned by the registry.
    Employment {
        who: usize,
        status: EmploymentStatus,
        back: u64,
    },
    /// The latest record is corrected.
    Correction {
        who: usize,
        status: EmploymentStatus,
        back: u64,
    },
    Join {
        who: usize,
        group: Group,
        back: u64,
    },
    Leave {
        who: usize,
        group: Group,
    },
    Contact(Talk),
    /// The last contact is voided.
    Void {
        who: usize,
    },
    Service {
        who: usize,
        service: Service,
        back: u64,
    },
    /// A waiver of the first duty that is missed, or open.
    Waive {
        who: usize,
        reason: WaiverReason,
        missed: bool,
        grant: bool,
    },
    /// The last waiver is revoked.
    Revoke {
        who: usize,
    },
    Household {
        head: usize,
        spouse: usize,
    },
    Recognise {
        head: usize,
    },
    Move {
        who: usize,
        to: usize,
    },
}

/// A contact.
#[derive(Debug, Clone)]
pub(super) struct Talk {
    pub(super) who: usize,
    pub(super) back: u64,
    pub(super) channel: Channel,
    pub(super) result: ContactResult,
    pub(super) services: Vec<Service>,
    pub(super) learned: Option<EmploymentStatus>,
}

impl Act {
    /// Whether follow-up is asked for it, not the registry.
    fn is_follow_up(&self) -> bool {
        matches!(
            self,
            Self::Contact(_) | Self::Void { .. } | Self::Service { .. } | Self::Waive { .. } | Self::Revoke { .. }
        )
    }
}

const FIRST: NaiveDate = NaiveDate::from_ymd_opt(2026, 1, 5).expect("a date");
const LAST: NaiveDate = NaiveDate::from_ymd_opt(2028, 1, 10).expect("a date");
/// The first of the three days of the outage; nothing is asked of follow-up on them. A month turns on the second one.
pub(super) const DOWN_FROM: NaiveDate = NaiveDate::from_ymd_opt(2026, 6, 30).expect("a date");

/// 72 hours.
pub(super) const DOWN_FOR: Days = Days::new(3);

/// Whether a day is one of the outage.
pub(super) fn is_down(day: NaiveDate) -> bool {
    (DOWN_FROM..DOWN_FROM + DOWN_FOR).contains(&day)
}

/// All that happens.
pub(super) struct Script(BTreeMap<NaiveDate, Vec<Act>>);

impl Script {
    pub(super) fn write() -> Self {
        let (mut chance, mut days, mut people, mut past) = (Chance::new(4), BTreeMap::new(), 0, Past::default());
        for day in FIRST.iter_days().take_while(|&day| day <= LAST) {
            let down = is_down(day);
            // Nobody is met twice a day: what happens does not hang on the order of ids.
            let mut met = BTreeSet::new();
            let acts: &mut Vec<Act> = days.entry(day).or_default();
            let (newcomers, others) = match (day == FIRST, down) {
                (true, _) => (15, 0),
                // Enough that it matters on which of these days something was learned, and not on which it was heard of.
                (_, true) => (1, 8),
                // Days of rest between days of work: what happens has to be heard everywhere before a day ends.
                _ if day.ordinal() % 3 > 0 => (0, 0),
                _ => (usize::from(chance.one_in(10)), chance.below(8)),
            };
            for _ in 0..newcomers {
                let (township, status, back) = (chance.below(3), status(&mut chance), back(&mut chance));
                acts.push(Act::Register { who: people, township, status, back });
                met.insert(people);
                people += 1;
            }
            for _ in 0..others {
                let act = if down {
                    of_the_registry(&mut chance, people, &mut past)
                } else {
                    act(&mut chance, people, &mut past)
                };
                let concerned = concerned(&act);
                if concerned.iter().all(|who| !met.contains(who)) {
                    met.extend(concerned);
                    acts.push(act);
                }
            }
        }
        Self(days)
    }

    pub(super) fn days(&self) -> impl Iterator<Item = (NaiveDate, &[Act])> {
        self.0.iter().map(|(&day, acts)| (day, acts.as_slice()))
    }
}

fn concerned(act: &Act) -> Vec<usize> {
    match *act {
        Act::Household { head, spouse } => vec![head, spouse],
        Act::Register { who, .. }
        | Act::Employment { who, .. }
        | Act::Correction { who, .. }
        | Act::Join { who, .. }
        | Act::Leave { who, .. }
        | Act::Contact(Talk { who, .. })
        | Act::Void { who }
        | Act::Service { who, .. }
        | Act::Waive { who, .. }
        | Act::Revoke { who }
        | Act::Recognise { head: who }
        | Act::Move { who, .. } => vec![who],
    }
}

/// What happened before, so that what follows from it has a chance to succeed.
#[derive(Default)]
struct Past {
    heads: Vec<usize>,
    joined: Vec<(usize, Group)>,
}

/// Something, with somebody.
fn act(chance: &mut Chance, people: usize, past: &mut Past) -> Act {
    let who = chance.below(people);
    match chance.below(40) {
        0..=3 => Act::Employment { who, status: status(chance), back: back(chance) },
        4 => Act::Correction { who, status: status(chance), back: back(chance) },
        5..=7 => {
            let group = group(chance);
            past.joined.push((who, group));
            Act::Join { who, group, back: back(chance) }
        }
        8 if !past.joined.is_empty() => {
            let (who, group) = chance.of(&past.joined);
            Act::Leave { who, group }
        }
        9 => Act::Void { who },
        10..=13 if !past.joined.is_empty() => {
            let (who, group) = chance.of(&past.joined);
            Act::Service { who, service: of_group(group), back: back(chance) }
        }
        14 if !past.heads.is_empty() => {
            Act::Service { who: chance.of(&past.heads), service: Service::HouseholdClearing, back: back(chance) }
        }
        15 | 16 => Act::Service { who, service: service(chance), back: back(chance) },
        17..=20 => {
            let reason = chance.of(&[WaiverReason::LateEntry, WaiverReason::ForceMajeure, WaiverReason::Error]);
            Act::Waive { who, reason, missed: chance.below(3) > 0, grant: chance.below(4) > 0 }
        }
        21 => Act::Revoke { who },
        22 => {
            past.heads.push(who);
            Act::Household { head: who, spouse: chance.below(people) }
        }
        23 | 24 if !past.heads.is_empty() => Act::Recognise { head: chance.of(&past.heads) },
        25 => Act::Move { who, to: chance.below(3) },
        _ => Act::Contact(talk(chance, who)),
    }
}

/// Something that the registry alone is asked for, every other time a status.
fn of_the_registry(chance: &mut Chance, people: usize, past: &mut Past) -> Act {
    if chance.one_in(2) {
        return Act::Employment { who: chance.below(people), status: status(chance), back: back(chance) };
    }
    std::iter::repeat_with(|| act(chance, people, past)).find(|act| !act.is_follow_up()).expect("without end")
}

/// What is owed to a group.
fn of_group(group: Group) -> Service {
    match group {
        Group::ReturnedMigrant => Service::PostDelivery,
        Group::CollegeGraduate => Service::CareerPlanning,
        Group::EmploymentDifficulty | Group::RelativePoverty => Service::RecognitionHelp,
        _ => Service::UnemploymentInsuranceHelp,
    }
}

fn talk(chance: &mut Chance, who: usize) -> Talk {
    let mut services: Vec<_> = (0..chance.below(3)).map(|_| service(chance)).collect();
    services.dedup();
    Talk {
        who,
        back: back(chance),
        channel: chance.of(&[Channel::Phone, Channel::Wechat, Channel::HomeVisit, Channel::Counter, Channel::Sms]),
        result: chance.of(&[
            ContactResult::ReachedSelf,
            ContactResult::ReachedSelf,
            ContactResult::ReachedFamily,
            ContactResult::NoAnswer,
        ]),
        services,
        learned: if chance.one_in(5) { Some(status(chance)) } else { None },
    }
}

fn back(chance: &mut Chance) -> u64 {
    if chance.one_in(2) { 0 } else { u64::try_from(chance.below(40)).expect("small") }
}

fn status(chance: &mut Chance) -> EmploymentStatus {
    use EmploymentStatus as S;
    chance.of(&[S::Unemployed, S::Unemployed, S::Unemployed, S::Flexible, S::Startup, S::NoIntention, S::InSchool])
}

fn group(chance: &mut Chance) -> Group {
    chance.of(&[
        Group::Veteran,
        Group::RelativePoverty,
        Group::CollegeGraduate,
        Group::ReturnedMigrant,
        Group::EmploymentDifficulty,
    ])
}

fn service(chance: &mut Chance) -> Service {
    chance.of(&[
        Service::CareerGuidance,
        Service::JobReferral,
        Service::JobReferral,
        Service::SkillsTraining,
        Service::PolicyPublicity,
        Service::EmploymentRegistrationHelp,
        Service::UnemploymentInsuranceHelp,
        Service::RecognitionHelp,
        Service::CareerPlanning,
        Service::PostDelivery,
        Service::HouseholdClearing,
    ])
}

/// A script in which something never happens proves nothing about it.
pub(super) fn assert_everything_came_about(log: &[String]) {
    for what in [
        "Register",
        "Employment",
        "Correction",
        "Join",
        "Leave",
        "Contact",
        "Void",
        "Service",
        "Waive",
        "Revoke",
        "Household",
        "Recognise",
        "Move",
    ] {
        let tried: Vec<_> = log.iter().filter(|line| line[11..].starts_with(what)).collect();
        let done = tried.iter().filter(|line| line.ends_with(": done")).count();
        assert!(done > 0, "{what} never came about: {tried:#?}");
    }
}
