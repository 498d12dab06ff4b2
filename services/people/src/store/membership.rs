//! Memberships in key groups.

use bangfu_kernel::{Error, Group};
use bangfu_platform::db::{TownshipTx, constraint, fault};
use chrono::NaiveDate;
use sqlx::types::Json;
use uuid::Uuid;

use crate::model::membership::{Details, Membership, Origin};

/// Memberships of several people that begin on the same day, column by column.
#[derive(Default)]
pub(crate) struct Columns {
    /// Whose.
    pub person_id: Vec<Uuid>,
    /// Of which group, as code words.
    pub member_of: Vec<&'static str>,
}

impl Columns {
    /// Adds one.
    pub(crate) fn push(&mut self, person_id: Uuid, group: Group) {
        self.person_id.push(person_id);
        self.member_of.push(group.code());
    }
}

/// Inserts memberships that begin, and are learned of, on a day.
#[tracing::instrument(name = "db.membership.insert", level = "debug", skip_all)]
pub(crate) async fn insert(tx: &mut TownshipTx, new: &Columns, from: NaiveDate, origin: &Origin) -> Result<(), Error> {
    if new.person_id.is_empty() {
        return Ok(());
    }
    let township = tx.township().to_owned();
    sqlx::query!(
        r#"
        INSERT INTO membership (township, person_id, member_of, from_on, known_on, source, evidence)
        SELECT $1, m.person_id, m.member_of, $4, $4, $5, $6
          FROM UNNEST($2::uuid[], $3::text[]) AS m (person_id, member_of)
        "#,
        township,
        &new.person_id,
        &new.member_of as &[&str],
        from,
        origin.source.code(),
        &*origin.evidence,
    )
    .execute(tx)
    .await
    .map(drop)
    .map_err(fault)
}

/// All memberships of several people, ordered by person and first day.
#[tracing::instrument(name = "db.membership.list", level = "debug", skip_all)]
pub(crate) async fn of_people(tx: &mut TownshipTx, people: &[Uuid]) -> Result<Vec<(Uuid, Vec<Membership>)>, Error> {
    let township = tx.township().to_owned();
    sqlx::query!(
        r#"
        SELECT person_id
             , json_agg(json_build_object('group', member_of, 'from', from_on, 'known_on', known_on, 'until', until_on
                                        , 'until_known_on', until_known_on, 'source', source, 'evidence', evidence
                                        , 'end_evidence', end_evidence, 'details', details)
                        ORDER BY from_on, member_of) AS "memberships!: Json<Vec<Membership>>"
          FROM membership
         WHERE township = $1
           AND person_id = ANY ($2)
         GROUP BY person_id
         ORDER BY person_id
        "#,
        township,
        people,
    )
    .fetch_all(tx)
    .await
    .map_err(fault)
    .map(|rows| rows.into_iter().map(|row| (row.person_id, row.memberships.0)).collect())
}

/// All memberships of one person, ordered by first day.
pub(crate) async fn of_person(tx: &mut TownshipTx, person_id: Uuid) -> Result<Vec<Membership>, Error> {
    Ok(of_people(tx, &[person_id]).await?.pop().map(|(_, memberships)| memberships).unwrap_or_default())
}

/// Enters one membership with all that is known of it. Errors: MEMBERSHIP_OVERLAPS when one of the group begins on the
/// same day.
#[tracing::instrument(name = "db.membership.begin", level = "debug", skip_all)]
pub(crate) async fn begin(tx: &mut TownshipTx, person_id: Uuid, new: &Membership) -> Result<(), Error> {
    let township = tx.township().to_owned();
    sqlx::query!(
        r#"
        INSERT INTO membership (township, person_id, member_of, from_on, known_on, source, evidence, details)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
        "#,
        township,
        person_id,
        new.group.code(),
        new.from,
        new.known_on,
        new.source.code(),
        new.evidence,
        new.details.as_ref().map(Json) as _,
    )
    .execute(tx)
    .await
    .map(drop)
    .map_err(|error| match constraint(&error) {
        Some("membership_begins_once_a_day") => Error::MembershipOverlaps { group: new.group },
        _ => fault(error),
    })
}

/// Ends the membership of a group that began on a day.
#[tracing::instrument(name = "db.membership.end", level = "debug", skip_all)]
pub(crate) async fn end(tx: &mut TownshipTx, person_id: Uuid, ended: &Membership) -> Result<(), Error> {
    let township = tx.township().to_owned();
    let updated = sqlx::query!(
        r#"
        UPDATE membership
           SET until_on = $5
             , until_known_on = $6
             , end_evidence = $7
         WHERE township = $1
           AND person_id = $2
           AND member_of = $3
           AND from_on = $4
           AND until_on IS NULL
        "#,
        township,
        person_id,
        ended.group.code(),
        ended.from,
        ended.until,
        ended.until_known_on,
        ended.end_evidence,
    )
    .execute(tx)
    .await
    .map_err(fault)?;
    if updated.rows_affected() == 1 { Ok(()) } else { Err(Error::NotAMember { group: ended.group }) }
}

/// Notes when people graduated, in their memberships as graduates that hold.
#[tracing::instrument(name = "db.membership.graduated", level = "debug", skip_all)]
pub(crate) async fn graduated(tx: &mut TownshipTx, people: &[Uuid], on: &[NaiveDate]) -> Result<(), Error> {
    if people.is_empty() {
        return Ok(());
    }
    let township = tx.township().to_owned();
    sqlx::query!(
        r#"
        UPDATE membership AS m
           SET details = jsonb_build_object('graduation', jsonb_build_object(
                   'graduated_on', g.graduated_on
                 , 'school', COALESCE(m.details #>> '{graduation,school}', '')))
          FROM UNNEST($2::uuid[], $3::date[]) AS g (person_id, graduated_on)
         WHERE m.township = $1
           AND m.person_id = g.person_id
           AND m.member_of = $4
           AND m.until_on IS NULL
        "#,
        township,
        people,
        on,
        Group::CollegeGraduate.code(),
    )
    .execute(tx)
    .await
    .map(drop)
    .map_err(fault)
}

/// Ends memberships of several people, each with a day of its own.
#[tracing::instrument(name = "db.membership.end_all", level = "debug", skip_all)]
pub(crate) async fn end_all(
    tx: &mut TownshipTx,
    ended: &[(Uuid, Membership)],
    known_on: NaiveDate,
    evidence: &str,
) -> Result<(), Error> {
    if ended.is_empty() {
        return Ok(());
    }
    let township = tx.township().to_owned();
    let people = ended.iter().map(|(id, _)| *id).collect::<Vec<_>>();
    let groups = ended.iter().map(|(_, ended)| ended.group.code()).collect::<Vec<_>>();
    let from = ended.iter().map(|(_, ended)| ended.from).collect::<Vec<_>>();
    let until = ended.iter().map(|(_, ended)| ended.until).collect::<Vec<_>>();
    let updated = sqlx::query!(
        r#"
        UPDATE membership AS m
           SET until_on = e.until_on
             , until_known_on = $6
             , end_evidence = $7
          FROM UNNEST($2::uuid[], $3::text[], $4::date[], $5::date[]) AS e (person_id, member_of, from_on, until_on)
         WHERE m.township = $1
           AND m.person_id = e.person_id
           AND m.member_of = e.member_of
           AND m.from_on = e.from_on
           AND m.until_on IS NULL
        "#,
        township,
        &people,
        &groups as &[&str],
        &from,
        &until as &[Option<NaiveDate>],
        known_on,
        evidence,
    )
    .execute(tx)
    .await
    .map_err(fault)?;
    let all = u64::try_from(ended.len()).is_ok_and(|all| all == updated.rows_affected());
    if all { Ok(()) } else { Err(Error::internal("a membership of a locked person is gone")) }
}

/// Notes what the office keeps besides, in memberships that have not ended.
#[tracing::instrument(name = "db.membership.detail_all", level = "debug", skip_all)]
pub(crate) async fn detail_all(tx: &mut TownshipTx, details: &[(Uuid, Details)]) -> Result<(), Error> {
    if details.is_empty() {
        return Ok(());
    }
    let township = tx.township().to_owned();
    let people = details.iter().map(|(id, _)| *id).collect::<Vec<_>>();
    let groups = details.iter().map(|(_, details)| details.group().code()).collect::<Vec<_>>();
    let details = details.iter().map(|(_, details)| Json(details)).collect::<Vec<_>>();
    sqlx::query!(
        r#"
        UPDATE membership AS m
           SET details = d.details
          FROM UNNEST($2::uuid[], $3::text[], $4::jsonb[]) AS d (person_id, member_of, details)
         WHERE m.township = $1
           AND m.person_id = d.person_id
           AND m.member_of = d.member_of
           AND m.until_on IS NULL
        "#,
        township,
        &people,
        &groups as &[&str],
        &details as &[Json<&Details>],
    )
    .execute(tx)
    .await
    .map(drop)
    .map_err(fault)
}
