//! Belief: what the office believed on one day about another. Domain text, section 3, "Belief".

use bangfu_kernel::{EmploymentStatus, Group, ServiceLevel};
use chrono::NaiveDate;

use super::{
    history::{End, History, StatusFact},
    standard::Who,
};

/// What the office believes on some day `k` about some day `d`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Belief {
    /// Whether the person belongs to the township.
    pub in_township: bool,
    /// The status; `None` without a record about that day.
    pub status: Option<EmploymentStatus>,
    /// The service level; UNVERIFIED without a record.
    pub level: ServiceLevel,
    /// The key groups.
    pub groups: Groups,
    /// Whether a recognition of difficulty holds, of whatever type.
    pub recognised: bool,
    /// Of a household: whether it is recognised and not cleared.
    pub household: bool,
}

/// A set of key groups.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Groups(u8);

/// A history made ready to be asked what was believed when.
#[derive(Debug)]
pub struct Knowledge<'h> {
    history: &'h History,
    /// Latest in force first: effective_on, then known_on, then record_id.
    statuses: Vec<Known<'h>>,
    /// Days from which something holds or no longer holds, ascending.
    turns: Vec<NaiveDate>,
    /// All days on which belief about that very day can change, ascending: the turns and the days of learning.
    days: Vec<NaiveDate>,
}

#[derive(Debug)]
struct Known<'h> {
    fact: &'h StatusFact,
    level: ServiceLevel,
    /// The day from which a correction of it is known. That the correction is itself corrected later changes nothing:
    /// the text takes away every record "that a record known by k corrects".
    corrected_on: Option<NaiveDate>,
}

impl Groups {
    /// Whether the set holds it.
    pub fn contains(self, group: Group) -> bool {
        self.0 & (1 << group as u8) != 0
    }

    fn insert(&mut self, group: Group) {
        self.0 |= 1 << group as u8;
    }
}

impl<'h> Knowledge<'h> {
    /// Makes a history ready.
    pub fn of(history: &'h History) -> Self {
        let corrected_on = |fact: &StatusFact| {
            let corrections = history.statuses.iter().filter(|other| other.corrects == Some(fact.record_id));
            corrections.map(|correction| correction.known_on).min()
        };
        let mut statuses: Vec<_> = history
            .statuses
            .iter()
            .map(|fact| Known { fact, level: fact.level(), corrected_on: corrected_on(fact) })
            .collect();
        statuses.sort_unstable_by_key(|known| {
            std::cmp::Reverse((known.fact.effective_on, known.fact.known_on, known.fact.record_id))
        });

        let mut turns = Vec::with_capacity(8);
        let mut days = Vec::with_capacity(16);
        for stay in &history.stays {
            turns.push(stay.joined_on);
            days.push(stay.join_known_on);
            end_days(stay.left, &mut turns, &mut days);
        }
        for fact in &history.statuses {
            turns.push(fact.effective_on);
            days.push(fact.known_on);
        }
        for fact in &history.groups {
            turns.push(fact.from);
            days.push(fact.known_on);
            end_days(fact.until, &mut turns, &mut days);
        }
        for fact in &history.recognitions {
            turns.push(fact.from);
            days.push(fact.known_on);
            end_days(fact.until, &mut turns, &mut days);
        }
        for spell in history.household.iter().flatten() {
            turns.push(spell.recognised_on);
            days.push(spell.known_on);
            end_days(spell.end(), &mut turns, &mut days);
        }
        ascending(&mut turns);
        days.extend_from_slice(&turns);
        ascending(&mut days);
        Self { history, statuses, turns, days }
    }

    /// What the office believes on day `known` about day `day`.
    pub fn belief(&self, day: NaiveDate, known: NaiveDate) -> Belief {
        let record = self.statuses.iter().find(|status| {
            status.fact.effective_on <= day
                && status.fact.known_on <= known
                && status.corrected_on.is_none_or(|corrected| corrected > known)
        });
        Belief {
            in_township: self.in_township(day, known),
            status: record.map(|record| record.fact.status),
            level: record.map_or(ServiceLevel::Unverified, |record| record.level),
            groups: self.groups(day, known),
            recognised: self.recognised(day, known),
            household: self.household(day, known),
        }
    }

    /// First day of the unbroken spell in which, as believed on `day`, the "who" held up to `day`, or `not_before` when
    /// the spell is older. The "who" holds on `day` as believed on it.
    pub fn held_since(&self, who: &Who, day: NaiveDate, not_before: NaiveDate) -> NaiveDate {
        let past = self.turns.partition_point(|&turn| turn <= day);
        let mut since = day;
        for &turn in self.turns[..past].iter().rev() {
            if since <= not_before || !who.holds(&self.belief(turn, day)) {
                break;
            }
            since = turn;
        }
        since.max(not_before)
    }

    /// All days on which belief about that very day can change, ascending.
    pub fn days(&self) -> &[NaiveDate] {
        &self.days
    }

    /// The first day on which the office believes the person to be in the township, or the household to be recognised; `None`:
    /// it never does, as far as is known.
    pub fn first_day(&self) -> Option<NaiveDate> {
        let stays = self.history.stays.iter().map(|stay| stay.joined_on.max(stay.join_known_on));
        let spells = self.history.household.iter().flatten().map(|spell| spell.recognised_on.max(spell.known_on));
        stays.chain(spells).min()
    }

    /// Whether it is a household's.
    pub fn is_of_a_household(&self) -> bool {
        self.history.household.is_some()
    }

    /// The stay begun last decides, as with statuses.
    fn in_township(&self, day: NaiveDate, known: NaiveDate) -> bool {
        let stays = self.history.stays.iter().map(|stay| (stay.joined_on, stay.join_known_on, stay.left));
        latest_holds(stays, day, known)
    }

    fn groups(&self, day: NaiveDate, known: NaiveDate) -> Groups {
        let mut groups = Groups::default();
        for fact in &self.history.groups {
            let same_group = self.history.groups.iter().filter(|other| other.group == fact.group);
            let memberships = same_group.map(|other| (other.from, other.known_on, other.until));
            if latest_holds(memberships, day, known) {
                groups.insert(fact.group);
            }
        }
        groups
    }

    fn recognised(&self, day: NaiveDate, known: NaiveDate) -> bool {
        self.history.recognitions.iter().any(|fact| {
            let same_type = self.history.recognitions.iter().filter(|other| other.kind == fact.kind);
            latest_holds(same_type.map(|other| (other.from, other.known_on, other.until)), day, known)
        })
    }

    fn household(&self, day: NaiveDate, known: NaiveDate) -> bool {
        let spells = self.history.household.iter().flatten();
        latest_holds(spells.map(|spell| (spell.recognised_on, spell.known_on, spell.end())), day, known)
    }
}

/// Of facts (first day, known on, end), the one known that begins last (then: was learned last) decides whether it holds
/// on `day`. Such facts carry no id, so of facts equal in both days any that holds is enough: the answer does not depend
/// on the order in which they stand.
fn latest_holds(
    facts: impl Iterator<Item = (NaiveDate, NaiveDate, Option<End>)>,
    day: NaiveDate,
    known: NaiveDate,
) -> bool {
    facts
        .filter(|&(from, known_on, _)| known_on <= known && from <= day)
        .map(|(from, known_on, end)| {
            let ended = end.is_some_and(|end| end.known_on <= known && end.on <= day);
            (from, known_on, !ended)
        })
        .max()
        .is_some_and(|(_, _, holds)| holds)
}

fn end_days(end: Option<End>, turns: &mut Vec<NaiveDate>, days: &mut Vec<NaiveDate>) {
    if let Some(end) = end {
        turns.push(end.on);
        days.push(end.known_on);
    }
}

fn ascending(days: &mut Vec<NaiveDate>) {
    days.sort_unstable();
    days.dedup();
}
