//! What a standard would change for the people there are: reads and plans, writes nothing.
//!
//! Township by township: people are read batch by batch without locks, the session goes back, and both plans of each are
//! computed on a thread of their own. Figures are sent when a township is done, so a slow reader holds nothing.

mod figures;

use std::{collections::BTreeMap, sync::Arc};

use bangfu_kernel::{Error, Township};
use bangfu_platform::auth::Permit;
use bangfu_proto::followup::v1::PreviewStandardResponse;
use chrono::NaiveDate;
use uuid::Uuid;

use crate::{
    Followup,
    model::{history::History, standard::Standards},
    replan::homes,
    store::{self, subject::Subject},
};

use figures::Figures;

/// People read with one statement.
const BATCH: i64 = 1_000;

/// A standard tried out.
#[derive(Debug)]
pub(crate) struct Trial {
    /// Those that stand.
    pub(crate) now: Arc<Standards>,
    /// The same, with the one tried out.
    pub(crate) then: Arc<Standards>,
    /// First day of the one tried out.
    pub(crate) from: NaiveDate,
    /// Duties a coordinator can do in a month, whoever it is; `None`: as was said of each.
    pub(crate) capacity: Option<i64>,
}

/// One person or household with all that decides what is owed to them.
struct Somebody {
    household: bool,
    coordinator: String,
    history: Result<History, Error>,
}

impl Trial {
    /// Tries it out on one township.
    pub(crate) async fn of_township(
        self: &Arc<Self>,
        svc: &Followup,
        permit: &Permit,
        township: Township,
    ) -> Result<PreviewStandardResponse, Error> {
        let permit = permit.at(Some(township.clone()))?;
        let mut figures = Figures::new(self.from);
        let mut after = Uuid::nil();
        loop {
            if svc.ground.stopping.has_begun() {
                return Err(Error::Stopping);
            }
            let (people, last) = read(svc, &permit, after).await?;
            let trial = Arc::clone(self);
            figures = tokio::task::spawn_blocking(move || figures.planned(&trial, &people))
                .await
                .map_err(|error| Error::Internal(Box::new(error)))?;
            let Some(last) = last else { break };
            after = last;
        }
        let capacities = capacities(svc, &permit).await?;
        let capacity = |coordinator: &str| match coordinator {
            "" => Some(0),
            named => self.capacity.or_else(|| capacities.get(named).copied()),
        };
        Ok(figures.message(&township, capacity))
    }
}

/// The next people, and the last of them if there may be more.
async fn read(svc: &Followup, permit: &Permit, after: Uuid) -> Result<(Vec<Somebody>, Option<Uuid>), Error> {
    let mut tx = svc.ground.db.township(permit).await?;
    let subjects = store::subject::page(&mut tx, after, BATCH).await?;
    let ids: Vec<_> = subjects.iter().map(|subject| subject.person_id).collect();
    let mut records = BTreeMap::<Uuid, Vec<_>>::new();
    for (person_id, record) in store::contact::records(&mut tx, &ids).await? {
        records.entry(person_id).or_default().push(record);
    }
    homes::add_records(&mut tx, &subjects, &mut records).await?;
    tx.commit().await?;
    let full = i64::try_from(ids.len()).is_ok_and(|count| count == BATCH);
    let somebody = |subject: Subject| {
        let records = records.remove(&subject.person_id).unwrap_or_default();
        let history = store::facts::history_of(&subject).map(|history| History { records, ..history });
        Somebody { household: subject.household, coordinator: subject.serving, history }
    };
    Ok((subjects.into_iter().map(somebody).collect(), ids.last().copied().filter(|_| full)))
}

/// Duties a month that coordinators of the permit's township can do, by name, as far as it was said.
async fn capacities(svc: &Followup, permit: &Permit) -> Result<BTreeMap<String, i64>, Error> {
    let mut tx = svc.ground.db.township(permit).await?;
    let said = store::coordinator::list(&mut tx).await?.into_iter();
    tx.commit().await?;
    Ok(said.filter(|it| it.capacity > 0).map(|it| (it.name, i64::from(it.capacity))).collect())
}
