//! Waivers. What was asked for is never edited; a waiver moves from state to state, and each statement names the one before.

use std::{collections::BTreeMap, sync::Arc};

use bangfu_kernel::{Error, calendar, error::Resource};
use bangfu_platform::db::{TownshipTx, fault};
use bangfu_proto::followup::v1::WaiverState;
use chrono::{DateTime, NaiveDate, Utc};
use uuid::Uuid;

use crate::{
    model::history::WaiverFact,
    store::duty::Owed,
    waiver::{Cited, NewWaiver, Waiver},
    wire::number,
};

/// A waiver that is granted, as the planner counts it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Granted {
    pub(crate) waiver_id: Uuid,
    pub(crate) fact: WaiverFact,
}

/// Which waivers to list; filters combine with "and".
#[derive(Debug, Clone, Default)]
pub(crate) struct Filter {
    /// Numbers of the contract; empty: all.
    pub(crate) states: Vec<i16>,
    pub(crate) person_id: Option<Uuid>,
    pub(crate) duty_id: Option<Uuid>,
}

/// Asks for a waiver of a duty. WAIVER_STANDS where one is asked for or granted.
#[tracing::instrument(name = "db.waiver.insert", level = "debug", skip_all)]
pub(crate) async fn insert(
    tx: &mut TownshipTx,
    waiver_id: Uuid,
    waiver: &NewWaiver,
    Owed { person_id, kept }: &Owed,
) -> Result<(), Error> {
    let township = tx.township().to_owned();
    let (now, by) = (tx.clock().now(), tx.permit().caller().subject.clone());
    let slot = i16::try_from(kept.duty.slot).map_err(|error| Error::Internal(Box::new(error)))?;
    let inserted = sqlx::query!(
        r#"
        INSERT INTO waiver (
               township
             , waiver_id
             , duty_id
             , person_id
             , rule
             , period_start
             , slot
             , reason
             , text
             , evidence
             , state
             , requested_at
             , requested_by
             )
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, 1, $11, $12)
            ON CONFLICT (township, duty_id) WHERE state IN (1, 2) DO NOTHING
        "#,
        township,
        waiver_id,
        kept.duty_id,
        person_id,
        &*kept.duty.rule,
        kept.duty.period_start,
        slot,
        number(waiver.reason),
        waiver.text,
        &waiver.evidence,
        now,
        by,
    )
    .execute(&mut *tx)
    .await
    .map_err(fault)?;
    if inserted.rows_affected() == 1 {
        return Ok(());
    }
    let waiver_id = standing(tx, kept.duty_id).await?;
    Err(waiver_id.map_or_else(
        || Error::internal("a waiver stood in the way and is gone"),
        |waiver_id| Error::WaiverStands { waiver_id },
    ))
}

/// The waiver of a duty that is asked for or granted.
#[tracing::instrument(name = "db.waiver.standing", level = "debug", skip_all)]
async fn standing(tx: &mut TownshipTx, duty_id: Uuid) -> Result<Option<Uuid>, Error> {
    let township = tx.township().to_owned();
    sqlx::query_scalar!(
        "SELECT waiver_id FROM waiver WHERE township = $1 AND duty_id = $2 AND state IN (1, 2)",
        township,
        duty_id,
    )
    .fetch_optional(tx)
    .await
    .map_err(fault)
}

/// A waiver. NOT_FOUND.
#[tracing::instrument(name = "db.waiver.get", level = "debug", skip_all)]
pub(crate) async fn get(tx: &mut TownshipTx, waiver_id: Uuid) -> Result<Waiver, Error> {
    let township = tx.township().to_owned();
    sqlx::query_as!(
        Waiver,
        r#"
        SELECT w.waiver_id
             , w.duty_id
             , w.person_id
             , s.household
             , w.rule
             , w.period_start
             , w.reason
             , w.text
             , w.evidence
             , w.state
             , w.requested_at
             , w.requested_by
             , w.decided_at
             , w.decided_by
             , w.decision
             , w.revoked_at
             , w.revoked_by
             , w.revocation
          FROM waiver AS w
          JOIN subject AS s
            ON s.township = w.township
           AND s.person_id = w.person_id
         WHERE w.township = $1
           AND s.township = $1
           AND w.waiver_id = $2
        "#,
        township,
        waiver_id,
    )
    .fetch_optional(tx)
    .await
    .map_err(fault)?
    .ok_or(Error::NotFound(Resource::Waiver))
}

/// Waivers of the township, latest asked for first, before a position.
#[tracing::instrument(name = "db.waiver.list", level = "debug", skip_all)]
pub(crate) async fn list(
    tx: &mut TownshipTx,
    filter: &Filter,
    before: Option<(DateTime<Utc>, Uuid)>,
    limit: i64,
) -> Result<Vec<Waiver>, Error> {
    let township = tx.township().to_owned();
    let (before_at, before_id) = before.unzip();
    sqlx::query_as!(
        Waiver,
        r#"
        SELECT w.waiver_id
             , w.duty_id
             , w.person_id
             , s.household
             , w.rule
             , w.period_start
             , w.reason
             , w.text
             , w.evidence
             , w.state
             , w.requested_at
             , w.requested_by
             , w.decided_at
             , w.decided_by
             , w.decision
             , w.revoked_at
             , w.revoked_by
             , w.revocation
          FROM waiver AS w
          JOIN subject AS s
            ON s.township = w.township
           AND s.person_id = w.person_id
         WHERE w.township = $1
           AND s.township = $1
           AND (cardinality($2::smallint[]) = 0 OR w.state = ANY ($2))
           AND ($3::uuid IS NULL OR w.person_id = $3)
           AND ($4::uuid IS NULL OR w.duty_id = $4)
           AND ($5::timestamptz IS NULL OR (w.requested_at, w.waiver_id) < ($5, $6))
         ORDER BY w.requested_at DESC, w.waiver_id DESC
         LIMIT $7
        "#,
        township,
        &filter.states,
        filter.person_id,
        filter.duty_id,
        before_at,
        before_id,
        limit,
    )
    .fetch_all(tx)
    .await
    .map_err(fault)
}

/// Moves a waiver that is asked for on: granted, rejected or withdrawn. Whether it was still asked for.
#[tracing::instrument(name = "db.waiver.decide", level = "debug", skip_all)]
pub(crate) async fn decide(
    tx: &mut TownshipTx,
    waiver_id: Uuid,
    state: WaiverState,
    decision: &str,
) -> Result<bool, Error> {
    let township = tx.township().to_owned();
    let (now, by) = (tx.clock().now(), tx.permit().caller().subject.clone());
    let decided = sqlx::query!(
        r#"
        UPDATE waiver
           SET state = $3
             , decided_at = $4
             , decided_by = $5
             , decision = $6
         WHERE township = $1
           AND waiver_id = $2
           AND state = 1
        "#,
        township,
        waiver_id,
        number(state),
        now,
        by,
        decision,
    )
    .execute(tx)
    .await
    .map_err(fault)?;
    Ok(decided.rows_affected() == 1)
}

/// Takes a granted waiver back. Whether it was still granted.
#[tracing::instrument(name = "db.waiver.revoke", level = "debug", skip_all)]
pub(crate) async fn revoke(tx: &mut TownshipTx, waiver_id: Uuid, revocation: &str) -> Result<bool, Error> {
    let township = tx.township().to_owned();
    let (now, by) = (tx.clock().now(), tx.permit().caller().subject.clone());
    let revoked = sqlx::query!(
        r#"
        UPDATE waiver
           SET state = 5
             , revoked_at = $3
             , revoked_by = $4
             , revocation = $5
         WHERE township = $1
           AND waiver_id = $2
           AND state = 2
        "#,
        township,
        waiver_id,
        now,
        by,
        revocation,
    )
    .execute(tx)
    .await
    .map_err(fault)?;
    Ok(revoked.rows_affected() == 1)
}

/// The waivers of people's duties that are granted, by person.
#[tracing::instrument(name = "db.waiver.granted", level = "debug", skip_all)]
pub(crate) async fn granted(tx: &mut TownshipTx, person_ids: &[Uuid]) -> Result<BTreeMap<Uuid, Vec<Granted>>, Error> {
    struct Row {
        waiver_id: Uuid,
        person_id: Uuid,
        rule: String,
        period_start: NaiveDate,
        slot: i16,
        decided_at: DateTime<Utc>,
    }

    let township = tx.township().to_owned();
    let rows = sqlx::query_as!(
        Row,
        r#"
        SELECT waiver_id
             , person_id
             , rule
             , period_start
             , slot
             , decided_at AS "decided_at!"
          FROM waiver
         WHERE township = $1
           AND person_id = ANY ($2)
           AND state = 2
        "#,
        township,
        person_ids,
    )
    .fetch_all(tx)
    .await
    .map_err(fault)?;
    let mut people = BTreeMap::<_, Vec<_>>::new();
    for row in rows {
        let slot = u32::try_from(row.slot).map_err(|error| Error::Internal(Box::new(error)))?;
        let on = calendar::civil_date(row.decided_at);
        let fact = WaiverFact { rule: Arc::from(row.rule), period_start: row.period_start, slot, on };
        people.entry(row.person_id).or_default().push(Granted { waiver_id: row.waiver_id, fact });
    }
    Ok(people)
}

/// A person and the entries they were merged into, one after the other: who has their contacts now.
#[tracing::instrument(name = "db.waiver.holders", level = "debug", skip_all)]
pub(crate) async fn holders(tx: &mut TownshipTx, person_id: Uuid) -> Result<Vec<Uuid>, Error> {
    let township = tx.township().to_owned();
    sqlx::query_scalar!(
        r#"
        WITH RECURSIVE holder AS (
            SELECT person_id
                 , merged_into
              FROM subject
             WHERE township = $1
               AND person_id = $2
             UNION
            SELECT s.person_id
                 , s.merged_into
              FROM holder AS h
              JOIN subject AS s
                ON s.township = $1
               AND s.person_id = h.merged_into
        )
        SELECT person_id AS "person_id!"
          FROM holder
        "#,
        township,
        person_id,
    )
    .fetch_all(tx)
    .await
    .map_err(fault)
}

/// Who entered what is of people, or was theirs before they were merged into one of the holders; what was voided, too.
#[tracing::instrument(name = "db.waiver.entered_by", level = "debug", skip_all)]
pub(crate) async fn entered_by(
    tx: &mut TownshipTx,
    whose: &[Uuid],
    holders: &[Uuid],
) -> Result<BTreeMap<Uuid, String>, Error> {
    let township = tx.township().to_owned();
    let rows = sqlx::query!(
        r#"
        SELECT contact_id
             , entered_by
          FROM contact
         WHERE township = $1
           AND person_id = ANY ($2)
           AND (person_id = ANY ($3) OR merged_from && $3)
        "#,
        township,
        holders,
        whose,
    )
    .fetch_all(tx)
    .await
    .map_err(fault)?;
    Ok(rows.into_iter().map(|row| (row.contact_id, row.entered_by)).collect())
}

/// Contacts and service records by their ids, whosever they are now, voided or not: who entered them, and whether they stand.
#[tracing::instrument(name = "db.waiver.cited", level = "debug", skip_all)]
pub(crate) async fn cited(tx: &mut TownshipTx, record_ids: &[Uuid]) -> Result<Vec<Cited>, Error> {
    let township = tx.township().to_owned();
    sqlx::query_as!(
        Cited,
        r#"
        SELECT contact_id AS record_id
             , entered_by
             , voided_at IS NOT NULL AS "voided!"
          FROM contact
         WHERE township = $1
           AND contact_id = ANY ($2)
         ORDER BY contact_id
        "#,
        township,
        record_ids,
    )
    .fetch_all(tx)
    .await
    .map_err(fault)
}
