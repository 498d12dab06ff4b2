//! What changes in somebody's entry: the version, which is the etag, with every change.

use bangfu_kernel::Error;
use bangfu_platform::db::{TownshipTx, fault};
use chrono::NaiveDate;
use rand::{SeedableRng as _, rngs::StdRng};
use uuid::Uuid;
use zeroize::Zeroizing;

use crate::{
    model::employment::EmploymentRecord,
    vault::{Column, TownshipKey},
    wire::update::Update,
};

/// What changes about somebody besides their records.
#[derive(Debug, Default)]
pub(crate) struct Touch<'a> {
    /// 毕业时间
    pub graduated_on: Option<NaiveDate>,
    /// 就业意愿
    pub job_wish: Option<&'a str>,
    /// 培训意愿
    pub training_wish: Option<&'a str>,
}

/// Notes that somebody changed; their etag with it.
#[tracing::instrument(name = "db.person.touch", level = "debug", skip_all)]
pub(crate) async fn touch(tx: &mut TownshipTx, person_id: Uuid, touch: &Touch<'_>) -> Result<(), Error> {
    let (township, now) = (tx.township().to_owned(), tx.clock().now());
    let touched = sqlx::query!(
        r#"
        UPDATE person
           SET graduated_on = COALESCE($3, graduated_on)
             , job_wish = COALESCE($4, job_wish)
             , training_wish = COALESCE($5, training_wish)
             , version = version + 1
             , updated_at = $6
         WHERE township = $1
           AND person_id = $2
        "#,
        township,
        person_id,
        touch.graduated_on,
        touch.job_wish,
        touch.training_wish,
        now,
    )
    .execute(tx)
    .await
    .map_err(fault)?;
    if touched.rows_affected() == 1 { Ok(()) } else { Err(Error::internal("a locked person is gone")) }
}

/// Notes that several people changed; their etags with it.
#[tracing::instrument(name = "db.person.touch_all", level = "debug", skip_all)]
pub(crate) async fn touch_all(tx: &mut TownshipTx, people: &[Uuid]) -> Result<(), Error> {
    if people.is_empty() {
        return Ok(());
    }
    let (township, now) = (tx.township().to_owned(), tx.clock().now());
    sqlx::query!(
        r#"
        UPDATE person
           SET version = version + 1
             , updated_at = $3
         WHERE township = $1
           AND person_id = ANY ($2)
        "#,
        township,
        people,
        now,
    )
    .execute(tx)
    .await
    .map(drop)
    .map_err(fault)
}

/// Changes fields of somebody's entry; their etag with it.
#[tracing::instrument(name = "db.person.update", level = "debug", skip_all)]
pub(crate) async fn update(tx: &mut TownshipTx, person_id: Uuid, new: &Update, key: &TownshipKey) -> Result<(), Error> {
    let (township, now) = (tx.township().to_owned(), tx.clock().now());
    let mut chance = StdRng::from_os_rng();
    let mut sealed = |column, text: &Option<Zeroizing<String>>| match text.as_deref() {
        None => Ok(None),
        Some(text) => key.seal(person_id, column, text, &mut chance).map(Some),
    };
    let emptied = |text: &Option<Zeroizing<String>>| text.as_ref().is_some_and(|text| text.is_empty());
    let updated = sqlx::query!(
        r#"
        UPDATE person
           SET name = COALESCE($3, name)
             , phone = CASE WHEN $5 THEN NULL ELSE COALESCE($4, phone) END
             , address = CASE WHEN $7 THEN NULL ELSE COALESCE($6, address) END
             , remark = CASE WHEN $9 THEN NULL ELSE COALESCE($8, remark) END
             , village = COALESCE($10, village)
             , coordinator = COALESCE($11, coordinator)
             , education = COALESCE($12, education)
             , job_wish = COALESCE($13, job_wish)
             , training_wish = COALESCE($14, training_wish)
             , version = version + 1
             , updated_at = $15
         WHERE township = $1
           AND person_id = $2
        "#,
        township,
        person_id,
        sealed(Column::Name, &new.name)?,
        sealed(Column::Phone, &new.phone)?,
        emptied(&new.phone),
        sealed(Column::Address, &new.address)?,
        emptied(&new.address),
        sealed(Column::Remark, &new.remark)?,
        emptied(&new.remark),
        new.village,
        new.coordinator,
        new.education,
        new.job_wish,
        new.training_wish,
        now,
    )
    .execute(tx)
    .await
    .map_err(fault)?;
    if updated.rows_affected() == 1 { Ok(()) } else { Err(Error::internal("a locked person is gone")) }
}

/// Notes which record is believed of somebody, for the filters of lists.
#[tracing::instrument(name = "db.person.believe", level = "debug", skip_all)]
pub(crate) async fn believe(tx: &mut TownshipTx, person_id: Uuid, record: &EmploymentRecord) -> Result<(), Error> {
    let (township, now) = (tx.township().to_owned(), tx.clock().now());
    let noted = sqlx::query!(
        r#"
        UPDATE person
           SET employment_id = $3
             , status = $4
             , level = $5
             , version = version + 1
             , updated_at = $6
         WHERE township = $1
           AND person_id = $2
        "#,
        township,
        person_id,
        record.record_id,
        record.status.code(),
        record.level().code(),
        now,
    )
    .execute(tx)
    .await
    .map_err(fault)?;
    if noted.rows_affected() == 1 { Ok(()) } else { Err(Error::internal("a locked person is gone")) }
}

/// Notes that somebody who is locked left; the first day of the stay that ends.
#[tracing::instrument(name = "db.person.leave", level = "debug", skip_all)]
pub(crate) async fn leave(tx: &mut TownshipTx, person_id: Uuid, left_on: NaiveDate) -> Result<NaiveDate, Error> {
    merged_with(tx, person_id, Some(left_on)).await?;
    let (township, now, today) = (tx.township().to_owned(), tx.clock().now(), tx.clock().today());
    sqlx::query_scalar!(
        r#"
        UPDATE person
           SET left_on = $3
             , left_known_on = $4
             , version = version + 1
             , updated_at = $5
         WHERE township = $1
           AND person_id = $2
           AND left_on IS NULL
        RETURNING joined_on
        "#,
        township,
        person_id,
        left_on,
        today,
        now,
    )
    .fetch_optional(tx)
    .await
    .map_err(fault)?
    .ok_or_else(|| Error::internal("a locked person is gone"))
}

/// Entries that were merged into somebody are read here for as long as that one is: they leave, and come back (`None`), with
/// them.
#[tracing::instrument(name = "db.person.merged_with", level = "debug", skip_all)]
pub(crate) async fn merged_with(tx: &mut TownshipTx, person_id: Uuid, left_on: Option<NaiveDate>) -> Result<(), Error> {
    let township = tx.township().to_owned();
    let known_on = left_on.map(|_| tx.clock().today());
    sqlx::query!(
        r#"
        WITH RECURSIVE merged AS (
            SELECT person_id FROM person WHERE township = $1 AND merged_into = $2
             UNION
            SELECT p.person_id
              FROM person p
              JOIN merged m ON p.merged_into = m.person_id
             WHERE p.township = $1
        )
        UPDATE person
           SET left_on = $3
             , left_known_on = $4
         WHERE township = $1
           AND person_id IN (SELECT person_id FROM merged)
        "#,
        township,
        person_id,
        left_on,
        known_on,
    )
    .execute(tx)
    .await
    .map(drop)
    .map_err(fault)
}
