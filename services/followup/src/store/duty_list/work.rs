//! Duties in the order of today's work (今日工作): what is overdue first, then by recommended day, then by village, so that
//! visits cluster.

use bangfu_kernel::Error;
use bangfu_platform::db::{TownshipTx, fault};
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{Filter, Listed};

/// Where a list in the order of work goes on: after this duty.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct WorkKey {
    /// The day of the first page: what is overdue must not move while somebody turns pages past midnight.
    pub(crate) today: NaiveDate,
    pub(crate) overdue: bool,
    /// Its last day, where nothing was recommended.
    pub(crate) recommended_on: NaiveDate,
    pub(crate) village: String,
    pub(crate) person_id: Uuid,
    pub(crate) rule: String,
    pub(crate) period_start: NaiveDate,
    pub(crate) slot: i16,
}

impl WorkKey {
    /// The place of a duty in the list of a day.
    pub(crate) fn of(duty: &Listed, today: NaiveDate) -> Self {
        Self {
            today,
            overdue: duty.is_overdue(today),
            recommended_on: duty.recommended_on.unwrap_or(duty.due_on),
            village: duty.village.clone(),
            person_id: duty.person_id,
            rule: duty.rule.clone(),
            period_start: duty.period_start,
            slot: duty.slot,
        }
    }
}

/// A page of duties.
#[tracing::instrument(name = "db.duty.in_order_of_work", level = "debug", skip_all)]
pub(crate) async fn in_order_of_work(
    tx: &mut TownshipTx,
    filter: &Filter,
    today: NaiveDate,
    after: Option<WorkKey>,
    limit: i64,
) -> Result<Vec<Listed>, Error> {
    let township = tx.township().to_owned();
    let after = after.as_ref();
    sqlx::query_as!(
        Listed,
        r#"
        SELECT d.duty_id
             , d.person_id
             , d.rule
             , d.service
             , d.period_start
             , d.slot
             , d.opens_on
             , d.due_on
             , d.window_start
             , d.target_on
             , d.missed_from
             , d.state
             , d.state_on
             , d.settled_by
             , d.release_reason
             , d.standard_version
             , s.village
             , COALESCE(s.serving, s.coordinator) AS "coordinator!"
             , d.recommended_on
             , d.recommended_by
             , d.moved_from
             , d.moved_because
             , d.waiver_id
             , s.household
          FROM duty AS d
          JOIN subject AS s
            ON s.township = d.township
           AND s.person_id = d.person_id
         WHERE d.township = $1
           AND s.township = $1
           AND ($2::text IS NULL OR COALESCE(s.serving, s.coordinator) = $2)
           AND ($3::text IS NULL OR s.village = $3)
           AND ($4::uuid IS NULL OR d.person_id = $4)
           AND ($5::text IS NULL OR d.rule = $5)
           AND (cardinality($6::smallint[]) = 0 OR d.state = ANY ($6))
           AND ($7::date IS NULL OR d.due_on >= $7)
           AND ($8::date IS NULL OR d.due_on <= $8)
           AND ($9::date IS NULL
                OR COALESCE(d.recommended_on, d.due_on) <= $9
                OR (d.state = 1 AND d.due_on < $10))
           AND ($11::boolean IS NULL
                OR (NOT (d.state = 1 AND d.due_on < $10), COALESCE(d.recommended_on, d.due_on), s.village
                   , d.person_id, d.rule, d.period_start, d.slot)
                 > (NOT $11, $12, $13, $14, $15, $16, $17))
         ORDER BY NOT (d.state = 1 AND d.due_on < $10)
                , COALESCE(d.recommended_on, d.due_on)
                , s.village
                , d.person_id
                , d.rule
                , d.period_start
                , d.slot
         LIMIT $18
        "#,
        township,
        filter.coordinator,
        filter.village,
        filter.person_id,
        filter.rule,
        &filter.states,
        filter.due_from,
        filter.due_to,
        filter.recommended_to,
        today,
        after.map(|key| key.overdue),
        after.map(|key| key.recommended_on),
        after.map(|key| key.village.as_str()),
        after.map(|key| key.person_id),
        after.map(|key| key.rule.as_str()),
        after.map(|key| key.period_start),
        after.map(|key| key.slot),
        limit,
    )
    .fetch_all(tx)
    .await
    .map_err(fault)
}
