//! Progress: counts of the duties of a year.

use bangfu_kernel::Error;
use bangfu_platform::db::{CityTx, TownshipTx, fault};
use chrono::{NaiveDate, TimeDelta};
use uuid::Uuid;

use super::duty_list::Listed;

/// Most days from the first day of a period to the last day to do its duty: a year, or the 366 days a `once` rule may give.
/// With it, the duties of a year are one range of the index by due day.
const LONGEST: TimeDelta = TimeDelta::days(366);

/// What progress is counted by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum GroupBy {
    /// 协理员
    Coordinator,
    /// 村(社区)
    Village,
    /// 区镇
    Township,
}

/// Which duties: those whose period begins in a year.
#[derive(Debug, Clone)]
pub(crate) struct Wanted {
    /// First day of the year.
    pub(crate) from: NaiveDate,
    /// Last day of the year.
    pub(crate) to: NaiveDate,
    /// Only this rule.
    pub(crate) rule: Option<String>,
    /// Targets that have come by this day are counted.
    pub(crate) today: NaiveDate,
}

impl Wanted {
    /// The last day on which a duty of the year can be due.
    pub(crate) fn due_to(&self) -> NaiveDate {
        self.to + LONGEST
    }
}

/// How many duties of a rule stand where, under one key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Count {
    pub(crate) key: String,
    pub(crate) rule: String,
    pub(crate) done: i64,
    pub(crate) open: i64,
    pub(crate) missed: i64,
    pub(crate) waived: i64,
    pub(crate) released: i64,
    pub(crate) target: i64,
}

/// Counts the duties of one township, by key and rule.
#[tracing::instrument(name = "db.duty.progress", level = "debug", skip_all)]
pub(crate) async fn count(tx: &mut TownshipTx, by: GroupBy, wanted: &Wanted) -> Result<Vec<Count>, Error> {
    let township = tx.township().to_owned();
    let by = match by {
        GroupBy::Coordinator => "coordinator",
        GroupBy::Village => "village",
        GroupBy::Township => "township",
    };
    sqlx::query_as!(
        Count,
        r#"
        SELECT CASE $2 WHEN 'coordinator' THEN COALESCE(s.serving, s.coordinator) WHEN 'village' THEN s.village ELSE d.township END AS "key!"
             , d.rule
             , count(*) FILTER (WHERE d.state = 1) AS "open!"
             , count(*) FILTER (WHERE d.state = 2) AS "done!"
             , count(*) FILTER (WHERE d.state = 3) AS "missed!"
             , count(*) FILTER (WHERE d.state = 4) AS "released!"
             , count(*) FILTER (WHERE d.state = 5) AS "waived!"
             , count(*) FILTER (WHERE d.state <> 4 AND d.target_on <= $7) AS "target!"
          FROM duty AS d
          JOIN subject AS s
            ON s.township = d.township
           AND s.person_id = d.person_id
         WHERE d.township = $1
           AND s.township = $1
           AND d.period_start BETWEEN $3 AND $4
           AND d.due_on BETWEEN $3 AND $5
           AND ($6::text IS NULL OR d.rule = $6)
         GROUP BY 1, 2
         ORDER BY 1, 2
        "#,
        township,
        by as &str,
        wanted.from,
        wanted.to,
        wanted.due_to(),
        wanted.rule,
        wanted.today,
    )
    .fetch_all(tx)
    .await
    .map_err(fault)
}

/// Counts the duties of every township, by township and rule: one range of the index each.
#[tracing::instrument(name = "db.duty.progress_of_city", level = "debug", skip_all)]
pub(crate) async fn count_city(tx: &mut CityTx, wanted: &Wanted) -> Result<Vec<Count>, Error> {
    sqlx::query_as!(
        Count,
        r#"
        SELECT t.township AS key
             , p.rule
             , p.open AS "open!"
             , p.done AS "done!"
             , p.missed AS "missed!"
             , p.released AS "released!"
             , p.waived AS "waived!"
             , p.target AS "target!"
          FROM township AS t
         CROSS JOIN LATERAL (
               SELECT d.rule
                    , count(*) FILTER (WHERE d.state = 1) AS open
                    , count(*) FILTER (WHERE d.state = 2) AS done
                    , count(*) FILTER (WHERE d.state = 3) AS missed
                    , count(*) FILTER (WHERE d.state = 4) AS released
                    , count(*) FILTER (WHERE d.state = 5) AS waived
                    , count(*) FILTER (WHERE d.state <> 4 AND d.target_on <= $5) AS target
                 FROM duty AS d
                WHERE d.township = t.township
                  AND d.period_start BETWEEN $1 AND $2
                  AND d.due_on BETWEEN $1 AND $3
                  AND ($4::text IS NULL OR d.rule = $4)
                GROUP BY d.rule
               ) AS p
         ORDER BY 1, 2
        "#,
        wanted.from,
        wanted.to,
        wanted.due_to(),
        wanted.rule,
        wanted.today,
    )
    .fetch_all(tx)
    .await
    .map_err(fault)
}

/// The duties of one person whose periods begin in the year, by rule, period and slot.
#[tracing::instrument(name = "db.duty.of_year", level = "debug", skip_all)]
pub(crate) async fn of_person(tx: &mut TownshipTx, person_id: Uuid, wanted: &Wanted) -> Result<Vec<Listed>, Error> {
    let township = tx.township().to_owned();
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
           AND d.person_id = $2
           AND d.period_start BETWEEN $3 AND $4
         ORDER BY d.rule, d.period_start, d.slot
        "#,
        township,
        person_id,
        wanted.from,
        wanted.to,
    )
    .fetch_all(tx)
    .await
    .map_err(fault)
}

/// Whether somebody is followed up here. A household is nobody.
#[tracing::instrument(name = "db.subject.is_followed", level = "debug", skip_all)]
pub(crate) async fn is_followed(tx: &mut TownshipTx, person_id: Uuid) -> Result<bool, Error> {
    let township = tx.township().to_owned();
    let household = sqlx::query_scalar!(
        "SELECT household FROM subject WHERE township = $1 AND person_id = $2",
        township,
        person_id
    )
    .fetch_optional(tx)
    .await
    .map_err(fault)?;
    Ok(household == Some(false))
}
