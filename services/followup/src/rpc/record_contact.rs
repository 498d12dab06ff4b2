//! Records that a coordinator reached, or tried to reach, a person.

use std::sync::Arc;

use bangfu_kernel::{Error, error::Violations, fields};
use bangfu_platform::{
    auth::{Permit, admitted},
    db::TownshipTx,
    id,
};
use bangfu_proto::followup::v1 as proto;
use prost::Message as _;
use tonic::Request;
use uuid::Uuid;

use crate::{
    Followup,
    contact::NewContact,
    entry::{self, Kind, Served},
    model::{history::StatusFact, standard::Standards},
    replan::Recommender,
    store::{self, delivery::Pending, subject::Subject},
    wire,
};

pub(super) async fn handle(
    svc: &Followup,
    request: Request<proto::RecordContactRequest>,
) -> Result<proto::Contact, Error> {
    let (permit, request) = admitted(request)?;
    one(svc, &permit, &request).await
}

/// One contact, in a unit of work of its own.
pub(super) async fn one(
    svc: &Followup,
    permit: &Permit,
    request: &proto::RecordContactRequest,
) -> Result<proto::Contact, Error> {
    let mut faults = Violations::default();
    let request_id = fields::uuid("request_id", &request.request_id, &mut faults);
    let today = svc.ground.clock.today();
    let contact = wire::new_contact::new_contact(request, permit.caller(), today, &mut faults);
    faults.check()?;

    let recommender = svc.recommender().await?;
    let standards = svc.standards().await?;
    let mut tx = svc.ground.db.township(permit).await?;
    let contact = tx
        .once(request_id, request, async |tx| {
            let Served { subject, gone } = entry::served(tx, contact.person_id, contact.on).await?;
            // What a contact taught of somebody who went elsewhere is no longer ours to tell.
            if gone && contact.status_learned.is_some() {
                return Err(Error::PersonTransferred);
            }
            let (contact_id, settled) = enter(tx, &standards, &recommender, subject, &contact).await?;
            wire::contact::message(store::contact::get(tx, contact_id).await?, &settled)
        })
        .await?;
    tx.commit().await?;

    if contact.status_learned.is_some() {
        svc.learned.notify_one();
    }
    Ok(contact)
}

/// Enters the contact, unless one of its source and reference stands: that one is as good. Its id, and the duties that it
/// settled.
async fn enter(
    tx: &mut TownshipTx,
    standards: &Arc<Standards>,
    recommender: &Recommender,
    subject: Subject,
    contact: &NewContact,
) -> Result<(Uuid, Vec<(Uuid, Uuid)>), Error> {
    let (contact_id, entered_at) = (id::new(tx.clock()), tx.clock().now());
    if !store::contact::insert(tx, contact_id, contact, entered_at).await? {
        let (standing, settled) = entry::standing(tx, Kind::Contact, &contact.origin).await?;
        let stands = store::contact::get(tx, standing).await?;
        if (stands.person_id, stands.held_on) != (contact.person_id, contact.on) {
            return Err(entry::another_record());
        }
        return Ok((standing, settled));
    }
    let subject = pass_on(tx, subject, contact_id, contact).await?;
    Ok((contact_id, entry::settle(tx, standards, recommender, subject, contact_id).await?))
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
