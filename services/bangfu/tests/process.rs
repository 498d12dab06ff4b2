//! A `bangfu up` of one's own: started in a fresh folder, killed without mercy, started again.

use std::{
    io::{BufRead as _, BufReader},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::mpsc,
    time::{Duration, Instant},
};

use bangfu::client::Client;
use tempfile::TempDir;

/// The binary under test.
pub(crate) const BANGFU: &str = env!("CARGO_BIN_EXE_bangfu");

/// A folder and the process that serves from it.
pub(crate) struct Process {
    home: TempDir,
    child: Option<Child>,
    endpoint: String,
}

impl Process {
    /// Starts one in a fresh folder.
    pub(crate) fn start() -> Self {
        let home = tempfile::Builder::new().prefix("bangfu-test-").tempdir().expect("a folder");
        std::fs::set_permissions(home.path(), std::os::unix::fs::PermissionsExt::from_mode(0o755))
            .expect("open to all");
        let mut process = Self { home, child: None, endpoint: String::new() };
        process.start_again();
        process
    }

    /// Starts it on the same folder.
    pub(crate) fn start_again(&mut self) {
        let mut child = Command::new(BANGFU)
            .args(["up", "--listen", "127.0.0.1:0", "--log", "warn", "--home"])
            .arg(self.home.path().join("ground"))
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("bangfu up");
        let output = BufReader::new(child.stdout.take().expect("its output"));
        self.child = Some(child);
        let (sender, receiver) = mpsc::channel();
        std::thread::spawn(move || {
            for line in output.lines().map_while(Result::ok) {
                if let Some(at) = line.find("http://") {
                    let address = line[at..].split_whitespace().next().unwrap_or_default().to_owned();
                    let _gone = sender.send(address);
                }
            }
        });
        self.endpoint = receiver.recv_timeout(Duration::from_mins(2)).expect("it says where it serves");
    }

    /// SIGKILL, at once; the database goes on living, as after a real crash.
    pub(crate) fn kill(&mut self) {
        let mut child = self.child.take().expect("it runs");
        child.kill().expect("killed");
        child.wait().expect("gone");
    }

    /// SIGTERM; how it ended and how long that took.
    pub(crate) fn terminate(&mut self) -> (Option<i32>, Duration) {
        let mut child = self.child.take().expect("it runs");
        let begin = Instant::now();
        let told = Command::new("sh").arg("-c").arg(format!("kill -TERM {}", child.id())).status().expect("kill");
        assert!(told.success());
        let status = child.wait().expect("gone");
        (status.code(), begin.elapsed())
    }

    /// The development ground's folder.
    pub(crate) fn home(&self) -> PathBuf {
        self.home.path().join("ground")
    }

    /// Where it serves.
    pub(crate) fn endpoint(&self) -> &str {
        &self.endpoint
    }

    /// A client with a fresh token.
    pub(crate) async fn client(&self, role: &str, township: Option<&str>) -> Client {
        Client::connect(&self.endpoint, &token(&self.home(), role, township)).await.expect("a client")
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        if self.child.is_none() {
            // The database of a killed one still lives: somebody has to end it.
            self.start_again();
        }
        self.terminate();
    }
}

/// `bangfu token`, as a user would.
pub(crate) fn token(home: &Path, role: &str, township: Option<&str>) -> String {
    let mut command = Command::new(BANGFU);
    command.args(["token", "--role", role, "--home"]).arg(home);
    if let Some(township) = township {
        command.args(["--township", township]);
    }
    let output = command.output().expect("bangfu token");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("text").trim().to_owned()
}
