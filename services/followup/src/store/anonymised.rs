//! Whom the registry anonymised, nobody is told from here either.

use bangfu_kernel::Error;
use bangfu_platform::db::{TownshipTx, fault};
use uuid::Uuid;

/// Takes the free texts out of people's contacts, and what they taught; days, results and services stay.
#[tracing::instrument(name = "db.contact.anonymise", level = "debug", skip_all)]
pub(crate) async fn contacts(tx: &mut TownshipTx, people: &[Uuid]) -> Result<(), Error> {
    let township = tx.township().to_owned();
    sqlx::query!(
        r#"
        UPDATE contact
           SET answered_by = ''
             , status_learned = NULL
             , intended_occupation = CASE WHEN intended_occupation IS NULL THEN NULL ELSE '' END
             , intended_place = CASE WHEN intended_place IS NULL THEN NULL ELSE '' END
             , training_intention = ''
             , difficulties = '{}'
             , note = ''
             , void_reason = CASE WHEN void_reason IS NULL THEN NULL ELSE '' END
         WHERE township = $1
           AND person_id = ANY ($2)
        "#,
        township,
        people,
    )
    .execute(tx)
    .await
    .map(drop)
    .map_err(fault)
}

/// Takes out what their contacts told the registry, once it has been answered.
#[tracing::instrument(name = "db.delivery.anonymise", level = "debug", skip_all)]
pub(crate) async fn deliveries(tx: &mut TownshipTx, people: &[Uuid]) -> Result<(), Error> {
    let township = tx.township().to_owned();
    sqlx::query!(
        r#"
        UPDATE delivery AS d
           SET request = ''
          FROM contact c
         WHERE d.township = $1
           AND (d.delivered_at IS NOT NULL OR d.refused_at IS NOT NULL)
           AND c.township = $1
           AND c.contact_id = d.contact_id
           AND c.person_id = ANY ($2)
        "#,
        township,
        people,
    )
    .execute(tx)
    .await
    .map(drop)
    .map_err(fault)
}
