//! Learned statuses on their way to the people registry.

use bangfu_kernel::{Error, Township};
use bangfu_platform::db::{CityTx, TownshipTx, fault};
use uuid::Uuid;

/// A status that the registry has not accepted yet.
#[derive(Debug, Clone)]
pub(crate) struct Pending {
    /// The contact that taught it.
    pub(crate) contact_id: Uuid,
    /// Whose it is.
    pub(crate) person_id: Uuid,
    /// The registry's RecordEmploymentRequest, encoded.
    pub(crate) request: Vec<u8>,
}

/// Puts a status on its way, with the contact that taught it.
#[tracing::instrument(name = "db.delivery.insert", level = "debug", skip_all)]
pub(crate) async fn insert(tx: &mut TownshipTx, pending: &Pending, request_id: Uuid) -> Result<(), Error> {
    let township = tx.township().to_owned();
    sqlx::query!(
        r#"
        INSERT INTO delivery (township, contact_id, person_id, request_id, request)
        VALUES ($1, $2, $3, $4, $5)
        "#,
        township,
        pending.contact_id,
        pending.person_id,
        request_id,
        pending.request,
    )
    .execute(tx)
    .await
    .map(drop)
    .map_err(fault)
}

/// The townships with something on its way.
#[tracing::instrument(name = "db.delivery.townships", level = "debug", skip_all)]
pub(crate) async fn townships(tx: &mut CityTx) -> Result<Vec<Township>, Error> {
    sqlx::query_scalar!("SELECT DISTINCT township FROM delivery WHERE delivered_at IS NULL AND refused_at IS NULL")
        .fetch_all(tx)
        .await
        .map_err(fault)?
        .into_iter()
        .map(|code| code.parse().map_err(|error| Error::Internal(Box::new(error))))
        .collect()
}

/// What is on its way, in the order it was learned.
#[tracing::instrument(name = "db.delivery.pending", level = "debug", skip_all)]
pub(crate) async fn pending(tx: &mut TownshipTx, limit: i64) -> Result<Vec<Pending>, Error> {
    let township = tx.township().to_owned();
    sqlx::query_as!(
        Pending,
        r#"
        SELECT contact_id
             , person_id
             , request
          FROM delivery
         WHERE township = $1
           AND delivered_at IS NULL
           AND refused_at IS NULL
         ORDER BY contact_id
         LIMIT $2
        "#,
        township,
        limit,
    )
    .fetch_all(tx)
    .await
    .map_err(fault)
}

/// The registry has accepted it.
#[tracing::instrument(name = "db.delivery.delivered", level = "debug", skip_all)]
pub(crate) async fn delivered(tx: &mut TownshipTx, contact_id: Uuid) -> Result<(), Error> {
    let (township, now) = (tx.township().to_owned(), tx.clock().now());
    sqlx::query!(
        r#"
        UPDATE delivery
           SET delivered_at = $3
             , attempts = attempts + 1
         WHERE township = $1
           AND contact_id = $2
           AND delivered_at IS NULL
        "#,
        township,
        contact_id,
        now,
    )
    .execute(tx)
    .await
    .map(drop)
    .map_err(fault)
}

/// It was tried in vain; `for_good`: it is not tried again.
#[tracing::instrument(name = "db.delivery.failed", level = "debug", skip_all)]
pub(crate) async fn failed(tx: &mut TownshipTx, contact_id: Uuid, why: &str, for_good: bool) -> Result<(), Error> {
    let township = tx.township().to_owned();
    let refused_at = for_good.then(|| tx.clock().now());
    sqlx::query!(
        r#"
        UPDATE delivery
           SET refused_at = $3
             , last_failure = $4
             , attempts = attempts + 1
         WHERE township = $1
           AND contact_id = $2
           AND delivered_at IS NULL
        "#,
        township,
        contact_id,
        refused_at,
        why,
    )
    .execute(tx)
    .await
    .map(drop)
    .map_err(fault)
}

/// Contacts of these people whose lesson is still on its way to the registry.
#[tracing::instrument(name = "db.delivery.pending_of", level = "debug", skip_all)]
pub(crate) async fn pending_of(tx: &mut TownshipTx, people: &[Uuid]) -> Result<Vec<Uuid>, Error> {
    let township = tx.township().to_owned();
    sqlx::query_scalar!(
        r#"
        SELECT contact_id
          FROM delivery
         WHERE township = $1
           AND person_id = ANY ($2)
           AND delivered_at IS NULL
           AND refused_at IS NULL
        "#,
        township,
        people,
    )
    .fetch_all(tx)
    .await
    .map_err(fault)
}
