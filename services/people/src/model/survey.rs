//! Surveys (就业意愿调查): dated answers about work, training and skills.

use chrono::{DateTime, NaiveDate, Utc};
use uuid::Uuid;
use zeroize::Zeroizing;

use super::membership::Source;

/// What somebody answered. Never printed: the note may hold anything.
pub struct Answers {
    /// The day they were asked.
    pub asked_on: NaiveDate,
    /// Who asked.
    pub asked_by: String,
    /// How they were found.
    pub source: Source,
    /// `None`: not asked.
    pub wants_work: Option<bool>,
    /// 意向职业; may be empty.
    pub occupation: String,
    /// 期望月薪, in fen; 0: not asked.
    pub monthly_wage_fen: i64,
    /// 意向地点; may be empty.
    pub place: String,
    /// 培训意愿; may be empty.
    pub training_wish: String,
    /// 技能特长
    pub skills: Vec<String>,
    /// 备注; may be empty.
    pub note: Zeroizing<String>,
}

/// Answers as they were entered.
pub struct Survey {
    /// Its id.
    pub survey_id: Uuid,
    /// Whose.
    pub person_id: Uuid,
    /// The answers.
    pub answers: Answers,
    /// Account that made the entry.
    pub entered_by: String,
    /// When.
    pub created_at: DateTime<Utc>,
}

impl Answers {
    /// Whether nothing was answered.
    pub fn is_empty(&self) -> bool {
        let texts = [&self.occupation, &self.place, &self.training_wish];
        self.wants_work.is_none()
            && self.monthly_wage_fen == 0
            && self.skills.is_empty()
            && self.note.is_empty()
            && texts.iter().all(|text| text.is_empty())
    }
}
