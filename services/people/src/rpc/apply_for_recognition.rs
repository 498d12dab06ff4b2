//! 就业困难认定申请: a type in force on the day, applied for where it may be, with what the register bears out.

use bangfu_kernel::{Error, error::Violations, fields};
use bangfu_platform::{auth::admitted, id};
use bangfu_proto::people::v1::{
    self as proto, AppliedAt, AppliedBy, ApplyForRecognitionRequest, DifficultyType, RecognitionState,
};
use chrono::NaiveDate;
use tonic::Request;
use uuid::Uuid;

use crate::{
    People,
    model::{
        audit::Action,
        difficulty::{self, Type},
        recognition::Recognition,
    },
    recognition::known_facts,
    served, store, wire,
};

pub(super) async fn handle(
    svc: &People,
    request: Request<ApplyForRecognitionRequest>,
) -> Result<proto::Recognition, Error> {
    let (permit, request) = admitted(request)?;
    let clock = &svc.ground.clock;
    let Application { request_id, person_id, difficulty, laid_down, applied_by, applied_at, applied_on, evidence } =
        decode(&request, clock.today())?;

    let mut tx = svc.ground.db.township(&permit).await?;
    let recognition = tx
        .once(request_id, &request, async |tx| {
            served::lock(tx, person_id).await?;
            let recognition = Recognition {
                recognition_id: id::new(clock),
                person_id,
                difficulty,
                state: RecognitionState::Applied,
                applied_by,
                applied_at,
                applied_on,
                evidence,
                entered_by: tx.permit().caller().subject.clone(),
                facts: known_facts(svc, tx, person_id, laid_down).await?,
                check: None,
                published: None,
                decision: None,
                recognised_on: None,
                revoked: None,
                end_reason: String::new(),
                created_at: clock.now(),
            };
            store::recognition::insert(tx, &recognition).await?;
            tx.emit(wire::event::recognition_changed(&recognition));
            store::audit::append(tx, Action::ApplyForRecognition, Some(person_id), "").await?;
            Ok(wire::recognition::message(&recognition, tx.township()))
        })
        .await?;
    tx.commit().await?;

    Ok(recognition)
}

struct Application {
    request_id: Uuid,
    person_id: Uuid,
    difficulty: DifficultyType,
    laid_down: &'static Type,
    applied_by: AppliedBy,
    applied_at: AppliedAt,
    applied_on: NaiveDate,
    evidence: String,
}

fn decode(request: &ApplyForRecognitionRequest, today: NaiveDate) -> Result<Application, Error> {
    let mut faults = Violations::default();
    let request_id = fields::uuid("request_id", &request.request_id, &mut faults);
    let person_id = fields::uuid("person_id", &request.person_id, &mut faults);
    let applied_by = AppliedBy::try_from(request.applied_by).unwrap_or_default();
    if applied_by == AppliedBy::Unspecified {
        faults.add("applied_by", fields::not_given_or_enumerated(request.applied_by));
    }
    let applied_at = AppliedAt::try_from(request.applied_at).unwrap_or_default();
    if applied_at == AppliedAt::Unspecified {
        faults.add("applied_at", fields::not_given_or_enumerated(request.applied_at));
    }
    let applied_on = fields::optional_date("applied_on", request.applied_on.as_ref(), &mut faults).unwrap_or(today);
    fields::not_after_today("applied_on", applied_on, today, &mut faults);
    let evidence = fields::text("evidence", &request.evidence, 0, 512, &mut faults);

    let difficulty = DifficultyType::try_from(request.difficulty_type).unwrap_or_default();
    let laid_down = difficulty::rules()?.of(difficulty);
    match laid_down {
        None => faults.add("difficulty_type", fields::not_given_or_enumerated(request.difficulty_type)),
        Some(laid_down) => {
            if !laid_down.is_in_force(applied_on) {
                let rule = fields::rule("is not in force on applied_on", "在申请日期不属于现行困难类型");
                faults.add("difficulty_type", rule);
            }
            if applied_at != AppliedAt::Unspecified && !laid_down.is_applied_for_at(applied_at) {
                let rule = fields::rule("must be HOUSEHOLD_REGISTRATION for this type", "不符：该类型须在户籍地申请");
                faults.add("applied_at", rule);
            }
            if laid_down.evidence && evidence.chars().count() < 2 {
                faults.add("evidence", fields::rule("is required for this type", "为该类型必填"));
            }
        }
    }
    faults.check()?;
    let laid_down = laid_down.ok_or_else(|| Error::internal("a type without rules"))?;
    Ok(Application { request_id, person_id, difficulty, laid_down, applied_by, applied_at, applied_on, evidence })
}
