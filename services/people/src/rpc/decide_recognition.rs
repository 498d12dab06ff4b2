//! 市级认定: the city's decision; granted, the person is recognised, and a member of EMPLOYMENT_DIFFICULTY, from today on.

use bangfu_kernel::{Error, Group, Township, error::Violations, fields};
use bangfu_platform::{
    auth::{Permit, admitted},
    db::TownshipTx,
};
use bangfu_proto::people::v1::{self as proto, DecideRecognitionRequest};
use tonic::Request;
use uuid::Uuid;

use crate::{
    People,
    model::{
        audit::Action,
        membership::{self, Membership, Source},
        recognition::{Recognition, Step},
    },
    recognition,
    store::{self, person::Touch},
    wire,
};

pub(super) async fn handle(
    svc: &People,
    request: Request<DecideRecognitionRequest>,
) -> Result<proto::Recognition, Error> {
    let (permit, request) = admitted(request)?;
    let Decision { request_id, township, recognition_id, note } = decode(&permit, &request)?;
    let permit = permit.at(township)?;
    let step = Step { on: svc.ground.clock.today(), by: permit.caller().subject.clone(), note: note.clone() };

    let mut tx = svc.ground.db.township(&permit).await?;
    let decided = tx
        .once(request_id, &request, async |tx| {
            let mut application = recognition::locked(tx, recognition_id).await?;
            let facts = recognition::facts_of(svc, tx, &application).await?;
            application.decide(step, request.granted, facts)?;
            recognition::moved_on(tx, &application, Action::DecideRecognition, &note).await?;
            if request.granted {
                join(tx, &application).await?;
            }
            Ok(wire::recognition::message(&application, tx.township()))
        })
        .await?;
    tx.commit().await?;

    Ok(decided)
}

/// Whoever is recognised is a member of EMPLOYMENT_DIFFICULTY, from the day on unless they are one already.
async fn join(tx: &mut TownshipTx, recognised: &Recognition) -> Result<(), Error> {
    let (person_id, group, today) = (recognised.person_id, Group::EmploymentDifficulty, tx.clock().today());
    let mut memberships = store::membership::of_person(tx, person_id).await?;
    let Some(from) = membership::first_free(&memberships, group, today) else { return Ok(()) };
    let begun = Membership {
        evidence: "就业困难认定".to_owned(),
        ..Membership::begin(group, from, today, Source::SelfApplication)
    };
    store::membership::begin(tx, person_id, &begun).await?;
    store::person::touch(tx, person_id, &Touch::default()).await?;
    memberships.push(begun);
    tx.emit(wire::event::memberships_changed(person_id, &memberships));
    Ok(())
}

struct Decision {
    request_id: Uuid,
    township: Option<Township>,
    recognition_id: Uuid,
    note: String,
}

fn decode(permit: &Permit, request: &DecideRecognitionRequest) -> Result<Decision, Error> {
    let mut faults = Violations::default();
    let decision = Decision {
        request_id: fields::uuid("request_id", &request.request_id, &mut faults),
        township: permit.named(&request.township, &mut faults),
        recognition_id: fields::uuid("recognition_id", &request.recognition_id, &mut faults),
        note: fields::text("note", &request.note, 2, 512, &mut faults),
    };
    faults.check()?;
    Ok(decision)
}
