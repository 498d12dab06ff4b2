//! Recommends a day for every duty that a batch opens. In a sweep the duties of each coordinator are spread over what is
//! recommended already, which is read as far ahead as it is needed; somebody planned alone gets a place of their own, and
//! nothing is read for it.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    hash::{DefaultHasher, Hash as _, Hasher as _},
    sync::{Arc, Mutex, PoisonError},
};

use bangfu_kernel::Error;
use bangfu_platform::db::TownshipTx;
use chrono::{Days, NaiveDate};

use super::{Planned, Taken, may_be_news};
use crate::{
    Followup,
    model::{
        duty::DutyState,
        recommend::{DayLoad, Recommendation, Window, in_its_part, part_of_slot, placed, spread},
        workdays::WorkDays,
    },
    store::{self, duty::Step, load::OnDay, subject::Subject},
};

/// How far ahead the load is read at most: over the windows of months, of festivals, and of what is owed once. What lies
/// further ahead is spread as if nothing were there, for nearly all of the ledger would have to be read to know.
const AHEAD: Days = Days::new(62);

/// How days are recommended. Cloning gives another handle.
#[derive(Debug, Clone)]
pub(crate) struct Recommender {
    days: Arc<WorkDays>,
    /// `None`: whoever is planned gets a place by a hash of their id.
    load: Option<Arc<Shared>>,
}

/// What the hands of a sweep share.
#[derive(Debug, Default)]
struct Shared {
    load: Mutex<Load>,
    /// The last day up to which the load was read; `None`: nothing has been, as on a day on which nobody is due.
    read_to: tokio::sync::Mutex<Option<NaiveDate>>,
}

/// What is recommended to coordinators already.
#[derive(Debug, Default)]
struct Load {
    coordinators: HashMap<String, DayLoad>,
    /// Years without a table on which days were recommended.
    without_table: BTreeSet<i32>,
}

impl Followup {
    /// For people planned one by one. Asked for before their unit of work begins.
    pub(crate) async fn recommender(&self) -> Result<Recommender, Error> {
        Ok(Recommender { days: self.workdays().await?, load: None })
    }
}

impl Recommender {
    /// For a sweep, over the load that is there.
    pub(crate) fn for_sweep(days: Arc<WorkDays>) -> Self {
        Self { days, load: Some(Arc::default()) }
    }

    /// Reads the load as far ahead as the windows of what a batch may raise go. Nothing that the sweep itself adds lies on a
    /// day before that day has been read: no duty counts twice.
    pub(super) async fn look_ahead(
        &self,
        tx: &mut TownshipTx,
        as_of: NaiveDate,
        (planned, subjects): (&[Planned], &[Subject]),
    ) -> Result<(), Error> {
        let Some(shared) = &self.load else { return Ok(()) };
        let may_open = planned.iter().flat_map(|planned| {
            let (subject, duties) = (&subjects[planned.subject], planned.plan.duties.iter());
            let open = duties.filter(|duty| duty.state == DutyState::Open);
            open.filter(|duty| may_be_news(subject, planned.against_ledger, duty))
        });
        let Some(to) = may_open.map(|duty| duty.due_on).max() else { return Ok(()) };
        let to = to.min(as_of + AHEAD);
        let mut read_to = shared.read_to.lock().await;
        let from = read_to.map_or(as_of, |read_to| read_to + Days::new(1));
        if from > to {
            return Ok(());
        }
        let open = store::load::between(tx, from, to).await?;
        shared.load.lock().unwrap_or_else(PoisonError::into_inner).add(open);
        *read_to = Some(to);
        Ok(())
    }

    /// Years without a table on which days were recommended.
    pub(crate) fn without_table(&self) -> BTreeSet<i32> {
        let load = self.load.as_ref().map(|shared| shared.load.lock().unwrap_or_else(PoisonError::into_inner));
        load.map(|load| load.without_table.clone()).unwrap_or_default()
    }

    /// Recommends a day for every step that leaves its duty OPEN.
    pub(super) fn recommend(&self, steps: &mut [Taken], subjects: &[Subject]) {
        match &self.load {
            None => {
                for Taken { as_of, step, .. } in steps.iter_mut().filter(|it| is_open(&it.step)) {
                    step.recommended = Some(self.alone(step, *as_of));
                }
            }
            Some(shared) => {
                let mut load = shared.load.lock().unwrap_or_else(PoisonError::into_inner);
                self.together(steps, subjects, &mut load);
            }
        }
    }

    fn alone(&self, step: &Step, today: NaiveDate) -> Recommendation {
        let (window, part) = (window(step, today), part(step, today));
        let mut place = DefaultHasher::new();
        (step.person_id, step.duty.rule.as_ref(), step.duty.slot).hash(&mut place);
        in_its_part(&self.days, window, part, placed(&self.days, part, place.finish()))
    }

    fn together(&self, steps: &mut [Taken], subjects: &[Subject], load: &mut Load) {
        // Those that share a coordinator and a window (slots: a part of one), what is due first first: later ones fill what it
        // leaves.
        let mut sharing = BTreeMap::<(Window, &str), Vec<usize>>::new();
        let open = steps.iter_mut().enumerate().filter(|(_, it)| is_open(&it.step));
        for (number, Taken { subject, as_of, step, .. }) in open {
            let (window, coordinator) = (window(step, *as_of), subjects[*subject].serving.as_str());
            load.without_table.extend(self.days.without_table(window.from, window.due_on));
            sharing.entry((part(step, *as_of), coordinator)).or_default().push(number);
        }
        for ((part, coordinator), mut numbers) in sharing {
            // People of one village are visited on days beside each other.
            numbers.sort_by_cached_key(|&number| {
                let subject = &subjects[steps[number].subject];
                (subject.village.as_str(), subject.person_id)
            });
            let recommended = spread(&self.days, part, numbers.len(), of(load, coordinator));
            for (number, found) in numbers.into_iter().zip(recommended) {
                let Taken { as_of, step, .. } = &mut steps[number];
                step.recommended = Some(in_its_part(&self.days, window(step, *as_of), part, found));
            }
        }
    }
}

impl Load {
    fn add(&mut self, open: Vec<OnDay>) {
        for OnDay { coordinator, on, duties } in open {
            self.coordinators.entry(coordinator).or_default().add(on, u32::try_from(duties).unwrap_or(u32::MAX));
        }
    }
}

fn of<'l>(load: &'l mut Load, coordinator: &str) -> &'l mut DayLoad {
    load.coordinators.entry(coordinator.to_owned()).or_default()
}

fn is_open(step: &Step) -> bool {
    step.duty.state == DutyState::Open
}

fn window(step: &Step, today: NaiveDate) -> Window {
    Window { from: step.duty.opens_on.max(today), due_on: step.duty.due_on }
}

/// What of its window a duty is recommended in: slots of a quota have a pace to keep.
fn part(step: &Step, today: NaiveDate) -> Window {
    let (window, duty) = (window(step, today), &step.duty);
    if duty.slot > 0 { part_of_slot(window, duty.slot, duty.opens_on, duty.target_on) } else { window }
}
