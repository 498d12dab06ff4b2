//! One line an RPC: the table of contents.

mod accept_transfer;
mod add_household_member;
mod apply_for_recognition;
mod batch_get_people;
mod cancel_unemployment;
mod check_recognition;
mod commit_data_match;
mod create_household;
mod decide_data_match_rows;
mod decide_recognition;
mod dismiss_duplicate;
mod find_person;
mod get_audit_proof;
mod get_data_match;
mod get_employment_history;
mod get_household;
mod get_key_rotation;
mod get_level;
mod get_person;
mod get_recognition;
mod get_registrations;
mod get_transfer;
mod import_roster;
mod join_group;
mod leave_group;
mod list_audit;
mod list_data_match_rows;
mod list_data_matches;
mod list_duplicates;
mod list_households;
mod list_merges;
mod list_people;
mod list_recognitions;
mod list_surveys;
mod list_townships;
mod list_transfers;
mod merge_people;
mod offer_transfer;
mod parts;
mod recognise_household;
mod record_employment;
mod record_survey;
mod register_employment;
mod register_person;
mod register_unemployment;
mod reject_transfer;
mod remove_household_member;
mod request_transfer;
mod reveal_person;
mod revoke_recognition;
mod rotate_key;
mod run_retention;
mod start_data_match;
mod unmerge_people;
mod update_household;
mod update_person;
mod upsert_township;
mod watch_people;
mod withdraw_recognition;
mod withdraw_transfer;

use bangfu_platform::stack::answer;
use bangfu_proto::people::v1::{
    AcceptTransferRequest, AddHouseholdMemberRequest, ApplyForRecognitionRequest, AuditProof, BatchGetPeopleRequest,
    BatchGetPeopleResponse, BelievedLevel, CancelUnemploymentRequest, CheckRecognitionRequest, CommitDataMatchRequest,
    CreateHouseholdRequest, DataMatch, DecideDataMatchRowsRequest, DecideRecognitionRequest, DismissDuplicateRequest,
    DuplicatePair, EmploymentHistory, EmploymentRecord, EmploymentRegistration, FindPersonRequest,
    GetAuditProofRequest, GetDataMatchRequest, GetEmploymentHistoryRequest, GetHouseholdRequest, GetKeyRotationRequest,
    GetLevelRequest, GetPersonRequest, GetRecognitionRequest, GetRegistrationsRequest, GetTransferRequest, Household,
    ImportRosterRequest, JoinGroupRequest, KeyRotation, LeaveGroupRequest, ListAuditRequest, ListAuditResponse,
    ListDataMatchRowsRequest, ListDataMatchRowsResponse, ListDataMatchesRequest, ListDataMatchesResponse,
    ListDuplicatesRequest, ListDuplicatesResponse, ListHouseholdsRequest, ListHouseholdsResponse, ListMergesRequest,
    ListMergesResponse, ListPeopleRequest, ListPeopleResponse, ListRecognitionsRequest, ListRecognitionsResponse,
    ListSurveysRequest, ListSurveysResponse, ListTownshipsRequest, ListTownshipsResponse, ListTransfersRequest,
    ListTransfersResponse, Merge, MergePeopleRequest, OfferTransferRequest, Person, RecogniseHouseholdRequest,
    Recognition, RecordEmploymentRequest, RecordSurveyRequest, RegisterEmploymentRequest, RegisterPersonRequest,
    RegisterUnemploymentRequest, Registrations, RejectTransferRequest, RemoveHouseholdMemberRequest,
    RequestTransferRequest, RetentionRun, RevealPersonRequest, RevealedPerson, RevokeRecognitionRequest, RosterImport,
    RotateKeyRequest, RunRetentionRequest, StartDataMatchRequest, Survey, Township, Transfer, UnemploymentRegistration,
    UnmergePeopleRequest, UpdateHouseholdRequest, UpdatePersonRequest, UpsertTownshipRequest, WatchPeopleRequest,
    WatchPeopleResponse, WithdrawRecognitionRequest, WithdrawTransferRequest, people_service_server::PeopleService,
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

    async fn list_duplicates(&self, request: Request<ListDuplicatesRequest>) -> Answer<ListDuplicatesResponse> {
        answer(list_duplicates::handle(self, request).await)
    }

    async fn dismiss_duplicate(&self, request: Request<DismissDuplicateRequest>) -> Answer<DuplicatePair> {
        answer(dismiss_duplicate::handle(self, request).await)
    }

    async fn merge_people(&self, request: Request<MergePeopleRequest>) -> Answer<Merge> {
        answer(merge_people::handle(self, request).await)
    }

    async fn unmerge_people(&self, request: Request<UnmergePeopleRequest>) -> Answer<Merge> {
        answer(unmerge_people::handle(self, request).await)
    }

    async fn list_merges(&self, request: Request<ListMergesRequest>) -> Answer<ListMergesResponse> {
        answer(list_merges::handle(self, request).await)
    }

    async fn apply_for_recognition(&self, request: Request<ApplyForRecognitionRequest>) -> Answer<Recognition> {
        answer(apply_for_recognition::handle(self, request).await)
    }

    async fn check_recognition(&self, request: Request<CheckRecognitionRequest>) -> Answer<Recognition> {
        answer(check_recognition::handle(self, request).await)
    }

    async fn decide_recognition(&self, request: Request<DecideRecognitionRequest>) -> Answer<Recognition> {
        answer(decide_recognition::handle(self, request).await)
    }

    async fn revoke_recognition(&self, request: Request<RevokeRecognitionRequest>) -> Answer<Recognition> {
        answer(revoke_recognition::handle(self, request).await)
    }

    async fn withdraw_recognition(&self, request: Request<WithdrawRecognitionRequest>) -> Answer<Recognition> {
        answer(withdraw_recognition::handle(self, request).await)
    }

    async fn get_recognition(&self, request: Request<GetRecognitionRequest>) -> Answer<Recognition> {
        answer(get_recognition::handle(self, request).await)
    }

    async fn list_recognitions(&self, request: Request<ListRecognitionsRequest>) -> Answer<ListRecognitionsResponse> {
        answer(list_recognitions::handle(self, request).await)
    }

    async fn create_household(&self, request: Request<CreateHouseholdRequest>) -> Answer<Household> {
        answer(create_household::handle(self, request).await)
    }

    async fn add_household_member(&self, request: Request<AddHouseholdMemberRequest>) -> Answer<Household> {
        answer(add_household_member::handle(self, request).await)
    }

    async fn remove_household_member(&self, request: Request<RemoveHouseholdMemberRequest>) -> Answer<Household> {
        answer(remove_household_member::handle(self, request).await)
    }

    async fn update_household(&self, request: Request<UpdateHouseholdRequest>) -> Answer<Household> {
        answer(update_household::handle(self, request).await)
    }

    async fn recognise_household(&self, request: Request<RecogniseHouseholdRequest>) -> Answer<Household> {
        answer(recognise_household::handle(self, request).await)
    }

    async fn get_household(&self, request: Request<GetHouseholdRequest>) -> Answer<Household> {
        answer(get_household::handle(self, request).await)
    }

    async fn list_households(&self, request: Request<ListHouseholdsRequest>) -> Answer<ListHouseholdsResponse> {
        answer(list_households::handle(self, request).await)
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

    async fn offer_transfer(&self, request: Request<OfferTransferRequest>) -> Answer<Transfer> {
        answer(offer_transfer::handle(self, request).await)
    }

    async fn accept_transfer(&self, request: Request<AcceptTransferRequest>) -> Answer<Transfer> {
        answer(accept_transfer::handle(self, request).await)
    }

    async fn reject_transfer(&self, request: Request<RejectTransferRequest>) -> Answer<Transfer> {
        answer(reject_transfer::handle(self, request).await)
    }

    async fn withdraw_transfer(&self, request: Request<WithdrawTransferRequest>) -> Answer<Transfer> {
        answer(withdraw_transfer::handle(self, request).await)
    }

    async fn request_transfer(&self, request: Request<RequestTransferRequest>) -> Answer<Transfer> {
        answer(request_transfer::handle(self, request).await)
    }

    async fn get_transfer(&self, request: Request<GetTransferRequest>) -> Answer<Transfer> {
        answer(get_transfer::handle(self, request).await)
    }

    async fn list_transfers(&self, request: Request<ListTransfersRequest>) -> Answer<ListTransfersResponse> {
        answer(list_transfers::handle(self, request).await)
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

    async fn start_data_match(&self, request: Request<Streaming<StartDataMatchRequest>>) -> Answer<DataMatch> {
        answer(start_data_match::handle(self, request).await)
    }

    async fn get_data_match(&self, request: Request<GetDataMatchRequest>) -> Answer<DataMatch> {
        answer(get_data_match::handle(self, request).await)
    }

    async fn list_data_matches(&self, request: Request<ListDataMatchesRequest>) -> Answer<ListDataMatchesResponse> {
        answer(list_data_matches::handle(self, request).await)
    }

    async fn list_data_match_rows(
        &self,
        request: Request<ListDataMatchRowsRequest>,
    ) -> Answer<ListDataMatchRowsResponse> {
        answer(list_data_match_rows::handle(self, request).await)
    }

    async fn decide_data_match_rows(&self, request: Request<DecideDataMatchRowsRequest>) -> Answer<DataMatch> {
        answer(decide_data_match_rows::handle(self, request).await)
    }

    async fn commit_data_match(&self, request: Request<CommitDataMatchRequest>) -> Answer<DataMatch> {
        answer(commit_data_match::handle(self, request).await)
    }
}
