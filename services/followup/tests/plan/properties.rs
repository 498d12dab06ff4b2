//! What holds of the planner for any history. `PROPTEST_CASES` sets how many are tried.

use std::collections::{BTreeMap, BTreeSet};

use bangfu_followup::model::{
    duty::{Duty, DutyState},
    exclusion::Exclusion,
    history::History,
    plan::{Plan, plan},
    standard::Standards,
};
use chrono::{Days, NaiveDate};
use proptest::prelude::*;

use crate::{
    histories::{day, history},
    reference::{self, Reference},
    standards::{busy, worked},
};

fn config(cases: u32) -> ProptestConfig {
    let asked = std::env::var("PROPTEST_CASES").ok().and_then(|cases| cases.parse().ok());
    ProptestConfig { cases: asked.unwrap_or(cases), failure_persistence: None, ..ProptestConfig::default() }
}

fn standards() -> impl Strategy<Value = Standards> {
    prop_oneof![1 => Just(worked()), 3 => Just(busy())]
}

/// The history as it was on a day: what was not known or entered yet is left out.
fn known_by(history: &History, day: NaiveDate) -> History {
    let mut known = history.clone();
    known.stays.retain(|stay| stay.join_known_on <= day);
    for stay in &mut known.stays {
        stay.left = stay.left.filter(|end| end.known_on <= day);
    }
    known.statuses.retain(|fact| fact.known_on <= day);
    known.groups.retain(|fact| fact.known_on <= day);
    for fact in &mut known.groups {
        fact.until = fact.until.filter(|end| end.known_on <= day);
    }
    known.recognitions.retain(|fact| fact.known_on <= day);
    for fact in &mut known.recognitions {
        fact.until = fact.until.filter(|end| end.known_on <= day);
    }
    if let Some(spells) = &mut known.household {
        spells.retain(|spell| spell.known_on <= day);
    }
    for spell in known.household.iter_mut().flatten() {
        spell.cleared = spell.cleared.filter(|&(_, known_on)| known_on <= day);
    }
    known.records.retain(|record| record.entered_on <= day);
    known.waivers.retain(|waiver| waiver.on <= day);
    known
}

fn final_ones(duties: &[Duty]) -> BTreeMap<(String, NaiveDate, u32), Duty> {
    duties
        .iter()
        .filter(|duty| duty.state.is_final())
        .map(|duty| ((duty.rule.to_string(), duty.period_start, duty.slot), duty.clone()))
        .collect()
}

proptest! {
    #![proptest_config(config(800))]

    #[test]
    fn the_planner_says_what_the_text_says_day_by_day(
        history in history(), standards in standards(), as_of in day(),
    ) {
        let duties = plan(&history, &standards, as_of).duties;
        prop_assert_eq!(duties, reference::duties(&history, &standards, as_of));
    }
}

proptest! {
    #![proptest_config(config(120))]

    #[test]
    fn the_next_review_is_the_next_day_on_which_anything_changes(
        history in history(), standards in standards(), as_of in day(),
    ) {
        let plan = plan_on(&history, &standards, as_of);
        let mut reference = Reference::new(&history, &standards);
        for k in reference::first_day(&history).iter_days().take_while(|&k| k <= as_of) {
            reference.day(k);
        }
        // Facts end in 2028 at the latest, and whatever goes on comes again within a year.
        let end = NaiveDate::from_ymd_opt(2030, 1, 1).expect("a date");
        for k in as_of.iter_days().skip(1).take_while(|&k| k <= plan.next_review_on.unwrap_or(end)) {
            let before = plan_on(&history, &standards, k - Days::new(1));
            prop_assert_eq!(&before, &plan, "{}: the same until the review", k);
            reference.day(k);
            let changed = reference.sorted() != plan.duties || plan_on(&history, &standards, k).exclusion != plan.exclusion;
            prop_assert_eq!(changed, plan.next_review_on == Some(k), "{}: the review is due when something changes", k);
        }
    }

    #[test]
    fn asked_daily_or_after_a_gap_the_answer_is_the_same_and_nothing_final_is_rewritten(
        history in history(), standards in standards(), days in proptest::collection::vec(day(), 1..12),
    ) {
        let mut days = days;
        days.sort_unstable();
        let mut finals = BTreeMap::<_, Duty>::new();
        for day in days {
            let then = plan(&known_by(&history, day), &standards, day);
            let later = plan(&history, &standards, day);
            prop_assert_eq!(&then.duties, &later.duties, "{}: what is learned later changes nothing", day);
            prop_assert_eq!(then.exclusion, later.exclusion);
            let now = final_ones(&then.duties);
            for (identity, duty) in finals {
                let mut stands = now.get(&identity).cloned();
                if let Some(appealed) = stands.as_mut().filter(|now| now.state == DutyState::Waived)
                    && duty.state == DutyState::Missed
                {
                    (appealed.state, appealed.state_on) = (duty.state, duty.state_on);
                }
                prop_assert_eq!(stands, Some(duty), "{}: what is final stays, but for appeals", day);
            }
            finals = now;
        }
    }

    #[test]
    fn walking_from_review_to_review_meets_every_state_of_every_duty(
        history in history(), standards in standards(), as_of in day(),
    ) {
        let mut today = NaiveDate::from_ymd_opt(2025, 1, 1).expect("a date");
        let mut reviewed = plan(&history, &standards, today);
        while let Some(next) = reviewed.next_review_on.filter(|&next| next <= as_of) {
            prop_assert!(next > today, "a review comes after the one before");
            today = next;
            reviewed = plan(&history, &standards, today);
        }
        prop_assert_eq!(reviewed, plan(&history, &standards, as_of));
    }

    #[test]
    fn the_order_in_which_facts_stand_does_not_matter(history in history(), standards in standards(), as_of in day()) {
        let mut turned = history.clone();
        turned.stays.reverse();
        turned.statuses.reverse();
        turned.groups.reverse();
        turned.recognitions.reverse();
        turned.household.iter_mut().for_each(|spells| spells.reverse());
        turned.records.reverse();
        prop_assert_eq!(plan(&turned, &standards, as_of), plan(&history, &standards, as_of));
    }

    #[test]
    fn duties_are_what_they_say_they_are(history in history(), standards in standards(), as_of in day()) {
        let Plan { duties, exclusion, next_review_on } = plan(&history, &standards, as_of);
        let identities: BTreeSet<_> = duties.iter().map(Duty::identity).collect();
        prop_assert_eq!(identities.len(), duties.len(), "never two of one identity");
        prop_assert_eq!(exclusion.is_some(), duties.is_empty(), "duties or an exclusion, never both or neither");
        prop_assert!(next_review_on.is_none_or(|next| next > as_of));

        let mut used = BTreeSet::new();
        for duty in &duties {
            prop_assert!(duty.period_start <= duty.opens_on && duty.opens_on <= duty.due_on);
            prop_assert!(duty.window_start <= duty.opens_on && duty.opens_on <= duty.state_on && duty.state_on <= as_of);
            prop_assert!(duty.opens_on <= duty.target_on && duty.target_on <= duty.due_on);
            prop_assert!(duty.state_on <= duty.missed_from || duty.state == DutyState::Waived);
            prop_assert!(duty.state != DutyState::Missed || duty.missed_from == duty.state_on);
            prop_assert_eq!(duty.state == DutyState::Released, duty.reason.is_some());
            prop_assert_eq!(duty.state == DutyState::Done, duty.settled_by.is_some());
            if duty.state == DutyState::Open {
                prop_assert!(duty.state_on == duty.opens_on && as_of < duty.missed_from);
            }
            if let Some(id) = duty.settled_by {
                let evidence = history.records.iter().find(|record| record.id == id).expect("it is in the history");
                prop_assert!(duty.window_holds(evidence.on) && evidence.entered_on <= duty.state_on);
                let standard = standards.iter().find(|standard| standard.version == duty.standard_version).expect("known");
                let rule = standard.rules.iter().find(|rule| rule.id == duty.rule).expect("known");
                prop_assert!(rule.counts(evidence));
                prop_assert!(used.insert((duty.rule.clone(), id)), "one duty of each rule a record");
            }
        }
    }

    #[test]
    fn a_voided_record_settles_nothing_and_leaves_the_other_duties_as_they_were(
        history in history(), standards in standards(), as_of in day(),
    ) {
        let with = plan(&history, &standards, as_of).duties;
        let Some(voided) = with.iter().find_map(|duty| duty.settled_by) else { return Ok(()) };
        let mut without = history.clone();
        without.records.retain(|record| record.id != voided);
        let without = plan(&without, &standards, as_of).duties;
        prop_assert!(without.iter().all(|duty| duty.settled_by != Some(voided)));
        let services: BTreeSet<_> =
            with.iter().filter(|duty| duty.settled_by == Some(voided)).map(|duty| duty.service).collect();
        let others = |duties: &[Duty]| -> Vec<Duty> {
            duties.iter().filter(|duty| !services.contains(&duty.service)).cloned().collect()
        };
        prop_assert_eq!(others(&without), others(&with));
    }
}

fn plan_on(history: &History, standards: &Standards, as_of: NaiveDate) -> Plan {
    plan(history, standards, as_of)
}

#[test]
fn somebody_without_any_stay_is_outside_the_township_for_ever() {
    let answer = plan(&History::default(), &worked(), NaiveDate::from_ymd_opt(2026, 1, 1).expect("a date"));
    assert_eq!(answer, Plan { duties: Vec::new(), next_review_on: None, exclusion: Some(Exclusion::NotInTownship) });
}
