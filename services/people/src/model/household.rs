//! Households (家庭): whether nobody of them works, and what follows: recognition, clearing (清零), recognition again.

use bangfu_kernel::{Error, ServiceLevel};
use bangfu_proto::people::v1::{HouseholdKind, HouseholdRelation, HouseholdState};
use chrono::{DateTime, NaiveDate, Utc};
use uuid::Uuid;

/// A household.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Household {
    /// Its id.
    pub household_id: Uuid,
    /// 城镇 or 农村
    pub kind: HouseholdKind,
    /// Those who left included.
    pub members: Vec<Member>,
    /// Those who are not in the register.
    pub others: Vec<Other>,
    /// Every time it was recognised, the first one first.
    pub spells: Vec<Spell>,
    /// Account that entered it.
    pub entered_by: String,
    /// The etag.
    pub version: i64,
    /// When it was entered.
    pub created_at: DateTime<Utc>,
}

/// Somebody of the register who belongs to it.
#[derive(Debug, Clone, PartialEq, Eq, serde::Deserialize)]
pub struct Member {
    /// Who.
    pub person_id: Uuid,
    /// What they are to the head, as the contract's code word: "SPOUSE".
    pub relation: String,
    /// First day.
    pub from: NaiveDate,
    /// First day they no longer belong to it.
    pub until: Option<NaiveDate>,
}

/// Somebody who belongs to it and is not in the register.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Other {
    /// What they are to the head, as the contract's code word.
    pub relation: String,
    /// 出生年份
    pub birth_year: i32,
    /// Whether they work, as the household says.
    pub works: bool,
}

/// A time during which it was recognised.
#[derive(Debug, Clone, PartialEq, Eq, serde::Deserialize)]
pub struct Spell {
    /// First day.
    pub recognised_on: NaiveDate,
    /// The day on which that was entered.
    pub known_on: NaiveDate,
    /// Account that recognised it; empty: by itself.
    pub by: String,
    /// What proves it.
    pub evidence: String,
    /// First day it no longer holds.
    pub cleared_on: Option<NaiveDate>,
    /// The day on which that became known.
    pub cleared_known_on: Option<NaiveDate>,
    /// The member who works.
    pub cleared_by: Option<Uuid>,
}

/// A member as the register knows them today.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Living {
    /// Who.
    pub person_id: Uuid,
    /// Whether they are of working age.
    pub of_working_age: bool,
    /// Their level.
    pub level: ServiceLevel,
    /// Since when, as the believed record says.
    pub since: Option<NaiveDate>,
}

impl Living {
    fn works(&self) -> bool {
        matches!(self.level, ServiceLevel::Stable | ServiceLevel::Flexible)
    }
}

/// Whether a household is without work: all of working age are UNEMPLOYED or NO_INTENTION, at least one is UNEMPLOYED,
/// and nobody outside the register works. Whoever is EXITED (retired, in school, dead …) does not count.
pub fn is_without_work(living: &[Living], others: &[Other]) -> bool {
    let mut counting = living.iter().filter(|one| one.of_working_age && one.level != ServiceLevel::Exited).peekable();
    let wants = living.iter().any(|one| one.of_working_age && one.level == ServiceLevel::Unemployed);
    // Somebody beyond working age who works feeds the household as well.
    let works = living.iter().any(Living::works) || others.iter().any(|other| other.works);
    counting.peek().is_some()
        && counting.all(|one| matches!(one.level, ServiceLevel::Unemployed | ServiceLevel::NoIntention))
        && wants
        && !works
}

/// A relation as stored.
pub fn relation_word(relation: HouseholdRelation) -> &'static str {
    relation.as_str_name().trim_start_matches("HOUSEHOLD_RELATION_")
}

/// A state as stored.
pub fn state_word(state: HouseholdState) -> &'static str {
    state.as_str_name().trim_start_matches("HOUSEHOLD_STATE_")
}

impl Household {
    /// Where it stands.
    pub fn state(&self) -> HouseholdState {
        match self.spells.last() {
            None => HouseholdState::Entered,
            Some(spell) if spell.cleared_on.is_none() => HouseholdState::Recognised,
            Some(_) => HouseholdState::Cleared,
        }
    }

    /// Those who belong to it today.
    pub fn present(&self) -> impl Iterator<Item = Uuid> + '_ {
        self.members.iter().filter(|member| member.until.is_none()).map(|member| member.person_id)
    }

    /// Recognises it from a day on. Errors: ILLEGAL_TRANSITION, OWN_ENTRY, FACTS_MISSING.
    pub fn recognise(&mut self, living: &[Living], today: NaiveDate, by: &str, evidence: &str) -> Result<(), Error> {
        if self.state() == HouseholdState::Recognised {
            return Err(Error::IllegalTransition { state: state_word(self.state()) });
        }
        if self.entered_by == by {
            return Err(Error::OwnEntry);
        }
        if !is_without_work(living, &self.others) {
            return Err(Error::FactsMissing { facts: "WITHOUT_WORK".to_owned() });
        }
        self.spells.push(Spell {
            recognised_on: today,
            known_on: today,
            by: by.to_owned(),
            evidence: evidence.to_owned(),
            cleared_on: None,
            cleared_known_on: None,
            cleared_by: None,
        });
        Ok(())
    }

    /// Clears it when somebody works or nobody is left, recognises it again when it was cleared and is without work once
    /// more; whether anything changed.
    pub fn reconsider(&mut self, living: &[Living], today: NaiveDate) -> bool {
        let without_work = is_without_work(living, &self.others);
        let Some(last) = self.spells.last_mut() else { return false };
        match last.cleared_on {
            None => {
                let worker = living.iter().find(|one| one.works());
                if worker.is_none() && !self.others.iter().any(|other| other.works) && !living.is_empty() {
                    return false;
                }
                let since = worker.and_then(|one| one.since).unwrap_or(today);
                last.cleared_on = Some(since.max(last.recognised_on));
                last.cleared_known_on = Some(today);
                last.cleared_by = worker.map(|one| one.person_id);
                true
            }
            Some(cleared_on) if without_work => {
                let ended = living.iter().filter_map(|one| one.since).max().unwrap_or(today);
                self.spells.push(Spell {
                    recognised_on: ended.max(cleared_on),
                    known_on: today,
                    by: String::new(),
                    evidence: String::new(),
                    cleared_on: None,
                    cleared_known_on: None,
                    cleared_by: None,
                });
                true
            }
            Some(_) => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().expect("a date")
    }

    fn living(id: u128, of_working_age: bool, level: ServiceLevel, since: &str) -> Living {
        Living { person_id: Uuid::from_u128(id), of_working_age, level, since: Some(day(since)) }
    }

    fn other(works: bool) -> Other {
        Other { relation: "CHILD".to_owned(), birth_year: 2000, works }
    }

    fn household() -> Household {
        Household {
            household_id: Uuid::from_u128(1),
            kind: HouseholdKind::Urban,
            members: Vec::new(),
            others: Vec::new(),
            spells: Vec::new(),
            entered_by: "clerk-1".to_owned(),
            version: 1,
            created_at: DateTime::UNIX_EPOCH,
        }
    }

    /// Members (of working age, level), whether others work, and whether the household is without work.
    type Case<'a> = (&'a [(bool, ServiceLevel)], &'a [bool], bool);

    #[test]
    fn who_counts_and_what_makes_a_household_without_work() {
        use ServiceLevel as L;
        let table: [Case<'_>; 11] = [
            (&[], &[], false),
            (&[(true, L::Unemployed)], &[], true),
            (&[(true, L::NoIntention)], &[], false),
            (&[(true, L::Unemployed), (true, L::NoIntention)], &[false], true),
            (&[(true, L::Unemployed), (true, L::Flexible)], &[], false),
            (&[(true, L::Unemployed), (true, L::Unverified)], &[], false),
            (&[(true, L::Unemployed), (true, L::Exited)], &[], true),
            (&[(true, L::Unemployed), (false, L::Unverified)], &[], true),
            (&[(true, L::Unemployed), (false, L::Stable)], &[], false),
            (&[(false, L::Unemployed)], &[], false),
            (&[(true, L::Unemployed)], &[true], false),
        ];
        for (members, others, expected) in table {
            let members: Vec<_> =
                (1..).zip(members).map(|(id, &(age, level))| living(id, age, level, "2026-01-05")).collect();
            let others: Vec<_> = others.iter().map(|&works| other(works)).collect();
            assert_eq!(is_without_work(&members, &others), expected, "{members:?} {others:?}");
        }
    }

    #[test]
    fn it_is_cleared_when_one_works_and_recognised_again_when_that_ends() {
        use ServiceLevel as L;
        let mut home = household();
        let out = [living(1, true, L::Unemployed, "2026-01-05"), living(2, true, L::NoIntention, "2026-01-05")];
        assert!(!home.reconsider(&out, day("2026-02-01")), "never recognised: nothing comes by itself");
        assert!(matches!(home.recognise(&out, day("2026-02-01"), "clerk-1", "证明"), Err(Error::OwnEntry)));
        home.recognise(&out, day("2026-02-01"), "reviewer-1", "证明").expect("recognised");
        assert_eq!(home.state(), HouseholdState::Recognised);
        let again = home.recognise(&out, day("2026-02-02"), "reviewer-1", "证明");
        assert!(matches!(again, Err(Error::IllegalTransition { state: "RECOGNISED" })));
        assert!(!home.reconsider(&out, day("2026-02-02")));

        // Known on the 12th, at work since the 10th.
        let in_work = [living(1, true, L::Flexible, "2026-03-10"), out[1]];
        assert!(home.reconsider(&in_work, day("2026-03-12")));
        let spell = home.spells.last().expect("one");
        assert_eq!((spell.cleared_on, spell.cleared_known_on), (Some(day("2026-03-10")), Some(day("2026-03-12"))));
        assert_eq!((spell.cleared_by, home.state()), (Some(Uuid::from_u128(1)), HouseholdState::Cleared));
        assert!(!home.reconsider(&in_work, day("2026-03-13")));
        assert!(matches!(
            home.recognise(&in_work, day("2026-03-13"), "reviewer-1", "证明"),
            Err(Error::FactsMissing { .. })
        ));

        let out = [living(1, true, L::Unemployed, "2026-04-20"), out[1]];
        assert!(home.reconsider(&out, day("2026-05-02")));
        let spell = home.spells.last().expect("two");
        assert_eq!((home.spells.len(), spell.recognised_on, spell.by.as_str()), (2, day("2026-04-20"), ""));
        assert!(home.reconsider(&[], day("2026-06-01")), "nobody is left");
        assert_eq!(home.spells[1].cleared_on, Some(day("2026-06-01")));
        assert!(!home.reconsider(&[], day("2026-06-02")));
    }
}
