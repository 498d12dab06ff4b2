//! Units of work. One begins with its township set, ends with commit or rollback, and never leaves a session behind
//! that is in the middle of something.
//!
//! sqlx 0.9.0 hands a session back to the pool inside a transaction when a future is dropped while `begin()` is in
//! flight; the next INSERT on it returns Ok and vanishes. Here the session is held by hand: it goes back only after
//! COMMIT or ROLLBACK has answered, and is closed when anything was in flight.

use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use bangfu_kernel::{Clock, Error, Township};
use sqlx::{Postgres, pool::PoolConnection};
use tokio::time::{Duration, Instant};

use super::{fault, sessions::Sessions};
use crate::{
    auth::Permit,
    feed::{Hub, NewEvent},
};

/// Time of a statement when the caller sets no deadline.
const STATEMENT: Duration = Duration::from_mins(10);

/// A session inside a transaction.
#[derive(Debug)]
pub(super) struct Unit {
    /// `None` once ended.
    session: Option<PoolConnection<Postgres>>,
    pub(super) state: Arc<State>,
    pub(super) limit: Limit,
}

/// What a unit remembers of its statements.
#[derive(Debug, Default)]
pub(super) struct State {
    /// A statement failed: `commit()` refuses, for PostgreSQL would answer COMMIT with a silent ROLLBACK.
    pub(super) poisoned: AtomicBool,
    /// A statement was sent and has not answered: the session cannot be used again.
    pub(super) in_flight: AtomicBool,
}

/// How long statements may run.
#[derive(Debug, Clone, Copy)]
pub(super) struct Limit {
    deadline: Option<Instant>,
    /// When `statement_timeout` was last set.
    pub(super) set_at: Instant,
}

impl Limit {
    /// What is left of the deadline; an error when nothing is.
    pub(super) fn left(&self) -> Result<Duration, Error> {
        let Some(deadline) = self.deadline else { return Ok(STATEMENT) };
        let left = deadline.saturating_duration_since(Instant::now());
        if left.is_zero() { Err(Error::Deadline) } else { Ok(left.min(STATEMENT)) }
    }

    /// Whether so much time has passed that `statement_timeout` would let a statement outlive the deadline noticeably.
    pub(super) fn is_stale(&self) -> bool {
        self.deadline.is_some() && self.set_at.elapsed() > Duration::from_millis(250)
    }
}

impl Unit {
    /// `begin` ends where the settings of a SELECT go on.
    async fn begin(sessions: &Sessions, permit: &Permit, begin: &str) -> Result<Self, Error> {
        let mut limit = Limit { deadline: permit.deadline(), set_at: Instant::now() };
        let session = sessions.acquire(limit.deadline).await?;
        limit.set_at = Instant::now();
        let mut unit = Self { session: Some(session), state: Arc::default(), limit };
        let milliseconds = limit.left()?.as_millis().max(1);
        let begin = format!("{begin}set_config('statement_timeout', '{milliseconds}', true)");
        unit.simple(begin).await?;
        Ok(unit)
    }

    /// Runs fixed text that has no parameters, in one round trip.
    pub(super) async fn simple(&mut self, sql: String) -> Result<(), Error> {
        self.state.in_flight.store(true, Ordering::SeqCst);
        let session = self.session()?;
        let ran = sqlx::raw_sql(sqlx::AssertSqlSafe(sql)).execute(&mut **session).await;
        if matches!(ran, Ok(_) | Err(sqlx::Error::Database(_))) {
            self.state.in_flight.store(false, Ordering::SeqCst);
        }
        ran.map(drop).map_err(fault)
    }

    pub(super) fn session(&mut self) -> Result<&mut PoolConnection<Postgres>, Error> {
        self.session.as_mut().ok_or_else(|| Error::internal("the unit of work has ended"))
    }

    pub(super) async fn commit(mut self) -> Result<(), Error> {
        if self.state.poisoned.load(Ordering::SeqCst) {
            return Err(Error::internal("commit after a failed statement"));
        }
        self.limit.left()?;
        self.simple("COMMIT".to_owned()).await?;
        self.session = None;
        Ok(())
    }
}

impl Drop for Unit {
    fn drop(&mut self) {
        let Some(mut session) = self.session.take() else { return };
        let runtime = tokio::runtime::Handle::try_current();
        match runtime {
            Ok(runtime) if !self.state.in_flight.load(Ordering::SeqCst) => {
                runtime.spawn(async move {
                    if let Err(error) = sqlx::raw_sql("ROLLBACK").execute(&mut *session).await {
                        tracing::debug!(%error, "rollback failed; the session is closed");
                        session.close_on_drop();
                    }
                });
            }
            _ => session.close_on_drop(),
        }
    }
}

/// A unit of work in one township. Statements run on `&mut tx`; events go into the township's feed with the commit.
#[derive(Debug)]
pub struct TownshipTx {
    pub(super) unit: Unit,
    /// Where statements run: the permit's township or, inside [`TownshipTx::across`], the other one.
    pub(super) township: Township,
    permit: Permit,
    clock: Clock,
    pub(super) hub: Hub,
    /// By township, for the feeds are locked in the order of codes.
    pub(super) events: BTreeMap<Township, Vec<NewEvent>>,
    /// Inside [`TownshipTx::across`], or left there by an error: nothing commits then.
    pub(super) abroad: bool,
}

impl TownshipTx {
    pub(super) async fn begin(
        sessions: &Sessions,
        permit: &Permit,
        township: Township,
        clock: Clock,
        hub: Hub,
    ) -> Result<Self, Error> {
        // The code is digits only, parsed before; transaction-local, always.
        let begin = format!("BEGIN; SELECT set_config('bangfu.township', '{township}', true), ");
        let unit = Unit::begin(sessions, permit, &begin).await?;
        Ok(Self { unit, township, permit: permit.clone(), clock, hub, events: BTreeMap::new(), abroad: false })
    }

    /// The township, as a bind: it stands in every WHERE and JOIN beside row security.
    pub fn township(&self) -> &str {
        self.township.as_str()
    }

    /// The township's code.
    pub fn code(&self) -> &Township {
        &self.township
    }

    /// Who works here.
    pub fn permit(&self) -> &Permit {
        &self.permit
    }

    /// The injected clock.
    pub fn clock(&self) -> &Clock {
        &self.clock
    }

    /// Puts an event into the township's feed, in the order of the calls, when this unit commits.
    pub fn emit(&mut self, event: NewEvent) {
        self.events.entry(self.township.clone()).or_default().push(event);
    }
}

/// A reading unit of work across townships, under a role that can do nothing else.
#[derive(Debug)]
pub struct CityTx {
    pub(super) unit: Unit,
}

impl CityTx {
    pub(super) async fn begin(sessions: &Sessions, permit: &Permit) -> Result<Self, Error> {
        Ok(Self { unit: Unit::begin(sessions, permit, "BEGIN READ ONLY; SELECT ").await? })
    }

    /// Ends the unit; its session goes back at once.
    pub async fn commit(self) -> Result<(), Error> {
        self.unit.commit().await
    }
}
