//! Assignments of villages and people, one after the other: a new one ends the one before, or replaces it if it begins on the
//! same day; none begins before another. One that was replaced ends on the day it began: it holds on no day.

use bangfu_kernel::Error;
use bangfu_platform::db::{TownshipTx, fault};
use chrono::{DateTime, NaiveDate, Utc};
use uuid::Uuid;

/// An assignment as it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(clippy::struct_field_names, reason = "columns are named as in the table")]
pub(crate) struct Assignment {
    pub(crate) assignment_id: Uuid,
    /// `None`: it is a person's.
    pub(crate) village: Option<String>,
    /// `None`: it is a village's.
    pub(crate) person_id: Option<Uuid>,
    /// `None`: nobody from that day on.
    pub(crate) coordinator: Option<String>,
    pub(crate) from_on: NaiveDate,
    /// First day it no longer holds; `from_on`: it was replaced.
    pub(crate) until_on: Option<NaiveDate>,
    pub(crate) entered_by: String,
    pub(crate) entered_at: DateTime<Utc>,
}

/// The latest assignment of any of these villages and people that begins after a day, with its first day.
#[tracing::instrument(name = "db.assignment.find_after", level = "debug", skip_all)]
pub(crate) async fn find_after(
    tx: &mut TownshipTx,
    villages: &[String],
    people: &[Uuid],
    on: NaiveDate,
) -> Result<Option<(Uuid, NaiveDate)>, Error> {
    let township = tx.township().to_owned();
    let found = sqlx::query!(
        r#"
        SELECT assignment_id
             , from_on
          FROM assignment
         WHERE township = $1
           AND from_on > $4
           AND until_on IS DISTINCT FROM from_on
           AND (village = ANY ($2) OR person_id = ANY ($3))
         ORDER BY from_on DESC, assignment_id
         LIMIT 1
        "#,
        township,
        villages,
        people,
        on,
    )
    .fetch_optional(tx)
    .await
    .map_err(fault)?;
    Ok(found.map(|row| (row.assignment_id, row.from_on)))
}

/// Ends on a day whatever assignment of these villages and people holds then; what begins on that day is replaced by it.
#[tracing::instrument(name = "db.assignment.end", level = "debug", skip_all)]
pub(crate) async fn end(tx: &mut TownshipTx, villages: &[String], people: &[Uuid], on: NaiveDate) -> Result<(), Error> {
    let township = tx.township().to_owned();
    sqlx::query!(
        r#"
        UPDATE assignment
           SET until_on = $4
         WHERE township = $1
           AND (village = ANY ($2) OR person_id = ANY ($3))
           AND from_on <= $4
           AND (until_on IS NULL OR until_on > $4)
        "#,
        township,
        villages,
        people,
        on,
    )
    .execute(tx)
    .await
    .map(drop)
    .map_err(fault)
}

/// Enters assignments, to coordinators who have been entered.
#[tracing::instrument(name = "db.assignment.insert", level = "debug", skip_all)]
pub(crate) async fn insert(tx: &mut TownshipTx, assignments: &[Assignment]) -> Result<(), Error> {
    let township = tx.township().to_owned();
    let ids: Vec<_> = assignments.iter().map(|it| it.assignment_id).collect();
    let villages: Vec<_> = assignments.iter().map(|it| it.village.clone()).collect();
    let people: Vec<_> = assignments.iter().map(|it| it.person_id).collect();
    let coordinators: Vec<_> = assignments.iter().map(|it| it.coordinator.clone()).collect();
    let from_on: Vec<_> = assignments.iter().map(|it| it.from_on).collect();
    let entered_by: Vec<_> = assignments.iter().map(|it| it.entered_by.clone()).collect();
    let entered_at: Vec<_> = assignments.iter().map(|it| it.entered_at).collect();
    sqlx::query!(
        r#"
        INSERT INTO assignment (
               township
             , assignment_id
             , village
             , person_id
             , coordinator
             , from_on
             , entered_by
             , entered_at
             )
        SELECT $1, a.*
          FROM UNNEST($2::uuid[], $3::text[], $4::uuid[], $5::text[], $6::date[], $7::text[], $8::timestamptz[]) AS a
        "#,
        township,
        &ids,
        &villages as &[Option<String>],
        &people as &[Option<Uuid>],
        &coordinators as &[Option<String>],
        &from_on,
        &entered_by,
        &entered_at,
    )
    .execute(tx)
    .await
    .map(drop)
    .map_err(fault)
}

/// Assignments of the township, of one village or of one person, latest entered first, before a position.
#[tracing::instrument(name = "db.assignment.list", level = "debug", skip_all)]
pub(crate) async fn list(
    tx: &mut TownshipTx,
    village: Option<&str>,
    person_id: Option<Uuid>,
    before: Option<(DateTime<Utc>, Uuid)>,
    limit: i64,
) -> Result<Vec<Assignment>, Error> {
    let township = tx.township().to_owned();
    let (before_at, before_id) = before.unzip();
    sqlx::query_as!(
        Assignment,
        r#"
        SELECT assignment_id
             , village
             , person_id
             , coordinator
             , from_on
             , until_on
             , entered_by
             , entered_at
          FROM assignment
         WHERE township = $1
           AND ($2::text IS NULL OR village = $2)
           AND ($3::uuid IS NULL OR person_id = $3)
           AND ($4::timestamptz IS NULL OR (entered_at, assignment_id) < ($4, $5))
         ORDER BY entered_at DESC, assignment_id DESC
         LIMIT $6
        "#,
        township,
        village,
        person_id,
        before_at,
        before_id,
        limit,
    )
    .fetch_all(tx)
    .await
    .map_err(fault)
}

/// Which coordinator is assigned to which village on a day, by village.
#[tracing::instrument(name = "db.assignment.villages_on", level = "debug", skip_all)]
pub(crate) async fn villages_on(tx: &mut TownshipTx, on: NaiveDate) -> Result<Vec<(String, String)>, Error> {
    let township = tx.township().to_owned();
    let rows = sqlx::query!(
        r#"
        SELECT coordinator AS "coordinator!"
             , village AS "village!"
          FROM assignment
         WHERE township = $1
           AND village IS NOT NULL
           AND coordinator IS NOT NULL
           AND from_on <= $2
           AND (until_on IS NULL OR until_on > $2)
         ORDER BY village
        "#,
        township,
        on,
    )
    .fetch_all(tx)
    .await
    .map_err(fault)?;
    Ok(rows.into_iter().map(|row| (row.coordinator, row.village)).collect())
}

/// The villages that are somebody's on a day or will be, by name.
#[tracing::instrument(name = "db.assignment.villages_from", level = "debug", skip_all)]
pub(crate) async fn villages_from(tx: &mut TownshipTx, coordinator: &str, on: NaiveDate) -> Result<Vec<String>, Error> {
    let township = tx.township().to_owned();
    sqlx::query_scalar!(
        r#"
        SELECT DISTINCT village AS "village!"
          FROM assignment
         WHERE township = $1
           AND coordinator = $2
           AND village IS NOT NULL
           AND (until_on IS NULL OR until_on > $3)
           AND until_on IS DISTINCT FROM from_on
         ORDER BY village
        "#,
        township,
        coordinator,
        on,
    )
    .fetch_all(tx)
    .await
    .map_err(fault)
}

/// The people who are somebody's on a day or will be: by an assignment of their own, or by the register where no such
/// assignment says otherwise. Entries merged into others, households and people who have left are not among them.
#[tracing::instrument(name = "db.assignment.people_from", level = "debug", skip_all)]
pub(crate) async fn people_from(tx: &mut TownshipTx, coordinator: &str, on: NaiveDate) -> Result<Vec<Uuid>, Error> {
    let township = tx.township().to_owned();
    sqlx::query_scalar!(
        r#"
        SELECT s.person_id
          FROM subject AS s
          LEFT JOIN assignment AS o
            ON o.township = $1
           AND o.person_id = s.person_id
           AND o.from_on <= $3
           AND (o.until_on IS NULL OR o.until_on > $3)
         WHERE s.township = $1
           AND s.merged_into IS NULL
           AND NOT s.household
           AND COALESCE((s.facts #>> '{stays,-1,left,on}')::date > $3, true)
           AND (COALESCE(o.coordinator, s.coordinator) = $2
                OR EXISTS (SELECT FROM assignment AS later
                            WHERE later.township = $1
                              AND later.person_id = s.person_id
                              AND later.coordinator = $2
                              AND later.from_on > $3
                              AND later.until_on IS DISTINCT FROM later.from_on))
         ORDER BY s.person_id
        "#,
        township,
        coordinator,
        on,
    )
    .fetch_all(tx)
    .await
    .map_err(fault)
}
