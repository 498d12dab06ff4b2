//! Runs statements on units of work: every one is watched, so that a failed one poisons its unit and none outlives the
//! caller's deadline.

use std::sync::{Arc, atomic::Ordering};

use futures::{
    StreamExt as _, TryStreamExt as _,
    future::BoxFuture,
    stream::{self, BoxStream},
};
use sqlx::{
    Describe, Either, Execute, Executor, PgConnection, Postgres, SqlStr,
    postgres::{PgQueryResult, PgRow, PgStatement, PgTypeInfo},
};
use tokio::time::Instant;

use super::unit::{CityTx, Limit, State, TownshipTx, Unit};

macro_rules! executes {
    ($unit:ty) => {
        impl<'c> Executor<'c> for &'c mut $unit {
            type Database = Postgres;

            fn fetch_many<'e, 'q: 'e, E>(self, query: E) -> BoxStream<'e, sqlx::Result<Either<PgQueryResult, PgRow>>>
            where
                'c: 'e,
                E: 'q + Execute<'q, Postgres>,
            {
                let state = Arc::clone(&self.unit.state);
                let end = Arc::clone(&state);
                stream::once(async move { ready(&mut self.unit).await.map(|session| session.fetch_many(query)) })
                    .try_flatten()
                    .inspect_err(move |error| failed(&state, error))
                    .chain(stream::poll_fn(move |_| {
                        end.in_flight.store(false, Ordering::SeqCst);
                        std::task::Poll::Ready(None)
                    }))
                    .boxed()
            }

            fn fetch_optional<'e, 'q: 'e, E>(self, query: E) -> BoxFuture<'e, sqlx::Result<Option<PgRow>>>
            where
                'c: 'e,
                E: 'q + Execute<'q, Postgres>,
            {
                let state = Arc::clone(&self.unit.state);
                Box::pin(async move {
                    let fetched = match ready(&mut self.unit).await {
                        Ok(session) => session.fetch_optional(query).await,
                        Err(error) => Err(error),
                    };
                    match &fetched {
                        Ok(_) => state.in_flight.store(false, Ordering::SeqCst),
                        Err(error) => failed(&state, error),
                    }
                    fetched
                })
            }

            fn prepare_with<'e>(
                self,
                sql: SqlStr,
                parameters: &'e [PgTypeInfo],
            ) -> BoxFuture<'e, sqlx::Result<PgStatement>>
            where
                'c: 'e,
            {
                Box::pin(async move { ready(&mut self.unit).await?.prepare_with(sql, parameters).await })
            }

            fn describe<'e>(self, sql: SqlStr) -> BoxFuture<'e, sqlx::Result<Describe<Postgres>>>
            where
                'c: 'e,
            {
                Box::pin(async move { ready(&mut self.unit).await?.describe(sql).await })
            }
        }
    };
}

executes!(TownshipTx);
executes!(CityTx);

/// The session, with a statement timeout that ends with the deadline; marked as having something in flight.
async fn ready(unit: &mut Unit) -> sqlx::Result<&mut PgConnection> {
    let state = Arc::clone(&unit.state);
    let mut limit = unit.limit;
    let stale = limit.is_stale();
    if stale {
        limit.set_at = Instant::now();
        unit.limit = limit;
    }
    let session = unit.session().map_err(|_ended| sqlx::Error::PoolClosed)?;
    state.in_flight.store(true, Ordering::SeqCst);
    if stale {
        shorten(session, &limit).await.inspect_err(|error| failed(&state, error))?;
    }
    Ok(session)
}

async fn shorten(session: &mut PgConnection, limit: &Limit) -> sqlx::Result<()> {
    // One millisecond is the least PostgreSQL takes: it cancels the statement as good as at once.
    let milliseconds = limit.left().map_or(1, |left| left.as_millis().max(1));
    let sql = format!("SET LOCAL statement_timeout = {milliseconds}");
    sqlx::raw_sql(sqlx::AssertSqlSafe(sql)).execute(session).await.map(drop)
}

/// The unit is poisoned; after an answer of the server the session itself is fine.
fn failed(state: &State, error: &sqlx::Error) {
    state.poisoned.store(true, Ordering::SeqCst);
    if matches!(error, sqlx::Error::Database(_)) {
        state.in_flight.store(false, Ordering::SeqCst);
    }
}
