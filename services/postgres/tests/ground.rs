//! What the tests stand on: folders the server can reach, owners in processes of their own, and signals.

use std::{
    fs::{self, Permissions},
    io::{BufRead, BufReader},
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use bangfu_postgres::Cluster;
use sqlx::{AssertSqlSafe, Connection, PgConnection};

/// A folder that goes with the test, and that the server's user may enter when the tests run as root.
pub(crate) fn folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::set_permissions(folder.path(), Permissions::from_mode(0o755)).unwrap();
    folder
}

/// One value of one row, as the superuser.
pub(crate) async fn ask(cluster: &Cluster, database: &str, sql: &str) -> String {
    let mut connection = PgConnection::connect(&cluster.url(database)).await.unwrap();
    sqlx::query_scalar(AssertSqlSafe(sql.to_owned())).fetch_one(&mut connection).await.unwrap()
}

/// A statement, as the superuser.
pub(crate) async fn tell(cluster: &Cluster, database: &str, sql: &str) {
    let mut connection = PgConnection::connect(&cluster.url(database)).await.unwrap();
    sqlx::raw_sql(AssertSqlSafe(sql.to_owned())).execute(&mut connection).await.unwrap();
}

/// A process of its own that owns a cluster: this test binary again, running `owners::owner_process` only.
pub(crate) struct Owner {
    pub(crate) child: Child,
    pub(crate) port: u16,
    pub(crate) adopted: bool,
}

impl Owner {
    /// Starts one and waits until its server answers.
    pub(crate) fn start(kind: &str, folder: &Path) -> Self {
        let mut child = Self::spawn(kind, folder);
        // The test harness talks, too.
        let lines = BufReader::new(child.stdout.as_mut().unwrap()).lines().map(Result::unwrap);
        let line = lines.into_iter().find_map(|line| line.split_once("owner: ").map(|(_, said)| said.to_owned()));
        let line = line.expect("the owner ended before its server answered");
        let words: Vec<_> = line.split_whitespace().collect();
        Self { port: words[0].parse().unwrap(), adopted: words[1] == "true", child }
    }

    /// Starts one and does not wait.
    pub(crate) fn spawn(kind: &str, folder: &Path) -> Child {
        let mut command = Command::new(std::env::current_exe().unwrap());
        command.args(["--exact", "owners::owner_process", "--ignored", "--nocapture"]);
        command.env("OWNER_KIND", kind).env("OWNER_FOLDER", folder);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap()
    }

    /// SIGKILL: no destructor runs.
    pub(crate) fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Lets it end cleanly.
    pub(crate) fn dismiss(mut self) {
        drop(self.child.stdin.take());
        assert!(self.child.wait().unwrap().success());
    }
}

/// The server's pid by its own file, if it has one.
pub(crate) fn server(folder: &Path) -> Option<u32> {
    let text = fs::read_to_string(folder.join("data/postmaster.pid")).ok()?;
    text.lines().next()?.parse().ok()
}

/// Sends one process a signal.
pub(crate) fn signal(name: &str, pid: u32) {
    let status = Command::new("kill").args(["-s", name, &pid.to_string()]).status().unwrap();
    assert!(status.success());
}

/// Whether a process is there; a zombie is not.
pub(crate) fn lives(pid: u32) -> bool {
    fs::read(format!("/proc/{pid}/cmdline")).is_ok_and(|line| !line.is_empty())
}

/// Waits for something to become true.
pub(crate) fn within(patience: Duration, what: &str, mut holds: impl FnMut() -> bool) {
    let end = Instant::now() + patience;
    while !holds() {
        assert!(Instant::now() < end, "not within {patience:?}: {what}");
        std::thread::sleep(Duration::from_millis(10));
    }
}

/// The names in a folder that begin so.
pub(crate) fn named(folder: &Path, prefix: &str) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    entries
        .map(|entry| entry.path())
        .filter(|path| path.file_name().unwrap().to_str().unwrap().starts_with(prefix))
        .collect()
}
