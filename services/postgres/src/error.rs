//! What can go wrong between asking for a cluster and having one: which thing, where, and what to do.

use std::{io, path::PathBuf};

/// Why there is no cluster, or no database in it.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// No usable PostgreSQL server on this machine.
    #[error(
        "no usable PostgreSQL found. Needed: one folder with `initdb`, `postgres` and `pg_ctl`, {wanted}. Looked at:\n\
         {looked_at}\nInstall the server (for instance `sudo apt-get install postgresql`, or `deploy/setup.sh`), or \
         set BANGFU_PG_BIN to the folder of its programs"
    )]
    NoBinaries {
        /// Which versions would do.
        wanted: String,
        /// One line a place: where, and why it does not count.
        looked_at: String,
    },
    /// The user who must run PostgreSQL cannot enter the folder, nor the one in its stead.
    #[error(
        "PostgreSQL must run as uid {uid} (it refuses to run as root), and that user can enter neither {asked} nor \
         {instead}: choose a folder whose every ancestor has the x right for others"
    )]
    Unreachable {
        /// The folder asked for.
        asked: PathBuf,
        /// The folder that would have taken its place.
        instead: PathBuf,
        /// The user PostgreSQL runs as.
        uid: u32,
    },
    /// The data belongs to somebody else (and we are not root), or to root.
    #[error(
        "{path} belongs to uid {owner}, and PostgreSQL would run as uid {uid}, which it refuses: run as the owner, give the folder away (`chown -R`), or choose another"
    )]
    NotOurs {
        /// PostgreSQL's data folder.
        path: PathBuf,
        /// Its owner.
        owner: u32,
        /// The user PostgreSQL would run as.
        uid: u32,
    },
    /// `data/` holds something that is no PostgreSQL cluster.
    #[error(
        "{path} is neither empty nor a PostgreSQL data folder (no PG_VERSION): move it away or choose another folder"
    )]
    NotACluster {
        /// The folder in question.
        path: PathBuf,
    },
    /// The cluster was made for the other durability.
    #[error(
        "{folder} was made {}, and is asked for the other way: choose another folder",
        if *.made_for_tests { "for tests, with fsync off, so its data cannot be trusted" } else { "to keep its data, so it never runs with fsync off" }
    )]
    OtherDurability {
        /// The cluster's folder.
        folder: PathBuf,
        /// Which of the two it was made for.
        made_for_tests: bool,
    },
    /// The cluster exists, its superuser's password does not.
    #[error(
        "{path} is missing, and without it nobody can enter the cluster beside it: restore it, or move the cluster away"
    )]
    PasswordMissing {
        /// Where the password belongs.
        path: PathBuf,
    },
    /// The server refuses the password in our file.
    #[error("the server on port {port} refuses the password in {path}: restore the file, or set that password again")]
    PasswordRefused {
        /// The password file.
        path: PathBuf,
        /// The server's port on 127.0.0.1.
        port: u16,
    },
    /// Somebody else has been starting or stopping the cluster for too long.
    #[error(
        "another process has held {path} for {seconds} s: it is starting or stopping this cluster; end it and try again"
    )]
    Locked {
        /// The lock file.
        path: PathBuf,
        /// How long we waited, in seconds.
        seconds: u64,
    },
    /// `initdb` did not make a cluster.
    #[error("initdb could not make {path}: {output}")]
    Initdb {
        /// The data folder it should have become.
        path: PathBuf,
        /// What `initdb` said.
        output: String,
    },
    /// PostgreSQL ended instead of starting.
    #[error("PostgreSQL did not start ({status}). The end of {log}:\n{tail}")]
    NotStarted {
        /// How the server ended.
        status: String,
        /// The server's log.
        log: PathBuf,
        /// Its last lines since this start.
        tail: String,
    },
    /// PostgreSQL runs and does not answer.
    #[error("PostgreSQL has not answered for {seconds} s; it may still be recovering. The end of {log}:\n{tail}")]
    NotReady {
        /// How long we waited, in seconds.
        seconds: u64,
        /// The server's log.
        log: PathBuf,
        /// Its last lines.
        tail: String,
    },
    /// `pg_ctl stop` failed.
    #[error("PostgreSQL in {path} did not stop: {output}")]
    NotStopped {
        /// The data folder.
        path: PathBuf,
        /// What `pg_ctl` said.
        output: String,
    },
    /// The server refused a statement of ours.
    #[error("could not {doing}")]
    Sql {
        /// What we were about.
        doing: String,
        /// The server's or the driver's reason.
        #[source]
        source: sqlx::Error,
    },
    /// The file system or the process table refused something.
    #[error("could not {doing} {path}")]
    Io {
        /// A verb: `make`, `read`, `run`.
        doing: &'static str,
        /// What it was done to.
        path: PathBuf,
        /// The system's reason.
        #[source]
        source: io::Error,
    },
}

impl Error {
    /// Names the verb and the path of a failed system call.
    pub(crate) fn io(doing: &'static str, path: impl Into<PathBuf>) -> impl FnOnce(io::Error) -> Self {
        let path = path.into();
        move |source| Self::Io { doing, path, source }
    }
}
