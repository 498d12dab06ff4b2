//! Households: entered, changed under their lock, read with members and spells.

use bangfu_kernel::{Error, error::Resource};
use bangfu_platform::db::{TownshipTx, constraint, fault};
use bangfu_proto::people::v1::{HouseholdKind, HouseholdState};
use chrono::{DateTime, NaiveDate, Utc};
use sqlx::types::Json;
use uuid::Uuid;

use crate::model::household::{Household, Member, Other, Spell, state_word};

/// Enters a household, without its members.
#[tracing::instrument(name = "db.household.insert", level = "debug", skip_all)]
pub(crate) async fn insert(tx: &mut TownshipTx, new: &Household) -> Result<(), Error> {
    let township = tx.township().to_owned();
    sqlx::query!(
        r#"
        INSERT INTO household (township, household_id, kind, state, others, entered_by, version, created_at, updated_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $8)
        "#,
        township,
        new.household_id,
        kind_word(new.kind),
        state_word(new.state()),
        Json(&new.others) as _,
        new.entered_by,
        new.version,
        new.created_at,
    )
    .execute(tx)
    .await
    .map(drop)
    .map_err(fault)
}

/// Locks a household until the unit ends. Errors: NOT_FOUND.
#[tracing::instrument(name = "db.household.lock", level = "debug", skip_all)]
pub(crate) async fn lock(tx: &mut TownshipTx, household_id: Uuid) -> Result<(), Error> {
    let township = tx.township().to_owned();
    sqlx::query_scalar!(
        "SELECT version FROM household WHERE township = $1 AND household_id = $2 FOR NO KEY UPDATE",
        township,
        household_id,
    )
    .fetch_optional(tx)
    .await
    .map_err(fault)?
    .map(drop)
    .ok_or(Error::NotFound(Resource::Household))
}

/// Notes others, state and spells as they stand now; the version moves on.
pub(crate) async fn update(tx: &mut TownshipTx, now: &Household) -> Result<(), Error> {
    change(tx, now).await?;
    for (number, spell) in (1..).zip(&now.spells) {
        put_spell(tx, now.household_id, number, spell).await?;
    }
    Ok(())
}

#[tracing::instrument(name = "db.household.update", level = "debug", skip_all)]
async fn change(tx: &mut TownshipTx, now: &Household) -> Result<(), Error> {
    let (township, at) = (tx.township().to_owned(), tx.clock().now());
    let updated = sqlx::query!(
        r#"
        UPDATE household
           SET state = $3
             , others = $4
             , version = version + 1
             , updated_at = $5
         WHERE township = $1
           AND household_id = $2
        "#,
        township,
        now.household_id,
        state_word(now.state()),
        Json(&now.others) as _,
        at,
    )
    .execute(tx)
    .await
    .map_err(fault)?;
    if updated.rows_affected() == 1 { Ok(()) } else { Err(Error::internal("a locked household is gone")) }
}

#[tracing::instrument(name = "db.household.put_spell", level = "debug", skip_all)]
async fn put_spell(tx: &mut TownshipTx, household_id: Uuid, number: i16, spell: &Spell) -> Result<(), Error> {
    let township = tx.township().to_owned();
    sqlx::query!(
        r#"
        INSERT INTO household_spell (township, household_id, number, recognised_on, known_on, recognised_by, evidence
                                   , cleared_on, cleared_known_on, cleared_by)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
        ON CONFLICT ON CONSTRAINT household_spell_has_its_own_number DO UPDATE
           SET cleared_on = EXCLUDED.cleared_on
             , cleared_known_on = EXCLUDED.cleared_known_on
             , cleared_by = EXCLUDED.cleared_by
        "#,
        township,
        household_id,
        number,
        spell.recognised_on,
        spell.known_on,
        spell.by,
        spell.evidence,
        spell.cleared_on,
        spell.cleared_known_on,
        spell.cleared_by,
    )
    .execute(tx)
    .await
    .map(drop)
    .map_err(fault)
}

/// Somebody comes into a household. Whoever calls holds the person's lock. Errors: PERSON_IN_HOUSEHOLD.
#[tracing::instrument(name = "db.household.add_member", level = "debug", skip_all)]
pub(crate) async fn add_member(tx: &mut TownshipTx, household_id: Uuid, new: &Member) -> Result<(), Error> {
    if let Some(other) = taken(tx, new.person_id, new.from).await? {
        return Err(Error::PersonInHousehold { person_id: new.person_id, household_id: other });
    }
    let township = tx.township().to_owned();
    // Whoever left on the day they came, and comes again on that day, never left.
    sqlx::query!(
        r#"
        INSERT INTO household_member (township, household_id, person_id, relation, from_on)
        VALUES ($1, $2, $3, $4, $5)
        ON CONFLICT ON CONSTRAINT household_member_comes_once_a_day DO UPDATE
           SET relation = EXCLUDED.relation
             , until_on = NULL
        "#,
        township,
        household_id,
        new.person_id,
        new.relation,
        new.from,
    )
    .execute(tx)
    .await
    .map(drop)
    .map_err(|error| match constraint(&error) {
        Some("nobody_belongs_to_two_households") => Error::Conflict(Box::new(error)),
        _ => fault(error),
    })
}

/// The household that somebody belongs to on a day or later.
#[tracing::instrument(name = "db.household.taken", level = "debug", skip_all)]
async fn taken(tx: &mut TownshipTx, person_id: Uuid, from: NaiveDate) -> Result<Option<Uuid>, Error> {
    let township = tx.township().to_owned();
    sqlx::query_scalar!(
        r#"
        SELECT household_id
          FROM household_member
         WHERE township = $1
           AND person_id = $2
           AND (until_on IS NULL OR until_on > $3)
         LIMIT 1
        "#,
        township,
        person_id,
        from,
    )
    .fetch_optional(tx)
    .await
    .map_err(fault)
}

/// Somebody leaves a household; whether they belonged to it.
#[tracing::instrument(name = "db.household.remove_member", level = "debug", skip_all)]
pub(crate) async fn remove_member(
    tx: &mut TownshipTx,
    household_id: Uuid,
    person_id: Uuid,
    until: NaiveDate,
) -> Result<bool, Error> {
    let township = tx.township().to_owned();
    let left = sqlx::query!(
        r#"
        UPDATE household_member
           SET until_on = GREATEST(from_on, $4)
         WHERE township = $1
           AND household_id = $2
           AND person_id = $3
           AND until_on IS NULL
        "#,
        township,
        household_id,
        person_id,
        until,
    )
    .execute(tx)
    .await
    .map_err(fault)?;
    Ok(left.rows_affected() == 1)
}

/// The households that any of these people belong to.
#[tracing::instrument(name = "db.household.of_people", level = "debug", skip_all)]
pub(crate) async fn of_people(tx: &mut TownshipTx, people: &[Uuid]) -> Result<Vec<Uuid>, Error> {
    let township = tx.township().to_owned();
    sqlx::query_scalar!(
        r#"
        SELECT DISTINCT household_id
          FROM household_member
         WHERE township = $1
           AND person_id = ANY ($2)
           AND until_on IS NULL
         ORDER BY household_id
        "#,
        township,
        people,
    )
    .fetch_all(tx)
    .await
    .map_err(fault)
}

/// The kind of the household that somebody belongs to, if it is recognised and not cleared.
#[tracing::instrument(name = "db.household.recognised_kind", level = "debug", skip_all)]
pub(crate) async fn recognised_kind(tx: &mut TownshipTx, person_id: Uuid) -> Result<Option<HouseholdKind>, Error> {
    let township = tx.township().to_owned();
    sqlx::query_scalar!(
        r#"
        SELECT h.kind
          FROM household_member m
          JOIN household h
            ON h.township = $1
           AND h.household_id = m.household_id
         WHERE m.township = $1
           AND m.person_id = $2
           AND m.until_on IS NULL
           AND h.state = 'RECOGNISED'
        "#,
        township,
        person_id,
    )
    .fetch_optional(tx)
    .await
    .map_err(fault)?
    .map(|word| kind(&word))
    .transpose()
}

/// What is read of a household.
macro_rules! households {
    ($tx:expr, $predicate:literal $(, $bind:expr)*) => {{
        let township = $tx.township().to_owned();
        sqlx::query_as!(
            Row,
            r#"
            SELECT h.household_id
                 , h.kind
                 , h.others AS "others: Json<Vec<Other>>"
                 , h.entered_by
                 , h.version
                 , h.created_at
                 , (SELECT json_agg(json_build_object('person_id', m.person_id, 'relation', m.relation, 'from', m.from_on
                                                    , 'until', m.until_on)
                                    ORDER BY m.relation <> 'HEAD', m.from_on, m.person_id)
                      FROM household_member m
                     WHERE m.township = $1
                       AND m.household_id = h.household_id) AS "members: Json<Vec<Member>>"
                 , (SELECT json_agg(json_build_object('recognised_on', s.recognised_on, 'known_on', s.known_on
                                                    , 'by', s.recognised_by, 'evidence', s.evidence
                                                    , 'cleared_on', s.cleared_on
                                                    , 'cleared_known_on', s.cleared_known_on
                                                    , 'cleared_by', s.cleared_by)
                                    ORDER BY s.number)
                      FROM household_spell s
                     WHERE s.township = $1
                       AND s.household_id = h.household_id) AS "spells: Json<Vec<Spell>>"
              FROM household h
             WHERE h.township = $1
            "# + $predicate,
            township
            $(, $bind)*
        )
    }};
}

/// One household. Errors: NOT_FOUND.
#[tracing::instrument(name = "db.household.get", level = "debug", skip_all)]
pub(crate) async fn get(tx: &mut TownshipTx, household_id: Uuid) -> Result<Household, Error> {
    let row = households!(tx, "AND h.household_id = $2", household_id).fetch_optional(tx).await.map_err(fault)?;
    row.ok_or(Error::NotFound(Resource::Household))?.household()
}

/// Which households a list is about.
#[derive(Debug, Default)]
pub(crate) struct Filter {
    /// In this state.
    pub state: Option<HouseholdState>,
    /// Of this kind.
    pub kind: Option<HouseholdKind>,
    /// To which this person belongs.
    pub person_id: Option<Uuid>,
    /// Not recognised now.
    pub not_recognised: bool,
}

/// Households after one, in the order of entry.
#[tracing::instrument(name = "db.household.page", level = "debug", skip_all)]
pub(crate) async fn page(
    tx: &mut TownshipTx,
    after: Uuid,
    filter: &Filter,
    limit: i64,
) -> Result<Vec<Household>, Error> {
    let rows = households!(
        tx,
        "AND h.household_id > $2
         AND ($3::text IS NULL OR h.state = $3)
         AND ($4::text IS NULL OR h.kind = $4)
         AND ($5::uuid IS NULL OR EXISTS (
             SELECT FROM household_member o
              WHERE o.township = $1
                AND o.household_id = h.household_id
                AND o.person_id = $5
                AND o.until_on IS NULL))
         AND (NOT $6 OR h.state <> 'RECOGNISED')
       ORDER BY h.household_id
       LIMIT $7",
        after,
        filter.state.map(state_word),
        filter.kind.map(kind_word),
        filter.person_id,
        filter.not_recognised,
        limit
    );
    rows.fetch_all(tx).await.map_err(fault)?.into_iter().map(Row::household).collect()
}

struct Row {
    household_id: Uuid,
    kind: String,
    others: Json<Vec<Other>>,
    entered_by: String,
    version: i64,
    created_at: DateTime<Utc>,
    members: Option<Json<Vec<Member>>>,
    spells: Option<Json<Vec<Spell>>>,
}

impl Row {
    fn household(self) -> Result<Household, Error> {
        Ok(Household {
            household_id: self.household_id,
            kind: kind(&self.kind)?,
            members: self.members.map(|Json(members)| members).unwrap_or_default(),
            others: self.others.0,
            spells: self.spells.map(|Json(spells)| spells).unwrap_or_default(),
            entered_by: self.entered_by,
            version: self.version,
            created_at: self.created_at,
        })
    }
}

fn kind(word: &str) -> Result<HouseholdKind, Error> {
    HouseholdKind::from_str_name(&format!("HOUSEHOLD_KIND_{word}"))
        .ok_or_else(|| Error::internal(format!("{word} is no kind of household")))
}

fn kind_word(kind: HouseholdKind) -> &'static str {
    kind.as_str_name().trim_start_matches("HOUSEHOLD_KIND_")
}
