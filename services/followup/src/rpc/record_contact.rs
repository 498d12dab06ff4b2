//! Records that a coordinator reached, or tried to reach, a person.

use bangfu_kernel::{
    Error,
    error::Violations,
    fields::{self, rule},
};
use bangfu_platform::{auth::admitted, db::TownshipTx, id};
use bangfu_proto::followup::v1 as proto;
use prost::Message as _;
use tonic::Request;
use uuid::Uuid;

use crate::{
    Followup,
    contact::NewContact,
    model::history::{StatusFact, Stay},
    replan, serves,
    store::{self, delivery::Pending, subject::Subject},
    wire,
};

pub(super) async fn handle(
    svc: &Followup,
    request: Request<proto::RecordContactRequest>,
) -> Result<proto::Contact, Error> {
    let (permit, request) = admitted(request)?;
    let mut faults = Violations::default();
    let request_id = fields::uuid("request_id", &request.request_id, &mut faults);
    let today = svc.ground.clock.today();
    let contact = wire::new_contact::new_contact(&request, permit.caller(), today, &mut faults);
    faults.check()?;

    let recommender = svc.recommender().await?;
    let standards = svc.standards().await?;
    let mut tx = svc.ground.db.township(&permit).await?;
    let contact = tx
        .once(request_id, &request, async |tx| {
            let subject = store::subject::lock(tx, contact.person_id).await?;
            serves::check(tx, &subject).await?;
            if let Some(person_id) = subject.merged_into {
                return Err(Error::PersonMerged { person_id });
            }
            if contact.on < subject.joined_on {
                return Err(Error::field("on", rule("must not lie before the person joined", "不得早于纳入服务日期")));
            }
            stays(&subject, &contact)?;
            let contact_id = id::new(tx.clock());
            let entered_at = tx.clock().now();
            store::contact::insert(tx, contact_id, &contact, entered_at).await?;
            let subject = pass_on(tx, subject, contact_id, &contact).await?;
            replan::contacted(tx, &standards, &recommender, subject, None).await?;
            let settled = store::duty::settled_by(tx, &[contact_id]).await?;
            wire::contact::message(store::contact::get(tx, contact_id).await?, &settled)
        })
        .await?;
    tx.commit().await?;

    if contact.status_learned.is_some() {
        svc.learned.notify_one();
    }
    Ok(contact)
}

/// Whoever was transferred elsewhere belonged here on the day of the contact, and what it taught is no longer ours to tell.
fn stays(subject: &Subject, contact: &NewContact) -> Result<(), Error> {
    let stays = store::facts::history(&subject.facts)?.stays;
    let here = |stay: &Stay| stay.joined_on <= contact.on && stay.left.is_none_or(|left| contact.on < left.on);
    if !stays.iter().any(here) {
        let rule = rule("must lie within the person's time in this township", "应在该人员属于本区镇的期间内");
        return Err(Error::field("on", rule));
    }
    let left = stays.iter().all(|stay| stay.left.is_some());
    if left && contact.status_learned.is_some() { Err(Error::PersonTransferred) } else { Ok(()) }
}

/// What the contact taught is put on its way to the registry, and stands among the facts from now on: what is owed must
/// not depend on how soon the registry tells of it.
async fn pass_on(
    tx: &mut TownshipTx,
    subject: Subject,
    contact_id: Uuid,
    contact: &NewContact,
) -> Result<Subject, Error> {
    let Some(learned) = &contact.status_learned else { return Ok(subject) };
    let request_id = id::new(tx.clock());
    let today = tx.clock().today();
    let request = wire::new_contact::for_the_registry(tx.township(), contact_id, contact, learned, today, request_id);
    let pending = Pending { contact_id, person_id: contact.person_id, request: request.encode_to_vec() };
    store::delivery::insert(tx, &pending, request_id).await?;

    let fact = StatusFact {
        record_id: contact_id,
        status: learned.status,
        contract_months: learned.message.contract_months,
        insured: learned.message.insured().into(),
        effective_on: learned.effective_on,
        known_on: today,
        corrects: None,
    };
    let subject = Subject { facts: store::facts::learned(&subject.facts, fact)?, ..subject };
    store::subject::save(tx, std::slice::from_ref(&subject)).await?;
    Ok(subject)
}
