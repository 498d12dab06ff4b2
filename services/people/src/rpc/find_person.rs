//! The person with an ID number, looked up by the blind index.

use bangfu_kernel::{
    Error, IdNumber,
    error::{Resource, Violations},
    fields,
};
use bangfu_platform::auth::admitted;
use bangfu_proto::people::v1::{FindPersonRequest, Person};
use tonic::Request;

use crate::{People, roster::normal, rpc::get_person::read, store};

pub(super) async fn handle(svc: &People, request: Request<FindPersonRequest>) -> Result<Person, Error> {
    let (permit, request) = admitted(request)?;
    let index = svc.vault.id_index(&decode(&request)?);

    let mut tx = svc.ground.db.township(&permit).await?;
    let found = store::identity::ours(&mut tx, &[index]).await?.pop();
    let (_, person_id) = found.ok_or(Error::NotFound(Resource::Person))?;
    let person = read(svc, &mut tx, person_id).await?;
    tx.commit().await?;

    Ok(person)
}

fn decode(request: &FindPersonRequest) -> Result<IdNumber, Error> {
    let mut faults = Violations::default();
    let number = id_number(&request.id_number, &mut faults);
    faults.check()?;
    number.ok_or_else(|| Error::internal("an ID number without faults is missing"))
}

/// A required ID number in a request's field `id_number`, normalised as those of a roster are.
pub(super) fn id_number(text: &str, faults: &mut Violations) -> Option<IdNumber> {
    let number = normal::digits(text);
    if number.is_empty() {
        faults.add("id_number", fields::required());
        return None;
    }
    let number = number.parse().ok();
    if number.is_none() {
        let rule = fields::rule("must be an ID number with the right check digit", "应为校验位正确的18位身份证号码");
        faults.add("id_number", rule);
    }
    number
}
