//! The tenant wall: SQL runs only through a `TownshipTx` or, reading across townships, a `CityTx`. Only a `Permit` opens
//! one. No service holds a pool.
//!
//! A unit of work: `db.township(&permit)` → statements → `commit()`. Whatever is not committed is rolled back.

pub mod check;
mod crossing;
mod executor;
mod fault;
pub mod migrate;
mod once;
mod sessions;
mod unit;

use std::time::Duration;

use bangfu_kernel::{Clock, Error, error::Resource};
use sqlx::{
    ConnectOptions as _, PgPool,
    postgres::{PgConnectOptions, PgPoolOptions, PgSslMode},
};

use crate::{auth::Permit, feed::Hub};

pub use check::Unsafe;
pub use fault::{constraint, fault};
pub use unit::{CityTx, TownshipTx};

use sessions::Sessions;

/// How a service reaches its database.
#[derive(Debug, Clone)]
pub struct Settings {
    /// `postgres://…`, as the service role `bangfu_<service>_service`.
    pub service_url: secrecy::SecretString,
    /// `postgres://…`, as the reading role `bangfu_<service>_city`.
    pub city_url: secrecy::SecretString,
    /// Connections of the service role; a fifth as many, at least two, read for the city.
    pub connections: u32,
    /// Accept a server without TLS and with fsync off: development and tests.
    pub development: bool,
}

/// The two doors to one service's database.
#[derive(Debug, Clone)]
pub struct Db {
    service: Sessions,
    city: Sessions,
    clock: Clock,
    hub: Hub,
}

/// Longest wait for a free connection; beyond it the call is refused rather than queued.
const ACQUIRE: Duration = Duration::from_secs(5);

impl Db {
    /// Connects and checks that the wall stands; refuses otherwise.
    pub async fn open(settings: &Settings, clock: Clock) -> Result<Self, Unsafe> {
        let service = pool(&settings.service_url, settings.connections, settings.development).await?;
        let city = pool(&settings.city_url, (settings.connections / 5).max(2), settings.development).await?;
        check::wall(&service, &city, settings.development).await?;
        let (service, city) = (Sessions::new(service), Sessions::new(city));
        Ok(Self { service, city, clock, hub: Hub::default() })
    }

    /// A unit of work in the permit's township.
    #[tracing::instrument(name = "db.begin", level = "debug", skip_all)]
    pub async fn township(&self, permit: &Permit) -> Result<TownshipTx, Error> {
        let township = permit.township().ok_or(Error::NotFound(Resource::Township))?.clone();
        TownshipTx::begin(&self.service, permit, township, self.clock.clone(), self.hub.clone()).await
    }

    /// A reading unit of work across townships. Only for permits that are not confined to one.
    #[tracing::instrument(name = "db.begin_city", level = "debug", skip_all)]
    pub async fn city(&self, permit: &Permit) -> Result<CityTx, Error> {
        if permit.caller().township.is_some() {
            return Err(Error::internal("a township caller at the city's door"));
        }
        CityTx::begin(&self.city, permit).await
    }

    /// Hints that feeds of this database moved on.
    pub fn hub(&self) -> &Hub {
        &self.hub
    }

    /// The clock units of work are stamped with.
    pub fn clock(&self) -> &Clock {
        &self.clock
    }

    /// Whether the database answers: for readiness.
    pub async fn answers(&self) -> bool {
        sqlx::raw_sql("SELECT 1").execute(&self.service.pool).await.is_ok()
    }

    /// Closes both doors; waits for units of work under way.
    pub async fn close(&self) {
        self.service.pool.close().await;
        self.city.pool.close().await;
    }
}

#[expect(clippy::disallowed_methods, reason = "the two doors themselves")]
async fn pool(url: &secrecy::SecretString, connections: u32, development: bool) -> Result<PgPool, Unsafe> {
    use secrecy::ExposeSecret as _;

    let mut options: PgConnectOptions = url.expose_secret().parse().map_err(Unsafe::Unreachable)?;
    if !development {
        options = options.ssl_mode(PgSslMode::VerifyFull);
    }
    // Statements have spans of their own; sqlx would measure and format each once more.
    let options = options.disable_statement_logging();
    // A process that is frozen in the middle of a unit of work holds its rows, and its township's feed, no longer than this.
    let idle = ("idle_in_transaction_session_timeout", "60s");
    let options = options.application_name("bangfu").options([("lock_timeout", "10s"), ("timezone", "UTC"), idle]);
    PgPoolOptions::new()
        .max_connections(connections)
        .acquire_timeout(ACQUIRE)
        // A dead connection is found by its first statement; asking before every unit costs a round trip.
        .test_before_acquire(false)
        .connect_with(options)
        .await
        .map_err(Unsafe::Unreachable)
}
