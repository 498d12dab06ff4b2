//! A running cluster: started or adopted, and left or stopped.

use std::{
    path::{Path, PathBuf},
    time::Duration,
};

use sqlx::PgConnection;
use tokio::time::{Instant, sleep};

use crate::{
    Durability, Error, Options,
    binaries::Binaries,
    connect::{self, SUPERUSER, is_refusal},
    initdb,
    launch::{self, PATIENCE, launch},
    lock::{OwnersLock, StartLock},
    place::Place,
    postmaster::{self, Postmaster},
    user::User,
    watchdog::{self, Leash, Standing},
};

/// How long the process may live after its pid file.
const LAST_BREATH: Duration = Duration::from_secs(10);

/// A running private PostgreSQL, and a share in it: the server is stopped by the last owner to leave.
///
/// Dropping it is not stopping: it leaves the server as SIGKILL would (see [`crate::Lifetime`]). It may be shared
/// between tests, each with a runtime of its own.
#[derive(Debug)]
pub struct Cluster {
    place: Place,
    binaries: Binaries,
    user: User,
    password: String,
    port: u16,
    adopted: bool,
    owners: OwnersLock,
    /// Held for its drop only.
    leash: Option<Leash>,
}

/// How a clean end went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    /// We were the last owner: the server has stopped.
    Stopped,
    /// Others use the server: it goes on.
    LeftToOthers,
}

impl Cluster {
    /// Adopts the cluster's living server or starts one, making the cluster first if there is none; returns when the
    /// server answers. Safe to call from any number of processes at once, and after a kill at any moment.
    ///
    /// # Errors
    /// Every variant of [`Error`] but [`Error::NotStopped`] and [`Error::Sql`] without adoption.
    pub async fn start(options: Options) -> Result<Self, Error> {
        // Existing data decides who runs it, wherever it lies.
        let user = User::choose()?.owning(&options.folder.join("data"))?;
        let place = Place::settle(&options.folder, user)?;
        let lock = StartLock::take(&place.folder).await?;

        let user = user.owning(&place.data())?;
        let version = initdb::version(&place)?;
        if version.is_some() {
            same_durability(&place, options.durability)?;
        }
        let binaries = Binaries::find(options.binaries.as_deref(), version)?;
        let password = initdb::password(&place, version.is_some())?;
        if version.is_none() {
            initdb::make(&place, &binaries, user, &password, options.durability).await?;
        }

        let owners = OwnersLock::join(&place.folder)?;
        let living = adopt(&place, user, &password).await?;
        let adopted = living.is_some();
        let (port, leash) = match living {
            Some(living) => living,
            None => launch(&place, &binaries, user, &password, &options).await?,
        };
        drop(lock);
        tracing::info!(folder = %place.folder.display(), port, adopted, "PostgreSQL answers");
        Ok(Self { place, binaries, user, password, port, adopted, owners, leash })
    }

    /// Leaves the cluster, and stops the server (fast: sessions are ended, nothing acknowledged is lost) if no other
    /// living owner uses it.
    ///
    /// # Errors
    /// [`Error::Locked`], [`Error::NotStopped`], [`Error::Io`].
    pub async fn stop(self) -> Result<Ending, Error> {
        let _lock = StartLock::take(&self.place.folder).await?;
        if !self.owners.leave(&self.place.folder)? {
            return Ok(Ending::LeftToOthers);
        }
        let data = self.place.data();
        let Some(server) = Postmaster::glance(&data)?.filter(|server| server.lives(&data)) else {
            return Ok(Ending::Stopped);
        };
        let program = self.binaries.program("pg_ctl");
        let mut command = self.user.command(&program);
        command.arg("stop").arg("-D").arg(&data).args(["-m", "fast", "-w", "-t", "60"]);
        let said = tokio::process::Command::from(command).output().await.map_err(Error::io("run", program))?;
        // pg_ctl waits for the pid file to go, and the process goes a moment after it.
        let end = Instant::now() + LAST_BREATH;
        while server.lives(&data) {
            if Instant::now() > end {
                let output = String::from_utf8_lossy(&said.stderr).trim().to_owned();
                return Err(Error::NotStopped { path: data, output });
            }
            sleep(Duration::from_millis(5)).await;
        }
        // Only now: a pipe closed earlier would set the watchdog on a server that is stopping already.
        drop(self.leash);
        tracing::info!(folder = %self.place.folder.display(), "PostgreSQL stopped");
        Ok(Ending::Stopped)
    }

    /// The superuser's URL of a database: `postgres://postgres:…@127.0.0.1:<port>/<database>?sslmode=disable`. It
    /// holds the password: not for logs.
    pub fn url(&self, database: &str) -> String {
        connect::url(self.port, &self.password, database)
    }

    /// The server's port on 127.0.0.1.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The superuser's name.
    pub fn superuser(&self) -> &'static str {
        SUPERUSER
    }

    /// The superuser's password, for tools that want it in `PGPASSWORD`.
    pub fn password(&self) -> &str {
        &self.password
    }

    /// The folder of PostgreSQL's programs: `psql`, `pgbench`, `pg_dump`, where the packages have them.
    pub fn binaries(&self) -> &Path {
        &self.binaries.folder
    }

    /// The cluster's folder as it is; another than asked for when the server's user could not enter that one.
    pub fn folder(&self) -> &Path {
        &self.place.folder
    }

    /// The server's log.
    pub fn log(&self) -> PathBuf {
        self.place.log()
    }

    /// Whether a living server was found, rather than one started.
    pub fn was_adopted(&self) -> bool {
        self.adopted
    }

    pub(crate) async fn connect(&self) -> Result<PgConnection, sqlx::Error> {
        connect::connect(self.port, &self.password).await
    }
}

/// Joins the living server of this data, waiting for one that is on its way up or down. `None`: there is none, and
/// nothing stands in the way of a start.
async fn adopt(place: &Place, user: User, password: &str) -> Result<Option<(u16, Option<Leash>)>, Error> {
    let data = place.data();
    let end = Instant::now() + PATIENCE;
    while Instant::now() < end {
        let Some(server) = Postmaster::settle(&data).await? else { return Ok(None) };
        if !server.lives(&data) {
            postmaster::disown(&data, user)?;
            return Ok(None);
        }
        if let (Some(port), true) = (server.port, server.ready) {
            // Joined before it is asked: an answer then means that it stays.
            let leash = match watchdog::join(place, port)? {
                Standing::Kept => Some(None),
                Standing::Leashed(leash) => Some(Some(leash)),
                Standing::Leaving => None,
            };
            if let Some(leash) = leash {
                match connect::connect(port, password).await {
                    Ok(_connection) => return Ok(Some((port, leash))),
                    Err(error) if is_refusal(&error) => {
                        return Err(Error::PasswordRefused { path: place.password(), port });
                    }
                    Err(_not_yet) => {}
                }
            }
        }
        sleep(Duration::from_millis(20)).await;
    }
    Err(Error::NotReady { seconds: PATIENCE.as_secs(), log: place.log(), tail: launch::tail(place, 0) })
}

/// Data made with fsync off must not be trusted, and data to be kept must not be run with it.
fn same_durability(place: &Place, asked: Durability) -> Result<(), Error> {
    let made_for_tests = place.test_only().exists();
    if made_for_tests == (asked == Durability::TestOnly) {
        return Ok(());
    }
    Err(Error::OtherDurability { folder: place.folder.clone(), made_for_tests })
}
