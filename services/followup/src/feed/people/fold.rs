//! What events make of the people they are about, in memory: pure.

use std::collections::{BTreeMap, BTreeSet};

use bangfu_kernel::Error;
use bangfu_proto::people::v1::{PersonEvent, PersonRegistered, person_event::Change};
use chrono::NaiveDate;
use uuid::Uuid;

use crate::{
    model::history::History,
    store::{facts, subject::Subject},
    wire::person_event,
};

/// People as the events so far leave them.
pub(super) struct Fold {
    today: NaiveDate,
    people: BTreeMap<Uuid, Person>,
    name: Option<String>,
}

struct Person {
    subject: Subject,
    /// Read from the document only when a fact changes.
    history: Option<History>,
    touched: bool,
    /// A fact changed that may decide what is owed.
    changed: bool,
}

/// What is to be written.
pub(super) struct Folded {
    /// Everybody entered or changed.
    pub(super) subjects: Vec<Subject>,
    /// Those to be planned anew at once: facts changed and they were planned before. The others wait for the sweep,
    /// which is due for them.
    pub(super) anew: BTreeSet<Uuid>,
    /// The township's name, if it changed.
    pub(super) name: Option<String>,
}

impl Fold {
    /// Over those of the people concerned who are known.
    pub(super) fn over(known: Vec<Subject>, today: NaiveDate) -> Self {
        let people = known
            .into_iter()
            .map(|subject| (subject.person_id, Person { subject, history: None, touched: false, changed: false }))
            .collect();
        Self { today, people, name: None }
    }

    /// Takes one event, the next in order.
    pub(super) fn take(&mut self, event: &PersonEvent) -> Result<(), Error> {
        let change = event.change.as_ref().ok_or_else(|| Error::internal("an event of a kind not known here"))?;
        if let Change::TownshipChanged(township) = change {
            self.name = Some(township.name.clone());
            return Ok(());
        }
        let person_id = person_event::id("person_id", &event.person_id)?;
        match change {
            Change::Registered(registered) => self.register(person_id, registered),
            Change::EmploymentRecorded(recorded) => {
                let fact = recorded.employment.as_ref().ok_or_else(|| Error::internal("a record without a fact"))?;
                let fact = person_event::status(fact)?;
                let history = self.person(person_id)?.history()?;
                history.statuses.retain(|known| known.record_id != fact.record_id);
                history.statuses.push(fact);
                Ok(())
            }
            Change::MembershipsChanged(changed) => {
                let memberships = person_event::memberships(&changed.memberships)?;
                self.person(person_id)?.history()?.groups = memberships;
                Ok(())
            }
            Change::AssignmentChanged(assignment) => {
                let person = self.person(person_id)?;
                person.subject.village.clone_from(&assignment.village);
                person.subject.coordinator.clone_from(&assignment.coordinator);
                person.touched = true;
                Ok(())
            }
            // What does not decide what is owed.
            Change::UnemploymentRegistered(_)
            | Change::EmploymentRegistered(_)
            | Change::SurveyRecorded(_)
            | Change::Anonymised(_)
            | Change::TownshipChanged(_) => Ok(()),
        }
    }

    fn register(&mut self, person_id: Uuid, registered: &PersonRegistered) -> Result<(), Error> {
        let stay = person_event::stay(registered)?;
        let groups = person_event::memberships(&registered.memberships)?;
        let status = registered.employment.as_ref().map(person_event::status).transpose()?;
        let person = self.people.entry(person_id).or_insert_with(|| Person {
            subject: Subject {
                person_id,
                village: String::new(),
                coordinator: String::new(),
                joined_on: stay.joined_on,
                facts: String::new(),
                next_review_on: Some(stay.joined_on),
                planned_as_of: None,
            },
            history: Some(History::default()),
            touched: true,
            changed: true,
        });
        person.subject.village.clone_from(&registered.village);
        person.subject.coordinator.clone_from(&registered.coordinator);
        let history = person.history()?;
        history.stays.push(stay);
        history.groups = groups;
        history.statuses.extend(status);
        Ok(())
    }

    fn person(&mut self, person_id: Uuid) -> Result<&mut Person, Error> {
        self.people
            .get_mut(&person_id)
            .ok_or_else(|| Error::internal(format!("an event about person {person_id}, who was never registered")))
    }

    /// What is to be written.
    pub(super) fn finish(self) -> Result<Folded, Error> {
        let mut folded = Folded { subjects: Vec::new(), anew: BTreeSet::new(), name: self.name };
        for Person { mut subject, history, touched, changed } in self.people.into_values() {
            if !touched && !changed {
                continue;
            }
            if let Some(history) = history {
                subject.facts = facts::document(&history)?;
            }
            if changed && subject.planned_as_of.is_some() {
                // Should the plan fail, the sweep comes back to them.
                subject.next_review_on =
                    subject.next_review_on.map_or(Some(self.today), |next| Some(next.min(self.today)));
                folded.anew.insert(subject.person_id);
            }
            folded.subjects.push(subject);
        }
        Ok(folded)
    }
}

impl Person {
    /// The history, to be changed.
    fn history(&mut self) -> Result<&mut History, Error> {
        if self.history.is_none() {
            self.history = Some(facts::history(&self.subject.facts)?);
        }
        self.changed = true;
        self.history.as_mut().ok_or_else(|| Error::internal("a history that was just read is gone"))
    }
}

#[cfg(test)]
mod tests {
    use bangfu_kernel::{calendar, group::Group, level::EmploymentStatus};
    use bangfu_proto::people::v1::{
        AssignmentChanged, EmploymentFact, EmploymentRecorded, Group as ProtoGroup, Membership, MembershipsChanged,
        TownshipChanged,
    };

    use super::*;

    const TODAY: &str = "2026-03-20";

    fn day(text: &str) -> NaiveDate {
        text.parse().expect("a date")
    }

    fn event(person: u128, change: Change) -> PersonEvent {
        PersonEvent {
            person_id: Uuid::from_u128(person).to_string(),
            change: Some(change),
            cursor: None,
            occurred_at: None,
        }
    }

    fn fact(record: u128, status: EmploymentStatus) -> EmploymentFact {
        let from = Some(calendar::message(day("2026-01-05")));
        EmploymentFact {
            record_id: Uuid::from_u128(record).to_string(),
            status: bangfu_proto::people::v1::EmploymentStatus::from(status).into(),
            effective_on: from,
            known_on: from,
            ..Default::default()
        }
    }

    fn registered() -> Change {
        let from = Some(calendar::message(day("2026-01-05")));
        Change::Registered(PersonRegistered {
            joined_on: from,
            join_known_on: from,
            village: "双溪村".into(),
            employment: Some(fact(1, EmploymentStatus::Unemployed)),
            ..Default::default()
        })
    }

    fn recorded(fact: EmploymentFact) -> Change {
        Change::EmploymentRecorded(EmploymentRecorded { employment: Some(fact) })
    }

    fn known(planned: bool) -> Subject {
        let mut fold = Fold::over(Vec::new(), day(TODAY));
        fold.take(&event(1, registered())).expect("taken");
        let mut subject = fold.finish().expect("folded").subjects.pop().expect("one");
        if planned {
            subject.planned_as_of = Some(day("2026-03-01"));
            subject.next_review_on = Some(day("2026-04-01"));
        }
        subject
    }

    #[test]
    fn somebody_new_is_left_to_the_sweep_which_is_due_for_them() {
        let mut fold = Fold::over(Vec::new(), day(TODAY));
        fold.take(&event(1, registered())).expect("taken");
        fold.take(&event(1, recorded(fact(2, EmploymentStatus::Flexible)))).expect("taken");
        let folded = fold.finish().expect("folded");
        assert!(folded.anew.is_empty());
        let [subject] = folded.subjects.as_slice() else { panic!("one") };
        assert_eq!((subject.village.as_str(), subject.next_review_on), ("双溪村", Some(day("2026-01-05"))));
        assert_eq!(facts::history(&subject.facts).expect("facts").statuses.len(), 2);
    }

    #[test]
    fn a_change_of_facts_plans_somebody_anew_and_a_change_of_address_does_not() {
        let membership = Membership {
            group: ProtoGroup::Veteran.into(),
            from: Some(calendar::message(day("2026-03-01"))),
            known_on: Some(calendar::message(day("2026-03-01"))),
            ..Default::default()
        };
        let memberships = Change::MembershipsChanged(MembershipsChanged { memberships: vec![membership] });
        let assignment =
            Change::AssignmentChanged(AssignmentChanged { village: "李庄".into(), coordinator: "王".into() });
        for (change, anew) in
            [(recorded(fact(2, EmploymentStatus::Flexible)), true), (memberships, true), (assignment, false)]
        {
            for planned in [false, true] {
                let mut fold = Fold::over(vec![known(planned)], day(TODAY));
                fold.take(&event(1, change.clone())).expect("taken");
                let folded = fold.finish().expect("folded");
                assert_eq!(folded.anew.len(), usize::from(anew && planned), "{change:?}");
                assert_eq!(folded.subjects.len(), 1);
                if anew && planned {
                    assert_eq!(folded.subjects[0].next_review_on, Some(day(TODAY)));
                }
            }
        }
    }

    #[test]
    fn a_record_told_twice_counts_once_and_memberships_replace_those_before() {
        let mut fold = Fold::over(vec![known(true)], day(TODAY));
        for _ in 0..2 {
            fold.take(&event(1, recorded(fact(2, EmploymentStatus::Flexible)))).expect("taken");
        }
        let none = Change::MembershipsChanged(MembershipsChanged { memberships: Vec::new() });
        fold.take(&event(1, none)).expect("taken");
        let history = facts::history(&fold.finish().expect("folded").subjects[0].facts).expect("facts");
        assert_eq!((history.statuses.len(), history.groups.len()), (2, 0));
        assert!(!history.groups.iter().any(|fact| fact.group == Group::Veteran));
    }

    #[test]
    fn what_the_contract_does_not_allow_is_an_error() {
        let mut fold = Fold::over(vec![known(true)], day(TODAY));
        for poison in [
            event(2, recorded(fact(2, EmploymentStatus::Flexible))),
            event(1, recorded(EmploymentFact { status: 99, ..fact(2, EmploymentStatus::Flexible) })),
            event(1, recorded(EmploymentFact { known_on: None, ..fact(2, EmploymentStatus::Flexible) })),
            event(1, Change::EmploymentRecorded(EmploymentRecorded { employment: None })),
            PersonEvent { change: None, ..event(1, registered()) },
        ] {
            assert!(fold.take(&poison).is_err(), "{poison:?}");
        }
        fold.take(&event(1, Change::TownshipChanged(TownshipChanged { name: "李堡镇".into() }))).expect("taken");
        let folded = fold.finish().expect("folded");
        assert_eq!((folded.subjects.len(), folded.name.as_deref()), (0, Some("李堡镇")));
    }
}
