//! Lists held against the register. Whoever moves a match on, or decides on its rows, holds its lock.

use bangfu_kernel::{Error, Group, Township, error::Resource};
use bangfu_platform::db::{CityTx, TownshipTx, fault};
use bangfu_proto::people::v1::{DataMatchState, Department};
use chrono::{DateTime, NaiveDate, Utc};
use uuid::Uuid;

use crate::model::data_match::{DataMatch, expired_before, state_word};

/// Enters a match; false: the same list is there already.
#[tracing::instrument(name = "db.data_match.insert", level = "debug", skip_all)]
pub(crate) async fn insert(tx: &mut TownshipTx, new: &DataMatch) -> Result<bool, Error> {
    let township = tx.township().to_owned();
    let inserted = sqlx::query!(
        r#"
        INSERT INTO data_match (township, match_id, department, list_name, list_on, member_of, state, content, row_count
                              , started_by, started_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
        ON CONFLICT (township, content) WHERE state <> 'EXPIRED' DO NOTHING
        "#,
        township,
        new.match_id,
        department_word(new.department),
        new.list_name,
        new.list_on,
        new.group.code(),
        state_word(new.state),
        new.content,
        new.rows,
        new.started_by,
        new.started_at,
    )
    .execute(tx)
    .await
    .map_err(fault)?;
    Ok(inserted.rows_affected() == 1)
}

/// What is read of a match.
macro_rules! data_matches {
    ($tx:expr, $predicate:literal $(, $bind:expr)*) => {{
        let township = $tx.township().to_owned();
        sqlx::query_as!(
            Stored,
            r#"
            SELECT match_id
                 , department
                 , list_name
                 , list_on
                 , member_of
                 , state
                 , content
                 , row_count
                 , started_by
                 , started_at
                 , committed_by
                 , committed_at
              FROM data_match
             WHERE township = $1
               AND "# + $predicate,
            township
            $(, $bind)*
        )
        .fetch_all($tx)
        .await
        .map_err(fault)?
        .into_iter()
        .map(Stored::data_match)
        .collect::<Result<Vec<_>, Error>>()
    }};
}

/// One match. Errors: NOT_FOUND.
#[tracing::instrument(name = "db.data_match.get", level = "debug", skip_all)]
pub(crate) async fn get(tx: &mut TownshipTx, match_id: Uuid) -> Result<DataMatch, Error> {
    data_matches!(tx, "match_id = $2", match_id)?.pop().ok_or(Error::NotFound(Resource::DataMatch))
}

/// One match, locked until the unit ends. Errors: NOT_FOUND.
#[tracing::instrument(name = "db.data_match.lock", level = "debug", skip_all)]
pub(crate) async fn lock(tx: &mut TownshipTx, match_id: Uuid) -> Result<DataMatch, Error> {
    data_matches!(tx, "match_id = $2 FOR NO KEY UPDATE", match_id)?.pop().ok_or(Error::NotFound(Resource::DataMatch))
}

/// The match of a list that has not expired.
#[tracing::instrument(name = "db.data_match.find", level = "debug", skip_all)]
pub(crate) async fn find(tx: &mut TownshipTx, content: &[u8]) -> Result<Option<DataMatch>, Error> {
    Ok(data_matches!(tx, "content = $2 AND state <> 'EXPIRED'", content)?.pop())
}

/// Matches before one, the latest first.
#[tracing::instrument(name = "db.data_match.page", level = "debug", skip_all)]
pub(crate) async fn page(
    tx: &mut TownshipTx,
    before: Uuid,
    state: Option<DataMatchState>,
    limit: i64,
) -> Result<Vec<DataMatch>, Error> {
    data_matches!(
        tx,
        "match_id < $2 AND ($3::text IS NULL OR state = $3) ORDER BY match_id DESC LIMIT $4",
        before,
        state.map(state_word),
        limit
    )
}

/// Notes that the writing of a match begins, and on whose word.
#[tracing::instrument(name = "db.data_match.committing", level = "debug", skip_all)]
pub(crate) async fn committing(tx: &mut TownshipTx, match_id: Uuid) -> Result<(), Error> {
    let (township, by) = (tx.township().to_owned(), tx.permit().caller().subject.clone());
    let noted = sqlx::query!(
        r#"
        UPDATE data_match
           SET state = $3
             , committed_by = $4
         WHERE township = $1
           AND match_id = $2
        "#,
        township,
        match_id,
        state_word(DataMatchState::Committing),
        by,
    )
    .execute(tx)
    .await
    .map_err(fault)?;
    if noted.rows_affected() == 1 { Ok(()) } else { Err(Error::internal("a locked match is gone")) }
}

/// Notes that the last row of a match is written.
#[tracing::instrument(name = "db.data_match.committed", level = "debug", skip_all)]
pub(crate) async fn committed(tx: &mut TownshipTx, match_id: Uuid) -> Result<(), Error> {
    let (township, now) = (tx.township().to_owned(), tx.clock().now());
    let noted = sqlx::query!(
        r#"
        UPDATE data_match
           SET state = $3
             , committed_at = $4
         WHERE township = $1
           AND match_id = $2
        "#,
        township,
        match_id,
        state_word(DataMatchState::Committed),
        now,
    )
    .execute(tx)
    .await
    .map_err(fault)?;
    if noted.rows_affected() == 1 { Ok(()) } else { Err(Error::internal("a locked match is gone")) }
}

/// Notes which matches were not committed in time, and wipes what their lists say.
#[tracing::instrument(name = "db.data_match.expire", level = "debug", skip_all)]
pub(crate) async fn expire(tx: &mut TownshipTx) -> Result<(), Error> {
    let (township, before) = (tx.township().to_owned(), expired_before(tx.clock().now()));
    let expired = sqlx::query_scalar!(
        r#"
        UPDATE data_match
           SET state = $3
         WHERE township = $1
           AND state IN ('OPEN', 'COMMITTING')
           AND started_at < $2
        RETURNING match_id
        "#,
        township,
        before,
        state_word(DataMatchState::Expired),
    )
    .fetch_all(&mut *tx)
    .await
    .map_err(fault)?;
    for match_id in expired {
        super::data_match_row::wipe(tx, match_id).await?;
    }
    Ok(())
}

/// The townships that have matches which were not committed in time.
#[tracing::instrument(name = "db.data_match.overdue", level = "debug", skip_all)]
pub(crate) async fn overdue(tx: &mut CityTx, now: DateTime<Utc>) -> Result<Vec<Township>, Error> {
    let codes = sqlx::query_scalar!(
        r#"
        SELECT DISTINCT township
          FROM data_match
         WHERE state IN ('OPEN', 'COMMITTING')
           AND started_at < $1
         ORDER BY township
        "#,
        expired_before(now),
    )
    .fetch_all(tx)
    .await
    .map_err(fault)?;
    let townships = codes.into_iter().map(|code| code.parse().map_err(|fault| Error::Internal(Box::new(fault))));
    townships.collect()
}

struct Stored {
    match_id: Uuid,
    department: String,
    list_name: String,
    list_on: NaiveDate,
    member_of: String,
    state: String,
    content: Vec<u8>,
    row_count: i32,
    started_by: String,
    started_at: DateTime<Utc>,
    committed_by: Option<String>,
    committed_at: Option<DateTime<Utc>>,
}

impl Stored {
    fn data_match(self) -> Result<DataMatch, Error> {
        let none = |what: &str| Error::internal(format!("{what} is no word of the contract"));
        Ok(DataMatch {
            match_id: self.match_id,
            department: Department::from_str_name(&format!("DEPARTMENT_{}", self.department))
                .ok_or_else(|| none(&self.department))?,
            list_name: self.list_name,
            list_on: self.list_on,
            group: Group::from_code(&self.member_of).ok_or_else(|| none(&self.member_of))?,
            state: DataMatchState::from_str_name(&format!("DATA_MATCH_STATE_{}", self.state))
                .ok_or_else(|| none(&self.state))?,
            content: self.content,
            rows: self.row_count,
            started_by: self.started_by,
            started_at: self.started_at,
            committed_by: self.committed_by,
            committed_at: self.committed_at,
        })
    }
}

/// "CIVIL_AFFAIRS": a department as stored.
fn department_word(department: Department) -> &'static str {
    department.as_str_name().trim_start_matches("DEPARTMENT_")
}
