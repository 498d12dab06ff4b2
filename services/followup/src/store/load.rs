//! How many open duties of each coordinator are recommended for which day.

use bangfu_kernel::Error;
use bangfu_platform::db::{TownshipTx, fault};
use chrono::NaiveDate;

/// Open duties of a coordinator on a day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct OnDay {
    /// Empty: the unassigned queue.
    pub(crate) coordinator: String,
    pub(crate) on: NaiveDate,
    pub(crate) duties: i64,
}

/// The load of every coordinator from a day up to another.
#[tracing::instrument(name = "db.duty.load", level = "debug", skip_all)]
pub(crate) async fn between(tx: &mut TownshipTx, from: NaiveDate, to: NaiveDate) -> Result<Vec<OnDay>, Error> {
    let township = tx.township().to_owned();
    sqlx::query_as!(
        OnDay,
        r#"
        SELECT COALESCE(s.serving, s.coordinator) AS "coordinator!"
             , COALESCE(d.recommended_on, d.due_on) AS "on!"
             , count(*) AS "duties!"
          FROM duty AS d
          JOIN subject AS s
            ON s.township = d.township
           AND s.person_id = d.person_id
         WHERE d.township = $1
           AND s.township = $1
           AND d.state = 1
           AND COALESCE(d.recommended_on, d.due_on) BETWEEN $2 AND $3
           AND d.recommended_on IS NOT NULL
         GROUP BY COALESCE(s.serving, s.coordinator), COALESCE(d.recommended_on, d.due_on)
        "#,
        township,
        from,
        to,
    )
    .fetch_all(tx)
    .await
    .map_err(fault)
}
