//! Duties. DONE, MISSED and WAIVED are never rewritten: the one statement that changes a duty says so in its WHERE.

mod columns;

use std::{collections::BTreeMap, sync::Arc};

use bangfu_kernel::{Error, error::Resource};
use bangfu_platform::db::{TownshipTx, fault};
use bangfu_proto::followup::v1 as proto;
use chrono::NaiveDate;
use uuid::Uuid;

use columns::Columns;

use crate::{
    model::{
        duty::{Duty, DutyState, ReleaseReason, state_of},
        recommend::Recommendation,
        service::service_of,
    },
    wire::number,
};

/// A duty as it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Kept {
    pub(crate) duty_id: Uuid,
    pub(crate) duty: Duty,
    /// WAIVED: by which waiver.
    pub(crate) waiver_id: Option<Uuid>,
}

/// A duty as it is kept, and to whom it is owed.
#[derive(Debug, Clone)]
pub(crate) struct Owed {
    pub(crate) person_id: Uuid,
    pub(crate) kept: Kept,
}

/// A duty of somebody: raised, or as it stands after a step.
#[derive(Debug, Clone)]
pub(crate) struct Step {
    pub(crate) duty_id: Uuid,
    pub(crate) person_id: Uuid,
    pub(crate) duty: Duty,
    /// OPEN: the day on which it is best done; what is closed needs none.
    pub(crate) recommended: Option<Recommendation>,
    /// WAIVED: by which waiver.
    pub(crate) waiver_id: Option<Uuid>,
}

struct Row {
    duty_id: Uuid,
    person_id: Uuid,
    rule: String,
    service: i16,
    period_start: NaiveDate,
    slot: i16,
    opens_on: NaiveDate,
    due_on: NaiveDate,
    window_start: NaiveDate,
    target_on: NaiveDate,
    missed_from: NaiveDate,
    state: i16,
    state_on: NaiveDate,
    settled_by: Option<Uuid>,
    release_reason: Option<i16>,
    standard_version: String,
    waiver_id: Option<Uuid>,
}

/// All duties of people, by person.
#[tracing::instrument(name = "db.duty.of_people", level = "debug", skip_all)]
pub(crate) async fn of_people(tx: &mut TownshipTx, person_ids: &[Uuid]) -> Result<BTreeMap<Uuid, Vec<Kept>>, Error> {
    let township = tx.township().to_owned();
    let rows = sqlx::query_as!(
        Row,
        r#"
        SELECT duty_id
             , person_id
             , rule
             , service
             , period_start
             , slot
             , opens_on
             , due_on
             , window_start
             , target_on
             , missed_from
             , state
             , state_on
             , settled_by
             , release_reason
             , standard_version
             , waiver_id
          FROM duty
         WHERE township = $1
           AND person_id = ANY ($2)
        "#,
        township,
        person_ids,
    )
    .fetch_all(tx)
    .await
    .map_err(fault)?;
    let mut words = Words::default();
    let mut people = BTreeMap::<_, Vec<_>>::new();
    for row in rows {
        people.entry(row.person_id).or_default().push(row.kept(&mut words)?);
    }
    Ok(people)
}

/// A duty. NOT_FOUND.
#[tracing::instrument(name = "db.duty.get", level = "debug", skip_all)]
pub(crate) async fn get(tx: &mut TownshipTx, duty_id: Uuid) -> Result<Owed, Error> {
    let township = tx.township().to_owned();
    let row = sqlx::query_as!(
        Row,
        r#"
        SELECT duty_id
             , person_id
             , rule
             , service
             , period_start
             , slot
             , opens_on
             , due_on
             , window_start
             , target_on
             , missed_from
             , state
             , state_on
             , settled_by
             , release_reason
             , standard_version
             , waiver_id
          FROM duty
         WHERE township = $1
           AND duty_id = $2
        "#,
        township,
        duty_id,
    )
    .fetch_optional(tx)
    .await
    .map_err(fault)?
    .ok_or(Error::NotFound(Resource::Duty))?;
    Ok(Owed { person_id: row.person_id, kept: row.kept(&mut Words::default())? })
}

/// Raises duties. One that is there already fails the unit of work: the locks on the subjects exclude it. (Leaving it alone,
/// with ON CONFLICT, would cost a sixth of the statement.)
#[tracing::instrument(name = "db.duty.insert", level = "debug", skip_all)]
pub(crate) async fn insert(tx: &mut TownshipTx, steps: &[Step]) -> Result<(), Error> {
    let township = tx.township().to_owned();
    let columns = Columns::of(steps)?;
    sqlx::query!(
        r#"
        INSERT INTO duty (
               township
             , person_id
             , rule
             , period_start
             , slot
             , duty_id
             , service
             , opens_on
             , due_on
             , window_start
             , target_on
             , missed_from
             , state
             , state_on
             , settled_by
             , release_reason
             , standard_version
             , recommended_on
             , recommended_by
             , moved_from
             , moved_because
             , waiver_id
             )
        SELECT $1, d.*
          FROM UNNEST(
               $2::uuid[]
             , $3::text[]
             , $4::date[]
             , $5::smallint[]
             , $6::uuid[]
             , $7::smallint[]
             , $8::date[]
             , $9::date[]
             , $10::date[]
             , $11::date[]
             , $12::date[]
             , $13::smallint[]
             , $14::date[]
             , $15::uuid[]
             , $16::smallint[]
             , $17::text[]
             , $18::date[]
             , $19::smallint[]
             , $20::date[]
             , $21::text[]
             , $22::uuid[]
             ) AS d
        "#,
        township,
        &columns.person_ids,
        &columns.rules as &[&str],
        &columns.period_starts,
        &columns.slots,
        &columns.duty_ids,
        &columns.services,
        &columns.opens_on,
        &columns.due_on,
        &columns.window_starts,
        &columns.target_on,
        &columns.missed_from,
        &columns.states,
        &columns.state_on,
        &columns.settled_by as &[Option<Uuid>],
        &columns.release_reasons as &[Option<i16>],
        &columns.standard_versions as &[&str],
        &columns.recommended_on as &[Option<NaiveDate>],
        &columns.recommended_by as &[Option<i16>],
        &columns.moved_from as &[Option<NaiveDate>],
        &columns.moved_because as &[Option<&str>],
        &columns.waiver_ids as &[Option<Uuid>],
    )
    .execute(tx)
    .await
    .map(drop)
    .map_err(fault)
}

/// Makes duties stand as they do after a step. Only what is OPEN or RELEASED is touched; what is MISSED where it becomes
/// WAIVED; and, when a contact was voided or a waiver revoked, what is DONE or WAIVED by it. How many were.
#[tracing::instrument(name = "db.duty.change", level = "debug", skip_all)]
pub(crate) async fn change(tx: &mut TownshipTx, steps: &[Step], voided: &[Uuid]) -> Result<u64, Error> {
    let township = tx.township().to_owned();
    let columns = Columns::of(steps)?;
    let changed = sqlx::query!(
        r#"
        UPDATE duty AS d
           SET opens_on = n.opens_on
             , due_on = n.due_on
             , window_start = n.window_start
             , target_on = n.target_on
             , missed_from = n.missed_from
             , state = n.state
             , state_on = n.state_on
             , settled_by = n.settled_by
             , release_reason = n.release_reason
             , recommended_on = n.recommended_on
             , recommended_by = n.recommended_by
             , moved_from = n.moved_from
             , moved_because = n.moved_because
             , waiver_id = n.waiver_id
          FROM UNNEST(
               $2::uuid[]
             , $3::date[]
             , $4::date[]
             , $5::date[]
             , $6::date[]
             , $7::date[]
             , $8::smallint[]
             , $9::date[]
             , $10::uuid[]
             , $11::smallint[]
             , $12::date[]
             , $13::smallint[]
             , $14::date[]
             , $15::text[]
             , $16::uuid[]
             ) AS n (
               duty_id
             , opens_on
             , due_on
             , window_start
             , target_on
             , missed_from
             , state
             , state_on
             , settled_by
             , release_reason
             , recommended_on
             , recommended_by
             , moved_from
             , moved_because
             , waiver_id
             )
         WHERE d.township = $1
           AND d.duty_id = n.duty_id
           AND (d.state IN (1, 4)
                OR (d.state = 3 AND n.state = 5)
                OR (d.state = 2 AND d.settled_by = ANY ($17))
                OR (d.state = 5 AND d.waiver_id = ANY ($17)))
        "#,
        township,
        &columns.duty_ids,
        &columns.opens_on,
        &columns.due_on,
        &columns.window_starts,
        &columns.target_on,
        &columns.missed_from,
        &columns.states,
        &columns.state_on,
        &columns.settled_by as &[Option<Uuid>],
        &columns.release_reasons as &[Option<i16>],
        &columns.recommended_on as &[Option<NaiveDate>],
        &columns.recommended_by as &[Option<i16>],
        &columns.moved_from as &[Option<NaiveDate>],
        &columns.moved_because as &[Option<&str>],
        &columns.waiver_ids as &[Option<Uuid>],
        voided,
    )
    .execute(tx)
    .await
    .map_err(fault)?;
    Ok(changed.rows_affected())
}

/// The duties that contacts settled: pairs of contact and duty.
#[tracing::instrument(name = "db.duty.settled_by", level = "debug", skip_all)]
pub(crate) async fn settled_by(tx: &mut TownshipTx, contact_ids: &[Uuid]) -> Result<Vec<(Uuid, Uuid)>, Error> {
    let township = tx.township().to_owned();
    let rows = sqlx::query!(
        r#"
        SELECT settled_by AS "contact_id!"
             , duty_id
          FROM duty
         WHERE township = $1
           AND settled_by = ANY ($2)
         ORDER BY duty_id
        "#,
        township,
        contact_ids,
    )
    .fetch_all(tx)
    .await
    .map_err(fault)?;
    Ok(rows.into_iter().map(|row| (row.contact_id, row.duty_id)).collect())
}

/// Whose duties a record has settled: not only of those who have it now, for it may have moved with a merge.
#[tracing::instrument(name = "db.duty.settled_of", level = "debug", skip_all)]
pub(crate) async fn settled_of(tx: &mut TownshipTx, record_id: Uuid) -> Result<Vec<Uuid>, Error> {
    let township = tx.township().to_owned();
    sqlx::query_scalar!(
        r#"
        SELECT DISTINCT person_id
          FROM duty
         WHERE township = $1
           AND settled_by = $2
         ORDER BY person_id
        "#,
        township,
        record_id,
    )
    .fetch_all(tx)
    .await
    .map_err(fault)
}

/// Rule ids and versions seen so far: there are few, and many rows share them.
#[derive(Default)]
struct Words(Vec<Arc<str>>);

impl Words {
    fn shared(&mut self, word: &str) -> Arc<str> {
        if let Some(known) = self.0.iter().find(|known| &***known == word) {
            return Arc::clone(known);
        }
        let new = Arc::<str>::from(word);
        self.0.push(Arc::clone(&new));
        new
    }
}

impl Row {
    fn kept(self, words: &mut Words) -> Result<Kept, Error> {
        let unknown = || Error::internal(format!("duty {} has unknown numbers", self.duty_id));
        let service = proto::Service::try_from(i32::from(self.service)).ok().and_then(service_of);
        let reason = self.release_reason.map(|it| reason_of(it).ok_or_else(unknown)).transpose()?;
        let duty = Duty {
            rule: words.shared(&self.rule),
            service: service.ok_or_else(unknown)?,
            period_start: self.period_start,
            slot: u32::try_from(self.slot).map_err(|error| Error::Internal(Box::new(error)))?,
            opens_on: self.opens_on,
            due_on: self.due_on,
            window_start: self.window_start,
            target_on: self.target_on,
            missed_from: self.missed_from,
            state: stored_state(self.state).ok_or_else(unknown)?,
            state_on: self.state_on,
            settled_by: self.settled_by,
            reason,
            standard_version: words.shared(&self.standard_version),
        };
        Ok(Kept { duty_id: self.duty_id, duty, waiver_id: self.waiver_id })
    }
}

/// The state of a stored number.
pub(crate) fn stored_state(number: i16) -> Option<DutyState> {
    proto::DutyState::try_from(i32::from(number)).ok().and_then(state_of)
}

fn reason_of(stored: i16) -> Option<ReleaseReason> {
    ReleaseReason::ALL.into_iter().find(|&reason| number(proto::ReleaseReason::from(reason)) == stored)
}

#[cfg(test)]
mod tests {
    use bangfu_kernel::Clock;
    use bangfu_platform::{auth::Permit, db::Db};
    use bangfu_testkit::databases;

    use super::*;
    use crate::{
        model::service::Service,
        store::{
            self,
            subject::{self, Subject},
        },
        waiver::NewWaiver,
    };

    #[expect(clippy::disallowed_methods, reason = "a unit of work without a caller")]
    fn permit() -> Permit {
        Permit::of_job("test", "320685", "320685102".parse().ok())
    }

    fn step(state: DutyState, day: NaiveDate) -> Step {
        let reason = (state == DutyState::Released).then_some(ReleaseReason::LevelChanged);
        let duty = Duty {
            rule: "follow_up.unemployed".into(),
            service: Service::FollowUp,
            period_start: day,
            slot: 0,
            opens_on: day,
            due_on: day,
            window_start: day,
            target_on: day,
            missed_from: day,
            state,
            state_on: day,
            settled_by: None,
            reason,
            standard_version: "2021-03-01".into(),
        };
        Step { duty_id: Uuid::from_u128(7), person_id: Uuid::from_u128(1), duty, recommended: None, waiver_id: None }
    }

    async fn let_off(tx: &mut TownshipTx, step: &Step) -> Uuid {
        let waiver_id = Uuid::from_u128(9);
        let waiver = NewWaiver {
            duty_id: step.duty_id,
            reason: proto::WaiverReason::Error,
            text: String::new(),
            evidence: Vec::new(),
        };
        let kept = Kept { duty_id: step.duty_id, duty: step.duty.clone(), waiver_id: None };
        let owed = Owed { person_id: step.person_id, kept };
        store::waiver::insert(tx, waiver_id, &waiver, &owed).await.expect("asked");
        waiver_id
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn what_is_final_is_not_rewritten_by_the_statement_that_changes_duties() {
        let name = databases::clone("followup").await;
        let day: NaiveDate = "2026-01-05".parse().expect("a date");
        let settings = databases::settings("followup", &name).await;
        let db = Db::open(&settings, Clock::at(day)).await.expect("open");
        let person = Subject {
            person_id: Uuid::from_u128(1),
            village: String::new(),
            coordinator: String::new(),
            serving: String::new(),
            joined_on: day,
            facts: "{}".to_owned(),
            next_review_on: None,
            merged_into: None,
            household: false,
            head: None,
            planned_as_of: None,
        };
        for (before, changes) in
            [(DutyState::Open, 1), (DutyState::Released, 1), (DutyState::Missed, 0), (DutyState::Waived, 0)]
        {
            let mut tx = db.township(&permit()).await.expect("begun");
            subject::save(&mut tx, std::slice::from_ref(&person)).await.expect("saved");
            // Nothing is raised WAIVED: a waiver needs the duty that it lets off.
            let raised = if before == DutyState::Waived { DutyState::Open } else { before };
            insert(&mut tx, &[step(raised, day)]).await.expect("raised");
            if before == DutyState::Waived {
                let waiver_id = let_off(&mut tx, &step(raised, day)).await;
                let waived = Step { waiver_id: Some(waiver_id), ..step(before, day) };
                assert_eq!(change(&mut tx, &[waived], &[]).await.expect("changed"), 1);
            }
            let changed = change(&mut tx, &[step(DutyState::Open, day)], &[]).await.expect("changed");
            assert_eq!(changed, changes, "{before:?}");
            let kept = of_people(&mut tx, &[person.person_id]).await.expect("read");
            let state = if changes == 1 { DutyState::Open } else { before };
            assert_eq!(kept[&person.person_id][0].duty, step(state, day).duty);
            insert(&mut tx, &[step(raised, day)]).await.expect_err("raised before");
            drop(tx);
        }
        db.close().await;
        databases::drop(&name).await;
    }
}
