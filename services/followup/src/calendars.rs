//! The working days that hold now: the tables that came with the suite, and over them those that the city has published.
//!
//! They stand under the city's own code, so they are read in a unit of work of their own: before the one of a township
//! begins, never within it.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use bangfu_kernel::{Error, Township};
use bangfu_platform::auth::Permit;
use tokio::time::Instant;

use crate::{Followup, model::workdays::WorkDays, store};

/// What was read is good for so long: another replica may have published since.
const GOOD_FOR: Duration = Duration::from_secs(5);

/// The working days as they were read last, and when.
#[derive(Debug, Clone, Default)]
pub(crate) struct Calendars(Arc<Mutex<Option<Read>>>);

#[derive(Debug, Clone)]
struct Read {
    at: Instant,
    days: Arc<WorkDays>,
}

impl Calendars {
    /// They are read anew when they are asked for next.
    pub(crate) fn renew(&self) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }

    fn fresh(&self) -> Option<Arc<WorkDays>> {
        let read = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        read.as_ref().filter(|read| read.at.elapsed() < GOOD_FOR).map(|read| Arc::clone(&read.days))
    }
}

impl Followup {
    /// The working days, as of a few seconds ago at most.
    pub(crate) async fn workdays(&self) -> Result<Arc<WorkDays>, Error> {
        if let Some(days) = self.calendars.fresh() {
            return Ok(days);
        }
        let at = Instant::now();
        let mut tx = self.ground.db.township(&self.of_the_city("followup.calendars")?).await?;
        let published = store::work_calendar::list(&mut tx).await?;
        tx.commit().await?;
        let days = Arc::new(WorkDays::shipped()?.with(published.into_iter().map(|it| it.table)));
        *self.calendars.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(Read { at, days: Arc::clone(&days) });
        Ok(days)
    }

    /// A permit of our own for what stands under the city's own code: whoever may know of it asks through us.
    pub(crate) fn of_the_city(&self, job: &'static str) -> Result<Permit, Error> {
        let city = self.ground.city.parse::<Township>().map_err(|error| Error::Internal(Box::new(error)))?;
        Ok(self.permit(job, Some(city)))
    }
}
