//! The audit trail.

use bangfu_kernel::Error;
use bangfu_platform::db::{CityTx, TownshipTx, fault};
use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::township;
use crate::model::audit::{Action, AuditEntry, Hash};

/// Appends an entry to the township's trail. The township stays locked until the unit ends, so that the chain has no
/// forks: call it late.
#[tracing::instrument(name = "db.audit.append", level = "debug", skip_all)]
pub(crate) async fn append(
    tx: &mut TownshipTx,
    action: Action,
    person_id: Option<Uuid>,
    reason: &str,
) -> Result<(), Error> {
    // The lock is a statement of its own: the next one sees what whoever held it has committed.
    township::lock(tx).await?;
    let last = last(tx).await?;
    let mut entry = AuditEntry {
        seq: last.as_ref().map_or(1, |(seq, _)| seq + 1),
        at: tx.clock().now(),
        actor: actor(tx),
        action: action.code().to_owned(),
        person_id,
        reason: reason.to_owned(),
        previous: last.map_or_else(|| vec![0; size_of::<Hash>()], |(_, hash)| hash),
        hash: Vec::new(),
    };
    entry.hash = entry.hash(tx.township()).to_vec();
    insert(tx, entry).await
}

/// The caller's account; in another township's trail with where they are from: "clerk-1@320685103".
fn actor(tx: &TownshipTx) -> String {
    let caller = tx.permit().caller();
    match &caller.township {
        Some(home) if home != tx.code() => format!("{}@{home}", caller.subject),
        _ => caller.subject.clone(),
    }
}

/// The last entry of the unit's township: number and hash.
#[tracing::instrument(name = "db.audit.last", level = "debug", skip_all)]
pub(crate) async fn last(tx: &mut TownshipTx) -> Result<Option<(i64, Vec<u8>)>, Error> {
    let township = tx.township().to_owned();
    sqlx::query!("SELECT seq, hash FROM audit WHERE township = $1 ORDER BY seq DESC LIMIT 1", township)
        .fetch_optional(tx)
        .await
        .map_err(fault)
        .map(|row| row.map(|row| (row.seq, row.hash)))
}

async fn insert(tx: &mut TownshipTx, entry: AuditEntry) -> Result<(), Error> {
    let township = tx.township().to_owned();
    sqlx::query!(
        r#"
        INSERT INTO audit (township, seq, at, actor, action, person_id, reason, previous, hash)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
        "#,
        township,
        entry.seq,
        entry.at,
        entry.actor,
        entry.action,
        entry.person_id,
        entry.reason,
        entry.previous,
        entry.hash,
    )
    .execute(tx)
    .await
    .map(drop)
    .map_err(fault)
}

/// Entries of the unit's township after a number, in order.
#[tracing::instrument(name = "db.audit.after", level = "debug", skip_all)]
pub(crate) async fn after(tx: &mut TownshipTx, seq: i64, limit: i64) -> Result<Vec<AuditEntry>, Error> {
    let township = tx.township().to_owned();
    sqlx::query_as!(
        AuditEntry,
        r#"
        SELECT seq
             , at
             , actor
             , action
             , person_id
             , reason
             , previous
             , hash
          FROM audit
         WHERE township = $1
           AND seq > $2
         ORDER BY seq
         LIMIT $3
        "#,
        township,
        seq,
        limit,
    )
    .fetch_all(tx)
    .await
    .map_err(fault)
}

/// The hashes of entries, by number; those that are not there are left out.
#[tracing::instrument(name = "db.audit.hashes", level = "debug", skip_all)]
pub(crate) async fn hashes(tx: &mut TownshipTx, seqs: &[i64]) -> Result<Vec<(i64, Vec<u8>)>, Error> {
    let township = tx.township().to_owned();
    sqlx::query!("SELECT seq, hash FROM audit WHERE township = $1 AND seq = ANY ($2) ORDER BY seq", township, seqs)
        .fetch_all(tx)
        .await
        .map_err(fault)
        .map(|rows| rows.into_iter().map(|row| (row.seq, row.hash)).collect())
}

/// The last entry of every trail of the city, by township: number and hash.
#[tracing::instrument(name = "db.audit.heads", level = "debug", skip_all)]
pub(crate) async fn heads(tx: &mut CityTx) -> Result<Vec<(String, i64, Vec<u8>)>, Error> {
    sqlx::query!(
        r#"
        SELECT t.township
             , a.seq
             , a.hash
          FROM township t
         CROSS JOIN LATERAL (
               SELECT seq
                    , hash
                 FROM audit
                WHERE township = t.township
                ORDER BY seq DESC
                LIMIT 1) a
         ORDER BY t.township
        "#,
    )
    .fetch_all(tx)
    .await
    .map_err(fault)
    .map(|rows| rows.into_iter().map(|row| (row.township, row.seq, row.hash)).collect())
}

/// The hashes that single entries of the city have now, by township and number.
#[tracing::instrument(name = "db.audit.hashes_of_city", level = "debug", skip_all)]
pub(crate) async fn hashes_of_city(
    tx: &mut CityTx,
    townships: &[String],
    seqs: &[i64],
) -> Result<Vec<(String, i64, Vec<u8>)>, Error> {
    sqlx::query!(
        r#"
        SELECT a.township
             , a.seq
             , a.hash
          FROM UNNEST($1::text[], $2::bigint[]) AS w (township, seq)
          JOIN audit a
            ON a.township = w.township
           AND a.seq = w.seq
        "#,
        townships,
        seqs,
    )
    .fetch_all(tx)
    .await
    .map_err(fault)
    .map(|rows| rows.into_iter().map(|row| (row.township, row.seq, row.hash)).collect())
}

/// Which entries are wanted.
#[derive(Debug)]
pub(crate) struct Filter {
    /// Only those before this number.
    pub before: i64,
    /// Only those about this person.
    pub person_id: Option<Uuid>,
    /// Only those of this account.
    pub actor: Option<String>,
    /// Only those from this instant on.
    pub from: Option<DateTime<Utc>>,
    /// Only those before this instant.
    pub until: Option<DateTime<Utc>>,
}

/// Entries of the unit's township, the latest first.
#[tracing::instrument(name = "db.audit.page", level = "debug", skip_all)]
pub(crate) async fn page(tx: &mut TownshipTx, filter: &Filter, limit: i64) -> Result<Vec<AuditEntry>, Error> {
    let township = tx.township().to_owned();
    sqlx::query_as!(
        AuditEntry,
        r#"
        SELECT seq
             , at
             , actor
             , action
             , person_id
             , reason
             , previous
             , hash
          FROM audit
         WHERE township = $1
           AND seq < $2
           AND ($3::uuid IS NULL OR person_id = $3)
           AND ($4::text IS NULL OR actor = $4)
           AND ($5::timestamptz IS NULL OR at >= $5)
           AND ($6::timestamptz IS NULL OR at < $6)
         ORDER BY seq DESC
         LIMIT $7
        "#,
        township,
        filter.before,
        filter.person_id,
        filter.actor,
        filter.from,
        filter.until,
        limit,
    )
    .fetch_all(tx)
    .await
    .map_err(fault)
}
