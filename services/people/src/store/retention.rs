//! Letting go of what has outlived its purpose: one statement a rule, and those that anonymise.

use bangfu_kernel::{Error, ServiceLevel};
use bangfu_platform::db::{TownshipTx, fault};
use chrono::{DateTime, NaiveDate, Utc};
use uuid::Uuid;

use crate::model::merge;

/// People who left before a day, as was known before it, and are not anonymised yet, nor in a merge that can still be
/// undone; locked until the unit ends.
#[tracing::instrument(name = "db.retention.exited", level = "debug", skip_all)]
pub(crate) async fn exited(tx: &mut TownshipTx, before: NaiveDate) -> Result<Vec<Uuid>, Error> {
    let undoable = merge::undone_since(tx.clock().today());
    let township = tx.township().to_owned();
    sqlx::query_scalar!(
        r#"
        SELECT p.person_id
          FROM person p
          JOIN employment e
            ON e.township = $1
           AND e.person_id = p.person_id
           AND e.record_id = p.employment_id
         WHERE p.township = $1
           AND p.level = $2
           AND p.anonymised_on IS NULL
           AND GREATEST(e.effective_on, e.known_on) < $3
           AND NOT EXISTS (SELECT
                             FROM merge g
                            WHERE g.township = $1
                              AND g.undone_on IS NULL
                              AND g.merged_on >= $4
                              AND p.person_id IN (g.kept_id, g.merged_id))
         ORDER BY p.person_id
           FOR NO KEY UPDATE OF p
        "#,
        township,
        ServiceLevel::Exited.code(),
        before,
        undoable,
    )
    .fetch_all(tx)
    .await
    .map_err(fault)
}

/// People who were transferred before a day, as it was known then, and are not anonymised here yet; and those who were
/// merged into somebody who is. Locked until the unit ends.
#[tracing::instrument(name = "db.retention.transferred", level = "debug", skip_all)]
pub(crate) async fn transferred(tx: &mut TownshipTx, before: NaiveDate) -> Result<Vec<Uuid>, Error> {
    let undoable = merge::undone_since(tx.clock().today());
    let township = tx.township().to_owned();
    sqlx::query_scalar!(
        r#"
        SELECT p.person_id
          FROM person p
          LEFT JOIN person k
            ON k.township = $1
           AND k.person_id = p.merged_into
         WHERE p.township = $1
           AND p.anonymised_on IS NULL
           AND (p.left_known_on < $2 OR k.anonymised_on IS NOT NULL)
           AND NOT EXISTS (SELECT
                             FROM merge g
                            WHERE g.township = $1
                              AND g.undone_on IS NULL
                              AND g.merged_on >= $3
                              AND p.person_id IN (g.kept_id, g.merged_id))
         ORDER BY p.person_id
           FOR NO KEY UPDATE OF p
        "#,
        township,
        before,
        undoable,
    )
    .fetch_all(tx)
    .await
    .map_err(fault)
}

/// Takes what was written of people out of transfers that were over, or open, before a day.
#[tracing::instrument(name = "db.retention.empty_transfers", level = "debug", skip_all)]
pub(crate) async fn empty_transfers(tx: &mut TownshipTx, before: NaiveDate) -> Result<(), Error> {
    let township = tx.township().to_owned();
    sqlx::query!(
        r#"
        UPDATE transfer
           SET name = NULL
             , id_number = NULL
             , request_reason = ''
             , offer_reason = ''
             , closing_reason = ''
         WHERE township = $1
           AND expires_on < $2
           AND (closed_on IS NULL OR closed_on < $2)
           AND (name IS NOT NULL OR offer_reason <> '' OR request_reason <> '')
        "#,
        township,
        before,
    )
    .execute(tx)
    .await
    .map(drop)
    .map_err(fault)
}

/// Takes out of people's entries who they are; their etag changes with it.
#[tracing::instrument(name = "db.retention.anonymise", level = "debug", skip_all)]
pub(crate) async fn anonymise(
    tx: &mut TownshipTx,
    people: &[Uuid],
    names: &[Vec<u8>],
    numbers: &[Vec<u8>],
) -> Result<(), Error> {
    let (township, today, now) = (tx.township().to_owned(), tx.clock().today(), tx.clock().now());
    // A year of birth becomes the first of five (model/retention.rs); of wishes stays that there was one.
    sqlx::query!(
        r#"
        UPDATE person AS p
           SET name = n.name
             , id_number = n.id_number
             , phone = NULL
             , address = NULL
             , remark = NULL
             , birth_year = p.birth_year - p.birth_year % 5::smallint
             , job_wish = CASE p.job_wish WHEN '' THEN '' ELSE '有' END
             , training_wish = CASE p.training_wish WHEN '' THEN '' ELSE '有' END
             , graduated_on = NULL
             , name_head = NULL
             , name_tail = NULL
             , twin_birth = NULL
             , twin_order = NULL
             , twin_year = NULL
             , twin_day = NULL
             , anonymised_on = $5
             , version = p.version + 1
             , updated_at = $6
          FROM UNNEST($2::uuid[], $3::bytea[], $4::bytea[]) AS n (person_id, name, id_number)
         WHERE p.township = $1
           AND p.person_id = n.person_id
        "#,
        township,
        people,
        names,
        numbers,
        today,
        now,
    )
    .execute(tx)
    .await
    .map(drop)
    .map_err(fault)
}

/// Their ID numbers are free again: whoever comes back is somebody new.
#[tracing::instrument(name = "db.retention.free_numbers", level = "debug", skip_all)]
pub(crate) async fn free_numbers(tx: &mut TownshipTx, people: &[Uuid]) -> Result<(), Error> {
    let township = tx.township().to_owned();
    sqlx::query!("DELETE FROM identity WHERE township = $1 AND person_id = ANY ($2)", township, people)
        .execute(tx)
        .await
        .map(drop)
        .map_err(fault)
}

/// Empties what proves their memberships and what else is kept of them.
#[tracing::instrument(name = "db.retention.blank_memberships", level = "debug", skip_all)]
pub(crate) async fn blank_memberships(tx: &mut TownshipTx, people: &[Uuid]) -> Result<(), Error> {
    let township = tx.township().to_owned();
    sqlx::query!(
        r#"
        UPDATE membership
           SET evidence = ''
             , end_evidence = ''
             , details = NULL
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

/// Empties where they worked and what proves it; statuses and dates stay.
#[tracing::instrument(name = "db.retention.blank_employment", level = "debug", skip_all)]
pub(crate) async fn blank_employment(tx: &mut TownshipTx, people: &[Uuid]) -> Result<(), Error> {
    let township = tx.township().to_owned();
    sqlx::query!(
        r#"
        UPDATE employment
           SET employer = ''
             , credit_code = ''
             , evidence = ''
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

/// Empties what was noted about recognitions, merges and pairs of theirs, and about transfers, names included. An
/// application that is open has nobody left whom it could be granted.
#[tracing::instrument(name = "db.retention.blank_matters", level = "debug", skip_all)]
pub(crate) async fn blank_matters(tx: &mut TownshipTx, people: &[Uuid]) -> Result<(), Error> {
    let township = tx.township().to_owned();
    sqlx::query!(
        r#"
        WITH recognitions AS (
            UPDATE recognition
               SET evidence = ''
                 , state = CASE WHEN state IN ('APPLIED', 'PUBLISHED') THEN 'WITHDRAWN' ELSE state END
                 , check_note = CASE WHEN check_note IS NULL THEN NULL ELSE '' END
                 , decision_note = CASE WHEN decision_note IS NULL THEN NULL ELSE '' END
                 , end_reason = ''
             WHERE township = $1
               AND person_id = ANY ($2)
        ), merges AS (
            UPDATE merge
               SET reason = ''
                 , undo_reason = CASE WHEN undo_reason IS NULL THEN NULL ELSE '' END
             WHERE township = $1
               AND (kept_id = ANY ($2) OR merged_id = ANY ($2))
        ), pairs AS (
            UPDATE duplicate
               SET reason = ''
             WHERE township = $1
               AND (first_id = ANY ($2) OR second_id = ANY ($2))
        )
        UPDATE transfer
           SET name = NULL
             , id_number = NULL
             , request_reason = ''
             , offer_reason = ''
             , closing_reason = ''
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

/// Empties what proves their registrations.
#[tracing::instrument(name = "db.retention.blank_registrations", level = "debug", skip_all)]
pub(crate) async fn blank_registrations(tx: &mut TownshipTx, people: &[Uuid]) -> Result<(), Error> {
    let township = tx.township().to_owned();
    sqlx::query!(
        r#"
        UPDATE unemployment_registration
           SET evidence = ''
             , cancellation_evidence = ''
         WHERE township = $1
           AND person_id = ANY ($2)
        "#,
        township,
        people,
    )
    .execute(&mut *tx)
    .await
    .map_err(fault)?;
    sqlx::query!(
        "UPDATE employment_registration SET evidence = '' WHERE township = $1 AND person_id = ANY ($2)",
        township,
        people,
    )
    .execute(tx)
    .await
    .map(drop)
    .map_err(fault)
}

/// Empties the free texts of their surveys; that they wanted training stays.
#[tracing::instrument(name = "db.retention.blank_surveys", level = "debug", skip_all)]
pub(crate) async fn blank_surveys(tx: &mut TownshipTx, people: &[Uuid]) -> Result<(), Error> {
    let township = tx.township().to_owned();
    sqlx::query!(
        r#"
        UPDATE survey
           SET note = NULL
             , occupation = ''
             , place = ''
             , training_wish = CASE training_wish WHEN '' THEN '' ELSE '有' END
             , skills = '{}'
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

/// Empties the remarks of people who left before a day; how many.
#[tracing::instrument(name = "db.retention.empty_remarks", level = "debug", skip_all)]
pub(crate) async fn empty_remarks(tx: &mut TownshipTx, before: NaiveDate) -> Result<u64, Error> {
    let (township, now) = (tx.township().to_owned(), tx.clock().now());
    let emptied = sqlx::query!(
        r#"
        UPDATE person AS p
           SET remark = NULL
             , version = p.version + 1
             , updated_at = $4
          FROM employment e
         WHERE p.township = $1
           AND p.level = $2
           AND p.remark IS NOT NULL
           AND e.township = $1
           AND e.person_id = p.person_id
           AND e.record_id = p.employment_id
           AND GREATEST(e.effective_on, e.known_on) < $3
        "#,
        township,
        ServiceLevel::Exited.code(),
        before,
        now,
    )
    .execute(tx)
    .await
    .map_err(fault)?;
    Ok(emptied.rows_affected())
}

/// Empties the notes of surveys of before a day; how many.
#[tracing::instrument(name = "db.retention.empty_notes", level = "debug", skip_all)]
pub(crate) async fn empty_notes(tx: &mut TownshipTx, before: NaiveDate) -> Result<u64, Error> {
    let township = tx.township().to_owned();
    let emptied = sqlx::query!(
        "UPDATE survey SET note = NULL WHERE township = $1 AND note IS NOT NULL AND asked_on < $2",
        township,
        before,
    )
    .execute(tx)
    .await
    .map_err(fault)?;
    Ok(emptied.rows_affected())
}

/// Deletes summaries of imports of before an instant; how many.
#[tracing::instrument(name = "db.retention.delete_imports", level = "debug", skip_all)]
pub(crate) async fn delete_imports(tx: &mut TownshipTx, before: DateTime<Utc>) -> Result<u64, Error> {
    let township = tx.township().to_owned();
    let deleted = sqlx::query!("DELETE FROM roster_import WHERE township = $1 AND at < $2", township, before)
        .execute(tx)
        .await
        .map_err(fault)?;
    Ok(deleted.rows_affected())
}

#[cfg(test)]
mod tests {
    use crate::store::with_a_person;

    /// What of somebody anonymised is emptied, or deleted.
    const EMPTIED: [&str; 9] = [
        "employment",
        "employment_registration",
        "identity",
        "membership",
        "person",
        "recognition",
        "survey",
        "transfer",
        "unemployment_registration",
    ];
    /// Without a word about anybody; and the audit trail, whose chain proves itself only as a whole.
    const KEPT: [&str; 2] = ["audit", "household_member"];

    #[test]
    fn every_table_with_a_person_is_emptied_or_kept_on_purpose() {
        let mut known: Vec<_> = EMPTIED.into_iter().chain(KEPT).collect();
        known.sort_unstable();
        assert_eq!(with_a_person(), known, "a table with a person_id is emptied by retention, or kept");
    }
}
