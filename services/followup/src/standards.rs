//! The standards that apply: the suite's own and those the city has published, right on every day in every replica.
//!
//! A published standard is in force from the next day at the earliest, so standards that were read on a day are right for
//! planning as of that day, whatever is published meanwhile. They are read anew on the first use of another day, and every
//! few seconds besides: clocks of replicas differ, and somebody may publish in the last second before midnight.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use bangfu_kernel::{Error, Township};
use bangfu_platform::auth::Permit;
use chrono::NaiveDate;
use tokio::time::Instant;

use crate::{
    Followup,
    model::standard::Standards,
    store::{self, standard::Published},
};

/// How long what was read is used without looking again.
const FRESH: Duration = Duration::from_secs(5);

/// Where the standards come from.
#[derive(Debug)]
pub(crate) struct Source {
    /// Those that come with the suite.
    base: Arc<Standards>,
    read: Mutex<Option<Read>>,
}

/// What was read last.
#[derive(Debug, Clone)]
struct Read {
    /// The civil day.
    on: NaiveDate,
    at: Instant,
    standards: Arc<Standards>,
}

impl Source {
    pub(crate) fn new(base: Arc<Standards>) -> Self {
        Self { base, read: Mutex::new(None) }
    }

    /// The standards that come with the suite.
    pub(crate) fn base(&self) -> &Standards {
        &self.base
    }

    fn last(&self, today: NaiveDate) -> Option<Read> {
        self.read.lock().unwrap_or_else(PoisonError::into_inner).clone().filter(|read| read.on == today)
    }

    /// Those of the suite and those published.
    pub(crate) fn with(&self, published: Vec<Published>) -> Result<Standards, Error> {
        let all = self.base.iter().cloned().chain(published.into_iter().map(|it| it.standard)).collect();
        Standards::new(all).map_err(|error| Error::Internal(Box::new(error)))
    }
}

impl Followup {
    /// The standards to plan with today. Asked before a unit of work begins: it may take a session of its own.
    pub(crate) async fn standards(&self) -> Result<Arc<Standards>, Error> {
        let today = self.ground.clock.today();
        let last = self.standards.last(today);
        if let Some(read) = last.as_ref().filter(|read| read.at.elapsed() < FRESH) {
            return Ok(Arc::clone(&read.standards));
        }
        let at = Instant::now();
        match (self.published().await, last) {
            (Ok(published), _) => {
                let standards = Arc::new(self.standards.with(published)?);
                let read = Read { on: today, at, standards: Arc::clone(&standards) };
                *self.standards.read.lock().unwrap_or_else(PoisonError::into_inner) = Some(read);
                Ok(standards)
            }
            // Today's are good for the day.
            (Err(Error::Unavailable(_)), Some(read)) => Ok(read.standards),
            (Err(error), _) => Err(error),
        }
    }

    /// The standards that were published, as they stand now.
    pub(crate) async fn published(&self) -> Result<Vec<Published>, Error> {
        let mut tx = self.ground.db.township(&self.permit("followup.standards", Some(self.city()?))).await?;
        let published = store::standard::list(&mut tx).await?;
        tx.commit().await?;
        Ok(published)
    }

    /// A permit of the city's for what is kept under its own code.
    pub(crate) fn of_city(&self, permit: &Permit) -> Result<Permit, Error> {
        permit.at(Some(self.city()?))
    }

    fn city(&self) -> Result<Township, Error> {
        self.ground.city.parse().map_err(|error| Error::Internal(Box::new(error)))
    }
}
