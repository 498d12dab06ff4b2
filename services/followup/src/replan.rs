//! Plans people anew and makes the ledger say what the plan says: used by the sweep, by contacts, and by the follower.
//!
//! The plan is computed from the whole history each time; only differences are written. Whoever calls holds the locks on
//! the subjects' rows, so nobody else plans the same people in the meantime.

mod diff;
mod homes;
mod tally;

use std::{
    collections::BTreeMap,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::Arc,
};

use bangfu_kernel::{Clock, Error};
use bangfu_platform::{db::TownshipTx, feed::NewEvent, id};
use chrono::NaiveDate;
use uuid::Uuid;

use crate::{
    model::{
        belief::Knowledge,
        duty::{Duty, DutyState, ReleaseReason},
        history::{History, Record},
        plan::{Plan, plan},
        standard::Standards,
    },
    store::{
        self,
        duty::{Kept, Step},
        subject::Subject,
        waiver::Granted,
    },
    wire,
};

use diff::Difference;
pub(crate) use tally::Tally;

/// People to be planned, with all that stands about them.
struct Batch {
    subjects: Vec<Subject>,
    records: BTreeMap<Uuid, Vec<Record>>,
    granted: BTreeMap<Uuid, Vec<Granted>>,
    kept: BTreeMap<Uuid, Vec<Kept>>,
    as_of: NaiveDate,
    voided: Option<Uuid>,
}

/// What has to be written for a batch.
#[derive(Default)]
struct Writing {
    raise: Vec<Step>,
    change: Vec<Step>,
    events: Vec<NewEvent>,
    reviewed: Vec<(Uuid, Option<NaiveDate>)>,
    tally: Tally,
}

/// Plans locked people as of a day, and never as of a day before the one they were planned for last.
/// `voided`: the contact that was just voided, or the waiver that was just revoked; what it settled, or let off, may be
/// rewritten.
pub(crate) async fn people(
    tx: &mut TownshipTx,
    standards: &Arc<Standards>,
    subjects: Vec<Subject>,
    as_of: NaiveDate,
    voided: Option<Uuid>,
) -> Result<Tally, Error> {
    // Somebody never planned has neither contacts nor duties: both are written with a plan.
    let known: Vec<_> =
        subjects.iter().filter(|subject| subject.planned_as_of.is_some()).map(|subject| subject.person_id).collect();
    people_with(tx, standards, subjects, &known, as_of, voided).await
}

/// The same for one person for whom something has just been entered, or of whom a duty was just let off, and for their
/// household, whose month it may be.
pub(crate) async fn contacted(
    tx: &mut TownshipTx,
    standards: &Arc<Standards>,
    subject: Subject,
    voided: Option<Uuid>,
) -> Result<(), Error> {
    let (person_id, today) = (subject.person_id, tx.clock().today());
    let mut subjects = vec![subject];
    subjects.extend(homes::concerned(tx, standards, person_id).await?);
    let known: Vec<_> = subjects.iter().map(|subject| subject.person_id).collect();
    let tally = people_with(tx, standards, subjects, &known, today, voided).await?;
    if tally.failed == 0 { Ok(()) } else { Err(Error::internal(format!("person {person_id} cannot be planned"))) }
}

async fn people_with(
    tx: &mut TownshipTx,
    standards: &Arc<Standards>,
    subjects: Vec<Subject>,
    known: &[Uuid],
    as_of: NaiveDate,
    voided: Option<Uuid>,
) -> Result<Tally, Error> {
    let (records, granted, kept) = (BTreeMap::new(), BTreeMap::new(), BTreeMap::new());
    let mut batch = Batch { subjects, records, granted, kept, as_of, voided };
    if !known.is_empty() {
        for (person_id, record) in store::contact::records(tx, known).await? {
            batch.records.entry(person_id).or_default().push(record);
        }
        batch.granted = store::waiver::granted(tx, known).await?;
        batch.kept = store::duty::of_people(tx, known).await?;
    }
    homes::add_records(tx, &batch.subjects, &mut batch.records).await?;
    let (standards, clock) = (Arc::clone(standards), tx.clock().clone());
    // Planning is computing: it has its own thread, so that a sweep takes nobody's turn.
    let writing = tokio::task::spawn_blocking(move || batch.plan(&standards, &clock))
        .await
        .map_err(|error| Error::Internal(Box::new(error)))?;
    writing.write(tx, as_of, voided).await
}

impl Batch {
    fn plan(mut self, standards: &Standards, clock: &Clock) -> Writing {
        let mut writing = Writing::default();
        for subject in std::mem::take(&mut self.subjects) {
            writing.tally.in_scope += 1;
            let granted = self.granted.remove(&subject.person_id).unwrap_or_default();
            match self.plan_one(&subject, &granted, standards) {
                Ok((plan, history, as_of)) => {
                    let kept = self.kept.remove(&subject.person_id).unwrap_or_default();
                    writing.tally.planned(&plan, !kept.is_empty());
                    writing.reviewed.push((subject.person_id, plan.next_review_on));
                    let why = |duty: &Duty| why_released(duty, &history, standards, as_of);
                    let difference = diff::difference(kept, plan.duties, &granted, self.voided, as_of, why);
                    writing.take(&subject, difference, &granted, clock);
                }
                Err(error) => {
                    let cause = &error as &dyn std::error::Error;
                    tracing::error!(person_id = %subject.person_id, cause, "a person cannot be planned");
                    metrics::counter!("bangfu_followup_plan_failures_total").increment(1);
                    writing.tally.failed();
                }
            }
        }
        writing
    }

    fn plan_one(
        &mut self,
        subject: &Subject,
        granted: &[Granted],
        standards: &Standards,
    ) -> Result<(Plan, History, NaiveDate), Error> {
        let mut history = store::facts::history_of(subject)?;
        history.records = self.records.remove(&subject.person_id).unwrap_or_default();
        history.waivers = granted.iter().map(|granted| granted.fact.clone()).collect();
        let as_of = subject.planned_as_of.map_or(self.as_of, |last| last.max(self.as_of));
        // One person must not stop a township.
        let plan = catch_unwind(AssertUnwindSafe(|| plan(&history, standards, as_of)));
        plan.map(|plan| (plan, history, as_of)).map_err(|_panic| Error::internal("the planner panicked"))
    }
}

impl Writing {
    fn take(&mut self, subject: &Subject, difference: Difference, granted: &[Granted], clock: &Clock) {
        let person_id = subject.person_id;
        for duty in difference.raise {
            let waiver_id = waived_by(&duty, granted);
            let step = Step { duty_id: id::new(clock), person_id, duty, waiver_id };
            self.tally.raised(&step.duty);
            self.events.push(wire::duty_event::stored(&step, None, subject));
            self.raise.push(step);
        }
        for (duty_id, previous, duty) in difference.change {
            let waiver_id = waived_by(&duty, granted);
            let step = Step { duty_id, person_id, duty, waiver_id };
            self.tally.stepped(previous, &step.duty);
            self.events.push(wire::duty_event::stored(&step, Some(previous), subject));
            self.change.push(step);
        }
    }

    async fn write(self, tx: &mut TownshipTx, as_of: NaiveDate, voided: Option<Uuid>) -> Result<Tally, Error> {
        if !self.raise.is_empty() {
            let raised = store::duty::insert(tx, &self.raise).await?;
            all(raised, self.raise.len(), "a duty was raised behind the planner's back")?;
        }
        if !self.change.is_empty() {
            let changed = store::duty::change(tx, &self.change, voided).await?;
            all(changed, self.change.len(), "a final duty was to be rewritten")?;
        }
        if !self.reviewed.is_empty() {
            store::subject::reviewed(tx, as_of, &self.reviewed).await?;
        }
        for event in self.events {
            tx.emit(event);
        }
        Ok(self.tally)
    }
}

/// WAIVED: the waiver that lets it off.
fn waived_by(duty: &Duty, granted: &[Granted]) -> Option<Uuid> {
    let waived = duty.state == DutyState::Waived;
    granted.iter().find(|granted| waived && granted.fact.lets_off(duty)).map(|granted| granted.waiver_id)
}

/// Why an open duty whose ground is gone is no longer owed, as believed today about today or its last day.
fn why_released(duty: &Duty, history: &History, standards: &Standards, as_of: NaiveDate) -> ReleaseReason {
    let standard = standards.iter().find(|standard| standard.version == duty.standard_version);
    let rule = standard.and_then(|standard| standard.rules.iter().find(|rule| rule.id == duty.rule));
    let belief = Knowledge::of(history).belief(as_of.min(duty.due_on), as_of);
    rule.and_then(|rule| ReleaseReason::of(&rule.who, &belief)).unwrap_or(ReleaseReason::ConditionEnded)
}

/// The locks on the subjects make these counts equal; when they are not, nothing of the batch is kept.
fn all(done: u64, meant: usize, otherwise: &'static str) -> Result<(), Error> {
    if u64::try_from(meant).is_ok_and(|meant| meant == done) { Ok(()) } else { Err(Error::internal(otherwise)) }
}
