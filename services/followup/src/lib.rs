//! Follow-up (跟踪服务): what is owed to whom by when, what was done, and what was missed.
//!
//! Owns the duties, the contacts and the sweeps of a city. Knows people by id and by the facts that decide what is owed,
//! which it follows from the people registry; names and numbers never come here. Promises: a duty is raised once per
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
//! | RunSweep | `rpc/run_sweep.rs` → `job/sweep.rs` | sweep, duty, subject |
//! | ListSweeps | `rpc/list_sweeps.rs` | sweep |
//! | WatchDuties | `rpc/watch_duties.rs` | event |
//!
//! Background: `feed/people.rs` follows the registry, `job/deliver.rs` tells it what contacts taught, `job/nightly.rs`
//! sweeps every night and when people have come in. `model` is the planner: pure. `replan.rs` makes the ledger say what the plan says.

mod contact;
mod directory;
mod feed;
mod job;
pub mod model;
pub mod offline;
mod reminders;
mod replan;
mod rpc;
mod store;
mod waiver;
mod wire;

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

use model::standard::Standards;

/// The tables of this service; the ground's come before.
pub static MIGRATOR: sqlx::migrate::Migrator = sqlx::migrate!();

/// The follow-up service. Cloning gives another handle.
#[derive(Debug, Clone)]
pub struct Followup {
    ground: Ground,
    standards: Arc<Standards>,
    /// Moves when the follower has applied something.
    followed: watch::Sender<u64>,
    /// Wakes the deliverer.
    learned: Arc<Notify>,
    /// Townships that are known to be followed: they never cease to be.
    known: Arc<Mutex<BTreeSet<Township>>>,
}

impl Followup {
    /// The service on its ground, with the standards that say what is owed.
    pub fn new(ground: Ground, standards: Arc<Standards>) -> Self {
        Self { ground, standards, followed: watch::Sender::new(0), learned: Arc::default(), known: Arc::default() }
    }

    /// The gRPC service.
    pub fn server(self) -> FollowupServiceServer<Self> {
        FollowupServiceServer::new(self)
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
        tasks.spawn(feed::people::follow(self.clone(), people.clone()));
        tasks.spawn(job::deliver::run(self.clone(), people));
        if sweeps {
            tasks.spawn(job::nightly::run(self));
        }
        tasks.close();
        tasks
    }

    /// A permit for our own work: no caller stands behind it.
    #[expect(clippy::disallowed_methods, reason = "the one place where this service's background work gets its permit")]
    fn permit(&self, job: &'static str, township: Option<Township>) -> Permit {
        Permit::of_job(job, &self.ground.city, township)
    }
}
