//! People as they are shown: read sealed, opened here; and, in `change`, what changes in their entry.

mod change;

use bangfu_kernel::{EmploymentStatus, Error, Group, Insured, ServiceLevel};
use bangfu_platform::db::{TownshipTx, fault};
use chrono::{DateTime, NaiveDate, Utc};
use sqlx::types::Json;
use uuid::Uuid;
use zeroize::Zeroizing;

use super::employment;
use crate::{
    model::{
        employment::EmploymentRecord,
        membership::Membership,
        person::{Person, sex_from_code},
        transfer::read_since,
    },
    vault::{Column, TownshipKey},
};

pub(crate) use change::{Touch, believe, leave, merged_with, touch, touch_all, update};

/// What is shown of people, chosen by a predicate over `p.person_id`: of those who are here, and of those who left for as
/// long as they may be read.
///
/// One person is asked for with `=`: for `= ANY` of an array whose length it does not know, PostgreSQL makes a plan of
/// its own for every call, which takes it five times as long as the reading.
macro_rules! shown {
    ($tx:expr, $predicate:literal, $who:expr) => {{
        let (township, since) = ($tx.township().to_owned(), read_since($tx.clock().today()));
        sqlx::query_as!(
            PersonRow,
            r#"
            SELECT p.person_id
                 , p.name
                 , p.id_number
                 , p.phone
                 , p.sex
                 , p.birth_year
                 , p.village
                 , p.coordinator
                 , p.education
                 , p.job_wish
                 , p.training_wish
                 , p.joined_on
                 , p.left_on
                 , p.level
                 , p.version
                 , p.created_at
                 , p.updated_at
                 , p.merged_into
                 , e.record_id       AS "record_id?"
                 , e.status          AS "status?"
                 , e.effective_on    AS "effective_on?"
                 , e.known_on        AS "known_on?"
                 , e.employer        AS "employer?"
                 , e.credit_code     AS "credit_code?"
                 , e.contract_months AS "contract_months?"
                 , e.insured
                 , e.source          AS "source?"
                 , e.evidence        AS "evidence?"
                 , e.corrects
                 , e.created_at      AS "recorded_at?"
                 , (SELECT json_agg(json_build_object('group', m.member_of, 'from', m.from_on, 'known_on', m.known_on
                                                    , 'until', m.until_on, 'until_known_on', m.until_known_on
                                                    , 'source', m.source, 'evidence', m.evidence
                                                    , 'end_evidence', m.end_evidence, 'details', m.details)
                                    ORDER BY m.from_on, m.member_of)
                      FROM membership m
                     WHERE m.township = $1
                       AND m.person_id = p.person_id) AS "memberships: Json<Vec<Membership>>"
              FROM person p
              LEFT JOIN employment e
                ON e.township = $1
               AND e.person_id = p.person_id
               AND e.record_id = p.employment_id
             WHERE p.township = $1
               AND (p.left_known_on IS NULL OR p.left_known_on >= $3)
           "# + $predicate,
            township,
            $who,
            since,
        )
    }};
}

/// People by id, in no order; ids that are not there are left out.
#[tracing::instrument(name = "db.person.list", level = "debug", skip_all)]
pub(crate) async fn by_id(tx: &mut TownshipTx, ids: &[Uuid]) -> Result<Vec<PersonRow>, Error> {
    shown!(tx, "AND p.person_id = ANY ($2)", ids).fetch_all(tx).await.map_err(fault)
}

/// One person; `None`: nobody has this id here.
#[tracing::instrument(name = "db.person.find", level = "debug", skip_all)]
pub(crate) async fn find(tx: &mut TownshipTx, person_id: Uuid) -> Result<Option<PersonRow>, Error> {
    shown!(tx, "AND p.person_id = $2", person_id).fetch_optional(tx).await.map_err(fault)
}

/// Which people a list is about.
#[derive(Debug, Default)]
pub(crate) struct Filter<'a> {
    /// 村(社区)
    pub village: Option<&'a str>,
    /// 协理员
    pub coordinator: Option<&'a str>,
    /// Current members of this group.
    pub group: Option<Group>,
    /// Of this level.
    pub level: Option<ServiceLevel>,
}

/// Ids after a person, in the order of registration.
#[tracing::instrument(name = "db.person.page", level = "debug", skip_all)]
pub(crate) async fn page(
    tx: &mut TownshipTx,
    filter: &Filter<'_>,
    after: Uuid,
    today: NaiveDate,
    limit: i64,
) -> Result<Vec<Uuid>, Error> {
    let township = tx.township().to_owned();
    sqlx::query_scalar!(
        r#"
        SELECT p.person_id
          FROM person p
         WHERE p.township = $1
           AND p.person_id > $2
           AND p.merged_into IS NULL
           AND p.left_on IS NULL
           AND ($3::text IS NULL OR p.village = $3)
           AND ($4::text IS NULL OR p.coordinator = $4)
           AND ($5::text IS NULL OR p.level = $5)
           AND ($6::text IS NULL OR EXISTS (
               SELECT FROM membership m
                WHERE m.township = $1
                  AND m.person_id = p.person_id
                  AND m.member_of = $6
                  AND m.from_on <= $7
                  AND (m.until_on IS NULL OR m.until_on > $7)))
         ORDER BY p.person_id
         LIMIT $8
        "#,
        township,
        after,
        filter.village,
        filter.coordinator,
        filter.level.map(ServiceLevel::code),
        filter.group.map(Group::code),
        today,
        limit,
    )
    .fetch_all(tx)
    .await
    .map_err(fault)
}

/// The same of people of a name: whole, or two characters at either end. Whoever calls looks at the names once opened.
#[tracing::instrument(name = "db.person.named", level = "debug", skip_all)]
pub(crate) async fn named(
    tx: &mut TownshipTx,
    name: Named,
    filter: &Filter<'_>,
    after: Uuid,
    today: NaiveDate,
    limit: i64,
) -> Result<Vec<Uuid>, Error> {
    let township = tx.township().to_owned();
    sqlx::query_scalar!(
        r#"
        SELECT p.person_id
          FROM person p
         WHERE p.township = $1
           AND (p.name_head = $2 OR p.name_tail = $3)
           AND ($4 OR (p.name_head = $2 AND p.name_tail = $3))
           AND p.person_id > $5
           AND p.merged_into IS NULL
           AND p.left_on IS NULL
           AND ($6::text IS NULL OR p.village = $6)
           AND ($7::text IS NULL OR p.coordinator = $7)
           AND ($8::text IS NULL OR p.level = $8)
           AND ($9::text IS NULL OR EXISTS (
               SELECT FROM membership m
                WHERE m.township = $1
                  AND m.person_id = p.person_id
                  AND m.member_of = $9
                  AND m.from_on <= $10
                  AND (m.until_on IS NULL OR m.until_on > $10)))
         ORDER BY p.person_id
         LIMIT $11
        "#,
        township,
        name.head,
        name.tail,
        name.either_end,
        after,
        filter.village,
        filter.coordinator,
        filter.level.map(ServiceLevel::code),
        filter.group.map(Group::code),
        today,
        limit,
    )
    .fetch_all(tx)
    .await
    .map_err(fault)
}

/// A name as it is looked for.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Named {
    /// Hash of its first two characters.
    pub head: i64,
    /// Hash of its last two.
    pub tail: i64,
    /// Whether one of them is enough.
    pub either_end: bool,
}

/// `Some`: somebody has this id here, or had it and may still be read.
#[tracing::instrument(name = "db.person.is_here", level = "debug", skip_all)]
pub(crate) async fn is_here(tx: &mut TownshipTx, person_id: Uuid) -> Result<Option<()>, Error> {
    let (township, since) = (tx.township().to_owned(), read_since(tx.clock().today()));
    sqlx::query_scalar!(
        r#"
        SELECT 1
          FROM person
         WHERE township = $1
           AND person_id = $2
           AND (left_known_on IS NULL OR left_known_on >= $3)
        "#,
        township,
        person_id,
        since,
    )
    .fetch_optional(tx)
    .await
    .map_err(fault)
    .map(|row| row.map(drop))
}

/// Somebody who is locked.
pub(crate) struct Locked {
    /// 村(社区)
    pub village: String,
    /// The day it was decided that they left; `None`: they are here.
    pub left_known_on: Option<NaiveDate>,
    /// The entry it was merged into.
    pub merged_into: Option<Uuid>,
    /// The day on which they were anonymised; `None`: it is known who they are.
    pub anonymised_on: Option<NaiveDate>,
}

/// Locks somebody for a change of their records; `None`: nobody has, or had, this id here.
#[tracing::instrument(name = "db.person.lock", level = "debug", skip_all)]
pub(crate) async fn lock(tx: &mut TownshipTx, person_id: Uuid) -> Result<Option<Locked>, Error> {
    let township = tx.township().to_owned();
    sqlx::query_as!(
        Locked,
        r#"
        SELECT village
             , left_known_on
             , merged_into
             , anonymised_on
          FROM person
         WHERE township = $1
           AND person_id = $2
           FOR NO KEY UPDATE
        "#,
        township,
        person_id,
    )
    .fetch_optional(tx)
    .await
    .map_err(fault)
}

/// The sealed data of one person, for showing it in full.
pub(crate) struct SealedRow {
    name: Vec<u8>,
    id_number: Vec<u8>,
    phone: Option<Vec<u8>>,
    address: Option<Vec<u8>>,
    remark: Option<Vec<u8>>,
    /// 村(社区)
    pub village: String,
}

/// Personal data in full.
pub(crate) struct Revealed {
    /// 姓名
    pub name: Zeroizing<String>,
    /// 身份证号码
    pub id_number: Zeroizing<String>,
    /// 联系电话
    pub phone: Zeroizing<String>,
    /// 住址
    pub address: Zeroizing<String>,
    /// 备注
    pub remark: Zeroizing<String>,
}

/// What is sealed of one person; `None`: nobody has this id here, or had it and may still be read.
#[tracing::instrument(name = "db.person.sealed", level = "debug", skip_all)]
pub(crate) async fn sealed(tx: &mut TownshipTx, person_id: Uuid) -> Result<Option<SealedRow>, Error> {
    let (township, since) = (tx.township().to_owned(), read_since(tx.clock().today()));
    sqlx::query_as!(
        SealedRow,
        r#"
        SELECT name
             , id_number
             , phone
             , address
             , remark
             , village
          FROM person
         WHERE township = $1
           AND person_id = $2
           AND (left_known_on IS NULL OR left_known_on >= $3)
        "#,
        township,
        person_id,
        since,
    )
    .fetch_optional(tx)
    .await
    .map_err(fault)
}

impl SealedRow {
    /// Opens it.
    pub(crate) fn open(&self, person: Uuid, key: &TownshipKey) -> Result<Revealed, Error> {
        Ok(Revealed {
            name: key.open(person, Column::Name, &self.name)?,
            id_number: key.open(person, Column::IdNumber, &self.id_number)?,
            phone: key.open_optional(person, Column::Phone, self.phone.as_deref())?,
            address: key.open_optional(person, Column::Address, self.address.as_deref())?,
            remark: key.open_optional(person, Column::Remark, self.remark.as_deref())?,
        })
    }
}

/// A person with their memberships and the record that is believed, personal data sealed.
pub(crate) struct PersonRow {
    /// Their id.
    pub person_id: Uuid,
    name: Vec<u8>,
    id_number: Vec<u8>,
    phone: Option<Vec<u8>>,
    sex: String,
    birth_year: i16,
    village: String,
    coordinator: String,
    education: String,
    job_wish: String,
    training_wish: String,
    joined_on: NaiveDate,
    left_on: Option<NaiveDate>,
    level: String,
    version: i64,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
    merged_into: Option<Uuid>,
    record_id: Option<Uuid>,
    status: Option<String>,
    effective_on: Option<NaiveDate>,
    known_on: Option<NaiveDate>,
    employer: Option<String>,
    credit_code: Option<String>,
    contract_months: Option<i32>,
    insured: Option<bool>,
    source: Option<String>,
    evidence: Option<String>,
    corrects: Option<Uuid>,
    recorded_at: Option<DateTime<Utc>>,
    memberships: Option<Json<Vec<Membership>>>,
}

impl PersonRow {
    /// Opens what is shown masked.
    pub(crate) fn open(self, key: &TownshipKey) -> Result<Person, Error> {
        Ok(Person {
            person_id: self.person_id,
            name: key.open(self.person_id, Column::Name, &self.name)?,
            id_number: key.open(self.person_id, Column::IdNumber, &self.id_number)?,
            phone: key.open_optional(self.person_id, Column::Phone, self.phone.as_deref())?,
            employment: self.record()?,
            sex: sex_from_code(&self.sex),
            birth_year: self.birth_year,
            village: self.village,
            coordinator: self.coordinator,
            education: self.education,
            job_wish: self.job_wish,
            training_wish: self.training_wish,
            memberships: self.memberships.map(|Json(memberships)| memberships).unwrap_or_default(),
            level: ServiceLevel::from_code(&self.level)
                .ok_or_else(|| Error::internal(format!("{} is no service level", self.level)))?,
            joined_on: self.joined_on,
            left_on: self.left_on,
            version: self.version,
            created_at: self.created_at,
            updated_at: self.updated_at,
            merged_into: self.merged_into,
        })
    }

    fn record(&self) -> Result<Option<EmploymentRecord>, Error> {
        let (Some(record_id), Some(status)) = (self.record_id, &self.status) else { return Ok(None) };
        let status: EmploymentStatus = employment::status(status)?;
        let text = |text: &Option<String>| text.clone().unwrap_or_default();
        Ok(Some(EmploymentRecord {
            record_id,
            status,
            effective_on: self.effective_on.unwrap_or_default(),
            known_on: self.known_on.unwrap_or_default(),
            employer: text(&self.employer).into(),
            credit_code: text(&self.credit_code).into(),
            contract_months: self.contract_months.unwrap_or_default(),
            insured: Insured::from_option(self.insured),
            source: text(&self.source).into(),
            evidence: text(&self.evidence).into(),
            corrects: self.corrects,
            created_at: self.recorded_at.unwrap_or_default(),
        }))
    }
}
