//! The service's table of contents: one line an RPC.

mod assign_person;
mod assign_village;
mod cancel_absence;
mod decide_waiver;
mod get_calendar;
mod get_person_progress;
mod get_progress;
mod get_standard;
mod get_waiver;
mod get_workload;
mod hand_over;
mod list_assignments;
mod list_contacts;
mod list_coordinators;
mod list_duties;
mod list_quarantine;
mod list_services;
mod list_standards;
mod list_sweeps;
mod list_waivers;
mod preview_standard;
mod publish_calendar;
mod publish_standard;
mod put_coordinator;
mod record_absence;
mod record_contact;
mod record_contacts;
mod record_service;
mod record_services;
mod request_waiver;
mod revoke_waiver;
mod run_sweep;
mod void_contact;
mod void_service;
mod watch_duties;
mod watch_reminders;
mod withdraw_waiver;

use bangfu_platform::stack::answer;
use bangfu_proto::followup::v1::{
    Absence, AssignPersonRequest, AssignVillageRequest, Assignment, CancelAbsenceRequest, Contact, Coordinator,
    DecideWaiverRequest, GetCalendarRequest, GetPersonProgressRequest, GetProgressRequest, GetProgressResponse,
    GetStandardRequest, GetWaiverRequest, GetWorkloadRequest, GetWorkloadResponse, HandOverRequest, HandOverResponse,
    ListAssignmentsRequest, ListAssignmentsResponse, ListContactsRequest, ListContactsResponse,
    ListCoordinatorsRequest, ListCoordinatorsResponse, ListDutiesRequest, ListDutiesResponse, ListQuarantineRequest,
    ListQuarantineResponse, ListServicesRequest, ListServicesResponse, ListStandardsRequest, ListStandardsResponse,
    ListSweepsRequest, ListSweepsResponse, ListWaiversRequest, ListWaiversResponse, PersonProgress,
    PreviewStandardRequest, PreviewStandardResponse, PublishCalendarRequest, PublishStandardRequest,
    PutCoordinatorRequest, RecordAbsenceRequest, RecordContactRequest, RecordContactsRequest, RecordContactsResponse,
    RecordServiceRequest, RecordServicesRequest, RecordServicesResponse, RequestWaiverRequest, RevokeWaiverRequest,
    RunSweepRequest, RunSweepResponse, ServiceRecord, Standard, VoidContactRequest, VoidServiceRequest, Waiver,
    WatchDutiesRequest, WatchDutiesResponse, WatchRemindersRequest, WatchRemindersResponse, WithdrawWaiverRequest,
    WorkCalendar, followup_service_server::FollowupService,
};
use tokio_stream::wrappers::ReceiverStream;
use tonic::{Request, Response, Status};

use crate::Followup;

/// The stream of WatchDuties.
type Steps = ReceiverStream<Result<WatchDutiesResponse, Status>>;
/// The stream of WatchReminders.
type Reminders = ReceiverStream<Result<WatchRemindersResponse, Status>>;
/// The stream of PreviewStandard.
type Previews = ReceiverStream<Result<PreviewStandardResponse, Status>>;

#[rustfmt::skip]
#[tonic::async_trait]
impl FollowupService for Followup {
    type WatchDutiesStream = Steps;
    type WatchRemindersStream = Reminders;
    type PreviewStandardStream = Previews;

    async fn list_duties(&self, r: Request<ListDutiesRequest>) -> Result<Response<ListDutiesResponse>, Status> { answer(list_duties::handle(self, r).await) }
    async fn get_workload(&self, r: Request<GetWorkloadRequest>) -> Result<Response<GetWorkloadResponse>, Status> { answer(get_workload::handle(self, r).await) }
    async fn record_contact(&self, r: Request<RecordContactRequest>) -> Result<Response<Contact>, Status> { answer(record_contact::handle(self, r).await) }
    async fn list_contacts(&self, r: Request<ListContactsRequest>) -> Result<Response<ListContactsResponse>, Status> { answer(list_contacts::handle(self, r).await) }
    async fn void_contact(&self, r: Request<VoidContactRequest>) -> Result<Response<Contact>, Status> { answer(void_contact::handle(self, r).await) }
    async fn run_sweep(&self, r: Request<RunSweepRequest>) -> Result<Response<RunSweepResponse>, Status> { answer(run_sweep::handle(self, r).await) }
    async fn list_sweeps(&self, r: Request<ListSweepsRequest>) -> Result<Response<ListSweepsResponse>, Status> { answer(list_sweeps::handle(self, r).await) }
    async fn watch_duties(&self, r: Request<WatchDutiesRequest>) -> Result<Response<Steps>, Status> { answer(watch_duties::handle(self, r).await) }
    async fn record_contacts(&self, r: Request<RecordContactsRequest>) -> Result<Response<RecordContactsResponse>, Status> { answer(record_contacts::handle(self, r).await) }
    async fn record_service(&self, r: Request<RecordServiceRequest>) -> Result<Response<ServiceRecord>, Status> { answer(record_service::handle(self, r).await) }
    async fn record_services(&self, r: Request<RecordServicesRequest>) -> Result<Response<RecordServicesResponse>, Status> { answer(record_services::handle(self, r).await) }
    async fn list_services(&self, r: Request<ListServicesRequest>) -> Result<Response<ListServicesResponse>, Status> { answer(list_services::handle(self, r).await) }
    async fn void_service(&self, r: Request<VoidServiceRequest>) -> Result<Response<ServiceRecord>, Status> { answer(void_service::handle(self, r).await) }
    async fn request_waiver(&self, r: Request<RequestWaiverRequest>) -> Result<Response<Waiver>, Status> { answer(request_waiver::handle(self, r).await) }
    async fn decide_waiver(&self, r: Request<DecideWaiverRequest>) -> Result<Response<Waiver>, Status> { answer(decide_waiver::handle(self, r).await) }
    async fn withdraw_waiver(&self, r: Request<WithdrawWaiverRequest>) -> Result<Response<Waiver>, Status> { answer(withdraw_waiver::handle(self, r).await) }
    async fn revoke_waiver(&self, r: Request<RevokeWaiverRequest>) -> Result<Response<Waiver>, Status> { answer(revoke_waiver::handle(self, r).await) }
    async fn get_waiver(&self, r: Request<GetWaiverRequest>) -> Result<Response<Waiver>, Status> { answer(get_waiver::handle(self, r).await) }
    async fn list_waivers(&self, r: Request<ListWaiversRequest>) -> Result<Response<ListWaiversResponse>, Status> { answer(list_waivers::handle(self, r).await) }
    async fn put_coordinator(&self, r: Request<PutCoordinatorRequest>) -> Result<Response<Coordinator>, Status> { answer(put_coordinator::handle(self, r).await) }
    async fn list_coordinators(&self, r: Request<ListCoordinatorsRequest>) -> Result<Response<ListCoordinatorsResponse>, Status> { answer(list_coordinators::handle(self, r).await) }
    async fn assign_village(&self, r: Request<AssignVillageRequest>) -> Result<Response<Assignment>, Status> { answer(assign_village::handle(self, r).await) }
    async fn assign_person(&self, r: Request<AssignPersonRequest>) -> Result<Response<Assignment>, Status> { answer(assign_person::handle(self, r).await) }
    async fn hand_over(&self, r: Request<HandOverRequest>) -> Result<Response<HandOverResponse>, Status> { answer(hand_over::handle(self, r).await) }
    async fn list_assignments(&self, r: Request<ListAssignmentsRequest>) -> Result<Response<ListAssignmentsResponse>, Status> { answer(list_assignments::handle(self, r).await) }
    async fn record_absence(&self, r: Request<RecordAbsenceRequest>) -> Result<Response<Absence>, Status> { answer(record_absence::handle(self, r).await) }
    async fn cancel_absence(&self, r: Request<CancelAbsenceRequest>) -> Result<Response<Absence>, Status> { answer(cancel_absence::handle(self, r).await) }
    async fn get_person_progress(&self, r: Request<GetPersonProgressRequest>) -> Result<Response<PersonProgress>, Status> { answer(get_person_progress::handle(self, r).await) }
    async fn get_progress(&self, r: Request<GetProgressRequest>) -> Result<Response<GetProgressResponse>, Status> { answer(get_progress::handle(self, r).await) }
    async fn watch_reminders(&self, r: Request<WatchRemindersRequest>) -> Result<Response<Reminders>, Status> { answer(watch_reminders::handle(self, r).await) }
    async fn publish_standard(&self, r: Request<PublishStandardRequest>) -> Result<Response<Standard>, Status> { answer(publish_standard::handle(self, r).await) }
    async fn get_standard(&self, r: Request<GetStandardRequest>) -> Result<Response<Standard>, Status> { answer(get_standard::handle(self, r).await) }
    async fn list_standards(&self, r: Request<ListStandardsRequest>) -> Result<Response<ListStandardsResponse>, Status> { answer(list_standards::handle(self, r).await) }
    async fn preview_standard(&self, r: Request<PreviewStandardRequest>) -> Result<Response<Previews>, Status> { answer(preview_standard::handle(self, r).await) }
    async fn publish_calendar(&self, r: Request<PublishCalendarRequest>) -> Result<Response<WorkCalendar>, Status> { answer(publish_calendar::handle(self, r).await) }
    async fn get_calendar(&self, r: Request<GetCalendarRequest>) -> Result<Response<WorkCalendar>, Status> { answer(get_calendar::handle(self, r).await) }
    async fn list_quarantine(&self, r: Request<ListQuarantineRequest>) -> Result<Response<ListQuarantineResponse>, Status> { answer(list_quarantine::handle(self, r).await) }
}
