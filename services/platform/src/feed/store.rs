//! The feed's tables.

use bangfu_kernel::{Error, Township};
use uuid::Uuid;

use super::{Event, Head, NewEvent};
use crate::db::{CityTx, TownshipTx, fault};

/// Events inserted with one statement.
const BATCH: usize = 10_000;

/// Gives the township a feed, unless it has one.
#[tracing::instrument(name = "db.feed_head.open", level = "debug", skip_all)]
pub async fn open(tx: &mut TownshipTx, epoch: Uuid) -> Result<(), Error> {
    let township = tx.township().to_owned();
    sqlx::query!(
        r#"
        INSERT INTO feed_head (township, epoch)
        VALUES ($1, $2)
        ON CONFLICT ON CONSTRAINT feed_has_one_head DO NOTHING
        "#,
        township,
        epoch,
    )
    .execute(tx)
    .await
    .map(drop)
    .map_err(fault)
}

/// Appends events; the head stays locked until the unit of work ends.
#[tracing::instrument(name = "db.event.append", level = "debug", skip_all)]
pub async fn append(tx: &mut TownshipTx, events: Vec<NewEvent>) -> Result<(), Error> {
    let township = tx.township().to_owned();
    let now = tx.clock().now();
    let count = i64::try_from(events.len()).map_err(|error| Error::Internal(Box::new(error)))?;
    let head = sqlx::query_scalar!(
        r#"
        UPDATE feed_head
           SET seq = seq + $2
         WHERE township = $1
        RETURNING seq
        "#,
        township,
        count,
    )
    .fetch_optional(&mut *tx)
    .await
    .map_err(fault)?
    .ok_or_else(|| Error::internal("the township has no feed"))?;

    let mut seq = head - count;
    let mut events = events.into_iter().peekable();
    while events.peek().is_some() {
        let (mut kinds, mut payloads) = (Vec::new(), Vec::new());
        for event in events.by_ref().take(BATCH) {
            kinds.push(event.kind);
            payloads.push(event.payload);
        }
        sqlx::query!(
            r#"
            INSERT INTO event (township, seq, kind, payload, occurred_at)
            SELECT $1, $2 + ordinality, kind, payload, $5
              FROM UNNEST($3::smallint[], $4::bytea[]) WITH ORDINALITY AS e (kind, payload, ordinality)
            "#,
            township,
            seq,
            &kinds,
            &payloads,
            now,
        )
        .execute(&mut *tx)
        .await
        .map_err(fault)?;
        seq += i64::try_from(kinds.len()).map_err(|error| Error::Internal(Box::new(error)))?;
    }
    Ok(())
}

/// Where the unit's township stands; `None`: it has no feed.
#[tracing::instrument(name = "db.feed_head.find", level = "debug", skip_all)]
pub(super) async fn head(tx: &mut TownshipTx) -> Result<Option<Head>, Error> {
    let (code, township) = (tx.code().clone(), tx.township().to_owned());
    let row = sqlx::query!("SELECT epoch, seq, oldest FROM feed_head WHERE township = $1", township)
        .fetch_optional(tx)
        .await
        .map_err(fault)?;
    Ok(row.map(|row| Head { township: code, epoch: row.epoch, seq: row.seq, oldest: row.oldest }))
}

/// Where every township of the city stands, by code.
#[tracing::instrument(name = "db.feed_head.list", level = "debug", skip_all)]
pub async fn heads_of_city(tx: &mut CityTx) -> Result<Vec<Head>, Error> {
    sqlx::query!("SELECT township, epoch, seq, oldest FROM feed_head ORDER BY township")
        .fetch_all(tx)
        .await
        .map_err(fault)?
        .into_iter()
        .map(|row| {
            let township: Township = row.township.parse().map_err(|error| Error::Internal(Box::new(error)))?;
            Ok(Head { township, epoch: row.epoch, seq: row.seq, oldest: row.oldest })
        })
        .collect()
}

/// The next events after a position, at most `limit`.
#[tracing::instrument(name = "db.event.list", level = "debug", skip_all)]
pub async fn events(tx: &mut TownshipTx, after: i64, limit: i64) -> Result<Vec<Event>, Error> {
    let township = tx.township().to_owned();
    sqlx::query_as!(
        Event,
        r#"
        SELECT seq
             , kind
             , payload
             , occurred_at
          FROM event
         WHERE township = $1
           AND seq > $2
         ORDER BY seq
         LIMIT $3
        "#,
        township,
        after,
        limit,
    )
    .fetch_all(tx)
    .await
    .map_err(fault)
}

/// Declares everything before `oldest` compacted; the rows themselves go by the retention job.
#[tracing::instrument(name = "db.feed_head.compact", level = "debug", skip_all)]
pub async fn compact(tx: &mut TownshipTx, oldest: i64) -> Result<(), Error> {
    let township = tx.township().to_owned();
    sqlx::query!(
        r#"
        UPDATE feed_head
           SET oldest = $2
         WHERE township = $1
           AND oldest < $2
           AND seq + 1 >= $2
        "#,
        township,
        oldest,
    )
    .execute(tx)
    .await
    .map(drop)
    .map_err(fault)
}
