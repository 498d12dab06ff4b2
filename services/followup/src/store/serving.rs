//! Who serves whom today, beside every person: `subject.serving`, kept right by one statement.
//!
//! Whoever changes what it follows from holds the lock on the township's row, as the follower does who enters people: so
//! nobody is settled by assignments that another unit of work is about to change.

use bangfu_kernel::Error;
use bangfu_platform::db::{TownshipTx, fault};
use chrono::NaiveDate;
use uuid::Uuid;

/// Most people settled with one statement when it is everybody's turn.
const CHUNK: i64 = 10_000;

/// Somebody whom another one serves than stood there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Settled {
    pub(crate) person_id: Uuid,
    pub(crate) serving: String,
}

/// Locks the township's row; the day everybody was last settled for.
#[tracing::instrument(name = "db.serving.lock", level = "debug", skip_all)]
pub(crate) async fn lock(tx: &mut TownshipTx) -> Result<Option<NaiveDate>, Error> {
    let township = tx.township().to_owned();
    sqlx::query_scalar!(
        r#"
        SELECT serving_on
          FROM township
         WHERE township = $1
           FOR UPDATE
        "#,
        township,
    )
    .fetch_one(tx)
    .await
    .map_err(fault)
}

/// Whether an assignment or absence has begun or ended between the day everybody was last settled for and today, or
/// somebody stands there who never was settled. Costs a probe of a few indexes when not.
#[tracing::instrument(name = "db.serving.turned", level = "debug", skip_all)]
pub(crate) async fn turned(tx: &mut TownshipTx, today: NaiveDate) -> Result<bool, Error> {
    let township = tx.township().to_owned();
    sqlx::query_scalar!(
        r#"
        SELECT COALESCE(t.serving_on IS NULL
            OR EXISTS (SELECT FROM subject
                        WHERE township = $1
                          AND serving IS NULL)
            OR EXISTS (SELECT FROM assignment
                        WHERE township = $1
                          AND from_on > LEAST(t.serving_on, $2)
                          AND from_on <= GREATEST(t.serving_on, $2))
            OR EXISTS (SELECT FROM assignment
                        WHERE township = $1
                          AND until_on > LEAST(t.serving_on, $2)
                          AND until_on <= GREATEST(t.serving_on, $2))
            OR EXISTS (SELECT FROM absence
                        WHERE township = $1
                          AND from_on > LEAST(t.serving_on, $2)
                          AND from_on <= GREATEST(t.serving_on, $2)
                          AND NOT cancelled)
            OR EXISTS (SELECT FROM absence
                        WHERE township = $1
                          AND to_on >= LEAST(t.serving_on, $2)
                          AND to_on < GREATEST(t.serving_on, $2)
                          AND NOT cancelled), true) AS "turned!"
          FROM township AS t
         WHERE t.township = $1
        "#,
        township,
        today,
    )
    .fetch_one(tx)
    .await
    .map_err(fault)
}

/// Makes `subject.serving` say who serves these people, and the households that they are the heads of, on a day, by the rule
/// of `model::serving`. Only rows that differ are written; those are the answer. Running it again changes nothing. The
/// township's row is locked.
pub(crate) async fn settle(tx: &mut TownshipTx, day: NaiveDate, people: &[Uuid]) -> Result<Vec<Settled>, Error> {
    let homes = headed_by(tx, people).await?;
    settle_people(tx, day, &[people, &homes].concat()).await
}

/// The same for everybody of the township, however many they are; how many rows differed.
pub(crate) async fn settle_everybody(tx: &mut TownshipTx, day: NaiveDate) -> Result<usize, Error> {
    let (mut settled, mut after) = (0, Some(Uuid::nil()));
    while let Some(last) = after {
        let people = next_people(tx, last).await?;
        settled += settle_people(tx, day, &people).await?.len();
        after = people.last().copied();
    }
    settled_for(tx, day).await?;
    Ok(settled)
}

/// The next people, in the order in which a sweep locks them.
#[tracing::instrument(name = "db.serving.next_people", level = "debug", skip_all)]
async fn next_people(tx: &mut TownshipTx, after: Uuid) -> Result<Vec<Uuid>, Error> {
    let township = tx.township().to_owned();
    sqlx::query_scalar!(
        r#"
        SELECT person_id
          FROM subject
         WHERE township = $1
           AND person_id > $2
         ORDER BY person_id
         LIMIT $3
        "#,
        township,
        after,
        CHUNK,
    )
    .fetch_all(tx)
    .await
    .map_err(fault)
}

/// Households whose heads are among these people: they are served by whoever serves their head.
#[tracing::instrument(name = "db.serving.headed_by", level = "debug", skip_all)]
async fn headed_by(tx: &mut TownshipTx, people: &[Uuid]) -> Result<Vec<Uuid>, Error> {
    let township = tx.township().to_owned();
    sqlx::query_scalar!(
        r#"
        SELECT person_id
          FROM subject
         WHERE township = $1
           AND household
           AND head = ANY ($2)
           AND NOT person_id = ANY ($2)
        "#,
        township,
        people,
    )
    .fetch_all(tx)
    .await
    .map_err(fault)
}

#[tracing::instrument(name = "db.serving.settle", level = "debug", skip_all, fields(people = people.len()))]
async fn settle_people(tx: &mut TownshipTx, day: NaiveDate, people: &[Uuid]) -> Result<Vec<Settled>, Error> {
    let township = tx.township().to_owned();
    // Locked in the order of the sweep, so that the two wait for each other and never both.
    sqlx::query_as!(
        Settled,
        r#"
        WITH differing AS (
            SELECT s.person_id
                 , COALESCE(a.stand_in, o.coordinator, NULLIF(s.coordinator, ''), v.coordinator, '') AS serving
              FROM UNNEST($3::uuid[]) AS asked (person_id)
              JOIN subject AS s
                ON s.township = $1
               AND s.person_id = asked.person_id
              LEFT JOIN assignment AS o
                ON o.township = $1
               AND o.person_id = COALESCE(s.head, s.person_id)
               AND o.from_on <= $2
               AND (o.until_on IS NULL OR o.until_on > $2)
              LEFT JOIN assignment AS v
                ON v.township = $1
               AND v.village = s.village
               AND v.from_on <= $2
               AND (v.until_on IS NULL OR v.until_on > $2)
              LEFT JOIN absence AS a
                ON a.township = $1
               AND a.coordinator = COALESCE(o.coordinator, NULLIF(s.coordinator, ''), v.coordinator)
               AND a.from_on <= $2
               AND a.to_on >= $2
               AND NOT a.cancelled
             WHERE s.serving IS DISTINCT FROM
                   COALESCE(a.stand_in, o.coordinator, NULLIF(s.coordinator, ''), v.coordinator, '')
             ORDER BY s.person_id
               FOR NO KEY UPDATE OF s
        )
        UPDATE subject AS s
           SET serving = d.serving
          FROM differing AS d
         WHERE s.township = $1
           AND s.person_id = d.person_id
        RETURNING s.person_id
                , s.serving AS "serving!"
        "#,
        township,
        day,
        people,
    )
    .fetch_all(tx)
    .await
    .map_err(fault)
}

#[tracing::instrument(name = "db.serving.settled_for", level = "debug", skip_all)]
async fn settled_for(tx: &mut TownshipTx, day: NaiveDate) -> Result<(), Error> {
    let township = tx.township().to_owned();
    sqlx::query!(
        r#"
        UPDATE township
           SET serving_on = $2
         WHERE township = $1
        "#,
        township,
        day,
    )
    .execute(tx)
    .await
    .map(drop)
    .map_err(fault)
}
