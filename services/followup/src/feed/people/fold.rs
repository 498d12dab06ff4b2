//! What events make of the people they are about, in memory: pure.

use std::collections::{BTreeMap, BTreeSet};

use bangfu_kernel::{Error, calendar};
use bangfu_proto::people::v1::{
    PersonArrived, PersonEvent, PersonLeft, PersonMerged, PersonRegistered, PersonRestated, PersonUnmerged,
    person_event::Change,
};
use chrono::NaiveDate;
use uuid::Uuid;

use crate::{
    model::{
        history::{End, History, Stay},
        household::HouseholdFacts,
    },
    store::{facts, subject::Subject},
    wire::person_event,
};

/// People as the events so far leave them.
pub(super) struct Fold {
    today: NaiveDate,
    people: BTreeMap<Uuid, Person>,
    /// Contacts whose lesson is on its way to the registry: it stands among the facts under the contact's id.
    pending: BTreeSet<Uuid>,
    merges: Vec<Moving>,
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

/// Contacts that go from one entry to another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Moving {
    /// To the one that is kept.
    Merged {
        /// The entry that is no more.
        merged: Uuid,
        /// The one that is kept.
        kept: Uuid,
    },
    /// Back to the one that is there again.
    Unmerged {
        /// The entry that is there again.
        merged: Uuid,
        /// The one that was kept.
        kept: Uuid,
    },
}

/// What is to be written.
pub(super) struct Folded {
    /// Everybody entered or changed.
    pub(super) subjects: Vec<Subject>,
    /// Those to be planned anew at once: facts changed and they were planned before. The others wait for the sweep,
    /// which is due for them.
    pub(super) anew: BTreeSet<Uuid>,
    /// Contacts that go from one entry to another, in order.
    pub(super) merges: Vec<Moving>,
    /// The township's name, if it changed.
    pub(super) name: Option<String>,
}

impl Fold {
    /// Over those of the people concerned who are known.
    pub(super) fn over(known: Vec<Subject>, pending: BTreeSet<Uuid>, today: NaiveDate) -> Self {
        let people = known
            .into_iter()
            .map(|subject| (subject.person_id, Person { subject, history: None, touched: false, changed: false }))
            .collect();
        Self { today, people, pending, merges: Vec::new(), name: None }
    }

    /// Takes one event, the next in order.
    pub(super) fn take(&mut self, event: &PersonEvent) -> Result<(), Error> {
        let change = event.change.as_ref().ok_or_else(|| Error::internal("an event of a kind not known here"))?;
        if let Change::TownshipChanged(township) = change {
            self.name = Some(township.name.clone());
            return Ok(());
        }
        if let Change::HouseholdChanged(household) = change {
            let (household_id, facts) = person_event::household(household)?;
            return self.home(household_id, &facts);
        }
        let person_id = person_event::id("person_id", &event.person_id)?;
        match change {
            Change::Registered(registered) => self.register(person_id, registered),
            Change::Arrived(arrived) => self.arrive(person_id, arrived),
            Change::Left(left) => self.leave(person_id, left),
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
            Change::RecognitionChanged(changed) => {
                if let Some(fact) = person_event::recognition(changed)? {
                    let history = self.person(person_id)?.history()?;
                    history.recognitions.retain(|known| known.recognition_id != fact.recognition_id);
                    history.recognitions.push(fact);
                }
                Ok(())
            }
            Change::Merged(change) => self.merge(person_id, change),
            Change::Unmerged(change) => self.unmerge(person_id, change),
            Change::Restated(restated) => self.restate(person_id, restated),
            // What does not decide what is owed.
            Change::UnemploymentRegistered(_)
            | Change::EmploymentRegistered(_)
            | Change::SurveyRecorded(_)
            | Change::HouseholdChanged(_)
            | Change::Anonymised(_)
            | Change::TownshipChanged(_) => Ok(()),
        }
    }

    fn register(&mut self, person_id: Uuid, registered: &PersonRegistered) -> Result<(), Error> {
        let stay = person_event::stay(registered)?;
        let groups = person_event::memberships(&registered.memberships)?;
        let status = registered.employment.as_ref().map(person_event::status).transpose()?;
        let person = self.begin(person_id, stay, &registered.village, &registered.coordinator);
        let history = person.history()?;
        history.stays.push(stay);
        history.groups = groups;
        history.statuses.extend(status);
        Ok(())
    }

    /// Somebody from another township, with all that is known; their stays here go on from where they left.
    fn arrive(&mut self, person_id: Uuid, arrived: &PersonArrived) -> Result<(), Error> {
        let stay = person_event::arrival(arrived)?;
        let groups = person_event::memberships(&arrived.memberships)?;
        let statuses = arrived.employment.iter().map(person_event::status).collect::<Result<Vec<_>, _>>()?;
        let pending = self.pending.clone();
        let person = self.begin(person_id, stay, &arrived.village, &arrived.coordinator);
        let history = person.history()?;
        if history.stays.iter().any(|stay| stay.left.is_none()) {
            return Err(Error::internal(format!("person {person_id} arrives where they are")));
        }
        history.stays.push(stay);
        history.groups = groups;
        // Whatever was told of an earlier stay is replaced: a record may be somebody else's since. What a contact taught may
        // still be on its way to the registry.
        history.statuses.retain(|known| pending.contains(&known.record_id));
        history.statuses.extend(statuses);
        // Those that hold, or have held, are told right after.
        history.recognitions.clear();
        Ok(())
    }

    /// The stay that has not ended does.
    fn leave(&mut self, person_id: Uuid, left: &PersonLeft) -> Result<(), Error> {
        let end = person_event::end(left)?;
        let history = self.person(person_id)?.history()?;
        let stay = history.stays.iter_mut().find(|stay| stay.left.is_none());
        stay.ok_or_else(|| Error::internal(format!("person {person_id} leaves where they are not")))?.left = Some(end);
        Ok(())
    }

    /// Somebody known or not, as a stay of theirs begins.
    fn begin(&mut self, person_id: Uuid, stay: Stay, village: &str, coordinator: &str) -> &mut Person {
        let person = self.people.entry(person_id).or_insert_with(|| Person {
            subject: Subject {
                person_id,
                village: String::new(),
                coordinator: String::new(),
                serving: String::new(),
                joined_on: stay.joined_on,
                facts: String::new(),
                next_review_on: Some(stay.joined_on),
                planned_as_of: None,
                merged_into: None,
                household: false,
                head: None,
            },
            history: Some(History::default()),
            touched: true,
            changed: true,
        });
        village.clone_into(&mut person.subject.village);
        coordinator.clone_into(&mut person.subject.coordinator);
        person
    }

    /// The entry ends here. Its contacts count for the kept one, which is planned if this one was; and so does what they
    /// taught and the registry has not told yet (PersonRestated, which follows, tells the rest).
    fn merge(&mut self, merged: Uuid, change: &PersonMerged) -> Result<(), Error> {
        let kept = person_event::id("into_person_id", &change.into_person_id)?;
        let on = person_event::day("merged_on", change.merged_on.as_ref())?;
        let person = self.person(merged)?;
        person.subject.merged_into = Some(kept);
        let planned_as_of = person.subject.planned_as_of;
        let history = person.history()?;
        if let Some(stay) = history.stays.iter_mut().rfind(|stay| stay.left.is_none()) {
            stay.left = Some(End { on: on.max(stay.joined_on), known_on: on });
        }
        let statuses = history.statuses.clone();
        let person = self.person(kept)?;
        person.history()?.statuses.extend(statuses);
        person.subject.planned_as_of = person.subject.planned_as_of.max(planned_as_of);
        self.merges.push(Moving::Merged { merged, kept });
        Ok(())
    }

    /// The entry is there again from the day on: what was owed in between was owed to the kept one.
    fn unmerge(&mut self, merged: Uuid, change: &PersonUnmerged) -> Result<(), Error> {
        let kept = person_event::id("from_person_id", &change.from_person_id)?;
        let on = person_event::day("unmerged_on", change.unmerged_on.as_ref())?;
        self.person(kept)?.history()?;
        let person = self.person(merged)?;
        person.subject.merged_into = None;
        person.history()?.stays.push(Stay { joined_on: on, join_known_on: on, left: None });
        self.merges.push(Moving::Unmerged { merged, kept });
        Ok(())
    }

    /// All facts anew. What a contact taught and the registry has not told yet stays: it stands under the contact's id.
    fn restate(&mut self, person_id: Uuid, restated: &PersonRestated) -> Result<(), Error> {
        let told = restated.employment.iter().map(person_event::status).collect::<Result<Vec<_>, _>>()?;
        let groups = person_event::memberships(&restated.memberships)?;
        let recognitions =
            restated.recognitions.iter().map(person_event::recognition).collect::<Result<Vec<_>, _>>()?;
        let pending = self.pending.clone();
        let history = self.person(person_id)?.history()?;
        history.statuses.retain(|known| pending.contains(&known.record_id));
        history.statuses.extend(told);
        history.groups = groups;
        history.recognitions = recognitions.into_iter().flatten().collect();
        Ok(())
    }

    /// A household as it stands now: a subject, to whom something may be owed.
    fn home(&mut self, household_id: Uuid, facts: &HouseholdFacts) -> Result<(), Error> {
        let document = serde_json::to_string(facts).map_err(|error| Error::Internal(Box::new(error)))?;
        let first_day = facts.spells.iter().map(|spell| spell.recognised_on).min();
        let began = facts.members.iter().map(|member| member.from).chain(first_day).min();
        let person = self.people.entry(household_id).or_insert_with(|| Person {
            subject: Subject {
                person_id: household_id,
                village: String::new(),
                coordinator: String::new(),
                serving: String::new(),
                joined_on: began.unwrap_or(calendar::EARLIEST),
                facts: String::new(),
                next_review_on: None,
                planned_as_of: None,
                merged_into: None,
                household: true,
                head: None,
            },
            history: None,
            touched: true,
            changed: true,
        });
        if !person.subject.household {
            return Err(Error::internal(format!("{household_id} is a person's id and a household's")));
        }
        person.subject.facts = document;
        person.subject.head = facts.head();
        if person.subject.head.is_none() {
            // Nobody is left: it stands nowhere, whenever that is heard.
            (person.subject.village, person.subject.coordinator) = (String::new(), String::new());
        }
        if person.subject.planned_as_of.is_none() {
            person.subject.next_review_on = first_day;
        }
        person.changed = true;
        Ok(())
    }

    fn person(&mut self, person_id: Uuid) -> Result<&mut Person, Error> {
        self.people
            .get_mut(&person_id)
            .ok_or_else(|| Error::internal(format!("an event about person {person_id}, who was never registered")))
    }

    /// What is to be written.
    pub(super) fn finish(self) -> Result<Folded, Error> {
        let mut folded = Folded { subjects: Vec::new(), anew: BTreeSet::new(), merges: self.merges, name: self.name };
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
        let mut fold = Fold::over(Vec::new(), BTreeSet::new(), day(TODAY));
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
        let mut fold = Fold::over(Vec::new(), BTreeSet::new(), day(TODAY));
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
                let mut fold = Fold::over(vec![known(planned)], BTreeSet::new(), day(TODAY));
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
        let mut fold = Fold::over(vec![known(true)], BTreeSet::new(), day(TODAY));
        for _ in 0..2 {
            fold.take(&event(1, recorded(fact(2, EmploymentStatus::Flexible)))).expect("taken");
        }
        let none = Change::MembershipsChanged(MembershipsChanged { memberships: Vec::new() });
        fold.take(&event(1, none)).expect("taken");
        let history = facts::history(&fold.finish().expect("folded").subjects[0].facts).expect("facts");
        assert_eq!((history.statuses.len(), history.groups.len()), (2, 0));
        assert!(!history.groups.iter().any(|fact| fact.group == Group::Veteran));
    }

    fn left(on: &str, known_on: &str) -> Change {
        Change::Left(PersonLeft {
            left_on: Some(calendar::message(day(on))),
            left_known_on: Some(calendar::message(day(known_on))),
            ..Default::default()
        })
    }

    fn arrived(on: &str, employment: Vec<EmploymentFact>) -> Change {
        let on = Some(calendar::message(day(on)));
        Change::Arrived(PersonArrived { joined_on: on, join_known_on: on, employment, ..Default::default() })
    }

    #[test]
    fn whoever_leaves_and_comes_back_has_two_stays_and_each_record_once() {
        let mut fold = Fold::over(vec![known(true)], BTreeSet::new(), day(TODAY));
        fold.take(&event(1, left("2026-03-01", "2026-03-05"))).expect("taken");
        let (old, new) = (fact(1, EmploymentStatus::Unemployed), fact(2, EmploymentStatus::Flexible));
        assert!(fold.take(&event(1, left("2026-03-06", "2026-03-06"))).is_err(), "they are gone");
        fold.take(&event(1, arrived("2026-03-10", vec![old, new]))).expect("taken");
        let folded = fold.finish().expect("folded");
        assert_eq!(folded.anew.len(), 1);
        let history = facts::history(&folded.subjects[0].facts).expect("facts");
        assert_eq!(history.statuses.len(), 2);
        let stays: Vec<_> = history.stays.iter().map(|stay| (stay.joined_on, stay.left.map(|end| end.on))).collect();
        assert_eq!(stays, [(day("2026-01-05"), Some(day("2026-03-01"))), (day("2026-03-10"), None)]);
    }

    #[test]
    fn somebody_from_elsewhere_is_reviewed_from_the_first_day_of_their_stay() {
        let mut fold = Fold::over(Vec::new(), BTreeSet::new(), day(TODAY));
        fold.take(&event(1, arrived("2026-03-10", vec![fact(1, EmploymentStatus::Unemployed)]))).expect("taken");
        let folded = fold.finish().expect("folded");
        assert_eq!(folded.subjects[0].next_review_on, Some(day("2026-03-10")));
        let mut fold = Fold::over(folded.subjects, BTreeSet::new(), day(TODAY));
        assert!(fold.take(&event(1, arrived("2026-03-11", Vec::new()))).is_err(), "they are here");
    }

    #[test]
    fn what_the_contract_does_not_allow_is_an_error() {
        let mut fold = Fold::over(vec![known(true)], BTreeSet::new(), day(TODAY));
        for poison in [
            event(2, left("2026-03-01", "2026-03-01")),
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
