//! Recognition of difficulty (就业困难认定): who takes which step when, and what the register bears out.

use bangfu_kernel::{EmploymentStatus, Error, Group, id_number::Sex};
use bangfu_proto::people::v1::{
    AppliedAt, AppliedBy, DifficultyType, HouseholdKind, RecognitionFact, RecognitionState,
};
use chrono::{DateTime, Days, NaiveDate, Utc};
use uuid::Uuid;

use super::{
    difficulty::Rules,
    employment::{EmploymentRecord, believed, unemployed_since},
    membership::Membership,
};

/// One application, and what became of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recognition {
    /// Its id.
    pub recognition_id: Uuid,
    /// Whose.
    pub person_id: Uuid,
    /// 困难类型
    pub difficulty: DifficultyType,
    /// Where it stands.
    pub state: RecognitionState,
    /// Who applied.
    pub applied_by: AppliedBy,
    /// What the township is to the person.
    pub applied_at: AppliedAt,
    /// 申请日期
    pub applied_on: NaiveDate,
    /// What proves what the register cannot know.
    pub evidence: String,
    /// Account that entered it.
    pub entered_by: String,
    /// What the register bore out at the last step.
    pub facts: Vec<CheckedFact>,
    /// The township's check.
    pub check: Option<Step>,
    /// First and last day of the public notice.
    pub published: Option<(NaiveDate, NaiveDate)>,
    /// The city's decision.
    pub decision: Option<Step>,
    /// First day it holds.
    pub recognised_on: Option<NaiveDate>,
    /// First day it no longer holds, and the day on which that was entered.
    pub revoked: Option<(NaiveDate, NaiveDate)>,
    /// Why it was revoked or withdrawn.
    pub end_reason: String,
    /// When it was entered.
    pub created_at: DateTime<Utc>,
}

/// A step somebody took.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// The day.
    pub on: NaiveDate,
    /// The account.
    pub by: String,
    /// What they noted.
    pub note: String,
}

/// A condition, held against the register.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CheckedFact {
    /// Which.
    pub fact: RecognitionFact,
    /// Whether the register bears it out.
    pub holds: bool,
}

/// What the register knows of somebody who applies.
#[derive(Debug)]
pub struct Known<'a> {
    /// As the ID number says.
    pub sex: Sex,
    /// As the ID number says.
    pub born_on: NaiveDate,
    /// All of their employment records.
    pub records: &'a [EmploymentRecord],
    /// All of their memberships.
    pub memberships: &'a [Membership],
    /// The kind of their household, if it is recognised and not cleared.
    pub household: Option<HouseholdKind>,
}

impl Known<'_> {
    /// Holds each fact against what is known on a day.
    pub fn check(&self, facts: &[RecognitionFact], rules: &Rules, today: NaiveDate) -> Vec<CheckedFact> {
        facts.iter().map(|&fact| CheckedFact { fact, holds: self.bears_out(fact, rules, today) }).collect()
    }

    fn bears_out(&self, fact: RecognitionFact, rules: &Rules, today: NaiveDate) -> bool {
        let is_member = |group| self.memberships.iter().any(|held| held.group == group && held.holds(today));
        match fact {
            RecognitionFact::Unspecified => false,
            RecognitionFact::Unemployed => {
                believed(self.records, today).is_some_and(|record| record.status == EmploymentStatus::Unemployed)
            }
            RecognitionFact::Age => rules.is_older(self.sex, self.born_on, today),
            RecognitionFact::UnemployedForAYear => unemployed_since(self.records, today)
                .is_some_and(|since| (today - since).num_days() >= rules.unemployed_days),
            RecognitionFact::Allowance => is_member(Group::RelativePoverty),
            RecognitionFact::Veteran => is_member(Group::Veteran),
            RecognitionFact::UrbanHousehold => self.household == Some(HouseholdKind::Urban),
            RecognitionFact::RuralHousehold => self.household == Some(HouseholdKind::Rural),
        }
    }
}

/// States in which an application of the same type cannot be made again.
pub fn is_open(state: RecognitionState) -> bool {
    matches!(state, RecognitionState::Applied | RecognitionState::Published | RecognitionState::Recognised)
}

/// The state's code word: "APPLIED".
pub fn state_word(state: RecognitionState) -> &'static str {
    state.as_str_name().trim_start_matches("RECOGNITION_STATE_")
}

impl Recognition {
    /// The township's check. Passed, the public notice begins the same day.
    /// Errors: ILLEGAL_TRANSITION, OWN_ENTRY; FACTS_MISSING when it passes against the register.
    pub fn check(
        &mut self,
        step: Step,
        passed: bool,
        facts: Vec<CheckedFact>,
        publicity_days: u64,
    ) -> Result<(), Error> {
        self.is_in(&[RecognitionState::Applied])?;
        self.is_not_of(&step.by)?;
        if passed {
            borne_out(&facts)?;
            // The first day counts: seven days from the 1st end with the 7th.
            let last = step.on.checked_add_days(Days::new(publicity_days.saturating_sub(1))).unwrap_or(step.on);
            self.published = Some((step.on, last));
        }
        self.state = if passed { RecognitionState::Published } else { RecognitionState::Refused };
        self.facts = facts;
        self.check = Some(step);
        Ok(())
    }

    /// The city's decision. Granted, it holds from the day of the decision.
    /// Errors: ILLEGAL_TRANSITION, OWN_ENTRY, PUBLICITY_RUNS; FACTS_MISSING when it is granted against the register.
    pub fn decide(&mut self, step: Step, granted: bool, facts: Vec<CheckedFact>) -> Result<(), Error> {
        self.is_in(&[RecognitionState::Published])?;
        self.is_not_of(&step.by)?;
        if granted {
            if let Some((_, last)) = self.published.filter(|&(_, last)| step.on <= last) {
                return Err(Error::PublicityRuns { until: last });
            }
            borne_out(&facts)?;
            self.recognised_on = Some(step.on);
        }
        self.state = if granted { RecognitionState::Recognised } else { RecognitionState::Rejected };
        self.facts = facts;
        self.decision = Some(step);
        Ok(())
    }

    /// Takes an application back. Errors: ILLEGAL_TRANSITION.
    pub fn withdraw(&mut self, reason: String) -> Result<(), Error> {
        self.is_in(&[RecognitionState::Applied, RecognitionState::Published])?;
        self.state = RecognitionState::Withdrawn;
        self.end_reason = reason;
        Ok(())
    }

    /// Ends a recognition from a day on. Errors: ILLEGAL_TRANSITION.
    pub fn revoke(&mut self, from: NaiveDate, today: NaiveDate, reason: String) -> Result<(), Error> {
        self.is_in(&[RecognitionState::Recognised])?;
        self.state = RecognitionState::Revoked;
        self.revoked = Some((from, today));
        self.end_reason = reason;
        Ok(())
    }

    fn is_in(&self, states: &[RecognitionState]) -> Result<(), Error> {
        if states.contains(&self.state) {
            Ok(())
        } else {
            Err(Error::IllegalTransition { state: state_word(self.state) })
        }
    }

    fn is_not_of(&self, account: &str) -> Result<(), Error> {
        let checked_by = self.check.as_ref().map(|step| step.by.as_str());
        if self.entered_by == account || checked_by == Some(account) { Err(Error::OwnEntry) } else { Ok(()) }
    }
}

fn borne_out(facts: &[CheckedFact]) -> Result<(), Error> {
    let missing: Vec<_> = facts.iter().filter(|fact| !fact.holds).map(|fact| fact_word(fact.fact)).collect();
    if missing.is_empty() { Ok(()) } else { Err(Error::FactsMissing { facts: missing.join(",") }) }
}

/// The fact's code word: "AGE".
pub fn fact_word(fact: RecognitionFact) -> &'static str {
    fact.as_str_name().trim_start_matches("RECOGNITION_FACT_")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::difficulty::rules;

    fn day(text: &str) -> NaiveDate {
        text.parse().expect("a date")
    }

    fn applied() -> Recognition {
        Recognition {
            recognition_id: Uuid::from_u128(1),
            person_id: Uuid::from_u128(2),
            difficulty: DifficultyType::OlderAge,
            state: RecognitionState::Applied,
            applied_by: AppliedBy::Self_,
            applied_at: AppliedAt::Residence,
            applied_on: day("2026-01-05"),
            evidence: String::new(),
            entered_by: "clerk-1".to_owned(),
            facts: Vec::new(),
            check: None,
            published: None,
            decision: None,
            recognised_on: None,
            revoked: None,
            end_reason: String::new(),
            created_at: DateTime::UNIX_EPOCH,
        }
    }

    fn step(by: &str, on: &str) -> Step {
        Step { on: day(on), by: by.to_owned(), note: "已核实".to_owned() }
    }

    fn facts(holds: bool) -> Vec<CheckedFact> {
        vec![CheckedFact { fact: RecognitionFact::Age, holds }]
    }

    type Act = fn(&mut Recognition) -> Result<(), Error>;

    const ACTS: [(&str, Act); 6] = [
        ("pass", |r| r.check(step("reviewer-1", "2026-01-06"), true, facts(true), 7)),
        ("refuse", |r| r.check(step("reviewer-1", "2026-01-06"), false, facts(false), 7)),
        ("grant", |r| r.decide(step("bureau-1", "2026-01-13"), true, facts(true))),
        ("reject", |r| r.decide(step("bureau-1", "2026-01-07"), false, facts(true))),
        ("withdraw", |r| r.withdraw("本人放弃".to_owned())),
        ("revoke", |r| r.revoke(day("2026-02-01"), day("2026-02-01"), "已就业".to_owned())),
    ];

    #[test]
    fn every_state_allows_its_own_steps_and_no_other_and_what_is_refused_changes_nothing() {
        use RecognitionState as S;
        let ways: [(&[usize], S, &[&str]); 7] = [
            (&[], S::Applied, &["pass", "refuse", "withdraw"]),
            (&[0], S::Published, &["grant", "reject", "withdraw"]),
            (&[1], S::Refused, &[]),
            (&[0, 2], S::Recognised, &["revoke"]),
            (&[0, 3], S::Rejected, &[]),
            (&[0, 4], S::Withdrawn, &[]),
            (&[0, 2, 5], S::Revoked, &[]),
        ];
        for (way, state, allowed) in ways {
            let mut there = applied();
            for &at in way {
                ACTS[at].1(&mut there).expect("allowed");
            }
            assert_eq!(there.state, state);
            for (name, act) in ACTS {
                let mut then = there.clone();
                let done = act(&mut then);
                if allowed.contains(&name) {
                    assert!(done.is_ok(), "{state:?} {name}: {done:?}");
                } else {
                    assert!(matches!(done, Err(Error::IllegalTransition { .. })), "{state:?} {name}: {done:?}");
                    assert_eq!(then, there, "{state:?} {name}");
                }
            }
        }
    }

    #[test]
    fn nobody_takes_two_steps_of_one_application() {
        let mut own = applied();
        assert!(matches!(own.check(step("clerk-1", "2026-01-06"), true, facts(true), 7), Err(Error::OwnEntry)));
        ACTS[0].1(&mut own).expect("passed");
        for by in ["clerk-1", "reviewer-1"] {
            assert!(matches!(own.decide(step(by, "2026-01-13"), true, facts(true)), Err(Error::OwnEntry)), "{by}");
        }
        assert!(own.decide(step("bureau-1", "2026-01-13"), true, facts(true)).is_ok());
    }

    #[test]
    fn the_city_grants_after_the_last_day_of_publicity_and_against_no_fact() {
        let mut published = applied();
        assert!(matches!(
            published.check(step("reviewer-1", "2026-01-06"), true, facts(false), 7),
            Err(Error::FactsMissing { facts }) if facts == "AGE"
        ));
        ACTS[0].1(&mut published).expect("passed");
        assert_eq!(published.published, Some((day("2026-01-06"), day("2026-01-12"))));
        let early = published.decide(step("bureau-1", "2026-01-12"), true, facts(true));
        assert!(matches!(early, Err(Error::PublicityRuns { until }) if until == day("2026-01-12")));
        assert!(published.clone().decide(step("bureau-1", "2026-01-12"), false, facts(true)).is_ok());
        assert!(published.decide(step("bureau-1", "2026-01-13"), true, facts(false)).is_err());
        assert!(published.decide(step("bureau-1", "2026-01-13"), true, facts(true)).is_ok());
    }

    #[test]
    fn facts_come_from_the_register() {
        let rules = rules().expect("rules");
        let today = day("2026-01-05");
        let known = Known {
            sex: Sex::Male,
            born_on: day("1976-01-05"),
            records: &[],
            memberships: &[Membership::begin(
                Group::Veteran,
                day("2026-01-01"),
                day("2026-01-01"),
                crate::model::membership::Source::DataMatch,
            )],
            household: Some(HouseholdKind::Rural),
        };
        let all: Vec<_> = (1..=7).map(|number| RecognitionFact::try_from(number).expect("a fact")).collect();
        let held: Vec<_> = known.check(&all, rules, today).iter().map(|fact| fact.holds).collect();
        assert_eq!(held, [false, true, false, false, true, false, true]);
    }
}
