//! The person with an ID number, looked up by the blind index.

use bangfu_kernel::{Error, IdNumber, error::Resource, fields};
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
    let number = normal::digits(&request.id_number);
    if number.is_empty() {
        return Err(Error::field("id_number", fields::required()));
    }
    let rule = fields::rule("must be an ID number with the right check digit", "应为校验位正确的18位身份证号码");
    number.parse().ok().ok_or_else(|| Error::field("id_number", rule))
}
