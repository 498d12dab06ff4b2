//! People who are followed up. Whoever plans somebody anew holds the lock on their row: that is what lets the sweep, the
//! follower and the coordinators work at the same time.

use std::collections::BTreeMap;

use bangfu_kernel::{Error, error::Resource};
use bangfu_platform::db::{CityTx, TownshipTx, fault};
use chrono::NaiveDate;
use uuid::Uuid;

/// A person who is followed up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Subject {
    /// The person.
    pub(crate) person_id: Uuid,
    /// 村(社区); empty: not known.
    pub(crate) village: String,
    /// 协理员 in the register; empty: none.
    pub(crate) coordinator: String,
    /// Who serves them today, as `store::serving` has settled it; empty: the unassigned queue.
    pub(crate) serving: String,
    /// First day in the township's register.
    pub(crate) joined_on: NaiveDate,
    /// The document of `store::facts`.
    pub(crate) facts: String,
    /// When the plan may differ next; `None`: only when facts come.
    pub(crate) next_review_on: Option<NaiveDate>,
    /// As of which day they were planned last; `None`: never.
    pub(crate) planned_as_of: Option<NaiveDate>,
    /// The entry it was merged into.
    pub(crate) merged_into: Option<Uuid>,
    /// It is a household; `person_id` is the household's id, and `facts` are a `HouseholdFacts`.
    pub(crate) household: bool,
    /// Of a household: the member whose village and coordinator are its own.
    pub(crate) head: Option<Uuid>,
}

/// Where a sweep stands in the order of review.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct ReviewKey {
    pub(crate) next_review_on: NaiveDate,
    pub(crate) person_id: Uuid,
}

impl ReviewKey {
    /// Before everybody.
    pub(crate) const FIRST: Self = Self { next_review_on: bangfu_kernel::calendar::EARLIEST, person_id: Uuid::nil() };
}

/// One person, locked. NOT_FOUND.
#[tracing::instrument(name = "db.subject.lock", level = "debug", skip_all)]
pub(crate) async fn lock(tx: &mut TownshipTx, person_id: Uuid) -> Result<Subject, Error> {
    lock_all(tx, &[person_id]).await?.pop().ok_or(Error::NotFound(Resource::Person))
}

/// NOT_FOUND (person) unless this is a person, no household.
#[tracing::instrument(name = "db.subject.is_a_person", level = "debug", skip_all)]
pub(crate) async fn is_a_person(tx: &mut TownshipTx, person_id: Uuid) -> Result<(), Error> {
    let township = tx.township().to_owned();
    let found = sqlx::query_scalar!(
        r#"
        SELECT EXISTS (SELECT FROM subject
                        WHERE township = $1
                          AND person_id = $2
                          AND NOT household) AS "found!"
        "#,
        township,
        person_id,
    )
    .fetch_one(tx)
    .await
    .map_err(fault)?;
    if found { Ok(()) } else { Err(Error::NotFound(Resource::Person)) }
}

/// Those of the people named who are there, locked, in the order of their ids.
pub(crate) async fn lock_all(tx: &mut TownshipTx, person_ids: &[Uuid]) -> Result<Vec<Subject>, Error> {
    let mut held = hold(tx, person_ids).await?;
    let mut reviews: BTreeMap<_, _> =
        reviews(tx, person_ids).await?.into_iter().map(|review| (review.person_id, review)).collect();
    held.retain_mut(|subject| {
        let Some(review) = reviews.remove(&subject.person_id) else { return false };
        (subject.next_review_on, subject.planned_as_of) = (review.next_review_on, review.planned_as_of);
        true
    });
    Ok(held)
}

/// Locks people. Whoever waited for a lock is given the row as the one before has left it; when they are to be looked at
/// next stands in another row, which has to be read afterwards.
#[tracing::instrument(name = "db.subject.hold", level = "debug", skip_all)]
async fn hold(tx: &mut TownshipTx, person_ids: &[Uuid]) -> Result<Vec<Subject>, Error> {
    let township = tx.township().to_owned();
    sqlx::query_as!(
        Subject,
        r#"
        SELECT person_id
             , village
             , coordinator
             , COALESCE(serving, coordinator) AS "serving!"
             , joined_on
             , facts::text AS "facts!"
             , NULL::date AS next_review_on
             , NULL::date AS planned_as_of
             , merged_into
             , household
             , head
          FROM subject
         WHERE township = $1
           AND person_id = ANY ($2)
         ORDER BY person_id
           FOR UPDATE
        "#,
        township,
        person_ids,
    )
    .fetch_all(tx)
    .await
    .map_err(fault)
}

struct Review {
    person_id: Uuid,
    next_review_on: Option<NaiveDate>,
    planned_as_of: Option<NaiveDate>,
}

#[tracing::instrument(name = "db.review.read", level = "debug", skip_all)]
async fn reviews(tx: &mut TownshipTx, person_ids: &[Uuid]) -> Result<Vec<Review>, Error> {
    let township = tx.township().to_owned();
    sqlx::query_as!(
        Review,
        r#"
        SELECT person_id
             , next_review_on
             , planned_as_of
          FROM review
         WHERE township = $1
           AND person_id = ANY ($2)
        "#,
        township,
        person_ids,
    )
    .fetch_all(tx)
    .await
    .map_err(fault)
}

/// People whose review day has come, and where the next of them begin.
pub(crate) struct Due {
    /// Locked, in the order of their ids.
    pub(crate) subjects: Vec<Subject>,
    /// `None`: there are no more.
    pub(crate) next: Option<ReviewKey>,
}

/// The next people whose review day has come, locked.
pub(crate) async fn lock_due(
    tx: &mut TownshipTx,
    as_of: NaiveDate,
    after: ReviewKey,
    limit: i64,
) -> Result<Due, Error> {
    let keys = due(tx, as_of, after, limit).await?;
    let full = i64::try_from(keys.len()).is_ok_and(|count| count == limit);
    let next = keys.last().copied().filter(|_| full);
    let people: Vec<_> = keys.into_iter().map(|key| key.person_id).collect();
    let mut subjects = lock_all(tx, &people).await?;
    // Somebody else may have planned them while this waited.
    subjects.retain(|subject| subject.next_review_on.is_some_and(|next| next <= as_of));
    Ok(Due { subjects, next })
}

#[tracing::instrument(name = "db.review.due", level = "debug", skip_all)]
async fn due(tx: &mut TownshipTx, as_of: NaiveDate, after: ReviewKey, limit: i64) -> Result<Vec<ReviewKey>, Error> {
    let township = tx.township().to_owned();
    sqlx::query_as!(
        ReviewKey,
        r#"
        SELECT next_review_on AS "next_review_on!"
             , person_id
          FROM review
         WHERE township = $1
           AND next_review_on <= $2
           AND (next_review_on, person_id) > ($3, $4)
         ORDER BY next_review_on, person_id
         LIMIT $5
        "#,
        township,
        as_of,
        after.next_review_on,
        after.person_id,
        limit,
    )
    .fetch_all(tx)
    .await
    .map_err(fault)
}

/// Enters people, or replaces what is known of them. Who serves them is the register's coordinator at first and then stays
/// as it is, until `store::serving` settles it.
#[tracing::instrument(name = "db.subject.save", level = "debug", skip_all)]
pub(crate) async fn save(tx: &mut TownshipTx, subjects: &[Subject]) -> Result<(), Error> {
    let township = tx.township().to_owned();
    let person_ids: Vec<_> = subjects.iter().map(|subject| subject.person_id).collect();
    let villages: Vec<_> = subjects.iter().map(|subject| subject.village.clone()).collect();
    let coordinators: Vec<_> = subjects.iter().map(|subject| subject.coordinator.clone()).collect();
    let joined_on: Vec<_> = subjects.iter().map(|subject| subject.joined_on).collect();
    let facts: Vec<_> = subjects.iter().map(|subject| subject.facts.clone()).collect();
    let next_review_on: Vec<_> = subjects.iter().map(|subject| subject.next_review_on).collect();
    let heads: Vec<_> = subjects.iter().map(|subject| subject.head).collect();
    let households: Vec<_> = subjects.iter().map(|subject| subject.household).collect();
    let merged_into: Vec<_> = subjects.iter().map(|subject| subject.merged_into).collect();
    sqlx::query!(
        r#"
        INSERT INTO subject (
               township, person_id, village, coordinator, serving, joined_on, facts, next_review_on, merged_into, household, head
               )
        SELECT $1
             , person_id
             , village
             , coordinator
             , coordinator
             , joined_on
             , facts::jsonb
             , next_review_on
             , merged_into
             , household
             , head
          FROM UNNEST(
               $2::uuid[], $3::text[], $4::text[], $5::date[], $6::text[], $7::date[], $8::uuid[], $9::boolean[], $10::uuid[]
               ) AS s (
               person_id, village, coordinator, joined_on, facts, next_review_on, merged_into, household, head
               )
            ON CONFLICT ON CONSTRAINT subject_is_followed_once
            DO UPDATE
           SET village = EXCLUDED.village
             , coordinator = EXCLUDED.coordinator
             , joined_on = EXCLUDED.joined_on
             , facts = EXCLUDED.facts
             , next_review_on = EXCLUDED.next_review_on
             , merged_into = EXCLUDED.merged_into
             , head = EXCLUDED.head
        "#,
        township,
        &person_ids,
        &villages,
        &coordinators,
        &joined_on,
        &facts,
        &next_review_on as &[Option<NaiveDate>],
        &merged_into as &[Option<Uuid>],
        &households,
        &heads as &[Option<Uuid>],
    )
    .execute(&mut *tx)
    .await
    .map_err(fault)?;
    sqlx::query!(
        r#"
        INSERT INTO review (township, person_id, next_review_on)
        SELECT $1
             , person_id
             , next_review_on
          FROM UNNEST($2::uuid[], $3::date[]) AS r (person_id, next_review_on)
            ON CONFLICT ON CONSTRAINT review_is_of_a_subject_once
            DO UPDATE
           SET next_review_on = EXCLUDED.next_review_on
        "#,
        township,
        &person_ids,
        &next_review_on as &[Option<NaiveDate>],
    )
    .execute(tx)
    .await
    .map(drop)
    .map_err(fault)
}

/// Takes in those whom an older binary has entered, which knows of no `review` and of no `serving`: one probe when there are
/// none.
#[tracing::instrument(name = "db.review.adopt", level = "debug", skip_all)]
pub(crate) async fn adopt(tx: &mut TownshipTx) -> Result<(), Error> {
    let township = tx.township().to_owned();
    sqlx::query!(
        r#"
        INSERT INTO review (township, person_id, next_review_on, planned_as_of)
        SELECT township
             , person_id
             , next_review_on
             , planned_as_of
          FROM subject
         WHERE township = $1
           AND serving IS NULL
            ON CONFLICT ON CONSTRAINT review_is_of_a_subject_once DO NOTHING
        "#,
        township,
    )
    .execute(tx)
    .await
    .map(drop)
    .map_err(fault)
}

/// Households have the village and coordinator of their heads, who may be among those just saved, or be new to theirs.
#[tracing::instrument(name = "db.subject.follow_heads", level = "debug", skip_all)]
pub(crate) async fn follow_heads(tx: &mut TownshipTx, saved: &[Uuid]) -> Result<(), Error> {
    let township = tx.township().to_owned();
    sqlx::query!(
        r#"
        UPDATE subject AS h
           SET village = m.village
             , coordinator = m.coordinator
          FROM subject AS m
         WHERE h.township = $1
           AND h.household
           AND (h.person_id = ANY ($2) OR h.head = ANY ($2))
           AND m.township = $1
           AND m.person_id = h.head
           AND (h.village, h.coordinator) IS DISTINCT FROM (m.village, m.coordinator)
        "#,
        township,
        saved,
    )
    .execute(tx)
    .await
    .map(drop)
    .map_err(fault)
}

/// Households of which somebody is or was a member, locked.
#[tracing::instrument(name = "db.subject.lock_households", level = "debug", skip_all)]
pub(crate) async fn lock_households(tx: &mut TownshipTx, member: Uuid) -> Result<Vec<Subject>, Error> {
    let township = tx.township().to_owned();
    let homes = sqlx::query_scalar!(
        r#"
        SELECT person_id
          FROM subject
         WHERE township = $1
           AND household
           AND facts -> 'members' @> jsonb_build_array(jsonb_build_object('person_id', $2::text))
         ORDER BY person_id
           FOR UPDATE
        "#,
        township,
        member.to_string(),
    )
    .fetch_all(&mut *tx)
    .await
    .map_err(fault)?;
    if homes.is_empty() { Ok(Vec::new()) } else { lock_all(tx, &homes).await }
}

/// Notes that people were planned as of a day, and when each is to be looked at again.
#[tracing::instrument(name = "db.subject.reviewed", level = "debug", skip_all)]
pub(crate) async fn reviewed(
    tx: &mut TownshipTx,
    as_of: NaiveDate,
    next: &[(Uuid, Option<NaiveDate>)],
) -> Result<(), Error> {
    let township = tx.township().to_owned();
    let (person_ids, next_review_on): (Vec<_>, Vec<_>) = next.iter().copied().unzip();
    let planned = sqlx::query!(
        r#"
        UPDATE review AS r
           SET next_review_on = n.next_review_on
             , planned_as_of = GREATEST(r.planned_as_of, $2)
          FROM UNNEST($3::uuid[], $4::date[]) AS n (person_id, next_review_on)
         WHERE r.township = $1
           AND r.person_id = n.person_id
        "#,
        township,
        as_of,
        &person_ids,
        &next_review_on as &[Option<NaiveDate>],
    )
    .execute(tx)
    .await
    .map_err(fault)?;
    let all = u64::try_from(next.len()).is_ok_and(|count| count == planned.rows_affected());
    if all { Ok(()) } else { Err(Error::internal("a planned subject is gone")) }
}

/// How many people are due for review, by township: one range of the index each.
#[tracing::instrument(name = "db.subject.due_by_township", level = "debug", skip_all)]
pub(crate) async fn due_by_township(tx: &mut CityTx, as_of: NaiveDate) -> Result<Vec<(String, i64)>, Error> {
    let due = sqlx::query!(
        r#"
        SELECT t.township
             , (SELECT count(*)
                  FROM review AS r
                 WHERE r.township = t.township
                   AND r.next_review_on <= $1) AS "due!"
          FROM township AS t
        "#,
        as_of,
    )
    .fetch_all(tx)
    .await
    .map_err(fault)?;
    Ok(due.into_iter().map(|row| (row.township, row.due)).collect())
}

/// Whether anybody is due for review.
#[tracing::instrument(name = "db.subject.anybody_due", level = "debug", skip_all)]
pub(crate) async fn anybody_due(tx: &mut TownshipTx, as_of: NaiveDate) -> Result<bool, Error> {
    let township = tx.township().to_owned();
    sqlx::query_scalar!(
        r#"
        SELECT EXISTS (
               SELECT 1
                 FROM review
                WHERE township = $1
                  AND next_review_on <= $2
               ) AS "any!"
        "#,
        township,
        as_of,
    )
    .fetch_one(tx)
    .await
    .map_err(fault)
}

/// Of the people after one of them, in the order of their ids, the next few are to be reviewed on a day, unless they are
/// sooner; those never planned wait for a sweep anyway. The last of them, if there may be more.
#[tracing::instrument(name = "db.subject.bring_forward", level = "debug", skip_all)]
pub(crate) async fn bring_forward(
    tx: &mut TownshipTx,
    day: NaiveDate,
    after: Uuid,
    limit: i64,
) -> Result<Option<Uuid>, Error> {
    let township = tx.township().to_owned();
    let brought = sqlx::query_scalar!(
        r#"
        WITH later AS (
            SELECT person_id
              FROM review
             WHERE township = $1
               AND person_id > $3
               AND planned_as_of IS NOT NULL
               AND (next_review_on IS NULL OR next_review_on > $2)
             ORDER BY person_id
             LIMIT $4
               FOR UPDATE
        )
        UPDATE review AS r
           SET next_review_on = $2
          FROM later
         WHERE r.township = $1
           AND r.person_id = later.person_id
        RETURNING r.person_id
        "#,
        township,
        day,
        after,
        limit,
    )
    .fetch_all(tx)
    .await
    .map_err(fault)?;
    let full = i64::try_from(brought.len()).is_ok_and(|count| count == limit);
    Ok(brought.into_iter().max().filter(|_| full))
}

/// People after one of them, in the order of their ids, without locks.
#[tracing::instrument(name = "db.subject.page", level = "debug", skip_all)]
pub(crate) async fn page(tx: &mut TownshipTx, after: Uuid, limit: i64) -> Result<Vec<Subject>, Error> {
    let township = tx.township().to_owned();
    sqlx::query_as!(
        Subject,
        r#"
        SELECT s.person_id
             , s.village
             , s.coordinator
             , COALESCE(s.serving, s.coordinator) AS "serving!"
             , s.joined_on
             , s.facts::text AS "facts!"
             , r.next_review_on
             , r.planned_as_of
             , s.merged_into
             , s.household
             , s.head
          FROM subject AS s
          JOIN review AS r
            ON r.township = s.township
           AND r.person_id = s.person_id
         WHERE s.township = $1
           AND r.township = $1
           AND s.person_id > $2
         ORDER BY s.person_id
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
