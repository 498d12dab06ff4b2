//! Households, as the people feed tells them.

use bangfu_kernel::Error;
use bangfu_platform::db::{TownshipTx, fault};
use sqlx::types::Json;
use uuid::Uuid;

use crate::model::household::HouseholdFacts;

/// Notes what is known of a household now.
#[tracing::instrument(name = "db.household.save", level = "debug", skip_all)]
pub(crate) async fn save(tx: &mut TownshipTx, household_id: Uuid, facts: &HouseholdFacts) -> Result<(), Error> {
    let township = tx.township().to_owned();
    sqlx::query!(
        r#"
        INSERT INTO household (township, household_id, facts)
        VALUES ($1, $2, $3)
        ON CONFLICT ON CONSTRAINT household_is_followed_once DO UPDATE
           SET facts = EXCLUDED.facts
        "#,
        township,
        household_id,
        Json(facts) as _,
    )
    .execute(tx)
    .await
    .map(drop)
    .map_err(fault)
}
