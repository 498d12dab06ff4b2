//! The service's table of contents: one line an RPC.

mod get_workload;
mod list_contacts;
mod list_duties;
mod list_sweeps;
mod record_contact;
mod run_sweep;
mod void_contact;
mod watch_duties;

use bangfu_platform::stack::answer;
use bangfu_proto::followup::v1::{
    Contact, GetWorkloadRequest, GetWorkloadResponse, ListContactsRequest, ListContactsResponse, ListDutiesRequest,
    ListDutiesResponse, ListSweepsRequest, ListSweepsResponse, RecordContactRequest, RunSweepRequest, RunSweepResponse,
    VoidContactRequest, WatchDutiesRequest, WatchDutiesResponse, followup_service_server::FollowupService,
};
use tokio_stream::wrappers::ReceiverStream;
use tonic::{Request, Response, Status};

use crate::Followup;

/// The stream of WatchDuties.
type Steps = ReceiverStream<Result<WatchDutiesResponse, Status>>;

#[rustfmt::skip]
#[tonic::async_trait]
impl FollowupService for Followup {
    type WatchDutiesStream = Steps;

    async fn list_duties(&self, r: Request<ListDutiesRequest>) -> Result<Response<ListDutiesResponse>, Status> { answer(list_duties::handle(self, r).await) }
    async fn get_workload(&self, r: Request<GetWorkloadRequest>) -> Result<Response<GetWorkloadResponse>, Status> { answer(get_workload::handle(self, r).await) }
    async fn record_contact(&self, r: Request<RecordContactRequest>) -> Result<Response<Contact>, Status> { answer(record_contact::handle(self, r).await) }
    async fn list_contacts(&self, r: Request<ListContactsRequest>) -> Result<Response<ListContactsResponse>, Status> { answer(list_contacts::handle(self, r).await) }
    async fn void_contact(&self, r: Request<VoidContactRequest>) -> Result<Response<Contact>, Status> { answer(void_contact::handle(self, r).await) }
    async fn run_sweep(&self, r: Request<RunSweepRequest>) -> Result<Response<RunSweepResponse>, Status> { answer(run_sweep::handle(self, r).await) }
    async fn list_sweeps(&self, r: Request<ListSweepsRequest>) -> Result<Response<ListSweepsResponse>, Status> { answer(list_sweeps::handle(self, r).await) }
    async fn watch_duties(&self, r: Request<WatchDutiesRequest>) -> Result<Response<Steps>, Status> { answer(watch_duties::handle(self, r).await) }
}
