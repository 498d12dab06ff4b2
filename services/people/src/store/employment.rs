//! Employment records: inserted and read, never changed.

use bangfu_kernel::{EmploymentStatus, Error, Insured};
use bangfu_platform::db::{TownshipTx, constraint, fault};
use chrono::{DateTime, NaiveDate, Utc};
use uuid::Uuid;

use crate::model::employment::EmploymentRecord;

/// Records of several people, entered at once, column by column.
#[derive(Default)]
pub(crate) struct Columns<'a> {
    person_id: Vec<Uuid>,
    record_id: Vec<Uuid>,
    status: Vec<&'static str>,
    effective_on: Vec<NaiveDate>,
    known_on: Vec<NaiveDate>,
    employer: Vec<&'a str>,
    credit_code: Vec<&'a str>,
    contract_months: Vec<i32>,
    insured: Vec<Option<bool>>,
    source: Vec<&'a str>,
    evidence: Vec<&'a str>,
    corrects: Vec<Option<Uuid>>,
}

impl<'a> Columns<'a> {
    /// Adds one.
    pub(crate) fn push(&mut self, person_id: Uuid, record: &'a EmploymentRecord) {
        self.person_id.push(person_id);
        self.record_id.push(record.record_id);
        self.status.push(record.status.code());
        self.effective_on.push(record.effective_on);
        self.known_on.push(record.known_on);
        self.employer.push(&record.employer);
        self.credit_code.push(&record.credit_code);
        self.contract_months.push(record.contract_months);
        self.insured.push(record.insured.as_option());
        self.source.push(&record.source);
        self.evidence.push(&record.evidence);
        self.corrects.push(record.corrects);
    }
}

/// Inserts records. Errors: RECORD_NOT_CORRECTABLE when one corrects a record that is not the person's, or was
/// corrected before.
#[tracing::instrument(name = "db.employment.insert", level = "debug", skip_all)]
pub(crate) async fn insert(tx: &mut TownshipTx, new: &Columns<'_>) -> Result<(), Error> {
    if new.person_id.is_empty() {
        return Ok(());
    }
    let (township, now) = (tx.township().to_owned(), tx.clock().now());
    sqlx::query!(
        r#"
        INSERT INTO employment (township, person_id, record_id, status, effective_on, known_on, employer, credit_code
                              , contract_months, insured, source, evidence, corrects, created_at)
        SELECT $1, e.person_id, e.record_id, e.status, e.effective_on, e.known_on, e.employer, e.credit_code
             , e.contract_months, e.insured, e.source, e.evidence, e.corrects, $14
          FROM UNNEST($2::uuid[], $3::uuid[], $4::text[], $5::date[], $6::date[], $7::text[], $8::text[]
                    , $9::integer[], $10::boolean[], $11::text[], $12::text[], $13::uuid[])
            AS e (person_id, record_id, status, effective_on, known_on, employer, credit_code
                , contract_months, insured, source, evidence, corrects)
        "#,
        township,
        &new.person_id,
        &new.record_id,
        &new.status as &[&str],
        &new.effective_on,
        &new.known_on,
        &new.employer as &[&str],
        &new.credit_code as &[&str],
        &new.contract_months,
        &new.insured as &[Option<bool>],
        &new.source as &[&str],
        &new.evidence as &[&str],
        &new.corrects as &[Option<Uuid>],
        now,
    )
    .execute(tx)
    .await
    .map(drop)
    .map_err(|error| match (constraint(&error), new.corrects.first()) {
        (
            Some("employment_corrects_a_record_of_the_person" | "employment_record_is_corrected_once"),
            Some(&Some(record_id)),
        ) => Error::RecordNotCorrectable { record_id },
        _ => fault(error),
    })
}

/// All records of several people, ordered by person and id.
#[tracing::instrument(name = "db.employment.list", level = "debug", skip_all)]
pub(crate) async fn of_people(tx: &mut TownshipTx, people: &[Uuid]) -> Result<Vec<(Uuid, EmploymentRecord)>, Error> {
    let township = tx.township().to_owned();
    sqlx::query_as!(
        Row,
        r#"
        SELECT person_id
             , record_id
             , status
             , effective_on
             , known_on
             , employer
             , credit_code
             , contract_months
             , insured
             , source
             , evidence
             , corrects
             , created_at
          FROM employment
         WHERE township = $1
           AND person_id = ANY ($2)
         ORDER BY person_id
                , record_id
        "#,
        township,
        people,
    )
    .fetch_all(tx)
    .await
    .map_err(fault)?
    .into_iter()
    .map(|row| Ok((row.person_id, row.record()?)))
    .collect()
}

struct Row {
    person_id: Uuid,
    record_id: Uuid,
    status: String,
    effective_on: NaiveDate,
    known_on: NaiveDate,
    employer: String,
    credit_code: String,
    contract_months: i32,
    insured: Option<bool>,
    source: String,
    evidence: String,
    corrects: Option<Uuid>,
    created_at: DateTime<Utc>,
}

impl Row {
    fn record(self) -> Result<EmploymentRecord, Error> {
        Ok(EmploymentRecord {
            record_id: self.record_id,
            status: status(&self.status)?,
            effective_on: self.effective_on,
            known_on: self.known_on,
            employer: self.employer.into(),
            credit_code: self.credit_code.into(),
            contract_months: self.contract_months,
            insured: Insured::from_option(self.insured),
            source: self.source.into(),
            evidence: self.evidence.into(),
            corrects: self.corrects,
            created_at: self.created_at,
        })
    }
}

/// The status of a stored word.
pub(super) fn status(code: &str) -> Result<EmploymentStatus, Error> {
    EmploymentStatus::from_code(code).ok_or_else(|| Error::internal(format!("{code} is no employment status")))
}
