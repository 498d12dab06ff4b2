//! The lease by which one process at a time sweeps a township: a row with a holder and a heartbeat.

use bangfu_kernel::Error;
use bangfu_platform::db::{TownshipTx, fault};
use uuid::Uuid;

/// A lease as another process left it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Lease {
    /// The sweep that holds it; `None`: free.
    pub(crate) holder: Option<Uuid>,
    /// Grows while the holder lives.
    pub(crate) beats: i64,
}

/// Gives the township a lease, unless it has one.
#[tracing::instrument(name = "db.sweep_lease.open", level = "debug", skip_all)]
pub(crate) async fn open(tx: &mut TownshipTx) -> Result<(), Error> {
    let township = tx.township().to_owned();
    sqlx::query!(
        r#"
        INSERT INTO sweep_lease (township)
        VALUES ($1)
        ON CONFLICT ON CONSTRAINT sweep_lease_is_one_a_township DO NOTHING
        "#,
        township,
    )
    .execute(tx)
    .await
    .map(drop)
    .map_err(fault)
}

/// The lease, locked; `None`: somebody is claiming it this very moment.
#[tracing::instrument(name = "db.sweep_lease.lock", level = "debug", skip_all)]
pub(crate) async fn lock(tx: &mut TownshipTx) -> Result<Option<Lease>, Error> {
    let township = tx.township().to_owned();
    sqlx::query_as!(
        Lease,
        r#"
        SELECT holder
             , beats
          FROM sweep_lease
         WHERE township = $1
           FOR UPDATE SKIP LOCKED
        "#,
        township,
    )
    .fetch_optional(tx)
    .await
    .map_err(fault)
}

/// Takes the lease, or gives it back with `None`.
#[tracing::instrument(name = "db.sweep_lease.hand", level = "debug", skip_all)]
pub(crate) async fn hand(tx: &mut TownshipTx, holder: Option<Uuid>) -> Result<(), Error> {
    let township = tx.township().to_owned();
    sqlx::query!(
        r#"
        UPDATE sweep_lease
           SET holder = $2
             , beats = beats + 1
         WHERE township = $1
        "#,
        township,
        holder,
    )
    .execute(tx)
    .await
    .map(drop)
    .map_err(fault)
}

/// Says that the holder lives; `false`: it holds the lease no longer.
#[tracing::instrument(name = "db.sweep_lease.beat", level = "debug", skip_all)]
pub(crate) async fn beat(tx: &mut TownshipTx, holder: Uuid) -> Result<bool, Error> {
    let township = tx.township().to_owned();
    let beaten = sqlx::query!(
        r#"
        UPDATE sweep_lease
           SET beats = beats + 1
         WHERE township = $1
           AND holder = $2
        "#,
        township,
        holder,
    )
    .execute(tx)
    .await
    .map_err(fault)?;
    Ok(beaten.rows_affected() == 1)
}
