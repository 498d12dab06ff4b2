//! Enters one person, as a roster row of the same content would.

use bangfu_kernel::Error;
use bangfu_platform::auth::admitted;
use bangfu_proto::people::v1::{Person, RegisterPersonRequest};
use tonic::Request;

use crate::{
    People,
    model::audit::Action,
    register::{self, Effect, Outcome},
    rpc::get_person::read,
    store, wire,
};

pub(super) async fn handle(svc: &People, request: Request<RegisterPersonRequest>) -> Result<Person, Error> {
    let (permit, request) = admitted(request)?;
    let registration = wire::register::decode(&request, svc.ground.clock.today())?;
    let (request_id, source) = (registration.request_id, registration.source);
    if !permit.caller().serves(&registration.person.village) {
        return Err(Error::VillageNotYours);
    }

    let mut tx = svc.ground.db.township(&permit).await?;
    let person = tx
        .once_as(request_id, &svc.vault.fingerprint(&request), async |tx| {
            let people = vec![registration.person];
            let registered = register::many(tx, &svc.vault, people, source, Effect::Write).await?.pop();
            let registered = registered.ok_or_else(|| Error::internal("one person, no answer"))?;
            let person_id = match (registered.outcome, registered.person_id) {
                (Outcome::New, Some(person_id)) => person_id,
                // The error drops the unit: whatever would have changed has not.
                (Outcome::Known | Outcome::Changed(_) | Outcome::OtherName, Some(person_id)) => {
                    return Err(Error::PersonRegistered { person_id });
                }
                (Outcome::Elsewhere, _) | (_, None) => return Err(Error::PersonRegisteredElsewhere),
            };
            let person = read(svc, tx, person_id).await?;
            store::audit::append(tx, Action::Register, Some(person_id), "").await?;
            Ok(person)
        })
        .await?;
    tx.commit().await?;

    Ok(person)
}
