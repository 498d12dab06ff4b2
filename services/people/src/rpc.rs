//! One line an RPC: the table of contents.

mod batch_get_people;
mod cancel_unemployment;
mod find_person;
mod get_audit_proof;
mod get_employment_history;
mod get_key_rotation;
mod get_level;
mod get_person;
mod get_registrations;
mod import_roster;
mod join_group;
mod leave_group;
mod list_audit;
mod list_people;
mod list_surveys;
mod list_townships;
mod record_employment;
mod record_survey;
mod register_employment;
mod register_person;
mod register_unemployment;
mod reveal_person;
mod rotate_key;
mod run_retention;
mod update_person;
mod upsert_township;
mod watch_people;

use bangfu_platform::stack::answer;
use bangfu_proto::people::v1::{
    AuditProof, BatchGetPeopleRequest, BatchGetPeopleResponse, BelievedLevel, CancelUnemploymentRequest,
    EmploymentHistory, EmploymentRecord, EmploymentRegistration, FindPersonRequest, GetAuditProofRequest,
    GetEmploymentHistoryRequest, GetKeyRotationRequest, GetLevelRequest, GetPersonRequest, GetRegistrationsRequest,
    ImportRosterRequest, JoinGroupRequest, KeyRotation, LeaveGroupRequest, ListAuditRequest, ListAuditResponse,
    ListPeopleRequest, ListPeopleResponse, ListSurveysRequest, ListSurveysResponse, ListTownshipsRequest,
    ListTownshipsResponse, Person, RecordEmploymentRequest, RecordSurveyRequest, RegisterEmploymentRequest,
    RegisterPersonRequest, RegisterUnemploymentRequest, Registrations, RetentionRun, RevealPersonRequest,
    RevealedPerson, RosterImport, RotateKeyRequest, RunRetentionRequest, Survey, Township, UnemploymentRegistration,
    UpdatePersonRequest, UpsertTownshipRequest, WatchPeopleRequest, WatchPeopleResponse,
    people_service_server::PeopleService,
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

    async fn find_person(&self, request: Request<FindPersonRequest>) -> Answer<Person> {
        answer(find_person::handle(self, request).await)
    }

    async fn batch_get_people(&self, request: Request<BatchGetPeopleRequest>) -> Answer<BatchGetPeopleResponse> {
        answer(batch_get_people::handle(self, request).await)
    }

    async fn list_people(&self, request: Request<ListPeopleRequest>) -> Answer<ListPeopleResponse> {
        answer(list_people::handle(self, request).await)
    }

    async fn update_person(&self, request: Request<UpdatePersonRequest>) -> Answer<Person> {
        answer(update_person::handle(self, request).await)
    }

    async fn record_employment(&self, request: Request<RecordEmploymentRequest>) -> Answer<EmploymentRecord> {
        answer(record_employment::handle(self, request).await)
    }

    async fn join_group(&self, request: Request<JoinGroupRequest>) -> Answer<Person> {
        answer(join_group::handle(self, request).await)
    }

    async fn leave_group(&self, request: Request<LeaveGroupRequest>) -> Answer<Person> {
        answer(leave_group::handle(self, request).await)
    }

    async fn get_employment_history(&self, request: Request<GetEmploymentHistoryRequest>) -> Answer<EmploymentHistory> {
        answer(get_employment_history::handle(self, request).await)
    }

    async fn get_level(&self, request: Request<GetLevelRequest>) -> Answer<BelievedLevel> {
        answer(get_level::handle(self, request).await)
    }

    async fn register_unemployment(
        &self,
        request: Request<RegisterUnemploymentRequest>,
    ) -> Answer<UnemploymentRegistration> {
        answer(register_unemployment::handle(self, request).await)
    }

    async fn cancel_unemployment(
        &self,
        request: Request<CancelUnemploymentRequest>,
    ) -> Answer<UnemploymentRegistration> {
        answer(cancel_unemployment::handle(self, request).await)
    }

    async fn register_employment(&self, request: Request<RegisterEmploymentRequest>) -> Answer<EmploymentRegistration> {
        answer(register_employment::handle(self, request).await)
    }

    async fn get_registrations(&self, request: Request<GetRegistrationsRequest>) -> Answer<Registrations> {
        answer(get_registrations::handle(self, request).await)
    }

    async fn record_survey(&self, request: Request<RecordSurveyRequest>) -> Answer<Survey> {
        answer(record_survey::handle(self, request).await)
    }

    async fn list_surveys(&self, request: Request<ListSurveysRequest>) -> Answer<ListSurveysResponse> {
        answer(list_surveys::handle(self, request).await)
    }

    async fn import_roster(&self, request: Request<Streaming<ImportRosterRequest>>) -> Answer<RosterImport> {
        answer(import_roster::handle(self, request).await)
    }

    async fn reveal_person(&self, request: Request<RevealPersonRequest>) -> Answer<RevealedPerson> {
        answer(reveal_person::handle(self, request).await)
    }

    async fn list_audit(&self, request: Request<ListAuditRequest>) -> Answer<ListAuditResponse> {
        answer(list_audit::handle(self, request).await)
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

    async fn get_audit_proof(&self, request: Request<GetAuditProofRequest>) -> Answer<AuditProof> {
        answer(get_audit_proof::handle(self, request).await)
    }

    async fn rotate_key(&self, request: Request<RotateKeyRequest>) -> Answer<KeyRotation> {
        answer(rotate_key::handle(self, request).await)
    }

    async fn get_key_rotation(&self, request: Request<GetKeyRotationRequest>) -> Answer<KeyRotation> {
        answer(get_key_rotation::handle(self, request).await)
    }

    async fn run_retention(&self, request: Request<RunRetentionRequest>) -> Answer<RetentionRun> {
        answer(run_retention::handle(self, request).await)
    }
}
