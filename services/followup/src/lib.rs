//! Follow-up (跟踪服务): what is owed to whom by when, what was done, and what was missed.
//!
//! Owns the duties, the contacts, the service records, the waivers, the standards and the sweeps of a city. Knows people by
//! id and by the facts that decide what is owed, which it follows from the people registry; names and numbers never come here. Promises: a duty is raised once per
//! period, whoever raises it and however often; what is DONE, MISSED or WAIVED is never rewritten; nobody is skipped
//! silently; a status learned in a contact reaches the registry, exactly once.
//!
//! | RPC | file | tables |
//! |---|---|---|
//! | ListDuties | `rpc/list_duties.rs` | duty, subject |
//! | GetWorkload | `rpc/get_workload.rs` | duty, subject |
//! | RecordContact | `rpc/record_contact.rs` | contact, duty, subject, delivery |
//! | ListContacts | `rpc/list_contacts.rs` | contact, duty |
//! | VoidContact | `rpc/void_contact.rs` | contact, duty, subject |
//! | RecordContacts | `rpc/record_contacts.rs` | as RecordContact, row by row |
//! | RecordService | `rpc/record_service.rs` | contact, duty, subject |
//! | RecordServices | `rpc/record_services.rs` | as RecordService, row by row |
//! | ListServices | `rpc/list_services.rs` | contact, duty |
//! | VoidService | `rpc/void_service.rs` | contact, duty, subject |
//! | PutCoordinator | `rpc/put_coordinator.rs` | coordinator |
//! | ListCoordinators | `rpc/list_coordinators.rs` | coordinator, assignment, absence, subject |
//! | AssignVillage | `rpc/assign_village.rs` | assignment, subject |
//! | AssignPerson | `rpc/assign_person.rs` | assignment, subject |
//! | HandOver | `rpc/hand_over.rs` | assignment, subject |
//! | ListAssignments | `rpc/list_assignments.rs` | assignment |
//! | RecordAbsence | `rpc/record_absence.rs` | absence, subject |
//! | CancelAbsence | `rpc/cancel_absence.rs` | absence |
//! | RunSweep | `rpc/run_sweep.rs` → `job/sweep.rs` | sweep, duty, subject |
//! | ListSweeps | `rpc/list_sweeps.rs` | sweep |
//! | WatchDuties | `rpc/watch_duties.rs` | event |
//! | ListQuarantine | `rpc/list_quarantine.rs` | quarantine |
//! | RequestWaiver | `rpc/request_waiver.rs` | waiver, duty, contact |
//! | DecideWaiver | `rpc/decide_waiver.rs` | waiver, duty, subject |
//! | WithdrawWaiver | `rpc/withdraw_waiver.rs` | waiver |
//! | RevokeWaiver | `rpc/revoke_waiver.rs` | waiver, duty, subject |
//! | GetWaiver, ListWaivers | `rpc/get_waiver.rs`, `rpc/list_waivers.rs` | waiver |
//! | GetPersonProgress | `rpc/get_person_progress.rs` | duty |
//! | GetProgress | `rpc/get_progress.rs` | duty, subject |
//! | WatchReminders | `rpc/watch_reminders.rs` → `reminders.rs` | duty, event |
//! | PublishCalendar | `rpc/publish_calendar.rs` | work_calendar |
//! | GetCalendar | `rpc/get_calendar.rs` | work_calendar |
//! | PublishStandard | `rpc/publish_standard.rs` | standard |
//! | GetStandard | `rpc/get_standard.rs` | standard |
//! | ListStandards | `rpc/list_standards.rs` | standard |
//! | PreviewStandard | `rpc/preview_standard.rs` | standard, subject, contact |
//!
//! Background: `feed/people.rs` follows the registry, `job/deliver.rs` tells it what contacts taught, `job/nightly.rs`
//! sweeps every night and when people have come in. `model` is the planner: pure. `replan.rs` makes the ledger say what the plan says.

mod assign;
mod calendars;
mod contact;
mod coordinators;
mod directory;
mod entry;
mod feed;
mod job;
pub mod model;
pub mod offline;
mod preview;
mod reminders;
mod replan;
mod restored;
mod rows;
mod rpc;
mod serves;
mod service_record;
mod standards;
mod store;
mod waiver;
mod wire;

pub use restored::registry_restored;

use std::{
    collections::BTreeSet,
    sync::{Arc, Mutex},
};

use bangfu_kernel::Township;
use bangfu_platform::{
    auth::{Permit, layer::Directory},
    ground::Ground,
    peers::Peer,
};
use bangfu_proto::followup::v1::followup_service_server::FollowupServiceServer;
use tokio::sync::{Notify, watch};
use tokio_util::task::TaskTracker;
use tonic::codec::CompressionEncoding;

use calendars::Calendars;
use model::standard::Standards;
use standards::Source;

/// The tables of this service; the ground's come before.
pub static MIGRATOR: sqlx::migrate::Migrator = sqlx::migrate!();

/// The follow-up service. Cloning gives another handle.
#[derive(Debug, Clone)]
pub struct Followup {
    ground: Ground,
    /// Ask `standards()`.
    standards: Arc<Source>,
    /// Working days, read now and then.
    calendars: Calendars,
    /// Moves when the follower has applied something.
    followed: watch::Sender<u64>,
    /// Wakes the deliverer.
    learned: Arc<Notify>,
    /// Townships that are known to be followed: they never cease to be.
    known: Arc<Mutex<BTreeSet<Township>>>,
}

impl Followup {
    /// The service on its ground, with the standards of the suite's own; those that the city publishes come on top.
    pub fn new(ground: Ground, standards: Arc<Standards>) -> Self {
        let standards = Arc::new(Source::new(standards));
        Self {
            ground,
            standards,
            calendars: Calendars::default(),
            followed: watch::Sender::new(0),
            learned: Arc::default(),
            known: Arc::default(),
        }
    }

    /// The gRPC service.
    pub fn server(self) -> FollowupServiceServer<Self> {
        FollowupServiceServer::new(self)
            .accept_compressed(CompressionEncoding::Gzip)
            .send_compressed(CompressionEncoding::Gzip)
    }

    /// Which townships are known here, for the auth layer.
    pub fn directory(&self) -> Arc<dyn Directory> {
        Arc::new(self.clone())
    }

    /// Starts the background work: following the registry, telling it what contacts taught and, with `sweeps`, sweeping
    /// every night and whenever people have come in. It ends when the ground is stopping; `wait()` on what is returned to
    /// see it ended. Any number of replicas may run it.
    pub fn jobs(self, people: Peer, sweeps: bool) -> TaskTracker {
        let tasks = TaskTracker::new();
        tasks.spawn(self.clone().follow(people.clone()));
        tasks.spawn(job::deliver::run(self.clone(), people));
        if sweeps {
            tasks.spawn(job::nightly::run(self));
        }
        tasks.close();
        tasks
    }

    /// Follows the registry, until the ground is stopping. It may be dropped at any moment and begun again: position and
    /// effect are committed together.
    pub fn follow(self, people: Peer) -> impl Future<Output = ()> + Send {
        feed::people::follow(self, people)
    }

    /// A permit for our own work: no caller stands behind it.
    #[expect(clippy::disallowed_methods, reason = "the one place where this service's background work gets its permit")]
    fn permit(&self, job: &'static str, township: Option<Township>) -> Permit {
        Permit::of_job(job, &self.ground.city, township)
    }
}
