//! The embedded PostgreSQL: finds the server's programs on this machine and runs a private cluster with them, for
//! `bangfu up`, `bangfu demo` and the tests. It downloads nothing and needs no rights beyond its own folder.
//!
//! A cluster is one folder:
//!
//! | entry           | what it is                                                                                  |
//! |-----------------|---------------------------------------------------------------------------------------------|
//! | `data/`         | PostgreSQL's own folder; appears by rename only, when `initdb` has finished                  |
//! | `password`      | the superuser's password, readable by us alone                                               |
//! | `postgres.log`  | what the server says; the one before it is `postgres.log.old`                                |
//! | `start.lock`    | held exclusively by whoever starts or stops the server                                       |
//! | `owners.lock`   | held shared by every living [`Cluster`]; the kernel lets go of it however its process ends   |
//! | `run/`          | the pipe by which a watchdog learns that the last owner of a [`Lifetime::WithOwner`] is gone |
//! | `test-only`     | present when the cluster was made with [`Durability::TestOnly`]                              |
//!
//! # Who stops the server
//!
//! *The last owner to leave.* [`Cluster::stop`] stops the server when no other living owner holds `owners.lock`, and
//! leaves it to the others when one does. What happens when an owner dies without calling it (SIGKILL, a panic, a
//! dropped `Cluster`) was decided by [`Lifetime`] when the server was started.
//!
//! # As root
//!
//! PostgreSQL refuses to run as root. It is then run by the owner of `data/` if there is one already, else by the
//! user `postgres`, else by uid 65534. When that user cannot reach the folder asked for (say, below `/root`), the
//! cluster lives in `/var/lib/bangfu/<hash of that path>` instead: [`Cluster::folder`] tells.

mod binaries;
mod cluster;
mod connect;
mod database;
mod error;
mod initdb;
mod launch;
mod lock;
mod place;
mod postmaster;
mod user;
mod watchdog;

use std::path::PathBuf;

pub use cluster::{Cluster, Ending};
pub use error::Error;

/// What cluster to run, and how.
#[derive(Debug, Clone)]
pub struct Options {
    /// The cluster's folder; made when it is missing. Relative paths count from the working directory.
    pub folder: PathBuf,
    /// What a power cut may take. Fixed when the cluster is made; asking for the other one later is an error.
    pub durability: Durability,
    /// Whether the server outlives a killed owner. Decided by whoever starts it; an adopted server keeps its own.
    pub lifetime: Lifetime,
    /// How many connections the server admits, the superuser's three included. An adopted server keeps its own number.
    pub max_connections: u16,
    /// The folder of PostgreSQL's programs, looked at before every other place. `None` in production: the search then
    /// begins with the environment's `BANGFU_PG_BIN`.
    pub binaries: Option<PathBuf>,
}

impl Options {
    /// What `bangfu up` runs: durable, and left running when it is killed, so that the next one adopts it.
    pub fn kept(folder: impl Into<PathBuf>) -> Self {
        Self {
            folder: folder.into(),
            durability: Durability::Durable,
            lifetime: Lifetime::Kept,
            max_connections: 100,
            binaries: None,
        }
    }

    /// What tests run: fast, worthless after a power cut, and gone with the last process that used it.
    pub fn test(folder: impl Into<PathBuf>) -> Self {
        Self { durability: Durability::TestOnly, lifetime: Lifetime::WithOwner, ..Self::kept(folder) }
    }
}

/// What a power cut may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Durability {
    /// Nothing that was acknowledged: `fsync`, `full_page_writes` and `synchronous_commit` are on.
    Durable,
    /// Everything: `fsync` is off. A crash of the server alone still loses nothing.
    TestOnly,
}

/// Whether the server outlives an owner that ends without calling [`Cluster::stop`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lifetime {
    /// The server lives on, and the next start adopts it.
    Kept,
    /// A watchdog stops the server within about a second of the end of its last owner, however that one ended.
    WithOwner,
}
