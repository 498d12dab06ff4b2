//! The one city-wide place that knows an ID number is taken.

use bangfu_kernel::{Error, Township};
use bangfu_platform::db::{CityTx, TownshipTx, fault};
use uuid::Uuid;

use crate::vault::IdIndex;

/// Claims ID numbers for people of this township; how many were free. Waits for a unit under way that claims the same.
#[tracing::instrument(name = "db.identity.claim", level = "debug", skip_all)]
pub(crate) async fn claim(tx: &mut TownshipTx, indexes: &[IdIndex], people: &[Uuid]) -> Result<u64, Error> {
    let township = tx.township().to_owned();
    let claimed = sqlx::query!(
        r#"
        INSERT INTO identity (township, id_index, person_id)
        SELECT $1, i.id_index, i.person_id
          FROM UNNEST($2::bytea[], $3::uuid[]) AS i (id_index, person_id)
        ON CONFLICT ON CONSTRAINT id_number_is_registered_once_in_the_city DO NOTHING
        "#,
        township,
        indexes as &[IdIndex],
        people,
    )
    .execute(tx)
    .await
    .map_err(fault)?;
    Ok(claimed.rows_affected())
}

/// Whose ID numbers these are, as far as they are this township's; the others are not there.
#[tracing::instrument(name = "db.identity.list", level = "debug", skip_all)]
pub(crate) async fn ours(tx: &mut TownshipTx, indexes: &[IdIndex]) -> Result<Vec<(IdIndex, Uuid)>, Error> {
    let township = tx.township().to_owned();
    sqlx::query!(
        r#"
        SELECT id_index AS "id_index: IdIndex"
             , person_id
          FROM identity
         WHERE township = $1
           AND id_index = ANY ($2)
        "#,
        township,
        indexes as &[IdIndex],
    )
    .fetch_all(tx)
    .await
    .map_err(fault)
    .map(|rows| rows.into_iter().map(|row| (row.id_index, row.person_id)).collect())
}

/// Releases the ID numbers of somebody of this township who leaves (more than one after a merge); the unit claims them
/// where they go.
#[tracing::instrument(name = "db.identity.release", level = "debug", skip_all)]
pub(crate) async fn release(tx: &mut TownshipTx, person_id: Uuid) -> Result<Vec<IdIndex>, Error> {
    let township = tx.township().to_owned();
    let released = sqlx::query_scalar!(
        r#"
        DELETE FROM identity
         WHERE township = $1
           AND person_id = $2
        RETURNING id_index AS "id_index: IdIndex"
        "#,
        township,
        person_id,
    )
    .fetch_all(tx)
    .await
    .map_err(fault)?;
    if released.is_empty() { Err(Error::internal("a person without an identity")) } else { Ok(released) }
}

/// The township and the person with an ID number, wherever in the city. For finding whom to ask; nothing of it is told.
#[tracing::instrument(name = "db.identity.holder", level = "debug", skip_all)]
pub(crate) async fn holder(tx: &mut CityTx, index: &IdIndex) -> Result<Option<Township>, Error> {
    let found = sqlx::query_scalar!("SELECT township FROM identity WHERE id_index = $1", index.as_slice())
        .fetch_optional(tx)
        .await
        .map_err(fault)?;
    found.map(|code| code.parse().map_err(|error| Error::Internal(Box::new(error)))).transpose()
}
