//! What moves with somebody who is transferred: every row about them, under the same ids.
//!
//! The rows are taken out whole, as the table has them, so that a column added later moves without being named here.
//! Statements are put together from this list and from the catalogue's own column names; values are binds. Sealed columns
//! are opened with the sender's key and sealed with the receiver's on the way in.

use std::sync::Arc;

use bangfu_kernel::Error;
use bangfu_platform::{
    db::{TownshipTx, fault},
    id,
};
use chrono::NaiveDate;
use rand::{SeedableRng as _, rngs::StdRng};
use serde_json::{Map, Value};
use sqlx::AssertSqlSafe;
use uuid::Uuid;

use crate::vault::{Column, TownshipKey};

/// A table whose rows about somebody move with them.
struct Moving {
    table: &'static str,
    /// The column that is the row's own id, whoever's it is by now; empty: there is none.
    id: &'static str,
    /// Of tables from which nothing is ever deleted: how the trace that an earlier stay left is emptied. It is put aside
    /// under an id that is nobody's.
    trace: &'static str,
    /// The columns that are sealed, and the id they are sealed under.
    sealed: &'static [(&'static str, Column)],
    sealed_under: &'static str,
}

/// In the order of writing: what a foreign key points to comes first. Whoever adds a table with a `person_id` puts it here,
/// or into [`STAYING`]; a test asks.
const MOVING: [Moving; 7] = [
    Moving {
        table: "person",
        id: "person_id",
        trace: "",
        sealed: &[
            ("name", Column::Name),
            ("id_number", Column::IdNumber),
            ("phone", Column::Phone),
            ("address", Column::Address),
            ("remark", Column::Remark),
        ],
        sealed_under: "person_id",
    },
    plain("membership", ""),
    Moving { trace: "employer = '', credit_code = '', evidence = ''", ..plain("employment", "record_id") },
    plain("unemployment_registration", "registration_id"),
    plain("employment_registration", "registration_id"),
    plain("recognition", "recognition_id"),
    Moving {
        table: "survey",
        id: "survey_id",
        trace: "note = NULL, occupation = '', place = '', training_wish = '', skills = '{}'",
        sealed: &[("note", Column::SurveyNote)],
        sealed_under: "survey_id",
    },
];

/// Tables with a `person_id` whose rows stay: `identity` is released and claimed, the audit trail tells what one township
/// did, a transfer has a row on either side, and whoever moves leaves their household.
#[cfg(test)]
const STAYING: [&str; 4] = ["audit", "household_member", "identity", "transfer"];

const fn plain(table: &'static str, id: &'static str) -> Moving {
    Moving { table, id, trace: "", sealed: &[], sealed_under: "" }
}

/// Everything about somebody, out of one township and not yet in another; still under the sender's seal. Never printed.
pub(crate) struct Luggage {
    /// Rows, in the order of [`MOVING`].
    tables: Vec<Vec<Map<String, Value>>>,
    key: Arc<TownshipKey>,
}

/// What the receiving township decides about the stay that begins.
pub(crate) struct Arrival<'a> {
    /// First day of it, and the day it was decided.
    pub joined_on: NaiveDate,
    pub join_known_on: NaiveDate,
    /// 村(社区)
    pub village: &'a str,
    /// 协理员; may be empty.
    pub coordinator: &'a str,
}

/// Takes out everything about somebody who is locked here.
#[tracing::instrument(name = "db.moving.pack", level = "debug", skip_all)]
pub(crate) async fn pack(tx: &mut TownshipTx, person_id: Uuid, key: Arc<TownshipKey>) -> Result<Luggage, Error> {
    let township = tx.township().to_owned();
    let mut tables = Vec::with_capacity(MOVING.len());
    for moving in &MOVING {
        // By primary key, which every table has in front: what is there from an earlier stay is brought up to date before
        // what came later is put beside it, so that "one stands" holds at every row.
        let table = moving.table;
        let sql = format!("SELECT to_jsonb(t) FROM {table} t WHERE t.township = $1 AND t.person_id = $2 ORDER BY t");
        let rows: Vec<Value> = sqlx::query_scalar(AssertSqlSafe(sql))
            .bind(&township)
            .bind(person_id)
            .fetch_all(&mut *tx)
            .await
            .map_err(fault)?;
        let row = |row| if let Value::Object(row) = row { Ok(row) } else { Err(strange(moving.table)) };
        tables.push(rows.into_iter().map(row).collect::<Result<_, _>>()?);
    }
    Ok(Luggage { tables, key })
}

/// Puts it into the unit's township, where the person is from now on. What an earlier stay left here goes first, whoever's
/// it was then: after a merge, or the undoing of one, a row may be another person's than the trace of it says.
#[tracing::instrument(name = "db.moving.unpack", level = "debug", skip_all)]
pub(crate) async fn unpack(
    tx: &mut TownshipTx,
    luggage: Luggage,
    arrival: &Arrival<'_>,
    key: &TownshipKey,
) -> Result<(), Error> {
    let (township, now) = (tx.township().to_owned(), tx.clock().now());
    clear(tx, &luggage).await?;
    for (moving, mut rows) in MOVING.iter().zip(luggage.tables) {
        for row in &mut rows {
            moving.seal_anew(row, &luggage.key, key)?;
            row.insert("township".to_owned(), township.clone().into());
            if moving.table == "person" {
                let version = row.get("version").and_then(Value::as_i64).ok_or_else(|| strange(moving.table))?;
                for (column, value) in [
                    ("joined_on", arrival.joined_on.to_string().into()),
                    ("join_known_on", arrival.join_known_on.to_string().into()),
                    ("left_on", Value::Null),
                    ("left_known_on", Value::Null),
                    // Each township's hashes are its own: made anew by whoever calls.
                    ("name_head", Value::Null),
                    ("name_tail", Value::Null),
                    ("twin_birth", Value::Null),
                    ("twin_order", Value::Null),
                    ("twin_year", Value::Null),
                    ("twin_day", Value::Null),
                    ("village", arrival.village.into()),
                    ("coordinator", arrival.coordinator.into()),
                    // Higher than any etag that an earlier stay here had: the entry only moved on since.
                    ("version", (version + 1).into()),
                    ("updated_at", now.to_rfc3339().into()),
                ] {
                    row.insert(column.to_owned(), value);
                }
            }
        }
        let Some(first) = rows.first() else { continue };
        let sql = moving.insert(first.keys());
        let rows: Vec<Value> = rows.into_iter().map(Value::Object).collect();
        sqlx::query(AssertSqlSafe(sql)).bind(&rows).execute(&mut *tx).await.map_err(fault)?;
    }
    Ok(())
}

/// Takes away, or puts aside, what earlier stays left here of the person and of every row that comes now; the last table
/// first, for what points to others.
async fn clear(tx: &mut TownshipTx, luggage: &Luggage) -> Result<(), Error> {
    let township = tx.township().to_owned();
    let id_of = |row: &Map<String, Value>, column: &str| {
        row.get(column).and_then(Value::as_str).and_then(|id| Uuid::try_parse(id).ok())
    };
    let person_id = luggage.tables.first().and_then(|people| people.first()).and_then(|row| id_of(row, "person_id"));
    let person_id = person_id.ok_or_else(|| strange("person"))?;
    // Registrations go with the records they are of.
    let apart = |moving: &Moving| moving.table == "employment_registration";
    for (moving, rows) in MOVING.iter().zip(&luggage.tables).skip(1).rev().filter(|(moving, _)| !apart(moving)) {
        let (table, column) = (moving.table, if moving.id.is_empty() { "person_id" } else { moving.id });
        let ids: Vec<Uuid> = rows.iter().filter_map(|row| id_of(row, column)).collect();
        let which = format!("township = $1 AND (person_id = $2 OR {column} = ANY ($3))");
        if moving.trace.is_empty() {
            let sql = format!("DELETE FROM {table} WHERE {which}");
            let delete = sqlx::query(AssertSqlSafe(sql)).bind(&township).bind(person_id).bind(&ids);
            delete.execute(&mut *tx).await.map_err(fault)?;
            continue;
        }
        // Somebody's: what was put aside before is left where it is.
        let sql = format!(
            "SELECT DISTINCT person_id FROM {table} t WHERE {which} \
             AND EXISTS (SELECT FROM person p WHERE p.township = $1 AND p.person_id = t.person_id)"
        );
        let owners = sqlx::query_scalar(AssertSqlSafe(sql)).bind(&township).bind(person_id).bind(&ids);
        let owners: Vec<Uuid> = owners.fetch_all(&mut *tx).await.map_err(fault)?;
        for owner in owners {
            let sql = moving.put_aside(&which);
            let put = sqlx::query(AssertSqlSafe(sql)).bind(&township).bind(person_id).bind(&ids);
            put.bind(owner).bind(id::new(tx.clock())).execute(&mut *tx).await.map_err(fault)?;
        }
    }
    Ok(())
}

impl Moving {
    /// Empties one person's traces ($4) and puts them under an id that is nobody's ($5). Records and their registrations refer
    /// to each other by the person: they go in one statement.
    fn put_aside(&self, which: &str) -> String {
        let (table, trace) = (self.table, self.trace);
        let registrations = if table == "employment" {
            "WITH registrations AS (UPDATE employment_registration SET person_id = $5, evidence = '' \
              WHERE township = $1 AND person_id = $4 AND (person_id = $2 OR record_id = ANY ($3))) "
        } else {
            ""
        };
        format!("{registrations}UPDATE {table} SET person_id = $5, {trace} WHERE person_id = $4 AND {which}")
    }

    /// Opens every sealed value of a row with one township's key and seals it with another's.
    fn seal_anew(&self, row: &mut Map<String, Value>, from: &TownshipKey, to: &TownshipKey) -> Result<(), Error> {
        let mut chance = StdRng::from_os_rng();
        for &(name, column) in self.sealed {
            let Some(text) = row.get(name).and_then(Value::as_str) else { continue };
            let sealed = bytes(text).ok_or_else(|| strange(self.table))?;
            let id = row.get(self.sealed_under).and_then(Value::as_str).and_then(|id| Uuid::try_parse(id).ok());
            let id = id.ok_or_else(|| strange(self.table))?;
            let anew = to.seal(id, column, &from.open(id, column, &sealed)?, &mut chance)?;
            row.insert(name.to_owned(), hex(&anew).into());
        }
        Ok(())
    }

    fn insert<'a>(&self, columns: impl Iterator<Item = &'a String>) -> String {
        let columns: Vec<_> = columns.map(|column| format!("\"{column}\"")).collect();
        let (table, listed) = (self.table, columns.join(", "));
        let insert = format!(
            "INSERT INTO {table} ({listed}) \
             SELECT {listed} FROM jsonb_populate_recordset(NULL::{table}, to_jsonb($1::jsonb[]))"
        );
        if table == "person" {
            // The entry of an earlier stay is brought up to date: people are never deleted.
            let set: Vec<_> = columns.iter().map(|column| format!("{column} = EXCLUDED.{column}")).collect();
            format!("{insert} ON CONFLICT ON CONSTRAINT person_is_entered_once DO UPDATE SET {}", set.join(", "))
        } else {
            insert
        }
    }
}

/// As `to_jsonb` writes a bytea.
fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;

    bytes.iter().fold("\\x".to_owned(), |mut text, byte| {
        // Writing to a String cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

fn bytes(text: &str) -> Option<Vec<u8>> {
    let digits = text.strip_prefix("\\x")?.as_bytes();
    let pairs = digits.chunks(2).map(|pair| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok());
    pairs.collect()
}

fn strange(table: &'static str) -> Error {
    Error::internal(format!("a row of {table} cannot be moved"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::with_a_person;

    #[test]
    fn bytes_come_back_as_they_were_written() {
        assert_eq!(hex(&[0, 1, 0xab, 0xff]), "\\x0001abff");
        assert_eq!(bytes("\\x0001abff"), Some(vec![0, 1, 0xab, 0xff]));
        for strange in ["0001", "\\x0g", "\\xé"] {
            assert_eq!(bytes(strange), None, "{strange}");
        }
    }

    #[test]
    fn every_table_with_a_person_moves_or_stays_on_purpose() {
        let mut known: Vec<_> = MOVING.iter().map(|moving| moving.table).chain(STAYING).collect();
        known.sort_unstable();
        assert_eq!(with_a_person(), known, "a table with a person_id stands in MOVING or STAYING");
    }
}
