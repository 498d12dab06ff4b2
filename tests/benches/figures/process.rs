//! The process that is measured: `bangfu up` as a newcomer runs it, in a folder of its own, its log going to a file.

use std::{
    fs::{self, File, Permissions},
    io::{BufRead as _, BufReader},
    net::{SocketAddr, TcpListener},
    os::unix::fs::PermissionsExt as _,
    path::PathBuf,
    process::{Child, Command, Stdio},
    sync::mpsc,
    time::Duration,
};

use anyhow::Context as _;
use bangfu::{client::Client, development::Development};
use bangfu_kernel::{Role, Township};
use bangfu_postgres::Options;
use sqlx::{AssertSqlSafe, Connection as _, PgConnection};
use tempfile::TempDir;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};

/// The townships of a fresh ground that the figures use.
pub(crate) const TOWNSHIP: &str = "320685102";
/// Another one.
pub(crate) const OTHER_TOWNSHIP: &str = "320685103";

/// A running suite and the ground under it.
pub(crate) struct Up {
    child: Child,
    endpoint: String,
    /// The same ground, for tokens and for the superuser's part.
    pub(crate) ground: Development,
    /// Gone with the run.
    pub(crate) folder: TempDir,
}

impl Up {
    /// Starts one beside the build's other products, so that the database lies on a disk.
    pub(crate) async fn start() -> anyhow::Result<Self> {
        let folder = tempfile::Builder::new().prefix("figures-").tempdir_in(env!("CARGO_TARGET_TMPDIR"))?;
        // As root, PostgreSQL runs as another user and has to come in.
        fs::set_permissions(folder.path(), Permissions::from_mode(0o755))?;
        let home = folder.path().join("ground");
        let mut child = Command::new(binary()?)
            .args(["up", "--no-sweeps", "--listen", "127.0.0.1:0", "--home"])
            .arg(&home)
            .stdout(Stdio::piped())
            .stderr(File::create(folder.path().join("log"))?)
            .spawn()?;
        let endpoint = endpoint(&mut child)?;
        let ground = Development::open(&home, Options::kept).await?;
        Ok(Self { child, endpoint, ground, folder })
    }

    /// Its process id.
    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// A connection of its own, with a fresh token.
    pub(crate) async fn client(&self, role: Role, township: Option<&str>) -> anyhow::Result<Client> {
        let township = township.map(str::parse::<Township>).transpose()?;
        Client::connect(&self.endpoint, &self.ground.token("figures", role, township.as_ref(), &[])).await
    }

    /// A superuser's connection to a service's database.
    pub(crate) async fn superuser(&self, service: &str) -> anyhow::Result<PgConnection> {
        Ok(PgConnection::connect(&self.ground.cluster().url(&format!("bangfu_{service}"))).await?)
    }

    /// Waits until follow-up has applied everything the registry has told.
    pub(crate) async fn settle(&self) -> anyhow::Result<()> {
        let (mut people, mut followup) = (self.superuser("people").await?, self.superuser("followup").await?);
        for _ in 0..1_200 {
            let told = "SELECT township, seq FROM feed_head ORDER BY township";
            let told: Vec<(String, i64)> = sqlx::query_as(told).fetch_all(&mut people).await?;
            let taken = "SELECT township, seq FROM township ORDER BY township";
            let taken: Vec<(String, i64)> = sqlx::query_as(taken).fetch_all(&mut followup).await?;
            if told == taken {
                return Ok(());
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        anyhow::bail!("follow-up does not catch up with the registry")
    }

    /// Another suite on the same ground: fresh, and kept to one core, if told so, as a pod with a limit of one would be.
    pub(crate) fn replica(&self, core: Option<u32>) -> anyhow::Result<Replica> {
        let mut command = match core {
            Some(core) => {
                let mut pinned = Command::new("taskset");
                pinned.args(["--cpu-list", &core.to_string()]).arg(binary()?);
                pinned
            }
            None => Command::new(binary()?),
        };
        // Free a moment ago.
        let metrics = TcpListener::bind("127.0.0.1:0")?.local_addr()?;
        let mut child = command
            .args(["up", "--no-sweeps", "--listen", "127.0.0.1:0", "--home"])
            .arg(self.folder.path().join("ground"))
            .args(["--metrics", &metrics.to_string()])
            .stdout(Stdio::piped())
            .stderr(File::create(self.folder.path().join(format!("log-{}", metrics.port())))?)
            .spawn()
            .context("pinning to a core needs taskset")?;
        let endpoint = endpoint(&mut child)?;
        Ok(Replica { child, endpoint, metrics })
    }

    /// A connection to a replica, with a fresh token.
    pub(crate) async fn client_of(&self, replica: &Replica, role: Role) -> anyhow::Result<Client> {
        Client::connect(&replica.endpoint, &self.ground.token("figures", role, None, &[])).await
    }

    /// Ends it in good order; its PostgreSQL, too.
    pub(crate) async fn stop(mut self) -> anyhow::Result<()> {
        self.ground.close().await?;
        end(&mut self.child)
    }
}

/// Another suite on the ground of the first.
pub(crate) struct Replica {
    child: Child,
    endpoint: String,
    metrics: SocketAddr,
}

impl Replica {
    /// Its process id.
    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// What it tells of itself, as Prometheus would fetch it.
    pub(crate) async fn metrics(&self) -> anyhow::Result<String> {
        let mut connection = TcpStream::connect(self.metrics).await?;
        connection.write_all(b"GET /metrics HTTP/1.0\r\n\r\n").await?;
        let mut told = String::new();
        connection.read_to_string(&mut told).await?;
        Ok(told)
    }

    /// From now on it runs a fifth of the time, as a pod with such a limit of processor time does.
    pub(crate) fn limited(&self) -> anyhow::Result<Limited> {
        const FIFTH: &str = "while kill -STOP $0 && sleep 0.08 && kill -CONT $0 && sleep 0.02; do :; done";
        let pid = self.id();
        let child = Command::new("sh").args(["-c", FIFTH, &pid.to_string()]).spawn()?;
        Ok(Limited { child, pid })
    }

    /// Ends it in good order.
    pub(crate) fn stop(mut self) -> anyhow::Result<()> {
        end(&mut self.child)
    }
}

/// A limit on a replica, until it is dropped.
pub(crate) struct Limited {
    child: Child,
    pid: u32,
}

impl Drop for Limited {
    fn drop(&mut self) {
        let ended = self.child.kill().and_then(|()| self.child.wait());
        ended.expect("the limit goes as it came");
        let told = Command::new("sh").arg("-c").arg(format!("kill -CONT {}", self.pid)).status();
        told.expect("the replica goes on");
    }
}

fn end(child: &mut Child) -> anyhow::Result<()> {
    let told = Command::new("sh").arg("-c").arg(format!("kill -TERM {}", child.id())).status()?;
    anyhow::ensure!(told.success(), "the suite cannot be told to stop");
    child.wait()?;
    Ok(())
}

/// Runs fixed statements.
pub(crate) async fn run(connection: &mut PgConnection, sql: impl Into<String>) -> anyhow::Result<()> {
    let sql = sql.into();
    sqlx::raw_sql(AssertSqlSafe(sql.clone())).execute(connection).await.context(sql)?;
    Ok(())
}

/// The binary of the same profile, which `make bench` builds first.
fn binary() -> anyhow::Result<PathBuf> {
    let own = std::env::current_exe()?;
    let profile = own.parent().and_then(|deps| deps.parent()).context("no build folder around this program")?;
    let binary = profile.join("bangfu");
    anyhow::ensure!(binary.is_file(), "{} is missing: run `make bench`", binary.display());
    Ok(binary)
}

/// Where it says it serves.
fn endpoint(child: &mut Child) -> anyhow::Result<String> {
    let output = BufReader::new(child.stdout.take().context("its output")?);
    let (sender, receiver) = mpsc::channel();
    std::thread::spawn(move || {
        for line in output.lines().map_while(Result::ok) {
            if let Some(at) = line.find("http://") {
                let address = line[at..].split_whitespace().next().unwrap_or_default().to_owned();
                // Only the first is waited for; the rest is read so that the writer never blocks.
                let _ = sender.send(address);
            }
        }
    });
    receiver.recv_timeout(Duration::from_mins(2)).context("`bangfu up` does not say where it serves")
}
