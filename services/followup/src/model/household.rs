//! What follow-up knows of households: what decides whether a post is owed to one that is recognised and not cleared.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::history::End;

/// A household; stored as it stands here. Fields are only ever added, each with a default.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HouseholdFacts {
    /// Kind, as the contract's code word.
    pub kind: String,
    /// Every time it was recognised.
    pub spells: Vec<SpellFact>,
    /// Members, those who left included.
    pub members: Vec<MemberFact>,
}

/// A time during which it was recognised.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct SpellFact {
    /// First day.
    pub recognised_on: NaiveDate,
    /// The day the office learned of it.
    pub known_on: NaiveDate,
    /// First day it no longer holds, and the day the office learned of that.
    pub cleared: Option<(NaiveDate, NaiveDate)>,
}

impl HouseholdFacts {
    /// The member whose village and coordinator are the household's: the first of those who belong to it.
    pub fn head(&self) -> Option<Uuid> {
        let here = self.members.iter().filter(|member| member.until.is_none());
        here.min_by_key(|member| (member.from, member.person_id)).map(|member| member.person_id)
    }

    /// Whether what was done for somebody on a day was done for the household: they belonged to it.
    pub fn was_home_of(&self, person_id: Uuid, on: NaiveDate) -> bool {
        self.members.iter().any(|member| {
            member.person_id == person_id && member.from <= on && member.until.is_none_or(|until| on < until)
        })
    }
}

impl SpellFact {
    /// How it ended: it was cleared.
    pub fn end(&self) -> Option<End> {
        self.cleared.map(|(on, known_on)| End { on, known_on })
    }
}

/// Somebody who belongs to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct MemberFact {
    /// Who.
    pub person_id: Uuid,
    /// First day.
    pub from: NaiveDate,
    /// First day they no longer belong to it.
    pub until: Option<NaiveDate>,
}
