//! Recognitions of difficulty: entered, moved on, read. Whoever changes one holds the person's lock.

use bangfu_kernel::{Error, error::Resource};
use bangfu_platform::db::{TownshipTx, constraint, fault};
use bangfu_proto::people::v1::{AppliedAt, AppliedBy, DifficultyType, RecognitionFact, RecognitionState};
use chrono::{DateTime, NaiveDate, Utc};
use uuid::Uuid;

use crate::model::{
    recognition::{CheckedFact, Recognition, Step, fact_word, is_open, state_word},
    transfer::read_since,
};

/// Enters an application. Errors: RECOGNITION_STANDS.
#[tracing::instrument(name = "db.recognition.insert", level = "debug", skip_all)]
pub(crate) async fn insert(tx: &mut TownshipTx, new: &Recognition) -> Result<(), Error> {
    // Whoever calls holds the person's lock, so nobody else enters one in the meantime.
    let of_person = of_person(tx, new.person_id).await?;
    let mut open = of_person.iter().filter(|known| known.difficulty == new.difficulty && is_open(known.state));
    if let Some(standing) = open.next() {
        return Err(Error::RecognitionStands { recognition_id: standing.recognition_id });
    }
    let township = tx.township().to_owned();
    sqlx::query!(
        r#"
        INSERT INTO recognition (township, recognition_id, person_id, difficulty, state, applied_by, applied_at, applied_on
                               , evidence, entered_by, facts, created_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
        "#,
        township,
        new.recognition_id,
        new.person_id,
        difficulty_word(new.difficulty),
        state_word(new.state),
        new.applied_by.as_str_name().trim_start_matches("APPLIED_BY_"),
        new.applied_at.as_str_name().trim_start_matches("APPLIED_AT_"),
        new.applied_on,
        new.evidence,
        new.entered_by,
        &facts(&new.facts),
        new.created_at,
    )
    .execute(tx)
    .await
    .map(drop)
    .map_err(|error| match constraint(&error) {
        Some("one_recognition_of_a_type_stands") => Error::Conflict(Box::new(error)),
        _ => fault(error),
    })
}

/// Notes where an application stands now.
#[tracing::instrument(name = "db.recognition.update", level = "debug", skip_all)]
pub(crate) async fn update(tx: &mut TownshipTx, now: &Recognition) -> Result<(), Error> {
    let township = tx.township().to_owned();
    let (check, decision) = (now.check.as_ref(), now.decision.as_ref());
    let updated = sqlx::query!(
        r#"
        UPDATE recognition
           SET state = $3
             , facts = $4
             , checked_on = $5
             , checked_by = $6
             , check_note = $7
             , published_on = $8
             , published_until = $9
             , decided_on = $10
             , decided_by = $11
             , decision_note = $12
             , recognised_on = $13
             , revoked_on = $14
             , revoked_known_on = $15
             , end_reason = $16
         WHERE township = $1
           AND recognition_id = $2
        "#,
        township,
        now.recognition_id,
        state_word(now.state),
        &facts(&now.facts),
        check.map(|step| step.on),
        check.map(|step| step.by.as_str()),
        check.map(|step| step.note.as_str()),
        now.published.map(|(first, _)| first),
        now.published.map(|(_, last)| last),
        decision.map(|step| step.on),
        decision.map(|step| step.by.as_str()),
        decision.map(|step| step.note.as_str()),
        now.recognised_on,
        now.revoked.map(|(on, _)| on),
        now.revoked.map(|(_, known_on)| known_on),
        now.end_reason,
    )
    .execute(tx)
    .await
    .map_err(fault)?;
    if updated.rows_affected() == 1 { Ok(()) } else { Err(Error::internal("a recognition is gone")) }
}

/// What is read of an application.
macro_rules! recognitions {
    ($tx:expr, $predicate:literal $(, $bind:expr)*) => {{
        let township = $tx.township().to_owned();
        sqlx::query_as!(
            Row,
            r#"
            SELECT recognition_id
                 , person_id
                 , difficulty
                 , state
                 , applied_by
                 , applied_at
                 , applied_on
                 , evidence
                 , entered_by
                 , facts
                 , checked_on
                 , checked_by
                 , check_note
                 , published_on
                 , published_until
                 , decided_on
                 , decided_by
                 , decision_note
                 , recognised_on
                 , revoked_on
                 , revoked_known_on
                 , end_reason
                 , created_at
              FROM recognition
             WHERE township = $1
            "# + $predicate,
            township
            $(, $bind)*
        )
    }};
}

/// One application; of somebody who left, for as long as they may be read. Errors: NOT_FOUND.
#[tracing::instrument(name = "db.recognition.get", level = "debug", skip_all)]
pub(crate) async fn get(tx: &mut TownshipTx, recognition_id: Uuid) -> Result<Recognition, Error> {
    let since = read_since(tx.clock().today());
    let row = recognitions!(
        tx,
        "AND recognition_id = $2
         AND EXISTS (SELECT
                       FROM person p
                      WHERE p.township = $1
                        AND p.person_id = recognition.person_id
                        AND (p.left_known_on IS NULL OR p.left_known_on >= $3))",
        recognition_id,
        since
    );
    let row = row.fetch_optional(tx).await.map_err(fault)?;
    row.ok_or(Error::NotFound(Resource::Recognition))?.recognition()
}

/// All applications of one person, in the order of entry.
#[tracing::instrument(name = "db.recognition.of_person", level = "debug", skip_all)]
pub(crate) async fn of_person(tx: &mut TownshipTx, person_id: Uuid) -> Result<Vec<Recognition>, Error> {
    let rows = recognitions!(tx, "AND person_id = $2 ORDER BY recognition_id", person_id);
    rows.fetch_all(tx).await.map_err(fault)?.into_iter().map(Row::recognition).collect()
}

/// Applications of people who are here, before one of them, the latest first. What stayed with a merged entry is found
/// by naming that.
#[tracing::instrument(name = "db.recognition.page", level = "debug", skip_all)]
pub(crate) async fn page(
    tx: &mut TownshipTx,
    before: Uuid,
    person_id: Option<Uuid>,
    state: Option<RecognitionState>,
    limit: i64,
) -> Result<Vec<Recognition>, Error> {
    let rows = recognitions!(
        tx,
        "AND recognition_id < $2
         AND ($3::uuid IS NULL OR person_id = $3)
         AND ($4::text IS NULL OR state = $4)
         AND EXISTS (SELECT
                       FROM person p
                      WHERE p.township = $1
                        AND p.person_id = recognition.person_id
                        AND p.left_on IS NULL
                        AND (p.merged_into IS NULL OR $3::uuid IS NOT NULL))
       ORDER BY recognition_id DESC
       LIMIT $5",
        before,
        person_id,
        state.map(state_word),
        limit
    );
    rows.fetch_all(tx).await.map_err(fault)?.into_iter().map(Row::recognition).collect()
}

struct Row {
    recognition_id: Uuid,
    person_id: Uuid,
    difficulty: String,
    state: String,
    applied_by: String,
    applied_at: String,
    applied_on: NaiveDate,
    evidence: String,
    entered_by: String,
    facts: Vec<String>,
    checked_on: Option<NaiveDate>,
    checked_by: Option<String>,
    check_note: Option<String>,
    published_on: Option<NaiveDate>,
    published_until: Option<NaiveDate>,
    decided_on: Option<NaiveDate>,
    decided_by: Option<String>,
    decision_note: Option<String>,
    recognised_on: Option<NaiveDate>,
    revoked_on: Option<NaiveDate>,
    revoked_known_on: Option<NaiveDate>,
    end_reason: String,
    created_at: DateTime<Utc>,
}

impl Row {
    fn recognition(self) -> Result<Recognition, Error> {
        let id = self.recognition_id;
        let strange = || Error::internal(format!("recognition {id} cannot be read"));
        let facts = self.facts.iter().map(|word| {
            let (word, holds) = word.strip_prefix('!').map_or((word.as_str(), true), |word| (word, false));
            let fact = RecognitionFact::from_str_name(&format!("RECOGNITION_FACT_{word}")).ok_or_else(strange)?;
            Ok(CheckedFact { fact, holds })
        });
        Ok(Recognition {
            recognition_id: id,
            person_id: self.person_id,
            difficulty: DifficultyType::from_str_name(&format!("DIFFICULTY_TYPE_{}", self.difficulty))
                .ok_or_else(strange)?,
            state: RecognitionState::from_str_name(&format!("RECOGNITION_STATE_{}", self.state)).ok_or_else(strange)?,
            applied_by: AppliedBy::from_str_name(&format!("APPLIED_BY_{}", self.applied_by)).ok_or_else(strange)?,
            applied_at: AppliedAt::from_str_name(&format!("APPLIED_AT_{}", self.applied_at)).ok_or_else(strange)?,
            applied_on: self.applied_on,
            evidence: self.evidence,
            entered_by: self.entered_by,
            facts: facts.collect::<Result<_, Error>>()?,
            check: step(self.checked_on, self.checked_by, self.check_note),
            published: self.published_on.zip(self.published_until),
            decision: step(self.decided_on, self.decided_by, self.decision_note),
            recognised_on: self.recognised_on,
            revoked: self.revoked_on.zip(self.revoked_known_on),
            end_reason: self.end_reason,
            created_at: self.created_at,
        })
    }
}

fn step(on: Option<NaiveDate>, by: Option<String>, note: Option<String>) -> Option<Step> {
    Some(Step { on: on?, by: by?, note: note.unwrap_or_default() })
}

/// "AGE" holds, "!AGE" does not.
fn facts(facts: &[CheckedFact]) -> Vec<String> {
    let word = |fact: &CheckedFact| format!("{}{}", if fact.holds { "" } else { "!" }, fact_word(fact.fact));
    facts.iter().map(word).collect()
}

fn difficulty_word(of: DifficultyType) -> &'static str {
    of.as_str_name().trim_start_matches("DIFFICULTY_TYPE_")
}
