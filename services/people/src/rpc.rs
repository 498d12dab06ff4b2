//! One line an RPC: the table of contents.

mod batch_get_people;
mod get_person;
mod import_roster;
mod list_people;
mod list_townships;
mod record_employment;
mod register_person;
mod reveal_person;
mod upsert_township;
mod watch_people;

use bangfu_platform::stack::answer;
use bangfu_proto::people::v1::{
    BatchGetPeopleRequest, BatchGetPeopleResponse, EmploymentRecord, GetPersonRequest, ImportRosterRequest,
    ListPeopleRequest, ListPeopleResponse, ListTownshipsRequest, ListTownshipsResponse, Person,
    RecordEmploymentRequest, RegisterPersonRequest, RevealPersonRequest, RevealedPerson, RosterImport, Township,
    UpsertTownshipRequest, WatchPeopleRequest, WatchPeopleResponse, people_service_server::PeopleService,
};
use tokio_stream::wrappers::ReceiverStream;
use tonic::{Request, Response, Status, Streaming};

use crate::People;

type Answer<T> = Result<Response<T>, Status>;

#[tonic::async_trait]
impl PeopleService for People {
    type WatchPeopleStream = ReceiverStream<Result<WatchPeopleResponse, Status>>;

    async fn register_person(&self, request: Request<RegisterPersonRequest>) -> Answer<Person> {
        answer(register_person::handle(self, request).await)
    }

    async fn get_person(&self, request: Request<GetPersonRequest>) -> Answer<Person> {
        answer(get_person::handle(self, request).await)
    }

    async fn batch_get_people(&self, request: Request<BatchGetPeopleRequest>) -> Answer<BatchGetPeopleResponse> {
        answer(batch_get_people::handle(self, request).await)
    }

    async fn list_people(&self, request: Request<ListPeopleRequest>) -> Answer<ListPeopleResponse> {
        answer(list_people::handle(self, request).await)
    }

    async fn record_employment(&self, request: Request<RecordEmploymentRequest>) -> Answer<EmploymentRecord> {
        answer(record_employment::handle(self, request).await)
    }

    async fn import_roster(&self, request: Request<Streaming<ImportRosterRequest>>) -> Answer<RosterImport> {
        answer(import_roster::handle(self, request).await)
    }

    async fn reveal_person(&self, request: Request<RevealPersonRequest>) -> Answer<RevealedPerson> {
        answer(reveal_person::handle(self, request).await)
    }

    async fn watch_people(&self, request: Request<WatchPeopleRequest>) -> Answer<Self::WatchPeopleStream> {
        answer(watch_people::handle(self, request).await)
    }

    async fn list_townships(&self, request: Request<ListTownshipsRequest>) -> Answer<ListTownshipsResponse> {
        answer(list_townships::handle(self, request).await)
    }

    async fn upsert_township(&self, request: Request<UpsertTownshipRequest>) -> Answer<Township> {
        answer(upsert_township::handle(self, request).await)
    }
}
