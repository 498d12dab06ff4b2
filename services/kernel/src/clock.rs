//! The clock, as an argument: the only place that asks the machine for the time.

use std::sync::{
    Arc,
    atomic::{AtomicI64, Ordering},
};

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};

use crate::calendar;

/// Tells the time. Cloning gives another handle on the same clock.
#[derive(Debug, Clone)]
pub struct Clock(Kind);

#[derive(Debug, Clone)]
enum Kind {
    System,
    /// Microseconds since the epoch.
    Simulated(Arc<AtomicI64>),
}

impl Clock {
    /// The machine's clock.
    pub fn system() -> Self {
        Self(Kind::System)
    }

    /// A clock that stands still until it is set: for tests and simulations.
    pub fn simulated(now: DateTime<Utc>) -> Self {
        Self(Kind::Simulated(Arc::new(AtomicI64::new(now.timestamp_micros()))))
    }

    /// A simulated clock at nine in the morning (Asia/Shanghai) of a day.
    pub fn at(day: NaiveDate) -> Self {
        Self::simulated(calendar::morning(day))
    }

    /// This instant.
    pub fn now(&self) -> DateTime<Utc> {
        match &self.0 {
            Kind::System => system_now(),
            Kind::Simulated(micros) => {
                DateTime::from_timestamp_micros(micros.load(Ordering::SeqCst)).unwrap_or(DateTime::UNIX_EPOCH)
            }
        }
    }

    /// Today's civil date in Asia/Shanghai.
    pub fn today(&self) -> NaiveDate {
        calendar::civil_date(self.now())
    }

    /// Sets a simulated clock; the machine's clock is left alone (returns false).
    pub fn set(&self, now: DateTime<Utc>) -> bool {
        match &self.0 {
            Kind::System => false,
            Kind::Simulated(micros) => {
                micros.store(now.timestamp_micros(), Ordering::SeqCst);
                true
            }
        }
    }

    /// Moves a simulated clock to nine in the morning of a day.
    pub fn turn_to(&self, day: NaiveDate) -> bool {
        self.set(calendar::morning(day))
    }

    /// Moves a simulated clock forward.
    pub fn advance(&self, by: TimeDelta) -> bool {
        self.set(self.now() + by)
    }
}

#[expect(clippy::disallowed_methods, reason = "the one place that asks the machine")]
fn system_now() -> DateTime<Utc> {
    Utc::now()
}
