//! Changes what stands in somebody's entry, field by field.

use bangfu_kernel::{Error, error::Violations, fields};
use bangfu_platform::auth::admitted;
use bangfu_proto::people::v1::{Person, UpdatePersonRequest};
use tonic::Request;

use crate::{
    People,
    model::audit::Action,
    register::twins,
    rpc::get_person::read,
    served, store,
    wire::{
        self,
        update::{Update, decode},
    },
};

pub(super) async fn handle(svc: &People, request: Request<UpdatePersonRequest>) -> Result<Person, Error> {
    let (permit, request) = admitted(request)?;
    let mut faults = Violations::default();
    let request_id = fields::uuid("request_id", &request.request_id, &mut faults);
    let person_id = fields::uuid("person_id", &request.person_id, &mut faults);
    let update: Update = decode(&request, &mut faults);
    faults.check()?;

    let mut tx = svc.ground.db.township(&permit).await?;
    let person = tx
        .once_as(request_id, &svc.vault.fingerprint(&request), async |tx| {
            served::lock(tx, person_id).await?;
            let before = read(svc, tx, person_id).await?;
            if before.etag != request.etag {
                return Err(Error::EtagStale);
            }
            let key = store::township_key::get(tx, &svc.vault).await?;
            store::person::update(tx, person_id, &update, &key).await?;
            if update.name.is_some() {
                twins::hash_anew(tx, &svc.vault, &key, person_id).await?;
            } else if update.village.is_some() {
                twins::search_again(tx, &key, &[person_id]).await?;
            }
            let person = read(svc, tx, person_id).await?;
            if (&person.village, &person.coordinator) != (&before.village, &before.coordinator) {
                tx.emit(wire::event::assignment_changed(person_id, &person.village, &person.coordinator));
            }
            let changed = request.update_mask.as_ref().map(|mask| mask.paths.join(" ")).unwrap_or_default();
            store::audit::append(tx, Action::UpdatePerson, Some(person_id), &changed).await?;
            Ok(person)
        })
        .await?;
    tx.commit().await?;

    Ok(person)
}
