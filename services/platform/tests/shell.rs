//! A server with a stand-in of the follow-up contract, whose handlers sleep, panic and stream on demand.

use std::{
    net::SocketAddr,
    panic,
    pin::Pin,
    sync::{
        Arc, Once,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use bangfu_kernel::Error;
use bangfu_platform::{
    auth::Permit,
    server::{self, Readiness, Server, Stopped, Stopping},
    stack::{self, Stack, answer, refuse},
    telemetry,
};
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
    WorkCalendar,
    followup_service_client::FollowupServiceClient,
    followup_service_server::{FollowupService, FollowupServiceServer},
};
use futures::{Stream, StreamExt as _};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use tonic::{Request, Response, Status, body::Body, service::Routes, transport::Channel};
use tower::util::MapRequestLayer;

/// Long enough for a loaded machine; nothing waits for it unless it fails.
pub(crate) const PATIENCE: Duration = Duration::from_mins(1);

/// What stands in the note of a request that has to stay between caller and handler.
pub(crate) const SECRET: &str = "secret-of-320699";

/// The stand-in. `note` of RecordContact says what to do: `sleep 200`, `panic`; `townships` of WatchDuties: `hang`.
#[derive(Debug, Clone)]
pub(crate) struct Fake {
    pub(crate) begun: Arc<AtomicUsize>,
    pub(crate) finished: Arc<AtomicUsize>,
    pub(crate) stopping: Stopping,
}

/// A server at work.
pub(crate) struct Running {
    pub(crate) addr: SocketAddr,
    pub(crate) fake: Fake,
    pub(crate) readiness: Readiness,
    pub(crate) stop: CancellationToken,
    pub(crate) served: JoinHandle<Result<Stopped, Error>>,
}

/// Settings of a test: nothing waits at the stop.
pub(crate) fn settings() -> server::Settings {
    server::Settings { lame_duck: Duration::ZERO, ..server::Settings::default() }
}

/// Serves the stand-in on a free port.
pub(crate) async fn start(server: server::Settings, stack: &stack::Settings) -> Running {
    let server = Server::bind(([127, 0, 0, 1], 0).into(), server).await.expect("a free port");
    let (addr, readiness, fake) = (server.local_addr(), server.readiness(), Fake::new(server.stopping()));
    let stop = CancellationToken::new();
    let (routes, stack) = (fake.routes(), Stack::new(stack, permitting()));
    let served = tokio::spawn(server.serve(routes, stack, stop.clone().cancelled_owned()));
    Running { addr, fake, readiness, stop, served }
}

/// Stands in for the auth layer: everybody is a job of township 320685102.
#[expect(clippy::disallowed_methods, reason = "stands where the auth layer would")]
pub(crate) fn permitting() -> MapRequestLayer<fn(http::Request<Body>) -> http::Request<Body>> {
    MapRequestLayer::new(|mut request| {
        let township = "320685102".parse().expect("a township");
        request.extensions_mut().insert(Permit::of_job("test", "320685", Some(township)));
        request
    })
}

/// Waits until a counter has come so far.
pub(crate) async fn reached(counter: &AtomicUsize, count: usize) {
    let wait = async {
        while counter.load(Ordering::SeqCst) < count {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(PATIENCE, wait).await.expect("the counter moves");
}

/// Installs the hook of the suite, which keeps the text of a panic to itself; a failing test still has to tell.
pub(crate) fn discreet() {
    static INSTALLED: Once = Once::new();
    INSTALLED.call_once(|| {
        telemetry::panics::install();
        let discreet = panic::take_hook();
        panic::set_hook(Box::new(move |panic| {
            discreet(panic);
            if telemetry::correlation_id().is_empty() {
                eprintln!("{panic}");
            }
        }));
    });
}

/// A request whose note tells the stand-in what to do.
pub(crate) fn record(note: &str) -> RecordContactRequest {
    RecordContactRequest { note: note.to_owned(), answered_by: SECRET.to_owned(), ..RecordContactRequest::default() }
}

/// The reason in a status.
pub(crate) fn reason(status: &Status) -> String {
    tonic_types::StatusExt::get_details_error_info(status).map(|info| info.reason).unwrap_or_default()
}

impl Running {
    pub(crate) async fn channel(&self) -> Channel {
        let endpoint = Channel::from_shared(format!("http://{}", self.addr)).expect("an address");
        endpoint.connect().await.expect("a connection")
    }

    pub(crate) async fn client(&self) -> FollowupServiceClient<Channel> {
        FollowupServiceClient::new(self.channel().await)
    }

    pub(crate) async fn stop(self) -> Stopped {
        self.stop.cancel();
        tokio::time::timeout(PATIENCE, self.served).await.expect("in time").expect("no panic").expect("served")
    }
}

impl Fake {
    pub(crate) fn new(stopping: Stopping) -> Self {
        Self { begun: Arc::default(), finished: Arc::default(), stopping }
    }

    pub(crate) fn routes(&self) -> Routes {
        Routes::new(FollowupServiceServer::new(self.clone()))
    }
}

/// Methods that the stand-in does not have. (Written out as `async_trait` would, which does not look into macros.)
macro_rules! unbuilt {
    ($($name:ident($request:ty) -> $response:ty;)*) => {$(
        fn $name<'life0, 'async_trait>(
            &'life0 self,
            _: Request<$request>,
        ) -> Pin<Box<dyn Future<Output = Result<Response<$response>, Status>> + Send + 'async_trait>>
        where
            'life0: 'async_trait,
            Self: 'async_trait,
        {
            Box::pin(async { answer(Err(Error::MethodUnknown)) })
        }
    )*};
}

#[tonic::async_trait]
impl FollowupService for Fake {
    async fn record_contact(&self, request: Request<RecordContactRequest>) -> Result<Response<Contact>, Status> {
        self.begun.fetch_add(1, Ordering::SeqCst);
        let note = request.into_inner().note;
        match note.split_once(' ') {
            Some(("sleep", millis)) => {
                tokio::time::sleep(Duration::from_millis(millis.parse().expect("a number"))).await;
            }
            Some(("panic", text)) => panic!("{text}"),
            Some(("fail", text)) => return answer(Err(Error::internal(text.to_owned()))),
            _ => {}
        }
        self.finished.fetch_add(1, Ordering::SeqCst);
        answer(Ok(Contact::default()))
    }

    type WatchDutiesStream = Pin<Box<dyn Stream<Item = Result<WatchDutiesResponse, Status>> + Send>>;

    async fn watch_duties(
        &self,
        request: Request<WatchDutiesRequest>,
    ) -> Result<Response<Self::WatchDutiesStream>, Status> {
        self.begun.fetch_add(1, Ordering::SeqCst);
        let how = request.into_inner().townships.join(" ");
        let first = futures::stream::iter([Ok(WatchDutiesResponse::default())]);
        let stopping = self.stopping.clone();
        let rest = futures::stream::once(async move {
            match how.as_str() {
                "hang" => std::future::pending().await,
                "panic" => {
                    // A message still in tonic's buffer would go down with the panic.
                    tokio::time::sleep(Duration::from_millis(100)).await;
                    panic!("{SECRET}")
                }
                _ => stopping.begun().await,
            }
            Err(refuse(&Error::Stopping))
        });
        Ok(Response::new(first.chain(rest).boxed()))
    }

    async fn list_duties(&self, _: Request<ListDutiesRequest>) -> Result<Response<ListDutiesResponse>, Status> {
        Err(Status::unimplemented("as tonic says it"))
    }

    type WatchRemindersStream = Pin<Box<dyn Stream<Item = Result<WatchRemindersResponse, Status>> + Send>>;
    type PreviewStandardStream = Pin<Box<dyn Stream<Item = Result<PreviewStandardResponse, Status>> + Send>>;

    unbuilt! {
        get_workload(GetWorkloadRequest) -> GetWorkloadResponse;
        list_contacts(ListContactsRequest) -> ListContactsResponse;
        void_contact(VoidContactRequest) -> Contact;
        run_sweep(RunSweepRequest) -> RunSweepResponse;
        list_sweeps(ListSweepsRequest) -> ListSweepsResponse;
        record_contacts(RecordContactsRequest) -> RecordContactsResponse;
        record_service(RecordServiceRequest) -> ServiceRecord;
        record_services(RecordServicesRequest) -> RecordServicesResponse;
        list_services(ListServicesRequest) -> ListServicesResponse;
        void_service(VoidServiceRequest) -> ServiceRecord;
        request_waiver(RequestWaiverRequest) -> Waiver;
        decide_waiver(DecideWaiverRequest) -> Waiver;
        withdraw_waiver(WithdrawWaiverRequest) -> Waiver;
        revoke_waiver(RevokeWaiverRequest) -> Waiver;
        get_waiver(GetWaiverRequest) -> Waiver;
        list_waivers(ListWaiversRequest) -> ListWaiversResponse;
        put_coordinator(PutCoordinatorRequest) -> Coordinator;
        list_coordinators(ListCoordinatorsRequest) -> ListCoordinatorsResponse;
        assign_village(AssignVillageRequest) -> Assignment;
        assign_person(AssignPersonRequest) -> Assignment;
        hand_over(HandOverRequest) -> HandOverResponse;
        list_assignments(ListAssignmentsRequest) -> ListAssignmentsResponse;
        record_absence(RecordAbsenceRequest) -> Absence;
        cancel_absence(CancelAbsenceRequest) -> Absence;
        get_person_progress(GetPersonProgressRequest) -> PersonProgress;
        get_progress(GetProgressRequest) -> GetProgressResponse;
        watch_reminders(WatchRemindersRequest) -> Self::WatchRemindersStream;
        publish_standard(PublishStandardRequest) -> Standard;
        get_standard(GetStandardRequest) -> Standard;
        list_standards(ListStandardsRequest) -> ListStandardsResponse;
        preview_standard(PreviewStandardRequest) -> Self::PreviewStandardStream;
        publish_calendar(PublishCalendarRequest) -> WorkCalendar;
        get_calendar(GetCalendarRequest) -> WorkCalendar;
        list_quarantine(ListQuarantineRequest) -> ListQuarantineResponse;
    }
}
