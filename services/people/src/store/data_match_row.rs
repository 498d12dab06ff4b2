//! The rows of lists held against the register, column by column.

use bangfu_kernel::Error;
use bangfu_platform::db::{TownshipTx, fault};
use bangfu_proto::people::v1::{DataMatchDecision, DataMatchKind, DataMatchOutcome};
use uuid::Uuid;

use crate::model::data_match::{Count, decision_word, kind_word, outcome_word};

/// New rows, column by column. Names of several fields stand in one text, with commas between.
#[derive(Default)]
pub(crate) struct Columns {
    pub number: Vec<i32>,
    pub row_id: Vec<Uuid>,
    pub kind: Vec<&'static str>,
    pub codes: Vec<String>,
    pub differing: Vec<String>,
    pub unread: Vec<String>,
    pub sealed: Vec<Option<Vec<u8>>>,
}

/// Enters rows.
#[tracing::instrument(name = "db.data_match_row.insert", level = "debug", skip_all)]
pub(crate) async fn insert(tx: &mut TownshipTx, match_id: Uuid, new: &Columns) -> Result<(), Error> {
    let township = tx.township().to_owned();
    sqlx::query!(
        r#"
        INSERT INTO data_match_row (township, match_id, row_number, row_id, kind, codes, differing, unread, sealed)
        SELECT $1, $2, r.row_number, r.row_id, r.kind, string_to_array(r.codes, ','), string_to_array(r.differing, ',')
             , string_to_array(r.unread, ','), r.sealed
          FROM UNNEST($3::integer[], $4::uuid[], $5::text[], $6::text[], $7::text[], $8::text[], $9::bytea[])
            AS r (row_number, row_id, kind, codes, differing, unread, sealed)
        "#,
        township,
        match_id,
        &new.number,
        &new.row_id,
        &new.kind as &[&str],
        &new.codes,
        &new.differing,
        &new.unread,
        &new.sealed as &[Option<Vec<u8>>],
    )
    .execute(tx)
    .await
    .map(drop)
    .map_err(fault)
}

/// How many rows of a match are alike.
#[tracing::instrument(name = "db.data_match_row.count", level = "debug", skip_all)]
pub(crate) async fn counts(tx: &mut TownshipTx, match_id: Uuid) -> Result<Vec<Count>, Error> {
    let township = tx.township().to_owned();
    let rows = sqlx::query!(
        r#"
        SELECT kind
             , decision
             , outcome
             , count(*) AS "rows!"
          FROM data_match_row
         WHERE township = $1
           AND match_id = $2
         GROUP BY kind, decision, outcome
         ORDER BY kind, decision, outcome
        "#,
        township,
        match_id,
    )
    .fetch_all(tx)
    .await
    .map_err(fault)?;
    let counts = rows.into_iter().map(|row| {
        Ok(Count {
            kind: kind(&row.kind)?,
            decision: decision(row.decision.as_deref())?,
            outcome: outcome(row.outcome.as_deref())?,
            rows: row.rows,
        })
    });
    counts.collect()
}

/// Which rows of a match are wanted.
#[derive(Debug)]
pub(crate) struct Filter {
    /// Only those after this number.
    pub after: i32,
    /// Only of this kind.
    pub kind: Option<DataMatchKind>,
    /// Only with this decision.
    pub decision: Option<DataMatchDecision>,
    /// Only those that still need a decision.
    pub undecided: bool,
}

/// A row of a match as it stands.
#[derive(Debug)]
pub(crate) struct Listed {
    pub number: i32,
    pub row_id: Uuid,
    pub kind: DataMatchKind,
    pub codes: Vec<String>,
    pub differing: Vec<String>,
    pub unread: Vec<String>,
    pub decision: DataMatchDecision,
    pub outcome: DataMatchOutcome,
    pub sealed: Option<Vec<u8>>,
}

/// Rows of a match, in the order of their numbers.
#[tracing::instrument(name = "db.data_match_row.page", level = "debug", skip_all)]
pub(crate) async fn page(
    tx: &mut TownshipTx,
    match_id: Uuid,
    filter: &Filter,
    limit: i64,
) -> Result<Vec<Listed>, Error> {
    let township = tx.township().to_owned();
    let rows = sqlx::query!(
        r#"
        SELECT row_number
             , row_id
             , kind
             , codes
             , differing
             , unread
             , decision
             , outcome
             , sealed
          FROM data_match_row
         WHERE township = $1
           AND match_id = $2
           AND row_number > $3
           AND ($4::text IS NULL OR kind = $4)
           AND ($5::text IS NULL OR decision = $5)
           AND (NOT $6 OR (decision IS NULL AND kind IN ('NEW', 'CONFLICTING')))
         ORDER BY row_number
         LIMIT $7
        "#,
        township,
        match_id,
        filter.after,
        filter.kind.map(kind_word),
        filter.decision.map(decision_word),
        filter.undecided,
        limit,
    )
    .fetch_all(tx)
    .await
    .map_err(fault)?;
    let rows = rows.into_iter().map(|row| {
        Ok(Listed {
            number: row.row_number,
            row_id: row.row_id,
            kind: kind(&row.kind)?,
            codes: row.codes,
            differing: row.differing,
            unread: row.unread,
            decision: decision(row.decision.as_deref())?,
            outcome: outcome(row.outcome.as_deref())?,
            sealed: row.sealed,
        })
    });
    rows.collect()
}

/// Notes what was decided on all rows of a kind that is decided on; how many.
#[tracing::instrument(name = "db.data_match_row.decide_kind", level = "debug", skip_all)]
pub(crate) async fn decide_kind(
    tx: &mut TownshipTx,
    match_id: Uuid,
    kind: DataMatchKind,
    decision: DataMatchDecision,
) -> Result<u64, Error> {
    let township = tx.township().to_owned();
    sqlx::query!(
        r#"
        UPDATE data_match_row
           SET decision = $4
         WHERE township = $1
           AND match_id = $2
           AND kind = $3
           AND decision IS DISTINCT FROM $4
        "#,
        township,
        match_id,
        kind_word(kind),
        decision_word(decision),
    )
    .execute(tx)
    .await
    .map_err(fault)
    .map(|decided| decided.rows_affected())
}

/// Notes what was decided on single rows; how many of them are of a kind that is decided on.
#[tracing::instrument(name = "db.data_match_row.decide", level = "debug", skip_all)]
pub(crate) async fn decide(
    tx: &mut TownshipTx,
    match_id: Uuid,
    rows: &[i32],
    decision: DataMatchDecision,
) -> Result<u64, Error> {
    let township = tx.township().to_owned();
    sqlx::query!(
        r#"
        UPDATE data_match_row
           SET decision = $4
         WHERE township = $1
           AND match_id = $2
           AND row_number = ANY ($3)
           AND kind IN ('NEW', 'CONFLICTING')
        "#,
        township,
        match_id,
        rows,
        decision_word(decision),
    )
    .execute(tx)
    .await
    .map_err(fault)
    .map(|decided| decided.rows_affected())
}

/// The next rows that are to be written: numbers, ids, and what they say, sealed.
#[tracing::instrument(name = "db.data_match_row.next", level = "debug", skip_all)]
pub(crate) async fn to_be_written(
    tx: &mut TownshipTx,
    match_id: Uuid,
    limit: i64,
) -> Result<Vec<(i32, Uuid, Vec<u8>)>, Error> {
    let township = tx.township().to_owned();
    sqlx::query!(
        r#"
        SELECT row_number
             , row_id
             , sealed AS "sealed!"
          FROM data_match_row
         WHERE township = $1
           AND match_id = $2
           AND decision = 'APPLY'
           AND outcome IS NULL
         ORDER BY row_number
         LIMIT $3
        "#,
        township,
        match_id,
        limit,
    )
    .fetch_all(tx)
    .await
    .map_err(fault)
    .map(|rows| rows.into_iter().map(|row| (row.row_number, row.row_id, row.sealed)).collect())
}

/// Notes what became of rows, and wipes what they say.
#[tracing::instrument(name = "db.data_match_row.written", level = "debug", skip_all)]
pub(crate) async fn written(
    tx: &mut TownshipTx,
    match_id: Uuid,
    rows: &[i32],
    outcomes: &[DataMatchOutcome],
) -> Result<(), Error> {
    let township = tx.township().to_owned();
    let outcomes = outcomes.iter().map(|&outcome| outcome_word(outcome)).collect::<Vec<_>>();
    let noted = sqlx::query!(
        r#"
        UPDATE data_match_row AS r
           SET outcome = w.outcome
             , sealed = NULL
          FROM UNNEST($3::integer[], $4::text[]) AS w (row_number, outcome)
         WHERE r.township = $1
           AND r.match_id = $2
           AND r.row_number = w.row_number
           AND r.outcome IS NULL
        "#,
        township,
        match_id,
        rows,
        &outcomes as &[&str],
    )
    .execute(tx)
    .await
    .map_err(fault)?;
    let all = u64::try_from(rows.len()).is_ok_and(|all| all == noted.rows_affected());
    if all { Ok(()) } else { Err(Error::internal("a row of a locked match was written by somebody else")) }
}

/// Wipes what the rows of a match say.
#[tracing::instrument(name = "db.data_match_row.wipe", level = "debug", skip_all)]
pub(crate) async fn wipe(tx: &mut TownshipTx, match_id: Uuid) -> Result<(), Error> {
    let township = tx.township().to_owned();
    sqlx::query!(
        r#"
        UPDATE data_match_row
           SET sealed = NULL
         WHERE township = $1
           AND match_id = $2
           AND sealed IS NOT NULL
        "#,
        township,
        match_id,
    )
    .execute(tx)
    .await
    .map(drop)
    .map_err(fault)
}

fn kind(word: &str) -> Result<DataMatchKind, Error> {
    DataMatchKind::from_str_name(&format!("DATA_MATCH_KIND_{word}")).ok_or_else(|| no_word(word))
}

fn decision(word: Option<&str>) -> Result<DataMatchDecision, Error> {
    let Some(word) = word else { return Ok(DataMatchDecision::Unspecified) };
    DataMatchDecision::from_str_name(&format!("DATA_MATCH_DECISION_{word}")).ok_or_else(|| no_word(word))
}

fn outcome(word: Option<&str>) -> Result<DataMatchOutcome, Error> {
    let Some(word) = word else { return Ok(DataMatchOutcome::Unspecified) };
    DataMatchOutcome::from_str_name(&format!("DATA_MATCH_OUTCOME_{word}")).ok_or_else(|| no_word(word))
}

fn no_word(word: &str) -> Error {
    Error::internal(format!("{word} is no word of the contract"))
}
