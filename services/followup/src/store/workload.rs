//! Counts of duties.

use bangfu_kernel::Error;
use bangfu_platform::db::{TownshipTx, fault};
use chrono::NaiveDate;

/// What duties are counted by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum GroupBy {
    /// 协理员 who serves the person today
    Coordinator,
    /// 村(社区)
    Village,
    /// The rule of the standard.
    Rule,
}

/// How many duties stand where, under one key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Count {
    pub(crate) key: String,
    pub(crate) open: i64,
    pub(crate) overdue: i64,
    pub(crate) done: i64,
    pub(crate) missed: i64,
    pub(crate) released: i64,
    pub(crate) waived: i64,
}

/// Counts the duties due within a window, by key.
#[tracing::instrument(name = "db.duty.workload", level = "debug", skip_all)]
pub(crate) async fn count(
    tx: &mut TownshipTx,
    by: GroupBy,
    from: Option<NaiveDate>,
    to: Option<NaiveDate>,
) -> Result<Vec<Count>, Error> {
    let (township, today) = (tx.township().to_owned(), tx.clock().today());
    let by = match by {
        GroupBy::Coordinator => "coordinator",
        GroupBy::Village => "village",
        GroupBy::Rule => "rule",
    };
    sqlx::query_as!(
        Count,
        r#"
        SELECT CASE $2 WHEN 'coordinator' THEN COALESCE(s.serving, s.coordinator)
                       WHEN 'village' THEN s.village
                       ELSE d.rule
               END AS "key!"
             , count(*) FILTER (WHERE d.state = 1) AS "open!"
             , count(*) FILTER (WHERE d.state = 1 AND d.due_on < $5) AS "overdue!"
             , count(*) FILTER (WHERE d.state = 2) AS "done!"
             , count(*) FILTER (WHERE d.state = 3) AS "missed!"
             , count(*) FILTER (WHERE d.state = 4) AS "released!"
             , count(*) FILTER (WHERE d.state = 5) AS "waived!"
          FROM duty AS d
          JOIN subject AS s
            ON s.township = d.township
           AND s.person_id = d.person_id
         WHERE d.township = $1
           AND s.township = $1
           AND ($3::date IS NULL OR d.due_on >= $3)
           AND ($4::date IS NULL OR d.due_on <= $4)
         GROUP BY 1
         ORDER BY 1
        "#,
        township,
        by as &str,
        from,
        to,
        today,
    )
    .fetch_all(tx)
    .await
    .map_err(fault)
}
