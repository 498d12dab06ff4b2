//! The townships followed, and where the follower of the people feed stands in each.

use bangfu_kernel::{Error, Township};
use bangfu_platform::{
    db::{CityTx, TownshipTx, fault},
    feed::Position,
};
use chrono::NaiveDate;
use uuid::Uuid;

/// Where the follower stands in the unit's township; locked, so that two followers take turns. `None`: not followed yet.
#[tracing::instrument(name = "db.township.lock", level = "debug", skip_all)]
pub(crate) async fn lock(tx: &mut TownshipTx) -> Result<Option<Position>, Error> {
    let township = tx.township().to_owned();
    sqlx::query_as!(
        Position,
        r#"
        SELECT epoch
             , seq
          FROM township
         WHERE township = $1
           FOR UPDATE
        "#,
        township,
    )
    .fetch_optional(tx)
    .await
    .map_err(fault)
}

/// Where the follower stands in the unit's township. `None`: not followed yet.
#[tracing::instrument(name = "db.township.find", level = "debug", skip_all)]
pub(crate) async fn find(tx: &mut TownshipTx) -> Result<Option<Position>, Error> {
    let township = tx.township().to_owned();
    sqlx::query_as!(
        Position,
        r#"
        SELECT epoch
             , seq
          FROM township
         WHERE township = $1
        "#,
        township,
    )
    .fetch_optional(tx)
    .await
    .map_err(fault)
}

/// Begins to follow the unit's township, from before its first event.
#[tracing::instrument(name = "db.township.insert", level = "debug", skip_all)]
pub(crate) async fn insert(tx: &mut TownshipTx, epoch: &str) -> Result<(), Error> {
    let township = tx.township().to_owned();
    sqlx::query!(
        r#"
        INSERT INTO township (township, name, epoch, seq)
        VALUES ($1, '', $2, 0)
        ON CONFLICT ON CONSTRAINT township_stands_in_the_directory_once DO NOTHING
        "#,
        township,
        epoch,
    )
    .execute(tx)
    .await
    .map(drop)
    .map_err(fault)
}

/// Moves the follower of the unit's township on.
#[tracing::instrument(name = "db.township.advance", level = "debug", skip_all)]
pub(crate) async fn advance(tx: &mut TownshipTx, position: &Position, name: Option<&str>) -> Result<(), Error> {
    let township = tx.township().to_owned();
    let moved = sqlx::query!(
        r#"
        UPDATE township
           SET epoch = $2
             , seq = $3
             , name = COALESCE($4, name)
         WHERE township = $1
           AND seq < $3
        "#,
        township,
        position.epoch,
        position.seq,
        name,
    )
    .execute(tx)
    .await
    .map_err(fault)?;
    if moved.rows_affected() == 1 { Ok(()) } else { Err(Error::internal("the follower was moved by somebody else")) }
}

/// All townships followed, by code, and where the follower stands.
#[tracing::instrument(name = "db.township.list", level = "debug", skip_all)]
pub(crate) async fn list(tx: &mut CityTx) -> Result<Vec<(Township, Position)>, Error> {
    sqlx::query!("SELECT township, epoch, seq FROM township ORDER BY township")
        .fetch_all(tx)
        .await
        .map_err(fault)?
        .into_iter()
        .map(|row| {
            let township = row.township.parse().map_err(|error| Error::Internal(Box::new(error)))?;
            Ok((township, Position { epoch: row.epoch, seq: row.seq }))
        })
        .collect()
}

/// A township in which somebody waits who has never been planned.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Waiting {
    pub(crate) township: Township,
    /// Where the follower stands.
    pub(crate) seq: i64,
    /// Who waits: a hundred of them at most.
    pub(crate) people: Vec<Uuid>,
}

/// Townships in which somebody waits who has never been planned: one index probe a township when nobody is due.
#[tracing::instrument(name = "db.township.with_newcomers", level = "debug", skip_all)]
pub(crate) async fn with_newcomers(tx: &mut CityTx, today: NaiveDate) -> Result<Vec<Waiting>, Error> {
    sqlx::query!(
        r#"
        SELECT t.township
             , t.seq
             , ARRAY(SELECT r.person_id
                       FROM review AS r
                      WHERE r.township = t.township
                        AND r.next_review_on <= $1
                        AND r.planned_as_of IS NULL
                      ORDER BY r.next_review_on DESC, r.person_id DESC
                      LIMIT 100) AS "people!"
          FROM township AS t
         ORDER BY t.township
        "#,
        today,
    )
    .fetch_all(tx)
    .await
    .map_err(fault)?
    .into_iter()
    .filter(|row| !row.people.is_empty())
    .map(|row| {
        let township = row.township.parse().map_err(|error| Error::Internal(Box::new(error)))?;
        Ok(Waiting { township, seq: row.seq, people: row.people })
    })
    .collect()
}

/// First day of the last standard for which everybody of the unit's township was reviewed; `None`: none yet.
#[tracing::instrument(name = "db.township.turned_on", level = "debug", skip_all)]
pub(crate) async fn turned_on(tx: &mut TownshipTx) -> Result<Option<NaiveDate>, Error> {
    let township = tx.township().to_owned();
    sqlx::query_scalar!("SELECT turned_on FROM township WHERE township = $1", township)
        .fetch_optional(tx)
        .await
        .map(Option::flatten)
        .map_err(fault)
}

/// Notes that everybody of the unit's township is to be reviewed for the standard that begins on a day.
#[tracing::instrument(name = "db.township.turn", level = "debug", skip_all)]
pub(crate) async fn turn(tx: &mut TownshipTx, first_day: NaiveDate) -> Result<(), Error> {
    let township = tx.township().to_owned();
    sqlx::query!("UPDATE township SET turned_on = GREATEST(turned_on, $2) WHERE township = $1", township, first_day,)
        .execute(tx)
        .await
        .map(drop)
        .map_err(fault)
}
