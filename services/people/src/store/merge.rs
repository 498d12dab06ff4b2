//! Merging: rows that move from one person to another, written down so that they can go back.

use bangfu_kernel::{Error, error::Resource};
use bangfu_platform::db::{TownshipTx, constraint, fault};
use chrono::{DateTime, NaiveDate, Utc};
use sqlx::types::Json;
use uuid::Uuid;

use crate::model::{
    employment::EmploymentRecord,
    merge::{Merge, Moved, Undone},
    person::level_of,
};

/// Moves everything of one person that can stand under another one there; which memberships changed places, and what moved.
pub(crate) async fn carry(
    tx: &mut TownshipTx,
    from: Uuid,
    to: Uuid,
) -> Result<(Vec<(String, NaiveDate)>, Moved), Error> {
    let (employment, employment_registrations) = employment(tx, from, to).await?;
    let swapped = to_be_swapped(tx, from, to).await?;
    swap(tx, from, to, &swapped).await?;
    let moved = Moved {
        employment,
        employment_registrations,
        memberships: memberships(tx, from, to).await?,
        unemployment_registrations: unemployment_registrations(tx, from, to).await?,
        recognitions: recognitions(tx, from, to).await?,
        surveys: surveys(tx, from, to).await?,
        households: households(tx, from, to).await?,
        identities: identities(tx, from, to).await?,
        ..Moved::default()
    };
    Ok((swapped, moved))
}

/// What could not stand under the kept entry beside what another merge had brought, and can now that that one is undone.
pub(crate) async fn carry_again(tx: &mut TownshipTx, kept: Uuid) -> Result<(), Error> {
    for (merge_id, merged, mut moved) in standing(tx, kept).await? {
        let swapped = to_be_swapped(tx, merged, kept).await?;
        swap(tx, merged, kept, &swapped).await?;
        moved.swapped.extend(swapped);
        moved.memberships.extend(memberships(tx, merged, kept).await?);
        moved.unemployment_registrations.extend(unemployment_registrations(tx, merged, kept).await?);
        moved.recognitions.extend(recognitions(tx, merged, kept).await?);
        journal(tx, merge_id, &moved).await?;
    }
    Ok(())
}

/// Merges into an entry that stand: which, whom, and what they moved.
#[tracing::instrument(name = "db.merge.standing", level = "debug", skip_all)]
async fn standing(tx: &mut TownshipTx, kept: Uuid) -> Result<Vec<(Uuid, Uuid, Moved)>, Error> {
    let township = tx.township().to_owned();
    sqlx::query!(
        r#"
        SELECT merge_id
             , merged_id
             , moved AS "moved: Json<Moved>"
          FROM merge
         WHERE township = $1
           AND kept_id = $2
           AND undone_on IS NULL
         ORDER BY merge_id
        "#,
        township,
        kept,
    )
    .fetch_all(tx)
    .await
    .map_err(fault)
    .map(|rows| rows.into_iter().map(|row| (row.merge_id, row.merged_id, row.moved.0)).collect())
}

/// Writes down anew what a merge moved.
#[tracing::instrument(name = "db.merge.journal", level = "debug", skip_all)]
async fn journal(tx: &mut TownshipTx, merge_id: Uuid, moved: &Moved) -> Result<(), Error> {
    let township = tx.township().to_owned();
    sqlx::query!(
        "UPDATE merge SET moved = $3 WHERE township = $1 AND merge_id = $2",
        township,
        merge_id,
        Json(moved) as _,
    )
    .execute(tx)
    .await
    .map(drop)
    .map_err(fault)
}

/// Memberships of both that began on the same day: the merged entry's holds, the kept one's has ended.
#[tracing::instrument(name = "db.merge.to_be_swapped", level = "debug", skip_all)]
async fn to_be_swapped(tx: &mut TownshipTx, from: Uuid, to: Uuid) -> Result<Vec<(String, NaiveDate)>, Error> {
    let township = tx.township().to_owned();
    sqlx::query!(
        r#"
        SELECT m.member_of
             , m.from_on
          FROM membership m
          JOIN membership k
            ON k.township = $1
           AND k.person_id = $3
           AND k.member_of = m.member_of
           AND k.from_on = m.from_on
         WHERE m.township = $1
           AND m.person_id = $2
           AND m.until_on IS NULL
           AND k.until_on IS NOT NULL
        "#,
        township,
        from,
        to,
    )
    .fetch_all(tx)
    .await
    .map_err(fault)
    .map(|rows| rows.into_iter().map(|row| (row.member_of, row.from_on)).collect())
}

/// Two people's memberships of these groups and days change places, by way of an id that is nobody's.
async fn swap(tx: &mut TownshipTx, one: Uuid, other: Uuid, which: &[(String, NaiveDate)]) -> Result<(), Error> {
    if which.is_empty() {
        return Ok(());
    }
    let nobody = Uuid::nil();
    memberships_back(tx, one, nobody, which).await?;
    memberships_back(tx, other, one, which).await?;
    memberships_back(tx, nobody, other, which).await
}

/// Requests of other townships for somebody are about another entry from now on; which.
#[tracing::instrument(name = "db.merge.requests", level = "debug", skip_all)]
pub(crate) async fn requests(tx: &mut TownshipTx, from: Uuid, to: Uuid) -> Result<Vec<Uuid>, Error> {
    let township = tx.township().to_owned();
    sqlx::query_scalar!(
        r#"
        UPDATE transfer
           SET person_id = $3
         WHERE township = $1
           AND person_id = $2
           AND direction = 'OUT'
           AND state = 'REQUESTED'
        RETURNING transfer_id
        "#,
        township,
        from,
        to,
    )
    .fetch_all(tx)
    .await
    .map_err(fault)
}

/// Records and their registrations move in one statement: each refers to the other by the person.
#[tracing::instrument(name = "db.merge.employment", level = "debug", skip_all)]
async fn employment(tx: &mut TownshipTx, from: Uuid, to: Uuid) -> Result<(Vec<Uuid>, Vec<Uuid>), Error> {
    let township = tx.township().to_owned();
    let moved = sqlx::query!(
        r#"
        WITH records AS (
            UPDATE employment SET person_id = $3 WHERE township = $1 AND person_id = $2 RETURNING record_id
        ), registrations AS (
            UPDATE employment_registration SET person_id = $3 WHERE township = $1 AND person_id = $2
            RETURNING registration_id
        )
        SELECT ARRAY(SELECT record_id FROM records)             AS "records!"
             , ARRAY(SELECT registration_id FROM registrations) AS "registrations!"
        "#,
        township,
        from,
        to,
    )
    .fetch_one(tx)
    .await
    .map_err(fault)?;
    Ok((moved.records, moved.registrations))
}

#[tracing::instrument(name = "db.merge.memberships", level = "debug", skip_all)]
async fn memberships(tx: &mut TownshipTx, from: Uuid, to: Uuid) -> Result<Vec<(String, NaiveDate)>, Error> {
    let township = tx.township().to_owned();
    sqlx::query!(
        r#"
        UPDATE membership m
           SET person_id = $3
         WHERE m.township = $1
           AND m.person_id = $2
           AND NOT EXISTS (SELECT
                             FROM membership k
                            WHERE k.township = $1
                              AND k.person_id = $3
                              AND k.member_of = m.member_of
                              AND k.from_on = m.from_on)
        RETURNING m.member_of, m.from_on
        "#,
        township,
        from,
        to,
    )
    .fetch_all(tx)
    .await
    .map_err(fault)
    .map(|rows| rows.into_iter().map(|row| (row.member_of, row.from_on)).collect())
}

#[tracing::instrument(name = "db.merge.unemployment_registrations", level = "debug", skip_all)]
async fn unemployment_registrations(tx: &mut TownshipTx, from: Uuid, to: Uuid) -> Result<Vec<Uuid>, Error> {
    let township = tx.township().to_owned();
    sqlx::query_scalar!(
        r#"
        UPDATE unemployment_registration u
           SET person_id = $3
         WHERE u.township = $1
           AND u.person_id = $2
           AND (u.cancelled_on IS NOT NULL
                OR NOT EXISTS (SELECT
                                 FROM unemployment_registration k
                                WHERE k.township = $1
                                  AND k.person_id = $3
                                  AND k.cancelled_on IS NULL))
        RETURNING u.registration_id
        "#,
        township,
        from,
        to,
    )
    .fetch_all(tx)
    .await
    .map_err(fault)
}

#[tracing::instrument(name = "db.merge.recognitions", level = "debug", skip_all)]
async fn recognitions(tx: &mut TownshipTx, from: Uuid, to: Uuid) -> Result<Vec<Uuid>, Error> {
    let township = tx.township().to_owned();
    sqlx::query_scalar!(
        r#"
        UPDATE recognition r
           SET person_id = $3
         WHERE r.township = $1
           AND r.person_id = $2
           AND (r.state NOT IN ('APPLIED', 'PUBLISHED', 'RECOGNISED')
                OR NOT EXISTS (SELECT
                                 FROM recognition k
                                WHERE k.township = $1
                                  AND k.person_id = $3
                                  AND k.difficulty = r.difficulty
                                  AND k.state IN ('APPLIED', 'PUBLISHED', 'RECOGNISED')))
        RETURNING r.recognition_id
        "#,
        township,
        from,
        to,
    )
    .fetch_all(tx)
    .await
    .map_err(fault)
}

#[tracing::instrument(name = "db.merge.surveys", level = "debug", skip_all)]
async fn surveys(tx: &mut TownshipTx, from: Uuid, to: Uuid) -> Result<Vec<Uuid>, Error> {
    let township = tx.township().to_owned();
    sqlx::query_scalar!(
        "UPDATE survey SET person_id = $3 WHERE township = $1 AND person_id = $2 RETURNING survey_id",
        township,
        from,
        to,
    )
    .fetch_all(tx)
    .await
    .map_err(fault)
}

/// Whoever calls has made sure that the two do not belong to two households.
#[tracing::instrument(name = "db.merge.households", level = "debug", skip_all)]
async fn households(tx: &mut TownshipTx, from: Uuid, to: Uuid) -> Result<Vec<(Uuid, NaiveDate)>, Error> {
    let township = tx.township().to_owned();
    sqlx::query!(
        r#"
        UPDATE household_member m
           SET person_id = $3
         WHERE m.township = $1
           AND m.person_id = $2
           AND NOT EXISTS (SELECT
                             FROM household_member k
                            WHERE k.township = $1
                              AND k.person_id = $3
                              AND (k.until_on IS NULL AND m.until_on IS NULL
                                   OR k.household_id = m.household_id AND k.from_on = m.from_on))
        RETURNING m.household_id, m.from_on
        "#,
        township,
        from,
        to,
    )
    .fetch_all(tx)
    .await
    .map_err(fault)
    .map(|rows| rows.into_iter().map(|row| (row.household_id, row.from_on)).collect())
}

#[tracing::instrument(name = "db.merge.identities", level = "debug", skip_all)]
async fn identities(tx: &mut TownshipTx, from: Uuid, to: Uuid) -> Result<Vec<Vec<u8>>, Error> {
    let township = tx.township().to_owned();
    sqlx::query_scalar!(
        "UPDATE identity SET person_id = $3 WHERE township = $1 AND person_id = $2 RETURNING id_index",
        township,
        from,
        to,
    )
    .fetch_all(tx)
    .await
    .map_err(fault)
}

/// Takes back what moved, as far as it still stands under the kept person; the employment records that went back.
/// Records entered since that correct one that goes back go with it.
pub(crate) async fn give_back(tx: &mut TownshipTx, kept: Uuid, back: Uuid, moved: &Moved) -> Result<Vec<Uuid>, Error> {
    let records = employment_back(tx, kept, back, &moved.employment).await?;
    memberships_back(tx, kept, back, &moved.memberships).await?;
    rows_back(tx, kept, back, moved).await?;
    households_again(tx, back, &moved.households_left).await?;
    swap(tx, back, kept, &moved.swapped).await?;
    Ok(records)
}

#[tracing::instrument(name = "db.merge.employment_back", level = "debug", skip_all)]
async fn employment_back(tx: &mut TownshipTx, kept: Uuid, back: Uuid, moved: &[Uuid]) -> Result<Vec<Uuid>, Error> {
    let township = tx.township().to_owned();
    sqlx::query_scalar!(
        r#"
        WITH RECURSIVE whole AS (
            SELECT record_id FROM employment WHERE township = $1 AND person_id = $2 AND record_id = ANY ($4)
             UNION
            SELECT e.record_id
              FROM employment e
              JOIN whole w ON e.corrects = w.record_id
             WHERE e.township = $1
               AND e.person_id = $2
        ), records AS (
            UPDATE employment SET person_id = $3
             WHERE township = $1 AND person_id = $2 AND record_id IN (SELECT record_id FROM whole)
            RETURNING record_id
        ), registrations AS (
            UPDATE employment_registration SET person_id = $3
             WHERE township = $1 AND person_id = $2 AND record_id IN (SELECT record_id FROM whole)
        )
        SELECT record_id FROM records
        "#,
        township,
        kept,
        back,
        moved,
    )
    .fetch_all(tx)
    .await
    .map_err(fault)
}

#[tracing::instrument(name = "db.merge.memberships_back", level = "debug", skip_all)]
async fn memberships_back(
    tx: &mut TownshipTx,
    kept: Uuid,
    back: Uuid,
    moved: &[(String, NaiveDate)],
) -> Result<(), Error> {
    let township = tx.township().to_owned();
    let (groups, from): (Vec<_>, Vec<_>) = moved.iter().cloned().unzip();
    sqlx::query!(
        r#"
        UPDATE membership m
           SET person_id = $3
          FROM UNNEST($4::text[], $5::date[]) AS k (member_of, from_on)
         WHERE m.township = $1
           AND m.person_id = $2
           AND m.member_of = k.member_of
           AND m.from_on = k.from_on
        "#,
        township,
        kept,
        back,
        &groups,
        &from,
    )
    .execute(tx)
    .await
    .map(drop)
    .map_err(fault)
}

/// Households that were left for the merge are theirs again, unless they came into another one since.
#[tracing::instrument(name = "db.merge.households_again", level = "debug", skip_all)]
async fn households_again(tx: &mut TownshipTx, back: Uuid, left: &[Uuid]) -> Result<(), Error> {
    let township = tx.township().to_owned();
    sqlx::query!(
        r#"
        UPDATE household_member m
           SET until_on = NULL
         WHERE m.township = $1
           AND m.person_id = $2
           AND m.household_id = ANY ($3)
           AND m.from_on = (SELECT max(l.from_on)
                              FROM household_member l
                             WHERE l.township = $1
                               AND l.person_id = $2
                               AND l.household_id = m.household_id)
           AND NOT EXISTS (SELECT
                             FROM household_member o
                            WHERE o.township = $1
                              AND o.person_id = $2
                              AND o.until_on IS NULL)
        "#,
        township,
        back,
        left,
    )
    .execute(tx)
    .await
    .map(drop)
    .map_err(fault)
}

#[tracing::instrument(name = "db.merge.rows_back", level = "debug", skip_all)]
async fn rows_back(tx: &mut TownshipTx, kept: Uuid, back: Uuid, moved: &Moved) -> Result<(), Error> {
    let township = tx.township().to_owned();
    let (homes, from): (Vec<_>, Vec<_>) = moved.households.iter().copied().unzip();
    sqlx::query!(
        r#"
        WITH unemployment AS (
            UPDATE unemployment_registration SET person_id = $3
             WHERE township = $1 AND person_id = $2 AND registration_id = ANY ($4)
        ), recognised AS (
            UPDATE recognition SET person_id = $3
             WHERE township = $1 AND person_id = $2 AND recognition_id = ANY ($5)
        ), asked AS (
            UPDATE survey SET person_id = $3
             WHERE township = $1 AND person_id = $2 AND survey_id = ANY ($6)
        ), requests AS (
            UPDATE transfer SET person_id = $3
             WHERE township = $1 AND person_id = $2 AND transfer_id = ANY ($10) AND state = 'REQUESTED'
        ), numbers AS (
            UPDATE identity SET person_id = $3
             WHERE township = $1 AND person_id = $2 AND id_index = ANY ($7)
        )
        UPDATE household_member m
           SET person_id = $3
          FROM UNNEST($8::uuid[], $9::date[]) AS k (household_id, from_on)
         WHERE m.township = $1
           AND m.person_id = $2
           AND m.household_id = k.household_id
           AND m.from_on = k.from_on
        "#,
        township,
        kept,
        back,
        &moved.unemployment_registrations,
        &moved.recognitions,
        &moved.surveys,
        &moved.identities,
        &homes,
        &from,
        &moved.requests,
    )
    .execute(tx)
    .await
    .map(drop)
    .map_err(fault)
}

/// Notes what is believed of somebody whose records moved, and into which entry they were merged.
#[tracing::instrument(name = "db.merge.settle", level = "debug", skip_all)]
pub(crate) async fn settle(
    tx: &mut TownshipTx,
    person_id: Uuid,
    merged_into: Option<Uuid>,
    believed: Option<&EmploymentRecord>,
) -> Result<(), Error> {
    let (township, now) = (tx.township().to_owned(), tx.clock().now());
    let settled = sqlx::query!(
        r#"
        UPDATE person
           SET employment_id = $3
             , status = $4
             , level = $5
             , merged_into = $6
             , version = version + 1
             , updated_at = $7
         WHERE township = $1
           AND person_id = $2
        "#,
        township,
        person_id,
        believed.map(|record| record.record_id),
        believed.map(|record| record.status.code()),
        level_of(believed).code(),
        merged_into,
        now,
    )
    .execute(tx)
    .await
    .map_err(fault)?;
    if settled.rows_affected() == 1 { Ok(()) } else { Err(Error::internal("a locked person is gone")) }
}

/// Enters a merge.
#[tracing::instrument(name = "db.merge.insert", level = "debug", skip_all)]
pub(crate) async fn insert(tx: &mut TownshipTx, new: &Merge, moved: &Moved) -> Result<(), Error> {
    let township = tx.township().to_owned();
    sqlx::query!(
        r#"
        INSERT INTO merge (township, merge_id, kept_id, merged_id, merged_on, merged_by, reason, moved, created_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
        "#,
        township,
        new.merge_id,
        new.kept_id,
        new.merged_id,
        new.merged_on,
        new.merged_by,
        new.reason,
        Json(moved) as _,
        new.created_at,
    )
    .execute(tx)
    .await
    .map(drop)
    .map_err(|error| match constraint(&error) {
        Some("an_entry_is_merged_once") => Error::Conflict(Box::new(error)),
        _ => fault(error),
    })
}

/// Notes that a merge was undone.
#[tracing::instrument(name = "db.merge.undo", level = "debug", skip_all)]
pub(crate) async fn undo(tx: &mut TownshipTx, merge_id: Uuid, undone: &Undone) -> Result<(), Error> {
    let township = tx.township().to_owned();
    sqlx::query!(
        r#"
        UPDATE merge
           SET undone_on = $3
             , undone_by = $4
             , undo_reason = $5
         WHERE township = $1
           AND merge_id = $2
        "#,
        township,
        merge_id,
        undone.on,
        undone.by,
        undone.reason,
    )
    .execute(tx)
    .await
    .map(drop)
    .map_err(fault)
}

/// What is read of a merge.
macro_rules! merges {
    ($tx:expr, $predicate:literal $(, $bind:expr)*) => {{
        let township = $tx.township().to_owned();
        sqlx::query_as!(
            Row,
            r#"
            SELECT merge_id
                 , kept_id
                 , merged_id
                 , merged_on
                 , merged_by
                 , reason
                 , moved AS "moved: Json<Moved>"
                 , undone_on
                 , undone_by
                 , undo_reason
                 , created_at
              FROM merge
             WHERE township = $1
            "# + $predicate,
            township
            $(, $bind)*
        )
    }};
}

/// One merge, and what it moved. Errors: NOT_FOUND.
#[tracing::instrument(name = "db.merge.get", level = "debug", skip_all)]
pub(crate) async fn get(tx: &mut TownshipTx, merge_id: Uuid) -> Result<(Merge, Moved), Error> {
    let found = merges!(tx, "AND merge_id = $2", merge_id).fetch_optional(tx).await.map_err(fault)?;
    let mut row = found.ok_or(Error::NotFound(Resource::Merge))?;
    let moved = std::mem::take(&mut row.moved.0);
    Ok((row.merge(), moved))
}

/// Merges before one, the latest first.
#[tracing::instrument(name = "db.merge.page", level = "debug", skip_all)]
pub(crate) async fn page(
    tx: &mut TownshipTx,
    before: Uuid,
    person_id: Option<Uuid>,
    limit: i64,
) -> Result<Vec<Merge>, Error> {
    merges!(
        tx,
        "AND merge_id < $2
         AND ($3::uuid IS NULL OR kept_id = $3 OR merged_id = $3)
       ORDER BY merge_id DESC
       LIMIT $4",
        before,
        person_id,
        limit
    )
    .fetch_all(tx)
    .await
    .map_err(fault)
    .map(|rows| rows.into_iter().map(Row::merge).collect())
}

struct Row {
    merge_id: Uuid,
    kept_id: Uuid,
    merged_id: Uuid,
    merged_on: NaiveDate,
    merged_by: String,
    reason: String,
    moved: Json<Moved>,
    undone_on: Option<NaiveDate>,
    undone_by: Option<String>,
    undo_reason: Option<String>,
    created_at: DateTime<Utc>,
}

impl Row {
    fn merge(self) -> Merge {
        let undone = match (self.undone_on, self.undone_by, self.undo_reason) {
            (Some(on), Some(by), Some(reason)) => Some(Undone { on, by, reason }),
            _ => None,
        };
        Merge {
            merge_id: self.merge_id,
            kept_id: self.kept_id,
            merged_id: self.merged_id,
            merged_on: self.merged_on,
            merged_by: self.merged_by,
            reason: self.reason,
            undone,
            created_at: self.created_at,
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::store::with_a_person;

    /// What [`super::carry`] takes to the kept entry.
    const CARRIED: [&str; 8] = [
        "employment",
        "employment_registration",
        "household_member",
        "identity",
        "membership",
        "recognition",
        "survey",
        "unemployment_registration",
    ];
    /// The entry itself, what the trail says of it, and transfers it took part in.
    const STAYING: [&str; 3] = ["audit", "person", "transfer"];

    #[test]
    fn every_table_with_a_person_is_carried_or_stays_on_purpose() {
        let mut known: Vec<_> = CARRIED.into_iter().chain(STAYING).collect();
        known.sort_unstable();
        assert_eq!(with_a_person(), known, "a table with a person_id is carried by a merge, or stays");
    }
}
