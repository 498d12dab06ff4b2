//! What has to change for the ledger to say what the plan says, less what is final.

use std::collections::HashMap;

use chrono::NaiveDate;
use uuid::Uuid;

use crate::{
    model::duty::{Duty, DutyState, ReleaseReason},
    store::{duty::Kept, waiver::Granted},
};

/// What to write for one person.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Difference {
    /// Duties that are not there yet, in whatever state they begin.
    pub(super) raise: Vec<Duty>,
    /// Duties that stand otherwise now: id, state before, and what they are.
    pub(super) change: Vec<(Uuid, DutyState, Duty)>,
}

type Identity = (String, NaiveDate, u32);

fn identity(duty: &Duty) -> Identity {
    (duty.rule.to_string(), duty.period_start, duty.slot)
}

/// Compares the ledger with a plan.
///
/// DONE, MISSED and WAIVED stay as they are, whatever facts came late; a duty DONE by one of the records `voided`, or WAIVED by
/// one of the waivers among them, is as good as open. What is open and not in the plan at all (facts that came late, or later on the day it
/// was raised, took away its ground) is released as of the day, for the reason that `why` finds. What is OPEN or MISSED and
/// let off by one of the waivers `granted` is WAIVED, whatever the plan makes of it: the decision was about the ledger.
pub(super) fn difference(
    kept: Vec<Kept>,
    planned: Vec<Duty>,
    granted: &[Granted],
    voided: &[Uuid],
    as_of: NaiveDate,
    why: impl Fn(&Duty) -> ReleaseReason,
) -> Difference {
    if kept.is_empty() {
        return Difference { raise: planned, change: Vec::new() };
    }
    let mut difference = Difference::default();
    let spent = Spent::of(&kept, voided);
    let mut kept: HashMap<Identity, Kept> = kept.into_iter().map(|kept| (identity(&kept.duty), kept)).collect();
    for duty in &planned {
        let duty = spent.settle_otherwise(duty, &planned, as_of);
        match kept.remove(&identity(&duty)) {
            None => difference.raise.push(duty),
            Some(known) => {
                if let Some(duty) = let_off(&known, granted).or_else(|| follow(&known, duty, voided)) {
                    difference.change.push((known.duty_id, known.duty.state, duty));
                }
            }
        }
    }
    let mut groundless: Vec<_> = kept
        .into_values()
        .filter_map(|known| {
            let duty = let_off(&known, granted).or_else(|| release(&known, voided, as_of, &why))?;
            Some((known.duty_id, known.duty.state, duty))
        })
        .collect();
    groundless.sort_unstable_by_key(|(duty_id, ..)| *duty_id);
    difference.change.extend(groundless);
    difference
}

/// The duty as the plan has it, unless that is how it stands or it is final.
fn follow(known: &Kept, planned: Duty, voided: &[Uuid]) -> Option<Duty> {
    // The duty was raised under that version, and stays so.
    let duty = Duty { standard_version: known.duty.standard_version.clone(), ..planned };
    (!is_final(known, voided) && duty != known.duty).then_some(duty)
}

/// The duty released, unless it is so or it is final.
fn release(known: &Kept, voided: &[Uuid], as_of: NaiveDate, why: impl Fn(&Duty) -> ReleaseReason) -> Option<Duty> {
    if is_final(known, voided) || known.duty.state == DutyState::Released {
        return None;
    }
    let (state, reason) = (DutyState::Released, Some(why(&known.duty)));
    Some(Duty { state, reason, state_on: as_of, settled_by: None, ..known.duty.clone() })
}

/// The duty WAIVED, where it is OPEN or MISSED and a waiver lets it off.
fn let_off(known: &Kept, granted: &[Granted]) -> Option<Duty> {
    if !matches!(known.duty.state, DutyState::Open | DutyState::Missed) {
        return None;
    }
    let waiver = granted.iter().find(|granted| granted.fact.lets_off(&known.duty))?;
    Some(Duty { state: DutyState::Waived, state_on: waiver.fact.on, ..known.duty.clone() })
}

/// Nothing rewrites it, unless what brought it there was just taken back.
fn is_final(Kept { duty, waiver_id, .. }: &Kept, voided: &[Uuid]) -> bool {
    let by = match duty.state {
        DutyState::Done => duty.settled_by,
        DutyState::Waived => *waiver_id,
        DutyState::Open | DutyState::Missed | DutyState::Released => None,
    };
    let undone = by.is_some_and(|by| voided.contains(&by));
    duty.state.is_final() && !undone
}

/// Which record has settled which duty for good, by rule: a record settles one duty of each rule.
struct Spent(HashMap<(String, Uuid), Identity>);

impl Spent {
    fn of(kept: &[Kept], voided: &[Uuid]) -> Self {
        let settled = kept.iter().filter(|kept| is_final(kept, voided));
        Self(
            settled
                .filter_map(|kept| Some(((kept.duty.rule.to_string(), kept.duty.settled_by?), identity(&kept.duty))))
                .collect(),
        )
    }

    /// The planned duty; where its record is spent on another duty of the rule, it stands as that other one was planned
    /// to: the two change places. (Referrals on A and B filled slots 1 and 2; A is voided. The plan moves B to slot 1;
    /// the ledger keeps B in slot 2, and slot 1 opens again.)
    fn settle_otherwise(&self, duty: &Duty, planned: &[Duty], as_of: NaiveDate) -> Duty {
        let mut outcome = Some(duty);
        for _ in planned {
            let spent_on = outcome
                .and_then(|it| self.0.get(&(it.rule.to_string(), it.settled_by?)))
                .filter(|spent_on| **spent_on != identity(duty));
            match spent_on {
                None => break,
                Some(other) => outcome = planned.iter().find(|it| identity(it) == *other),
            }
        }
        match outcome {
            Some(same) if std::ptr::eq(same, duty) => duty.clone(),
            Some(other) if other.state == DutyState::Open => unsettled(duty, as_of),
            Some(other) => Duty {
                state: other.state,
                state_on: other.state_on,
                settled_by: other.settled_by,
                reason: other.reason,
                ..duty.clone()
            },
            None => unsettled(duty, as_of),
        }
    }
}

fn unsettled(duty: &Duty, as_of: NaiveDate) -> Duty {
    let (state, state_on) = if duty.missed_from <= as_of {
        (DutyState::Missed, duty.missed_from)
    } else {
        (DutyState::Open, duty.opens_on)
    };
    Duty { state, state_on, settled_by: None, reason: None, ..duty.clone() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{history::WaiverFact, service::Service};

    fn day(text: &str) -> NaiveDate {
        text.parse().expect("a date")
    }

    fn referral(slot: u32, state: DutyState, settled_by: Option<u128>) -> Duty {
        Duty {
            rule: "131.job_referral".into(),
            service: Service::JobReferral,
            period_start: day("2026-01-01"),
            slot,
            opens_on: day("2026-01-05"),
            due_on: day("2026-12-31"),
            window_start: day("2026-01-05"),
            target_on: day("2026-12-31"),
            missed_from: day("2027-01-06"),
            state,
            state_on: day("2026-01-05"),
            settled_by: settled_by.map(Uuid::from_u128),
            reason: None,
            standard_version: "2021-03-01".into(),
        }
    }

    const WAIVER: Uuid = Uuid::from_u128(99);

    fn granted(slot: u32) -> Granted {
        let fact = WaiverFact {
            rule: "131.job_referral".into(),
            period_start: day("2026-01-01"),
            slot,
            on: day("2026-03-01"),
        };
        Granted { waiver_id: WAIVER, fact }
    }

    fn changed(_: &Duty) -> ReleaseReason {
        ReleaseReason::LevelChanged
    }

    fn kept(duty: &Duty) -> Kept {
        let waiver_id = (duty.state == DutyState::Waived).then_some(WAIVER);
        Kept { duty_id: Uuid::from_u128(duty.slot.into()), duty: duty.clone(), waiver_id }
    }

    #[test]
    fn what_is_final_stays_and_everything_else_follows_the_plan() {
        use DutyState::{Done, Missed, Open, Released, Waived};
        let settled = |state| (state == Done).then_some(7);
        for before in DutyState::ALL {
            for planned in [Open, Done, Missed, Released] {
                let (before, planned) = (referral(1, before, settled(before)), referral(1, planned, settled(planned)));
                let found =
                    difference(vec![kept(&before)], vec![planned.clone()], &[], &[], day("2026-03-01"), changed);
                let changes = matches!(before.state, Open | Released) && before.state != planned.state;
                assert_eq!(found.raise, [], "{before:?}");
                assert_eq!(found.change.len(), usize::from(changes), "{:?} → {:?}", before.state, planned.state);
                assert!(found.change.iter().all(|(_, previous, duty)| *previous == before.state && *duty == planned));
            }
        }
        assert!(Waived.is_final());
    }

    #[test]
    fn only_what_the_voided_contact_settled_opens_again() {
        let (done_by_7, done_by_8) = (referral(1, DutyState::Done, Some(7)), referral(2, DutyState::Done, Some(8)));
        let planned = vec![referral(1, DutyState::Open, None), referral(2, DutyState::Done, Some(8))];
        let voided = &[Uuid::from_u128(7)];
        let found =
            difference(vec![kept(&done_by_7), kept(&done_by_8)], planned, &[], voided, day("2026-03-01"), changed);
        let [(duty_id, DutyState::Done, again)] = found.change.as_slice() else { panic!("one change: {found:?}") };
        assert_eq!((*duty_id, again.state, again.settled_by), (Uuid::from_u128(1), DutyState::Open, None));
    }

    #[test]
    fn a_contact_that_settled_one_slot_for_good_does_not_settle_another() {
        // Without the voided contact 7 the plan moves 8 and 9 down a slot; the ledger keeps them where they are.
        let ledger = [
            referral(1, DutyState::Done, Some(7)),
            referral(2, DutyState::Done, Some(8)),
            referral(3, DutyState::Done, Some(9)),
        ];
        let planned = vec![
            referral(1, DutyState::Done, Some(8)),
            referral(2, DutyState::Done, Some(9)),
            referral(3, DutyState::Open, None),
        ];
        let voided = &[Uuid::from_u128(7)];
        let found =
            difference(ledger.iter().map(kept).collect(), planned.clone(), &[], voided, day("2026-03-01"), changed);
        let [(_, DutyState::Done, again)] = found.change.as_slice() else { panic!("one change: {found:?}") };
        assert_eq!((again.slot, again.state, again.settled_by), (1, DutyState::Open, None));

        let found = difference(ledger.iter().map(kept).collect(), planned, &[], voided, day("2027-01-06"), changed);
        let [(_, _, missed)] = found.change.as_slice() else { panic!("one change: {found:?}") };
        assert_eq!((missed.state, missed.state_on), (DutyState::Missed, day("2027-01-06")));
    }

    #[test]
    fn what_late_facts_took_the_ground_from_is_released() {
        let ledger = [
            referral(1, DutyState::Open, None),
            referral(2, DutyState::Done, Some(8)),
            referral(3, DutyState::Missed, None),
        ];
        let found = difference(ledger.iter().map(kept).collect(), Vec::new(), &[], &[], day("2026-03-01"), changed);
        let [(_, DutyState::Open, released)] = found.change.as_slice() else { panic!("one change: {found:?}") };
        assert_eq!(
            (released.state, released.reason, released.state_on),
            (DutyState::Released, Some(ReleaseReason::LevelChanged), day("2026-03-01"))
        );
    }

    #[test]
    fn a_duty_stays_under_the_standard_it_was_raised_under() {
        let old = referral(1, DutyState::Open, None);
        let new = Duty { standard_version: "2027-01-01".into(), ..old.clone() };
        assert_eq!(
            difference(vec![kept(&old)], vec![new], &[], &[], day("2026-03-01"), changed),
            Difference::default()
        );
    }

    #[test]
    fn what_is_open_or_missed_is_let_off_by_its_waiver_whatever_the_plan_makes_of_it() {
        use DutyState::{Done, Missed, Open, Released, Waived};
        let settled = |state| (state == Done).then_some(7);
        for before in DutyState::ALL {
            let ledger = kept(&referral(1, before, settled(before)));
            for planned in [None, Some(Open), Some(Done), Some(Missed), Some(Released), Some(Waived)] {
                let plan = planned.map(|state| referral(1, state, settled(state))).into_iter().collect();
                let found = difference(vec![ledger.clone()], plan, &[granted(1)], &[], day("2026-04-01"), changed);
                let waived = found.change.iter().any(|(_, _, duty)| duty.state == Waived);
                let meant = matches!(before, Open | Missed) || (before == Released && planned == Some(Waived));
                assert_eq!(waived, meant, "{before:?}, planned {planned:?}");
            }
            let other = vec![referral(1, Open, None)];
            let found = difference(vec![ledger], other, &[granted(2)], &[], day("2026-04-01"), changed);
            assert!(found.change.iter().all(|(_, _, duty)| duty.state != Waived), "the waiver of another slot");
        }
    }

    #[test]
    fn only_the_duty_of_the_waiver_revoked_stands_again_as_the_plan_has_it() {
        let ledger = [referral(1, DutyState::Waived, None), referral(2, DutyState::Waived, None)];
        let mut ledger: Vec<_> = ledger.iter().map(kept).collect();
        ledger[1].waiver_id = Some(Uuid::from_u128(98));
        let missed = |slot| Duty { state_on: day("2027-01-06"), ..referral(slot, DutyState::Missed, None) };
        let planned = vec![missed(1), missed(2)];
        let found = difference(ledger, planned, &[], &[WAIVER], day("2027-02-01"), changed);
        assert_eq!(found.change, [(Uuid::from_u128(1), DutyState::Waived, missed(1))]);
    }

    #[test]
    fn a_record_that_filled_the_slot_after_a_waived_one_stays_there_when_the_waiver_is_revoked() {
        // With the waiver 7 filled slot 2; without it the plan has 7 in slot 1.
        let ledger = [referral(1, DutyState::Waived, None), referral(2, DutyState::Done, Some(7))];
        let planned = vec![referral(1, DutyState::Done, Some(7)), referral(2, DutyState::Open, None)];
        let found = difference(ledger.iter().map(kept).collect(), planned, &[], &[WAIVER], day("2026-04-01"), changed);
        let [(_, DutyState::Waived, again)] = found.change.as_slice() else { panic!("one change: {found:?}") };
        assert_eq!((again.slot, again.state, again.settled_by), (1, DutyState::Open, None));
    }
}
