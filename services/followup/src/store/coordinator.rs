//! Coordinators: those entered, and those whom only the register names.

use bangfu_kernel::{Error, fields::rule};
use bangfu_platform::db::{TownshipTx, constraint, fault};
use chrono::NaiveDate;

/// A coordinator as entered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Coordinator {
    /// As the roster's 协理员 column has it.
    pub(crate) name: String,
    /// The subject of their token; empty: not known.
    pub(crate) account: String,
    /// Duties a month; 0: nothing was said.
    pub(crate) capacity: i32,
}

/// How many people somebody serves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Served {
    /// Who serves, or is named by the register; empty: the unassigned queue.
    pub(crate) name: String,
    /// People who are here today; households are none.
    pub(crate) people: i64,
}

/// How many people of a village somebody serves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Share {
    /// Who serves; empty: nobody.
    pub(crate) coordinator: String,
    /// People who are here today; households are none.
    pub(crate) people: i64,
    /// Of them, those with an assignment of their own.
    pub(crate) assigned: i64,
    /// Of the others, those for whom the register names somebody.
    pub(crate) registered: i64,
}

/// Enters a coordinator, or replaces account and capacity of the one with this name. FIELD_INVALID: the account, or without
/// one the name, is what another coordinator is told by.
#[tracing::instrument(name = "db.coordinator.put", level = "debug", skip_all)]
pub(crate) async fn put(tx: &mut TownshipTx, coordinator: &Coordinator) -> Result<(), Error> {
    let township = tx.township().to_owned();
    sqlx::query!(
        r#"
        INSERT INTO coordinator (township, name, account, capacity)
        VALUES ($1, $2, $3, $4)
            ON CONFLICT ON CONSTRAINT coordinator_is_entered_once
            DO UPDATE
           SET account = EXCLUDED.account
             , capacity = EXCLUDED.capacity
        "#,
        township,
        coordinator.name,
        coordinator.account,
        coordinator.capacity,
    )
    .execute(tx)
    .await
    .map(drop)
    .map_err(|error| match constraint(&error) {
        Some("coordinator_has_an_account_of_their_own") => {
            Error::field("coordinator.account", rule("is another coordinator's", "该账号已属于其他协理员"))
        }
        _ => fault(error),
    })
}

/// Those entered, by name.
#[tracing::instrument(name = "db.coordinator.list", level = "debug", skip_all)]
pub(crate) async fn list(tx: &mut TownshipTx) -> Result<Vec<Coordinator>, Error> {
    let township = tx.township().to_owned();
    sqlx::query_as!(
        Coordinator,
        r#"
        SELECT name
             , account
             , capacity
          FROM coordinator
         WHERE township = $1
         ORDER BY name
        "#,
        township,
    )
    .fetch_all(tx)
    .await
    .map_err(fault)
}

/// Whoever serves people today or is named by the register, by name, and how many they serve.
#[tracing::instrument(name = "db.coordinator.served", level = "debug", skip_all)]
pub(crate) async fn served(tx: &mut TownshipTx, today: NaiveDate) -> Result<Vec<Served>, Error> {
    let township = tx.township().to_owned();
    sqlx::query_as!(
        Served,
        r#"
        SELECT n.name AS "name!"
             , count(*) FILTER (WHERE n.serves) AS "people!"
          FROM (SELECT s.coordinator AS register
                     , COALESCE(s.serving, s.coordinator) AS serving
                  FROM subject AS s
                 WHERE s.township = $1
                   AND s.merged_into IS NULL
                   AND NOT s.household
                   AND COALESCE((s.facts #>> '{stays,-1,left,on}')::date > $2, true)) AS here
         CROSS JOIN LATERAL (VALUES (here.serving, true), (here.register, false)) AS n (name, serves)
         GROUP BY n.name
         ORDER BY n.name
        "#,
        township,
        today,
    )
    .fetch_all(tx)
    .await
    .map_err(fault)
}

/// Who serves the people of a village today, by name.
#[tracing::instrument(name = "db.coordinator.in_village", level = "debug", skip_all)]
pub(crate) async fn in_village(tx: &mut TownshipTx, village: &str, today: NaiveDate) -> Result<Vec<Share>, Error> {
    let township = tx.township().to_owned();
    sqlx::query_as!(
        Share,
        r#"
        SELECT COALESCE(s.serving, s.coordinator) AS "coordinator!"
             , count(*) AS "people!"
             , count(o.coordinator) AS "assigned!"
             , count(*) FILTER (WHERE o.coordinator IS NULL AND s.coordinator <> '') AS "registered!"
          FROM subject AS s
          LEFT JOIN assignment AS o
            ON o.township = $1
           AND o.person_id = s.person_id
           AND o.from_on <= $3
           AND (o.until_on IS NULL OR o.until_on > $3)
         WHERE s.township = $1
           AND s.village = $2
           AND s.merged_into IS NULL
           AND NOT s.household
           AND COALESCE((s.facts #>> '{stays,-1,left,on}')::date > $3, true)
         GROUP BY COALESCE(s.serving, s.coordinator)
         ORDER BY COALESCE(s.serving, s.coordinator)
        "#,
        township,
        village,
        today,
    )
    .fetch_all(tx)
    .await
    .map_err(fault)
}

/// Whether somebody of this name was entered, or stands in the register.
#[tracing::instrument(name = "db.coordinator.is_known", level = "debug", skip_all)]
pub(crate) async fn is_known(tx: &mut TownshipTx, name: &str) -> Result<bool, Error> {
    let township = tx.township().to_owned();
    sqlx::query_scalar!(
        r#"
        SELECT EXISTS (SELECT FROM coordinator
                        WHERE township = $1
                          AND name = $2)
            OR EXISTS (SELECT FROM subject
                        WHERE township = $1
                          AND coordinator = $2) AS "known!"
        "#,
        township,
        name,
    )
    .fetch_one(tx)
    .await
    .map_err(fault)
}

/// The account of the coordinator of this name; `None`: nobody entered them.
#[tracing::instrument(name = "db.coordinator.account", level = "debug", skip_all)]
pub(crate) async fn account(tx: &mut TownshipTx, name: &str) -> Result<Option<String>, Error> {
    let township = tx.township().to_owned();
    sqlx::query_scalar!(
        r#"
        SELECT account
          FROM coordinator
         WHERE township = $1
           AND name = $2
        "#,
        township,
        name,
    )
    .fetch_optional(tx)
    .await
    .map_err(fault)
}
