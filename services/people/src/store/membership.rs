//! Memberships in key groups.

use bangfu_kernel::{Error, Group};
use bangfu_platform::db::{TownshipTx, fault};
use chrono::NaiveDate;
use sqlx::types::Json;
use uuid::Uuid;

use crate::model::membership::{Membership, Source};

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
pub(crate) async fn insert(tx: &mut TownshipTx, new: &Columns, from: NaiveDate, source: Source) -> Result<(), Error> {
    if new.person_id.is_empty() {
        return Ok(());
    }
    let township = tx.township().to_owned();
    sqlx::query!(
        r#"
        INSERT INTO membership (township, person_id, member_of, from_on, known_on, source)
        SELECT $1, m.person_id, m.member_of, $4, $4, $5
          FROM UNNEST($2::uuid[], $3::text[]) AS m (person_id, member_of)
        "#,
        township,
        &new.person_id,
        &new.member_of as &[&str],
        from,
        source.code(),
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
             , json_agg(json_build_object('group', member_of, 'from', from_on, 'known_on', known_on, 'until', until_on,
                                          'until_known_on', until_known_on, 'source', source)
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
