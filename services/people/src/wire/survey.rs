//! Surveys as messages, and on their way in.

use bangfu_kernel::{calendar, error::Violations, fields};
use bangfu_proto::people::v1::{self as proto, RecordSurveyRequest};
use chrono::NaiveDate;

use super::timestamp;
use crate::model::survey::{Answers, Survey};

/// Skills in one survey.
const SKILLS: usize = 20;
/// A month's wage in fen: a million yuan.
const HIGHEST_WAGE: i64 = 100_000_000;

/// The message of a survey.
pub(crate) fn message(survey: &Survey) -> proto::Survey {
    let answers = &survey.answers;
    let wish = proto::WorkWish {
        occupation: answers.occupation.clone(),
        monthly_wage_fen: answers.monthly_wage_fen,
        place: answers.place.clone(),
    };
    proto::Survey {
        survey_id: survey.survey_id.to_string(),
        person_id: survey.person_id.to_string(),
        asked_on: Some(calendar::message(answers.asked_on)),
        asked_by: answers.asked_by.clone(),
        source: proto::Source::from(answers.source).into(),
        wants_work: wants_work(answers.wants_work).into(),
        work_wish: (wish != proto::WorkWish::default()).then_some(wish),
        training_wish: answers.training_wish.clone(),
        skills: answers.skills.clone(),
        note: answers.note.to_string(),
        entered_by: survey.entered_by.clone(),
        created_at: Some(timestamp(survey.created_at)),
    }
}

/// Whether somebody wants work, as a message.
pub(crate) fn wants_work(wants: Option<bool>) -> proto::WantsWork {
    match wants {
        None => proto::WantsWork::Unspecified,
        Some(true) => proto::WantsWork::Yes,
        Some(false) => proto::WantsWork::No,
    }
}

/// The answers of a request.
pub(crate) fn decode(request: &RecordSurveyRequest, today: NaiveDate, faults: &mut Violations) -> Answers {
    let asked_on = fields::optional_date("asked_on", request.asked_on.as_ref(), faults).unwrap_or(today);
    fields::not_after_today("asked_on", asked_on, today, faults);
    let source = match proto::Source::try_from(request.source) {
        Ok(proto::Source::Unspecified) => proto::Source::HouseholdSurvey,
        Ok(source) => source,
        Err(_unknown) => {
            faults.add("source", fields::enumerated());
            proto::Source::HouseholdSurvey
        }
    };
    let wants_work = match proto::WantsWork::try_from(request.wants_work) {
        Ok(proto::WantsWork::Unspecified) => None,
        Ok(proto::WantsWork::Yes) => Some(true),
        Ok(proto::WantsWork::No) => Some(false),
        Err(_unknown) => {
            faults.add("wants_work", fields::enumerated());
            None
        }
    };
    let none = proto::WorkWish::default();
    let wish = request.work_wish.as_ref().unwrap_or(&none);
    if !(0..=HIGHEST_WAGE).contains(&wish.monthly_wage_fen) {
        faults.add("work_wish.monthly_wage_fen", fields::range(0, HIGHEST_WAGE));
    }
    if request.skills.len() > SKILLS {
        faults.add("skills", fields::rule("must have at most 20 skills", "不得超过20项"));
    }
    let skills = request.skills.iter().take(SKILLS + 1).map(|skill| fields::text("skills", skill, 1, 64, faults));
    let skills = skills.collect();
    let answers = Answers {
        asked_on,
        asked_by: fields::text("asked_by", &request.asked_by, 1, 64, faults),
        source: source.into(),
        wants_work,
        occupation: fields::text("work_wish.occupation", &wish.occupation, 0, 128, faults),
        monthly_wage_fen: wish.monthly_wage_fen,
        place: fields::text("work_wish.place", &wish.place, 0, 128, faults),
        training_wish: fields::text("training_wish", &request.training_wish, 0, 128, faults),
        skills,
        note: fields::any_text("note", &request.note, 0, 512, faults).into(),
    };
    if faults.is_empty() && answers.is_empty() {
        faults.add("wants_work", fields::rule("or another answer is required", "或其他答案至少填写一项"));
    }
    answers
}
