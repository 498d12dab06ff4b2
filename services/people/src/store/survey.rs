//! Surveys: inserted and read, never changed; the note sealed under the survey's id.

use bangfu_kernel::Error;
use bangfu_platform::db::{TownshipTx, fault};
use chrono::{DateTime, NaiveDate, Utc};
use rand::{SeedableRng as _, rngs::StdRng};
use uuid::Uuid;

use crate::{
    model::{
        membership::Source,
        survey::{Answers, Survey},
    },
    vault::{Column, TownshipKey},
};

/// Enters a survey.
#[tracing::instrument(name = "db.survey.insert", level = "debug", skip_all)]
pub(crate) async fn insert(tx: &mut TownshipTx, new: &Survey, key: &TownshipKey) -> Result<(), Error> {
    let township = tx.township().to_owned();
    let answers = &new.answers;
    let note = match answers.note.as_str() {
        "" => None,
        note => Some(key.seal(new.survey_id, Column::SurveyNote, note, &mut StdRng::from_os_rng())?),
    };
    sqlx::query!(
        r#"
        INSERT INTO survey (township, person_id, survey_id, asked_on, asked_by, source, wants_work, occupation
                          , monthly_wage_fen, place, training_wish, skills, note, entered_by, created_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)
        "#,
        township,
        new.person_id,
        new.survey_id,
        answers.asked_on,
        answers.asked_by,
        answers.source.code(),
        answers.wants_work,
        answers.occupation,
        answers.monthly_wage_fen,
        answers.place,
        answers.training_wish,
        &answers.skills,
        note,
        new.entered_by,
        new.created_at,
    )
    .execute(tx)
    .await
    .map(drop)
    .map_err(fault)
}

/// Whether nobody has asked the person after a day.
#[tracing::instrument(name = "db.survey.is_latest", level = "debug", skip_all)]
pub(crate) async fn is_latest(tx: &mut TownshipTx, person_id: Uuid, asked_on: NaiveDate) -> Result<bool, Error> {
    let township = tx.township().to_owned();
    sqlx::query_scalar!(
        r#"
        SELECT NOT EXISTS (SELECT
                             FROM survey
                            WHERE township = $1
                              AND person_id = $2
                              AND asked_on > $3) AS "is_latest!"
        "#,
        township,
        person_id,
        asked_on,
    )
    .fetch_one(tx)
    .await
    .map_err(fault)
}

struct Row {
    survey_id: Uuid,
    asked_on: NaiveDate,
    asked_by: String,
    source: String,
    wants_work: Option<bool>,
    occupation: String,
    monthly_wage_fen: i64,
    place: String,
    training_wish: String,
    skills: Vec<String>,
    note: Option<Vec<u8>>,
    entered_by: String,
    created_at: DateTime<Utc>,
}

/// Surveys of one person before a place in the list, the latest first.
#[tracing::instrument(name = "db.survey.list", level = "debug", skip_all)]
pub(crate) async fn list(
    tx: &mut TownshipTx,
    person_id: Uuid,
    before: Option<(NaiveDate, Uuid)>,
    limit: i64,
    key: &TownshipKey,
) -> Result<Vec<Survey>, Error> {
    let township = tx.township().to_owned();
    let (before_on, before_id) = before.unzip();
    sqlx::query_as!(
        Row,
        r#"
        SELECT survey_id
             , asked_on
             , asked_by
             , source
             , wants_work
             , occupation
             , monthly_wage_fen
             , place
             , training_wish
             , skills
             , note
             , entered_by
             , created_at
          FROM survey
         WHERE township = $1
           AND person_id = $2
           AND ($3::date IS NULL OR (asked_on, survey_id) < ($3, $4))
         ORDER BY asked_on DESC
                , survey_id DESC
         LIMIT $5
        "#,
        township,
        person_id,
        before_on,
        before_id,
        limit,
    )
    .fetch_all(tx)
    .await
    .map_err(fault)?
    .into_iter()
    .map(|row| row.open(person_id, key))
    .collect()
}

impl Row {
    fn open(self, person_id: Uuid, key: &TownshipKey) -> Result<Survey, Error> {
        Ok(Survey {
            survey_id: self.survey_id,
            person_id,
            answers: Answers {
                asked_on: self.asked_on,
                asked_by: self.asked_by,
                source: Source::from_code(&self.source)
                    .ok_or_else(|| Error::internal(format!("{} is no source", self.source)))?,
                wants_work: self.wants_work,
                occupation: self.occupation,
                monthly_wage_fen: self.monthly_wage_fen,
                place: self.place,
                training_wish: self.training_wish,
                skills: self.skills,
                note: key.open_optional(self.survey_id, Column::SurveyNote, self.note.as_deref())?,
            },
            entered_by: self.entered_by,
            created_at: self.created_at,
        })
    }
}
