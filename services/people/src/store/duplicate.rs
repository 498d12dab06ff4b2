//! Pairs of entries that may be one person: candidates by keyed hashes, pairs as they were found and settled.

use bangfu_kernel::{Error, error::Resource};
use bangfu_platform::db::{TownshipTx, fault};
use bangfu_proto::people::v1::DuplicateState;
use chrono::NaiveDate;
use uuid::Uuid;

use super::register::TokenColumns;
use crate::model::duplicate::Why;

/// By which of the hashes candidates are looked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Twin {
    /// Name and day of birth.
    Birth,
    /// Name, area code and sequence code.
    Order,
    /// Name, year of birth and check digit.
    Year,
    /// Name, month and day of birth and check digit.
    Day,
}

/// Candidates looked at for each of the people asked about: a name that half a town has costs no more than that.
const MOST: i64 = 50;

/// What the four searches share: one index probe for each of the people asked about.
macro_rules! candidates {
    ($tx:expr, $predicate:literal, $people:expr, $tokens:expr) => {{
        let township = $tx.township().to_owned();
        sqlx::query!(
            r#"
            SELECT t.person_id AS "one!"
                 , c.person_id AS "other!"
              FROM UNNEST($2::uuid[], $3::bigint[]) AS t (person_id, token)
             CROSS JOIN LATERAL (
                   SELECT p.person_id
                     FROM person p
                    WHERE p.township = $1
                      AND p.merged_into IS NULL
                      AND p.left_on IS NULL
                      AND p.person_id <> t.person_id
                      AND "#
                + $predicate
                + r#" = t.token
                    LIMIT $4) c
            "#,
            township,
            $people,
            $tokens,
            MOST,
        )
        .fetch_all($tx)
        .await
        .map_err(fault)
        .map(|rows| rows.into_iter().map(|row| (row.one, row.other)).collect())
    }};
}

/// For each of these people, entries with the same hash of a kind.
#[tracing::instrument(name = "db.duplicate.candidates", level = "debug", skip_all)]
pub(crate) async fn candidates(
    tx: &mut TownshipTx,
    twin: Twin,
    people: &[Uuid],
    tokens: &[i64],
) -> Result<Vec<(Uuid, Uuid)>, Error> {
    match twin {
        Twin::Birth => candidates!(tx, "p.twin_birth", people, tokens),
        Twin::Order => candidates!(tx, "p.twin_order", people, tokens),
        Twin::Year => candidates!(tx, "p.twin_year", people, tokens),
        Twin::Day => candidates!(tx, "p.twin_day", people, tokens),
    }
}

/// The hashes of people who are in the register; whoever has none yet is left out.
#[tracing::instrument(name = "db.duplicate.tokens_of", level = "debug", skip_all)]
pub(crate) async fn tokens_of(tx: &mut TownshipTx, people: &[Uuid]) -> Result<(Vec<Uuid>, TokenColumns), Error> {
    let township = tx.township().to_owned();
    let rows = sqlx::query!(
        r#"
        SELECT person_id
             , twin_birth AS "twin_birth!"
             , twin_order AS "twin_order!"
             , twin_year  AS "twin_year!"
             , twin_day   AS "twin_day!"
          FROM person
         WHERE township = $1
           AND person_id = ANY ($2)
           AND name_head IS NOT NULL
           AND merged_into IS NULL
           AND left_on IS NULL
        "#,
        township,
        people,
    )
    .fetch_all(tx)
    .await
    .map_err(fault)?;
    let (mut people, mut tokens) = (Vec::with_capacity(rows.len()), TokenColumns::default());
    for row in rows {
        people.push(row.person_id);
        tokens.twin_birth.push(row.twin_birth);
        tokens.twin_order.push(row.twin_order);
        tokens.twin_year.push(row.twin_year);
        tokens.twin_day.push(row.twin_day);
    }
    Ok((people, tokens))
}

/// What is sealed of an entry, for comparing it and for making its hashes.
pub(crate) struct SealedEntry {
    pub person_id: Uuid,
    pub name: Vec<u8>,
    pub id_number: Vec<u8>,
    pub village: String,
}

/// What is sealed of these entries.
#[tracing::instrument(name = "db.duplicate.sealed", level = "debug", skip_all)]
pub(crate) async fn sealed(tx: &mut TownshipTx, people: &[Uuid]) -> Result<Vec<SealedEntry>, Error> {
    let township = tx.township().to_owned();
    sqlx::query_as!(
        SealedEntry,
        r#"
        SELECT person_id
             , name
             , id_number
             , village
          FROM person
         WHERE township = $1
           AND person_id = ANY ($2)
        "#,
        township,
        people,
    )
    .fetch_all(tx)
    .await
    .map_err(fault)
}

/// Entries that have no hashes yet, a few at a time, locked.
#[tracing::instrument(name = "db.duplicate.without_tokens", level = "debug", skip_all)]
pub(crate) async fn without_tokens(tx: &mut TownshipTx, limit: i64) -> Result<Vec<SealedEntry>, Error> {
    let township = tx.township().to_owned();
    sqlx::query_as!(
        SealedEntry,
        r#"
        SELECT person_id
             , name
             , id_number
             , village
          FROM person
         WHERE township = $1
           AND name_head IS NULL
           AND left_on IS NULL
           AND anonymised_on IS NULL
         ORDER BY person_id
         LIMIT $2
           FOR NO KEY UPDATE
        "#,
        township,
        limit,
    )
    .fetch_all(tx)
    .await
    .map_err(fault)
}

/// Notes the hashes of entries. Their etag stays: nothing that is shown changes.
#[tracing::instrument(name = "db.duplicate.set_tokens", level = "debug", skip_all)]
pub(crate) async fn set_tokens(tx: &mut TownshipTx, people: &[Uuid], tokens: &TokenColumns) -> Result<(), Error> {
    let township = tx.township().to_owned();
    sqlx::query!(
        r#"
        UPDATE person p
           SET name_head = t.name_head
             , name_tail = t.name_tail
             , twin_birth = t.twin_birth
             , twin_order = t.twin_order
             , twin_year = t.twin_year
             , twin_day = t.twin_day
          FROM UNNEST($2::uuid[], $3::bigint[], $4::bigint[], $5::bigint[], $6::bigint[], $7::bigint[]
                    , $8::bigint[])
            AS t (person_id, name_head, name_tail, twin_birth, twin_order, twin_year, twin_day)
         WHERE p.township = $1
           AND p.person_id = t.person_id
        "#,
        township,
        people,
        &tokens.name_head,
        &tokens.name_tail,
        &tokens.twin_birth,
        &tokens.twin_order,
        &tokens.twin_year,
        &tokens.twin_day,
    )
    .execute(tx)
    .await
    .map(drop)
    .map_err(fault)
}

/// A pair on its way in.
#[derive(Debug)]
pub(crate) struct NewPair {
    /// Its id.
    pub pair_id: Uuid,
    /// The entry made first: ids are in the order of entry.
    pub first_id: Uuid,
    /// The one made later.
    pub second_id: Uuid,
    /// Why they are offered.
    pub why: Why,
    /// The day.
    pub found_on: NaiveDate,
}

/// Enters pairs; those found before stay as they are.
#[tracing::instrument(name = "db.duplicate.insert", level = "debug", skip_all)]
pub(crate) async fn insert(tx: &mut TownshipTx, pairs: &[NewPair]) -> Result<(), Error> {
    if pairs.is_empty() {
        return Ok(());
    }
    let township = tx.township().to_owned();
    let column = |of: fn(&NewPair) -> Uuid| pairs.iter().map(of).collect::<Vec<_>>();
    let flag = |of: fn(&NewPair) -> bool| pairs.iter().map(of).collect::<Vec<_>>();
    sqlx::query!(
        r#"
        INSERT INTO duplicate (township, pair_id, first_id, second_id, number_mistyped, same_birth, state, found_on)
        SELECT $1, d.pair_id, d.first_id, d.second_id, d.number_mistyped, d.same_birth, 'OPEN', $7
          FROM UNNEST($2::uuid[], $3::uuid[], $4::uuid[], $5::boolean[], $6::boolean[])
            AS d (pair_id, first_id, second_id, number_mistyped, same_birth)
        ON CONFLICT ON CONSTRAINT duplicate_is_one_pair DO NOTHING
        "#,
        township,
        &column(|pair| pair.pair_id),
        &column(|pair| pair.first_id),
        &column(|pair| pair.second_id),
        &flag(|pair| pair.why.number_mistyped),
        &flag(|pair| pair.why.same_birth_and_village),
        pairs[0].found_on,
    )
    .execute(tx)
    .await
    .map(drop)
    .map_err(fault)
}

/// A pair as it stands.
pub(crate) struct FoundPair {
    pub pair_id: Uuid,
    pub first_id: Uuid,
    pub second_id: Uuid,
    pub number_mistyped: bool,
    pub same_birth: bool,
    pub state: String,
    pub found_on: NaiveDate,
    pub settled_by: String,
    pub reason: String,
}

/// What is read of a pair.
macro_rules! pairs {
    ($tx:expr, $predicate:literal $(, $bind:expr)*) => {{
        let township = $tx.township().to_owned();
        sqlx::query_as!(
            FoundPair,
            r#"
            SELECT pair_id
                 , first_id
                 , second_id
                 , number_mistyped
                 , same_birth
                 , state
                 , found_on
                 , settled_by
                 , reason
              FROM duplicate
             WHERE township = $1
            "# + $predicate,
            township
            $(, $bind)*
        )
    }};
}

/// Locks one pair. Errors: NOT_FOUND.
#[tracing::instrument(name = "db.duplicate.lock", level = "debug", skip_all)]
pub(crate) async fn lock(tx: &mut TownshipTx, pair_id: Uuid) -> Result<FoundPair, Error> {
    let found = pairs!(tx, "AND pair_id = $2 FOR NO KEY UPDATE", pair_id).fetch_optional(tx).await.map_err(fault)?;
    found.ok_or(Error::NotFound(Resource::Duplicate))
}

/// Pairs of people who are both here after one, in the order in which they were found.
#[tracing::instrument(name = "db.duplicate.page", level = "debug", skip_all)]
pub(crate) async fn page(
    tx: &mut TownshipTx,
    after: Uuid,
    state: Option<DuplicateState>,
    person_id: Option<Uuid>,
    limit: i64,
) -> Result<Vec<FoundPair>, Error> {
    pairs!(
        tx,
        "AND pair_id > $2
         AND ($3::text IS NULL OR state = $3)
         AND ($4::uuid IS NULL OR first_id = $4 OR second_id = $4)
         AND NOT EXISTS (SELECT
                           FROM person p
                          WHERE p.township = $1
                            AND p.person_id IN (duplicate.first_id, duplicate.second_id)
                            AND (p.left_on IS NOT NULL OR p.merged_into IS NOT NULL AND duplicate.state = 'OPEN'))
       ORDER BY pair_id
       LIMIT $5",
        after,
        state.map(state_word),
        person_id,
        limit
    )
    .fetch_all(tx)
    .await
    .map_err(fault)
}

/// Settles the pair of two entries, if they are one.
#[tracing::instrument(name = "db.duplicate.settle", level = "debug", skip_all)]
pub(crate) async fn settle(
    tx: &mut TownshipTx,
    people: (Uuid, Uuid),
    state: DuplicateState,
    reason: &str,
) -> Result<(), Error> {
    let township = tx.township().to_owned();
    let by = tx.permit().caller().subject.clone();
    sqlx::query!(
        r#"
        UPDATE duplicate
           SET state = $4
             , settled_by = $5
             , reason = $6
         WHERE township = $1
           AND first_id = $2
           AND second_id = $3
        "#,
        township,
        people.0.min(people.1),
        people.0.max(people.1),
        state_word(state),
        by,
        reason,
    )
    .execute(tx)
    .await
    .map(drop)
    .map_err(fault)
}

fn state_word(state: DuplicateState) -> &'static str {
    state.as_str_name().trim_start_matches("DUPLICATE_STATE_")
}

impl FoundPair {
    /// Where it stands.
    pub(crate) fn state(&self) -> Result<DuplicateState, Error> {
        DuplicateState::from_str_name(&format!("DUPLICATE_STATE_{}", self.state))
            .ok_or_else(|| Error::internal(format!("{} is no state of a pair", self.state)))
    }
}
