//! The register's bulk statements: people entered, read for comparing, and changed, thousands at once.

use std::sync::Arc;

use bangfu_kernel::Error;
use bangfu_platform::db::{TownshipTx, fault};
use chrono::NaiveDate;
use uuid::Uuid;

use crate::vault::Tokens;

/// New people, column by column.
#[derive(Default)]
pub(crate) struct Entered {
    pub person_id: Vec<Uuid>,
    pub name: Vec<Vec<u8>>,
    pub id_number: Vec<Vec<u8>>,
    pub phone: Vec<Option<Vec<u8>>>,
    pub address: Vec<Option<Vec<u8>>>,
    pub remark: Vec<Option<Vec<u8>>>,
    pub sex: Vec<&'static str>,
    pub birth_year: Vec<i16>,
    pub village: Vec<Arc<str>>,
    pub coordinator: Vec<Arc<str>>,
    pub education: Vec<Arc<str>>,
    pub job_wish: Vec<Arc<str>>,
    pub training_wish: Vec<Arc<str>>,
    pub graduated_on: Vec<Option<NaiveDate>>,
    pub employment_id: Vec<Option<Uuid>>,
    pub status: Vec<Option<&'static str>>,
    pub level: Vec<&'static str>,
    /// What they are found by.
    pub tokens: TokenColumns,
}

/// What people are found by, column by column.
#[derive(Default)]
pub(crate) struct TokenColumns {
    pub name_head: Vec<i64>,
    pub name_tail: Vec<i64>,
    pub twin_birth: Vec<i64>,
    pub twin_order: Vec<i64>,
    pub twin_year: Vec<i64>,
    pub twin_day: Vec<i64>,
}

impl TokenColumns {
    /// Adds one person's.
    pub(crate) fn push(&mut self, tokens: &Tokens) {
        self.name_head.push(tokens.name_head);
        self.name_tail.push(tokens.name_tail);
        self.twin_birth.push(tokens.twin_birth);
        self.twin_order.push(tokens.twin_order);
        self.twin_year.push(tokens.twin_year);
        self.twin_day.push(tokens.twin_day);
    }
}

/// Enters people who join, and are known, from a day.
#[tracing::instrument(name = "db.person.insert", level = "debug", skip_all)]
pub(crate) async fn insert(tx: &mut TownshipTx, new: &Entered, joined_on: NaiveDate) -> Result<(), Error> {
    let (township, now) = (tx.township().to_owned(), tx.clock().now());
    sqlx::query!(
        r#"
        INSERT INTO person (township, person_id, name, id_number, phone, address, remark, sex, birth_year, village
                          , coordinator, education, job_wish, training_wish, graduated_on, employment_id, status, level
                          , name_head, name_tail, twin_birth, twin_order, twin_year, twin_day
                          , joined_on, join_known_on, version, created_at, updated_at)
        SELECT $1, p.person_id, p.name, p.id_number, p.phone, p.address, p.remark, p.sex, p.birth_year, p.village
             , p.coordinator, p.education, p.job_wish, p.training_wish, p.graduated_on, p.employment_id, p.status, p.level
             , p.name_head, p.name_tail, p.twin_birth, p.twin_order, p.twin_year, p.twin_day
             , $19, $19, 1, $20, $20
          FROM UNNEST($2::uuid[], $3::bytea[], $4::bytea[], $5::bytea[], $6::bytea[], $7::bytea[], $8::text[]
                    , $9::smallint[], $10::text[], $11::text[], $12::text[], $13::text[], $14::text[], $15::date[]
                    , $16::uuid[], $17::text[], $18::text[]
                    , $21::bigint[], $22::bigint[], $23::bigint[], $24::bigint[], $25::bigint[], $26::bigint[])
            AS p (person_id, name, id_number, phone, address, remark, sex
                , birth_year, village, coordinator, education, job_wish, training_wish, graduated_on
                , employment_id, status, level, name_head, name_tail, twin_birth, twin_order, twin_year
                , twin_day)
        "#,
        township,
        &new.person_id,
        &new.name,
        &new.id_number,
        &new.phone as &[Option<Vec<u8>>],
        &new.address as &[Option<Vec<u8>>],
        &new.remark as &[Option<Vec<u8>>],
        &new.sex as &[&str],
        &new.birth_year,
        &texts(&new.village) as &[&str],
        &texts(&new.coordinator) as &[&str],
        &texts(&new.education) as &[&str],
        &texts(&new.job_wish) as &[&str],
        &texts(&new.training_wish) as &[&str],
        &new.graduated_on as &[Option<NaiveDate>],
        &new.employment_id as &[Option<Uuid>],
        &new.status as &[Option<&str>],
        &new.level as &[&str],
        joined_on,
        now,
        &new.tokens.name_head,
        &new.tokens.name_tail,
        &new.tokens.twin_birth,
        &new.tokens.twin_order,
        &new.tokens.twin_year,
        &new.tokens.twin_day,
    )
    .execute(tx)
    .await
    .map(drop)
    .map_err(fault)
}

/// What a row is compared with, sealed.
pub(crate) struct KnownRow {
    pub person_id: Uuid,
    pub name: Vec<u8>,
    pub phone: Option<Vec<u8>>,
    pub address: Option<Vec<u8>>,
    pub remark: Option<Vec<u8>>,
    pub village: String,
    pub coordinator: String,
    pub education: String,
    pub job_wish: String,
    pub training_wish: String,
    pub graduated_on: Option<NaiveDate>,
}

/// People for comparing, in the order of ids, locked in that order: two rosters at once wait and never deadlock.
#[tracing::instrument(name = "db.person.known", level = "debug", skip_all)]
pub(crate) async fn known(tx: &mut TownshipTx, ids: &[Uuid]) -> Result<Vec<KnownRow>, Error> {
    let township = tx.township().to_owned();
    sqlx::query_as!(
        KnownRow,
        r#"
        SELECT person_id
             , name
             , phone
             , address
             , remark
             , village
             , coordinator
             , education
             , job_wish
             , training_wish
             , graduated_on
          FROM person
         WHERE township = $1
           AND person_id = ANY ($2)
           AND left_on IS NULL
         ORDER BY person_id
           FOR NO KEY UPDATE
        "#,
        township,
        ids,
    )
    .fetch_all(tx)
    .await
    .map_err(fault)
}

/// Changes of known people, column by column; `None` leaves a column as it is.
#[derive(Default)]
pub(crate) struct Changed {
    pub person_id: Vec<Uuid>,
    pub phone: Vec<Option<Vec<u8>>>,
    pub address: Vec<Option<Vec<u8>>>,
    pub remark: Vec<Option<Vec<u8>>>,
    pub village: Vec<Option<Arc<str>>>,
    pub coordinator: Vec<Option<Arc<str>>>,
    pub education: Vec<Option<Arc<str>>>,
    pub job_wish: Vec<Option<Arc<str>>>,
    pub training_wish: Vec<Option<Arc<str>>>,
    pub graduated_on: Vec<Option<NaiveDate>>,
    pub employment_id: Vec<Option<Uuid>>,
    pub status: Vec<Option<&'static str>>,
    pub level: Vec<Option<&'static str>>,
}

/// Changes known people.
#[tracing::instrument(name = "db.person.update", level = "debug", skip_all)]
pub(crate) async fn update(tx: &mut TownshipTx, changed: &Changed) -> Result<(), Error> {
    if changed.person_id.is_empty() {
        return Ok(());
    }
    let (township, now) = (tx.township().to_owned(), tx.clock().now());
    let updated = sqlx::query!(
        r#"
        UPDATE person p
           SET phone = COALESCE(c.phone, p.phone)
             , address = COALESCE(c.address, p.address)
             , remark = COALESCE(c.remark, p.remark)
             , village = COALESCE(c.village, p.village)
             , coordinator = COALESCE(c.coordinator, p.coordinator)
             , education = COALESCE(c.education, p.education)
             , job_wish = COALESCE(c.job_wish, p.job_wish)
             , training_wish = COALESCE(c.training_wish, p.training_wish)
             , graduated_on = COALESCE(c.graduated_on, p.graduated_on)
             , employment_id = COALESCE(c.employment_id, p.employment_id)
             , status = COALESCE(c.status, p.status)
             , level = COALESCE(c.level, p.level)
             , version = p.version + 1
             , updated_at = $15
          FROM UNNEST($2::uuid[], $3::bytea[], $4::bytea[], $5::bytea[], $6::text[], $7::text[], $8::text[]
                    , $9::text[], $10::text[], $11::date[], $12::uuid[], $13::text[], $14::text[])
            AS c (person_id, phone, address, remark, village, coordinator
                , education, job_wish, training_wish, graduated_on, employment_id, status, level)
         WHERE p.township = $1
           AND p.person_id = c.person_id
        "#,
        township,
        &changed.person_id,
        &changed.phone as &[Option<Vec<u8>>],
        &changed.address as &[Option<Vec<u8>>],
        &changed.remark as &[Option<Vec<u8>>],
        &optional_texts(&changed.village) as &[Option<&str>],
        &optional_texts(&changed.coordinator) as &[Option<&str>],
        &optional_texts(&changed.education) as &[Option<&str>],
        &optional_texts(&changed.job_wish) as &[Option<&str>],
        &optional_texts(&changed.training_wish) as &[Option<&str>],
        &changed.graduated_on as &[Option<NaiveDate>],
        &changed.employment_id as &[Option<Uuid>],
        &changed.status as &[Option<&str>],
        &changed.level as &[Option<&str>],
        now,
    )
    .execute(tx)
    .await
    .map_err(fault)?;
    let all = u64::try_from(changed.person_id.len()).is_ok_and(|people| people == updated.rows_affected());
    if all { Ok(()) } else { Err(Error::internal("a locked person is gone")) }
}

fn texts(column: &[Arc<str>]) -> Vec<&str> {
    column.iter().map(|text| &**text).collect()
}

fn optional_texts(column: &[Option<Arc<str>>]) -> Vec<Option<&str>> {
    column.iter().map(Option::as_deref).collect()
}
