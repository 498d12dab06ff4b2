//! Sealing anew what stands under an older key: one statement a table to take rows, one to write them.
//!
//! Rows are locked while they are worked on and passed over when somebody else holds them, so that nobody's change is
//! overwritten and nobody waits in a circle. Etag and time of the last change stay: nothing about the person changed.

use bangfu_kernel::Error;
use bangfu_platform::db::{TownshipTx, fault};
use uuid::Uuid;

use crate::vault::TownshipKey;

/// Rows with sealed data of one table.
pub(crate) struct Rows {
    /// Whose they are; of transfers, which; of rows of lists, of which match.
    pub(crate) person_id: Vec<Uuid>,
    /// The ids they are sealed under.
    pub(crate) id: Vec<Uuid>,
    /// What is sealed of each: a list a column, in the order of the table's columns in `vault::Column`.
    pub(crate) sealed: Vec<Vec<Option<Vec<u8>>>>,
}

/// People after one of them who have something under another key.
#[tracing::instrument(name = "db.person.unsealed", level = "debug", skip_all)]
pub(crate) async fn people(
    tx: &mut TownshipTx,
    number: i16,
    (after, _): (Uuid, Uuid),
    limit: i64,
) -> Result<Rows, Error> {
    let township = tx.township().to_owned();
    let found = sqlx::query!(
        r#"
        SELECT person_id
             , name
             , id_number
             , phone
             , address
             , remark
          FROM person
         WHERE township = $1
           AND person_id > $2
           AND (   substring(name FROM 1 FOR 4) <> $3
                OR substring(id_number FROM 1 FOR 4) <> $3
                OR substring(phone FROM 1 FOR 4) <> $3
                OR substring(address FROM 1 FOR 4) <> $3
                OR substring(remark FROM 1 FOR 4) <> $3)
         ORDER BY person_id
         LIMIT $4
           FOR NO KEY UPDATE SKIP LOCKED
        "#,
        township,
        after,
        &TownshipKey::header(number),
        limit,
    )
    .fetch_all(tx)
    .await
    .map_err(fault)?;
    let person_id = found.iter().map(|row| row.person_id).collect::<Vec<_>>();
    let mut rows = Rows { id: person_id.clone(), person_id, sealed: vec![Vec::new(); 5] };
    for row in found {
        let sealed = [Some(row.name), Some(row.id_number), row.phone, row.address, row.remark];
        rows.sealed.iter_mut().zip(sealed).for_each(|(column, value)| column.push(value));
    }
    Ok(rows)
}

/// Writes people sealed anew.
#[tracing::instrument(name = "db.person.reseal", level = "debug", skip_all)]
pub(crate) async fn write_people(tx: &mut TownshipTx, rows: &Rows) -> Result<u64, Error> {
    let township = tx.township().to_owned();
    let [name, id_number, phone, address, remark] = rows.sealed.as_slice() else {
        return Err(Error::internal("people have five sealed columns"));
    };
    let written = sqlx::query!(
        r#"
        UPDATE person AS p
           SET name = n.name
             , id_number = n.id_number
             , phone = n.phone
             , address = n.address
             , remark = n.remark
          FROM UNNEST($2::uuid[], $3::bytea[], $4::bytea[], $5::bytea[], $6::bytea[], $7::bytea[])
            AS n (person_id, name, id_number, phone, address, remark)
         WHERE p.township = $1
           AND p.person_id = n.person_id
        "#,
        township,
        &rows.id,
        name as &[Option<Vec<u8>>],
        id_number as &[Option<Vec<u8>>],
        phone as &[Option<Vec<u8>>],
        address as &[Option<Vec<u8>>],
        remark as &[Option<Vec<u8>>],
    )
    .execute(tx)
    .await
    .map_err(fault)?;
    Ok(written.rows_affected())
}

/// Surveys after one of them whose note is under another key.
#[tracing::instrument(name = "db.survey.unsealed", level = "debug", skip_all)]
pub(crate) async fn surveys(
    tx: &mut TownshipTx,
    number: i16,
    (of, after): (Uuid, Uuid),
    limit: i64,
) -> Result<Rows, Error> {
    let township = tx.township().to_owned();
    let found = sqlx::query!(
        r#"
        SELECT person_id
             , survey_id
             , note
          FROM survey
         WHERE township = $1
           AND (person_id, survey_id) > ($2, $3)
           AND substring(note FROM 1 FOR 4) <> $4
         ORDER BY person_id
                , survey_id
         LIMIT $5
           FOR NO KEY UPDATE SKIP LOCKED
        "#,
        township,
        of,
        after,
        &TownshipKey::header(number),
        limit,
    )
    .fetch_all(tx)
    .await
    .map_err(fault)?;
    Ok(Rows {
        person_id: found.iter().map(|row| row.person_id).collect(),
        id: found.iter().map(|row| row.survey_id).collect(),
        sealed: vec![found.into_iter().map(|row| row.note).collect()],
    })
}

/// Writes notes of surveys sealed anew.
#[tracing::instrument(name = "db.survey.reseal", level = "debug", skip_all)]
pub(crate) async fn write_surveys(tx: &mut TownshipTx, rows: &Rows) -> Result<u64, Error> {
    let township = tx.township().to_owned();
    let [note] = rows.sealed.as_slice() else { return Err(Error::internal("surveys have one sealed column")) };
    let written = sqlx::query!(
        r#"
        UPDATE survey AS s
           SET note = n.note
          FROM UNNEST($2::uuid[], $3::uuid[], $4::bytea[]) AS n (person_id, survey_id, note)
         WHERE s.township = $1
           AND s.person_id = n.person_id
           AND s.survey_id = n.survey_id
        "#,
        township,
        &rows.person_id,
        &rows.id,
        note as &[Option<Vec<u8>>],
    )
    .execute(tx)
    .await
    .map_err(fault)?;
    Ok(written.rows_affected())
}

/// Transfers after one of them that have something under another key.
#[tracing::instrument(name = "db.transfer.unsealed", level = "debug", skip_all)]
pub(crate) async fn transfers(
    tx: &mut TownshipTx,
    number: i16,
    (_, after): (Uuid, Uuid),
    limit: i64,
) -> Result<Rows, Error> {
    let township = tx.township().to_owned();
    let found = sqlx::query!(
        r#"
        SELECT transfer_id
             , name
             , id_number
          FROM transfer
         WHERE township = $1
           AND transfer_id > $2
           AND (substring(name FROM 1 FOR 4) <> $3 OR substring(id_number FROM 1 FOR 4) <> $3)
         ORDER BY transfer_id
         LIMIT $4
           FOR NO KEY UPDATE SKIP LOCKED
        "#,
        township,
        after,
        &TownshipKey::header(number),
        limit,
    )
    .fetch_all(tx)
    .await
    .map_err(fault)?;
    let id = found.iter().map(|row| row.transfer_id).collect::<Vec<_>>();
    let (names, numbers) = found.into_iter().map(|row| (row.name, row.id_number)).unzip();
    Ok(Rows { person_id: id.clone(), id, sealed: vec![names, numbers] })
}

/// Writes transfers sealed anew.
#[tracing::instrument(name = "db.transfer.reseal", level = "debug", skip_all)]
pub(crate) async fn write_transfers(tx: &mut TownshipTx, rows: &Rows) -> Result<u64, Error> {
    let township = tx.township().to_owned();
    let [name, id_number] = rows.sealed.as_slice() else {
        return Err(Error::internal("transfers have two sealed columns"));
    };
    let written = sqlx::query!(
        r#"
        UPDATE transfer AS t
           SET name = n.name
             , id_number = n.id_number
          FROM UNNEST($2::uuid[], $3::bytea[], $4::bytea[]) AS n (transfer_id, name, id_number)
         WHERE t.township = $1
           AND t.transfer_id = n.transfer_id
        "#,
        township,
        &rows.id,
        name as &[Option<Vec<u8>>],
        id_number as &[Option<Vec<u8>>],
    )
    .execute(tx)
    .await
    .map_err(fault)?;
    Ok(written.rows_affected())
}

/// Rows of other departments' lists after one of them that are under another key.
#[tracing::instrument(name = "db.data_match_row.unsealed", level = "debug", skip_all)]
pub(crate) async fn listed_rows(
    tx: &mut TownshipTx,
    number: i16,
    (of, after): (Uuid, Uuid),
    limit: i64,
) -> Result<Rows, Error> {
    let township = tx.township().to_owned();
    let found = sqlx::query!(
        r#"
        SELECT match_id
             , row_id
             , sealed
          FROM data_match_row
         WHERE township = $1
           AND (match_id, row_id) > ($2, $3)
           AND sealed IS NOT NULL
           AND substring(sealed FROM 1 FOR 4) <> $4
         ORDER BY match_id
                , row_id
         LIMIT $5
           FOR NO KEY UPDATE SKIP LOCKED
        "#,
        township,
        of,
        after,
        &TownshipKey::header(number),
        limit,
    )
    .fetch_all(tx)
    .await
    .map_err(fault)?;
    Ok(Rows {
        person_id: found.iter().map(|row| row.match_id).collect(),
        id: found.iter().map(|row| row.row_id).collect(),
        sealed: vec![found.into_iter().map(|row| row.sealed).collect()],
    })
}

/// Writes rows of lists sealed anew.
#[tracing::instrument(name = "db.data_match_row.reseal", level = "debug", skip_all)]
pub(crate) async fn write_listed_rows(tx: &mut TownshipTx, rows: &Rows) -> Result<u64, Error> {
    let township = tx.township().to_owned();
    let [sealed] = rows.sealed.as_slice() else { return Err(Error::internal("rows of lists have one sealed column")) };
    let written = sqlx::query!(
        r#"
        UPDATE data_match_row AS r
           SET sealed = n.sealed
          FROM UNNEST($2::uuid[], $3::uuid[], $4::bytea[]) AS n (match_id, row_id, sealed)
         WHERE r.township = $1
           AND r.match_id = n.match_id
           AND r.row_id = n.row_id
        "#,
        township,
        &rows.person_id,
        &rows.id,
        sealed as &[Option<Vec<u8>>],
    )
    .execute(tx)
    .await
    .map_err(fault)?;
    Ok(written.rows_affected())
}

/// How many people, surveys, transfers and rows of lists have something under another key than this one.
#[tracing::instrument(name = "db.reseal.remaining", level = "debug", skip_all)]
pub(crate) async fn remaining(tx: &mut TownshipTx, number: i16) -> Result<i64, Error> {
    let township = tx.township().to_owned();
    sqlx::query_scalar!(
        r#"
        SELECT (SELECT count(*)
                  FROM person
                 WHERE township = $1
                   AND (   substring(name FROM 1 FOR 4) <> $2
                        OR substring(id_number FROM 1 FOR 4) <> $2
                        OR substring(phone FROM 1 FOR 4) <> $2
                        OR substring(address FROM 1 FOR 4) <> $2
                        OR substring(remark FROM 1 FOR 4) <> $2))
             + (SELECT count(*)
                  FROM survey
                 WHERE township = $1
                   AND substring(note FROM 1 FOR 4) <> $2)
             + (SELECT count(*)
                  FROM transfer
                 WHERE township = $1
                   AND (substring(name FROM 1 FOR 4) <> $2 OR substring(id_number FROM 1 FOR 4) <> $2))
             + (SELECT count(*)
                  FROM data_match_row
                 WHERE township = $1
                   AND substring(sealed FROM 1 FOR 4) <> $2) AS "remaining!"
        "#,
        township,
        &TownshipKey::header(number),
    )
    .fetch_one(tx)
    .await
    .map_err(fault)
}
