//! The list of duties, by due day; `duty_list/work.rs` has it in the order of today's work.

mod work;

use bangfu_kernel::Error;
use bangfu_platform::db::{TownshipTx, fault};
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::duty::stored_state;
use crate::model::duty::DutyState;

pub(crate) use work::{WorkKey, in_order_of_work};

/// Which duties to list; filters combine with "and".
#[derive(Debug, Clone, Default)]
pub(crate) struct Filter {
    /// Only people whom this coordinator serves; the empty name is the unassigned queue.
    pub(crate) coordinator: Option<String>,
    pub(crate) village: Option<String>,
    pub(crate) person_id: Option<Uuid>,
    pub(crate) rule: Option<String>,
    /// Numbers of the contract; empty: all.
    pub(crate) states: Vec<i16>,
    pub(crate) due_from: Option<NaiveDate>,
    pub(crate) due_to: Option<NaiveDate>,
    /// Only what is recommended for this day or earlier, or overdue.
    pub(crate) recommended_to: Option<NaiveDate>,
}

/// Where a list of duties goes on: after this one.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct DutyKey {
    pub(crate) due_on: NaiveDate,
    pub(crate) person_id: Uuid,
    pub(crate) rule: String,
    pub(crate) period_start: NaiveDate,
    pub(crate) slot: i16,
}

/// A duty with its person's village and who serves them today, in the contract's numbers.
#[derive(Debug, Clone)]
pub(crate) struct Listed {
    pub(crate) duty_id: Uuid,
    pub(crate) person_id: Uuid,
    pub(crate) rule: String,
    pub(crate) service: i16,
    pub(crate) period_start: NaiveDate,
    pub(crate) slot: i16,
    pub(crate) opens_on: NaiveDate,
    pub(crate) due_on: NaiveDate,
    pub(crate) window_start: NaiveDate,
    pub(crate) target_on: NaiveDate,
    pub(crate) missed_from: NaiveDate,
    pub(crate) state: i16,
    pub(crate) state_on: NaiveDate,
    pub(crate) settled_by: Option<Uuid>,
    pub(crate) release_reason: Option<i16>,
    pub(crate) standard_version: String,
    pub(crate) village: String,
    pub(crate) coordinator: String,
    pub(crate) recommended_on: Option<NaiveDate>,
    pub(crate) recommended_by: Option<i16>,
    pub(crate) moved_from: Option<NaiveDate>,
    pub(crate) moved_because: Option<String>,
    pub(crate) waiver_id: Option<Uuid>,
    pub(crate) household: bool,
}

impl Listed {
    /// Whether it is open and its last day is over.
    pub(crate) fn is_overdue(&self, today: NaiveDate) -> bool {
        stored_state(self.state) == Some(DutyState::Open) && self.due_on < today
    }
}

/// A page of duties.
#[tracing::instrument(name = "db.duty.list", level = "debug", skip_all)]
pub(crate) async fn list(
    tx: &mut TownshipTx,
    filter: &Filter,
    today: NaiveDate,
    after: Option<DutyKey>,
    limit: i64,
) -> Result<Vec<Listed>, Error> {
    let township = tx.township().to_owned();
    let (due_on, person_id, rule, period_start, slot) = match after {
        Some(key) => (Some(key.due_on), Some(key.person_id), Some(key.rule), Some(key.period_start), Some(key.slot)),
        None => (None, None, None, None, None),
    };
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
                OR (d.due_on, d.person_id, d.rule, d.period_start, d.slot) > ($9, $10, $11, $12, $13))
           AND ($15::date IS NULL
                OR COALESCE(d.recommended_on, d.due_on) <= $15
                OR (d.state = 1 AND d.due_on < $16))
         ORDER BY d.due_on, d.person_id, d.rule, d.period_start, d.slot
         LIMIT $14
        "#,
        township,
        filter.coordinator,
        filter.village,
        filter.person_id,
        filter.rule,
        &filter.states,
        filter.due_from,
        filter.due_to,
        due_on,
        person_id,
        rule,
        period_start,
        slot,
        limit,
        filter.recommended_to,
        today,
    )
    .fetch_all(tx)
    .await
    .map_err(fault)
}
