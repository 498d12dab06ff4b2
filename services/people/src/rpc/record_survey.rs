//! Enters what somebody answered about work, training and skills.

use bangfu_kernel::{Error, error::Violations, fields};
use bangfu_platform::{auth::admitted, id};
use bangfu_proto::people::v1::{self as proto, RecordSurveyRequest};
use tonic::Request;

use crate::{
    People,
    model::{audit::Action, survey::Survey},
    served,
    store::{self, person::Touch},
    wire,
};

pub(super) async fn handle(svc: &People, request: Request<RecordSurveyRequest>) -> Result<proto::Survey, Error> {
    let (permit, request) = admitted(request)?;
    let clock = &svc.ground.clock;
    let mut faults = Violations::default();
    let request_id = fields::uuid("request_id", &request.request_id, &mut faults);
    let person_id = fields::uuid("person_id", &request.person_id, &mut faults);
    let answers = wire::survey::decode(&request, clock.today(), &mut faults);
    faults.check()?;

    let mut tx = svc.ground.db.township(&permit).await?;
    let survey = tx
        .once_as(request_id, &svc.vault.fingerprint(&request), async |tx| {
            served::lock(tx, person_id).await?;
            let entered_by = permit.caller().subject.clone();
            let survey = Survey { survey_id: id::new(clock), person_id, answers, entered_by, created_at: clock.now() };
            let key = store::township_key::get(tx, &svc.vault).await?;
            if store::survey::is_latest(tx, person_id, survey.answers.asked_on).await? {
                let wish = |text: &'_ String| (!text.is_empty()).then(|| text.clone());
                let (job, training) = (wish(&survey.answers.occupation), wish(&survey.answers.training_wish));
                let touch = Touch { job_wish: job.as_deref(), training_wish: training.as_deref(), ..Touch::default() };
                store::person::touch(tx, person_id, &touch).await?;
            }
            store::survey::insert(tx, &survey, &key).await?;
            tx.emit(wire::event::survey_recorded(&survey));
            store::audit::append(tx, Action::RecordSurvey, Some(person_id), "").await?;
            Ok(wire::survey::message(&survey))
        })
        .await?;
    tx.commit().await?;

    Ok(survey)
}
