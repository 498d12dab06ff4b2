//! Plans people anew and makes the ledger say what the plan says: used by the sweep, by contacts, and by the follower.
//!
//! The plan is computed from the whole history each time; only differences are written. Whoever calls holds the locks on
//! the subjects' rows, so nobody else plans the same people in the meantime.

mod diff;
pub(crate) mod homes;
mod recommend;
mod tally;

use std::{
    collections::{BTreeMap, BTreeSet},
    panic::{AssertUnwindSafe, catch_unwind},
    sync::Arc,
    time::{Duration, Instant},
};

use bangfu_kernel::{Clock, Error};
use bangfu_platform::{db::TownshipTx, feed::NewEvent, id, telemetry};
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
pub(crate) use recommend::Recommender;
pub(crate) use tally::Tally;

/// People to be planned, with all that stands about them.
struct Batch {
    subjects: Vec<Subject>,
    records: BTreeMap<Uuid, Vec<Record>>,
    granted: BTreeMap<Uuid, Vec<Granted>>,
    as_of: NaiveDate,
    because: Because,
    /// Records that were just voided, or moved away, and waivers that were just revoked: what they settled, or let off, may be
    /// rewritten.
    voided: Vec<Uuid>,
    /// Under which the log has the causes of what fails.
    correlation_id: String,
}

/// A step of a duty of the batch's subject of that number, and the state before; `None`: it is raised.
struct Taken {
    subject: usize,
    /// The day the subject was planned as of.
    as_of: NaiveDate,
    previous: Option<DutyState>,
    step: Step,
}

/// Why people are planned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Because {
    /// Days have passed, and nothing else has changed since the last plan: what the plan says of the days up to then stands
    /// in the ledger already.
    OfDays,
    /// Facts have changed, or nobody knows what has.
    OfFacts,
}

/// Somebody's plan, before it is held against the ledger.
struct Planned {
    subject: usize,
    plan: Plan,
    history: History,
    granted: Vec<Granted>,
    as_of: NaiveDate,
    /// Whether the ledger has to be read for it; otherwise all that is new in the plan is new in the ledger.
    against_ledger: bool,
}

/// What a batch took, beside its statements: turning what was read into histories, and planning them.
#[derive(Default)]
struct Times {
    reading: Duration,
    planning: Duration,
}

/// What has to be written for a batch.
#[derive(Default)]
struct Writing {
    raise: Vec<Step>,
    change: Vec<Step>,
    events: Vec<NewEvent>,
    reviewed: Vec<(Uuid, Option<NaiveDate>)>,
    /// Those whose plan failed; whether it is a household.
    failed: Vec<(Uuid, bool)>,
    tally: Tally,
}

/// Plans locked people as of a day, and never as of a day before the one they were planned for last. `moved`: records that
/// one of them no longer has, because a merge was undone.
pub(crate) async fn people(
    tx: &mut TownshipTx,
    standards: &Arc<Standards>,
    recommender: &Recommender,
    subjects: Vec<Subject>,
    as_of: NaiveDate,
    because: Because,
    moved: &[Uuid],
) -> Result<Tally, Error> {
    // Somebody never planned has neither contacts nor duties: both are written with a plan.
    let known: Vec<_> =
        subjects.iter().filter(|subject| subject.planned_as_of.is_some()).map(|subject| subject.person_id).collect();
    people_with(tx, (standards, recommender), subjects, &known, as_of, because, moved).await
}

/// The same for one person for whom something has just been entered, or of whom a duty was just let off, and for their
/// household, whose month it may be. For somebody whose plan fails nothing is entered: the caller could not be told what
/// it settled. `voided`: the record that was just voided, or the waiver that was just revoked; what it settled, or let off,
/// may be rewritten.
pub(crate) async fn contacted(
    tx: &mut TownshipTx,
    standards: &Arc<Standards>,
    recommender: &Recommender,
    subject: Subject,
    voided: Option<Uuid>,
) -> Result<(), Error> {
    let (person_id, today) = (subject.person_id, tx.clock().today());
    let mut subjects = vec![subject];
    subjects.extend(homes::concerned(tx, standards, person_id).await?);
    if let Some(voided) = voided {
        let mut others = store::duty::settled_of(tx, voided).await?;
        others.retain(|other| subjects.iter().all(|subject| subject.person_id != *other));
        subjects.extend(store::subject::lock_all(tx, &others).await?);
    }
    let known: Vec<_> = subjects.iter().map(|subject| subject.person_id).collect();
    let tally =
        people_with(tx, (standards, recommender), subjects, &known, today, Because::OfFacts, voided.as_slice()).await?;
    if tally.failed == 0 { Ok(()) } else { Err(Error::internal(format!("person {person_id} cannot be planned"))) }
}

async fn people_with(
    tx: &mut TownshipTx,
    (standards, recommender): (&Arc<Standards>, &Recommender),
    subjects: Vec<Subject>,
    known: &[Uuid],
    as_of: NaiveDate,
    because: Because,
    voided: &[Uuid],
) -> Result<Tally, Error> {
    let begin = Instant::now();
    let (records, granted, correlation_id) = (BTreeMap::new(), BTreeMap::new(), correlation_id());
    let mut batch = Batch { subjects, records, granted, as_of, because, voided: voided.to_vec(), correlation_id };
    let everybody: Vec<_> = batch.subjects.iter().map(|subject| subject.person_id).collect();
    let quarantined = store::quarantine::among(tx, &everybody).await?;
    if !quarantined.is_empty() {
        batch.because = Because::OfFacts;
    }
    if !known.is_empty() {
        for (person_id, record) in store::contact::records(tx, known).await? {
            batch.records.entry(person_id).or_default().push(record);
        }
        batch.granted = store::waiver::granted(tx, known).await?;
    }
    homes::add_records(tx, &batch.subjects, &mut batch.records).await?;
    spent("read", begin.elapsed());
    // Planning is computing: it has its own thread, so that a sweep takes nobody's turn.
    let (standards, recommender, clock) = (Arc::clone(standards), recommender.clone(), tx.clock().clone());
    let (batch, planned, mut writing) = computed(move || {
        let mut batch = batch;
        let (planned, writing) = batch.plan(&standards);
        (Arc::new((batch, standards)), planned, writing)
    })
    .await?;
    let begin = Instant::now();
    let known: BTreeSet<_> = known.iter().collect();
    let against = planned.iter().filter(|planned| planned.against_ledger);
    let against = against.map(|planned| batch.0.subjects[planned.subject].person_id);
    let against: Vec<_> = against.filter(|person_id| known.contains(person_id)).collect();
    let kept = if against.is_empty() { BTreeMap::new() } else { store::duty::of_people(tx, &against).await? };
    recommender.look_ahead(tx, as_of, (&planned, &batch.0.subjects)).await?;
    spent("ledger", begin.elapsed());
    let id = batch.0.correlation_id.clone();
    let writing = computed(move || {
        let (batch, standards) = &*batch;
        batch.compare(planned, kept, standards, &recommender, &clock, &mut writing);
        writing
    })
    .await?;
    let begin = Instant::now();
    let tally = writing.write(tx, as_of, voided, &quarantined, &id).await?;
    spent("write", begin.elapsed());
    Ok(tally)
}

/// Computes on a thread of its own.
async fn computed<T: Send + 'static>(compute: impl FnOnce() -> T + Send + 'static) -> Result<T, Error> {
    tokio::task::spawn_blocking(compute).await.map_err(|error| Error::Internal(Box::new(error)))
}

impl Batch {
    /// Everybody's plan, and who failed.
    fn plan(&mut self, standards: &Standards) -> (Vec<Planned>, Writing) {
        let (mut planned, mut writing, mut times) = (Vec::new(), Writing::default(), Times::default());
        let subjects = std::mem::take(&mut self.subjects);
        for (number, subject) in subjects.iter().enumerate() {
            writing.tally.in_scope += 1;
            let granted = self.granted.remove(&subject.person_id).unwrap_or_default();
            match self.plan_one(subject, &granted, standards, &mut times) {
                Ok((plan, history, as_of)) => {
                    let new = self.because == Because::OfDays && granted.is_empty() && only_news(subject, &plan);
                    planned.push(Planned { subject: number, plan, history, granted, as_of, against_ledger: !new });
                }
                Err(error) => {
                    let cause = &error as &dyn std::error::Error;
                    let correlation_id = &self.correlation_id;
                    tracing::error!(person_id = %subject.person_id, cause, correlation_id, "a person cannot be planned");
                    metrics::counter!("bangfu_followup_plan_failures_total").increment(1);
                    writing.failed.push((subject.person_id, subject.household));
                    writing.tally.failed();
                }
            }
        }
        self.subjects = subjects;
        spent("read", times.reading);
        spent("plan", times.planning);
        (planned, writing)
    }

    /// What of the plans the ledger does not say yet.
    fn compare(
        &self,
        planned: Vec<Planned>,
        mut kept: BTreeMap<Uuid, Vec<Kept>>,
        standards: &Standards,
        recommender: &Recommender,
        clock: &Clock,
        writing: &mut Writing,
    ) {
        let mut steps = Vec::new();
        for Planned { subject: number, mut plan, history, granted, as_of, against_ledger } in planned {
            let subject = &self.subjects[number];
            let kept = kept.remove(&subject.person_id).unwrap_or_default();
            writing.tally.planned(&plan, !kept.is_empty());
            writing.reviewed.push((subject.person_id, plan.next_review_on));
            plan.duties.retain(|duty| may_be_news(subject, against_ledger, duty));
            let why = |duty: &Duty| why_released(duty, &history, standards, as_of);
            let has = |id: &Uuid| history.records.iter().any(|record| record.id == *id);
            let voided: Vec<_> = self.voided.iter().copied().filter(|id| !has(id)).collect();
            let difference = diff::difference(kept, plan.duties, &granted, &voided, as_of, why);
            steps.extend(taken((number, subject), difference, &granted, as_of, clock));
        }
        recommender.recommend(&mut steps, &self.subjects);
        writing.take(steps, &self.subjects);
    }

    fn plan_one(
        &mut self,
        subject: &Subject,
        granted: &[Granted],
        standards: &Standards,
        times: &mut Times,
    ) -> Result<(Plan, History, NaiveDate), Error> {
        let begin = Instant::now();
        let mut history = store::facts::history_of(subject)?;
        history.records = self.records.remove(&subject.person_id).unwrap_or_default();
        history.waivers = granted.iter().map(|granted| granted.fact.clone()).collect();
        let as_of = subject.planned_as_of.map_or(self.as_of, |last| last.max(self.as_of));
        let read = begin.elapsed();
        // One person must not stop a township.
        let plan = catch_unwind(AssertUnwindSafe(|| plan(&history, standards, as_of)));
        times.reading += read;
        times.planning += begin.elapsed().saturating_sub(read);
        plan.map(|plan| (plan, history, as_of)).map_err(|_panic| Error::internal("the planner panicked"))
    }
}

/// Whether all that a plan says of the days since the last one is about periods that have begun since: of what stood in the
/// ledger then nothing has moved, and of what is new nothing can have stood there. (A day's steps are the same whether they
/// are planned on that day or later; see the properties of the planner.)
fn only_news(subject: &Subject, plan: &Plan) -> bool {
    let Some(last) = subject.planned_as_of else { return false };
    let as_it_was = |duty: &Duty| duty.period_start > last || (duty.opens_on <= last && duty.state_on <= last);
    !subject.household && !plan.duties.is_empty() && plan.duties.iter().all(as_it_was)
}

/// Whether a duty of a plan may say what the ledger does not: where the ledger is not read, those whose period has begun
/// since the last plan do, and no others.
fn may_be_news(subject: &Subject, against_ledger: bool, duty: &Duty) -> bool {
    against_ledger || subject.planned_as_of.is_none_or(|last| duty.period_start > last)
}

/// The steps that a difference asks for.
fn taken(
    (number, subject): (usize, &Subject),
    difference: Difference,
    granted: &[Granted],
    as_of: NaiveDate,
    clock: &Clock,
) -> impl Iterator<Item = Taken> {
    let person_id = subject.person_id;
    let step = move |duty_id, duty: Duty| {
        let waiver_id = waived_by(&duty, granted);
        Step { duty_id, person_id, duty, recommended: None, waiver_id }
    };
    let raised = difference.raise.into_iter().map(move |duty| (None, step(id::new(clock), duty)));
    let changed =
        difference.change.into_iter().map(move |(duty_id, previous, duty)| (Some(previous), step(duty_id, duty)));
    raised.chain(changed).map(move |(previous, step)| Taken { subject: number, as_of, previous, step })
}

impl Writing {
    fn take(&mut self, steps: Vec<Taken>, subjects: &[Subject]) {
        for Taken { subject, as_of, previous, step } in steps {
            self.events.push(wire::duty_event::stored(&step, previous, &subjects[subject]));
            if let Some(previous) = previous {
                self.tally.stepped(previous, &step.duty);
                self.change.push(step);
            } else {
                self.tally.raised(&step.duty, as_of);
                self.raise.push(step);
            }
        }
    }

    async fn write(
        self,
        tx: &mut TownshipTx,
        as_of: NaiveDate,
        voided: &[Uuid],
        quarantined: &[Uuid],
        correlation_id: &str,
    ) -> Result<Tally, Error> {
        if !self.raise.is_empty() {
            store::duty::insert(tx, &self.raise).await?;
        }
        if !self.change.is_empty() {
            let changed = store::duty::change(tx, &self.change, voided).await?;
            all(changed, self.change.len(), "a final duty was to be rewritten")?;
        }
        if !self.reviewed.is_empty() {
            store::subject::reviewed(tx, as_of, &self.reviewed).await?;
        }
        let planned = |person_id: &&Uuid| self.reviewed.iter().any(|(planned, _)| planned == *person_id);
        let released: Vec<_> = quarantined.iter().filter(planned).copied().collect();
        if !released.is_empty() {
            store::quarantine::release(tx, &released).await?;
        }
        if !self.failed.is_empty() {
            store::quarantine::put(tx, &self.failed, correlation_id).await?;
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

/// Notes what a step of planning a batch took: reading it, the planner's own part, writing it.
pub(crate) fn spent(step: &'static str, time: Duration) {
    metrics::histogram!("bangfu_followup_planning_seconds", "step" => step).record(time);
}

/// Of the call, or a new one for work of our own.
pub(crate) fn correlation_id() -> String {
    let id = telemetry::correlation_id();
    if id.is_empty() { Uuid::new_v4().to_string() } else { id }
}

/// The locks on the subjects make these counts equal; when they are not, nothing of the batch is kept.
fn all(done: u64, meant: usize, otherwise: &'static str) -> Result<(), Error> {
    if u64::try_from(meant).is_ok_and(|meant| meant == done) { Ok(()) } else { Err(Error::internal(otherwise)) }
}
