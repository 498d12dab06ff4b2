//! What is OPEN and due soon, a page at a time, from the index of what is open.

use bangfu_kernel::Error;
use bangfu_platform::db::{TownshipTx, fault};
use chrono::NaiveDate;
use uuid::Uuid;

use super::duty_list::{DutyKey, Listed};

/// Which duties come within reach.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Reach {
    /// Due on this day or later; `None`: what is overdue, too.
    pub(crate) due_from: Option<NaiveDate>,
    /// Due on this day or before.
    pub(crate) due_to: NaiveDate,
    /// Within its grace on this day.
    pub(crate) on: NaiveDate,
    /// Less those that were within reach before.
    pub(crate) less: Option<Before>,
}

/// What was within reach on a day.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Before {
    /// It was due on this day or before, …
    pub(crate) due_to: NaiveDate,
    /// … open by this day, …
    pub(crate) opened_by: NaiveDate,
    /// … and in the ledger: its id, which tells when it was made, is less than this.
    pub(crate) id_below: Uuid,
}

/// A page of what is within reach, by due day.
#[tracing::instrument(name = "db.duty.within_reach", level = "debug", skip_all)]
pub(crate) async fn page(
    tx: &mut TownshipTx,
    reach: Reach,
    after: Option<DutyKey>,
    limit: i64,
) -> Result<Vec<Listed>, Error> {
    let township = tx.township().to_owned();
    // Before all others due on the first day.
    let first = reach.due_from.unwrap_or_default();
    let after = after.unwrap_or_else(|| DutyKey {
        due_on: first,
        person_id: Uuid::nil(),
        rule: String::new(),
        period_start: first,
        slot: 0,
    });
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
           AND d.state = 1
           AND d.due_on <= $2
           AND d.missed_from > $12
           AND (d.due_on, d.person_id, d.rule, d.period_start, d.slot) > ($3, $4, $5, $6, $7)
           AND ($8::date IS NULL OR d.due_on > $8 OR d.opens_on > $9 OR d.duty_id >= $10)
         ORDER BY d.due_on, d.person_id, d.rule, d.period_start, d.slot
         LIMIT $11
        "#,
        township,
        reach.due_to,
        after.due_on,
        after.person_id,
        after.rule,
        after.period_start,
        after.slot,
        reach.less.map(|less| less.due_to),
        reach.less.map(|less| less.opened_by),
        reach.less.map(|less| less.id_below),
        limit,
        reach.on,
    )
    .fetch_all(tx)
    .await
    .map_err(fault)
}
