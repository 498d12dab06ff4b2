//! Starts the server and waits until it answers.

use std::{
    fs::{self, File},
    io::{self, Read, Seek, SeekFrom},
    net::TcpListener,
    os::unix::{fs::OpenOptionsExt, process::CommandExt},
    process::ExitStatus,
    time::Duration,
};

use tokio::{
    sync::oneshot,
    time::{Instant, sleep},
};

use crate::{
    Durability, Error, Lifetime, Options,
    binaries::Binaries,
    connect::{connect, is_refusal},
    place::Place,
    postmaster::Postmaster,
    user::User,
    watchdog::{self, Leash},
};

/// How long a server may take until it answers. After a crash it reads its log first: minutes when much was written.
pub(crate) const PATIENCE: Duration = Duration::from_mins(5);

/// How long backends of a killed server may take to notice.
const ORPHANS: Duration = Duration::from_secs(30);

/// Keeps one old log beside a new one above this size.
const LOG_BYTES: u64 = 16 * 1024 * 1024;

/// Starts the server on a free port and returns that port when it answers. The caller holds the start lock and knows that none lives.
pub(crate) async fn launch(
    place: &Place,
    binaries: &Binaries,
    user: User,
    password: &str,
    options: &Options,
) -> Result<(u16, Option<Leash>), Error> {
    rotate(place)?;
    let end = Instant::now() + ORPHANS;
    loop {
        watchdog::prepare(place, user)?;
        let port = free_port()?;
        let leash = match options.lifetime {
            Lifetime::Kept => None,
            Lifetime::WithOwner => Some(watchdog::watch(place, user, port)?),
        };
        let from = fs::metadata(place.log()).map_or(0, |log| log.len());
        let exit = spawn(place, binaries, user, port, options)?;
        match until_ready(place, password, port, from, exit).await? {
            None => return Ok((port, leash)),
            Some(status) => {
                let tail = tail(place, from);
                let passing =
                    tail.contains("Address already in use") || tail.contains("pre-existing shared memory block");
                if !passing || Instant::now() > end {
                    return Err(Error::NotStarted { status: status.to_string(), log: place.log(), tail });
                }
                sleep(Duration::from_millis(100)).await;
            }
        }
    }
}

/// Runs `postgres` in its own process group, so that Ctrl-C reaches the owner alone, who then stops it in good order.
fn spawn(
    place: &Place,
    binaries: &Binaries,
    user: User,
    port: u16,
    options: &Options,
) -> Result<oneshot::Receiver<io::Result<ExitStatus>>, Error> {
    let log = File::options()
        .create(true)
        .append(true)
        .mode(0o600)
        .open(place.log())
        .map_err(Error::io("open", place.log()))?;
    let copy = log.try_clone().map_err(Error::io("open", place.log()))?;
    let program = binaries.program("postgres");
    let mut command = user.command(&program);
    command.arg("-D").arg(place.data());
    for setting in settings(port, options) {
        command.arg("-c").arg(setting);
    }
    command.stdout(log).stderr(copy).process_group(0);
    let mut child = command.spawn().map_err(Error::io("run", program))?;

    // A thread, not the runtime, reaps it: clusters outlive the runtime of the test that started them, and a zombie
    // would pass for a living server.
    let (tell, exit) = oneshot::channel();
    std::thread::spawn(move || {
        // Nobody listens any more once the server answers.
        let _ = tell.send(child.wait());
    });
    Ok(exit)
}

/// Settings on the command line win over files and ALTER SYSTEM.
fn settings(port: u16, options: &Options) -> Vec<String> {
    let fsync = match options.durability {
        Durability::Durable => "on",
        Durability::TestOnly => "off",
    };
    vec![
        "listen_addresses=127.0.0.1".to_owned(),
        format!("port={port}"),
        "unix_socket_directories=".to_owned(),
        format!("max_connections={}", options.max_connections),
        format!("fsync={fsync}"),
        "full_page_writes=on".to_owned(),
        "synchronous_commit=on".to_owned(),
        "timezone=UTC".to_owned(),
        "log_timezone=UTC".to_owned(),
        "logging_collector=off".to_owned(),
        "log_destination=stderr".to_owned(),
        // Error details quote whole rows, and rows are about people.
        "log_error_verbosity=terse".to_owned(),
    ]
}

/// `None` when the server answers, its exit status when it ended instead.
async fn until_ready(
    place: &Place,
    password: &str,
    port: u16,
    from: u64,
    mut exit: oneshot::Receiver<io::Result<ExitStatus>>,
) -> Result<Option<ExitStatus>, Error> {
    let end = Instant::now() + PATIENCE;
    while Instant::now() < end {
        // Before connecting: somebody else may have the port, and then ours has ended.
        if let Ok(status) = exit.try_recv() {
            return status.map(Some).map_err(Error::io("wait for", "postgres"));
        }
        // Asking the pid file first spares a failed connection a step, and its line in the server's log.
        let said = Postmaster::glance(&place.data())?;
        if said.is_some_and(|server| server.ready && server.port == Some(port)) {
            match connect(port, password).await {
                Ok(_connection) => return Ok(None),
                Err(error) if is_refusal(&error) => {
                    return Err(Error::PasswordRefused { path: place.password(), port });
                }
                Err(_starting) => {}
            }
        }
        sleep(Duration::from_millis(5)).await;
    }
    Err(Error::NotReady { seconds: PATIENCE.as_secs(), log: place.log(), tail: tail(place, from) })
}

/// A port nobody has at this moment.
fn free_port() -> Result<u16, Error> {
    TcpListener::bind(("127.0.0.1", 0))
        .and_then(|listener| listener.local_addr())
        .map(|address| address.port())
        .map_err(Error::io("find a free port on", "127.0.0.1"))
}

/// The last lines the log got since it was `from` bytes long.
pub(crate) fn tail(place: &Place, from: u64) -> String {
    let mut said = Vec::new();
    let read = File::open(place.log()).and_then(|mut log| {
        log.seek(SeekFrom::Start(from))?;
        log.read_to_end(&mut said)
    });
    if let Err(cause) = read {
        return format!("(the log cannot be read: {cause})");
    }
    let said = String::from_utf8_lossy(&said);
    let lines: Vec<_> = said.lines().collect();
    lines[lines.len().saturating_sub(12)..].join("\n")
}

fn rotate(place: &Place) -> Result<(), Error> {
    let log = place.log();
    if fs::metadata(&log).is_ok_and(|log| log.len() > LOG_BYTES) {
        fs::rename(&log, log.with_extension("log.old")).map_err(Error::io("move away", log))?;
    }
    Ok(())
}
