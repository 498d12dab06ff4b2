//! pgbench, sending PostgreSQL what a call of the registry sends: the same statements, from the committed query data, in
//! the same round trips, as the same role behind the same row security.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::Context as _;
use secrecy::ExposeSecret as _;

use crate::process::{TOWNSHIP, Up};

/// A script and by how many it is run at once.
pub(crate) struct Pgbench {
    script: PathBuf,
    clients: usize,
    seconds: u64,
}

impl Pgbench {
    /// Writes a script. What `first` holds is done once by each client; then, again and again, a unit of work: its
    /// beginning in one round trip, its statements, its end.
    pub(crate) fn new(up: &Up, name: &str, first: &str, statements: &[String]) -> anyhow::Result<Self> {
        let begin = format!(
            "BEGIN;\nSELECT set_config('bangfu.township', '{TOWNSHIP}', true), \
             set_config('statement_timeout', '600000', true);\n"
        );
        let script = up.folder.path().join(name);
        let text = format!(
            "\\if :ready = 0\n{begin}{first}\nCOMMIT;\n\\set ready 1\n\\endif\n\
             \\startpipeline\n{begin}\\endpipeline\n{};\nCOMMIT;\n",
            statements.join(";\n")
        );
        fs::write(&script, text)?;
        Ok(Self { script, clients: 1, seconds: 1 })
    }

    /// By so many clients, for so long.
    pub(crate) fn by(self, clients: usize, seconds: u64) -> Self {
        Self { clients, seconds, ..self }
    }

    /// Transactions a second, connecting not counted.
    pub(crate) fn rate(&self, up: &Up) -> anyhow::Result<f64> {
        let said = self.run(up, &[])?;
        let rate = said.lines().find_map(|line| line.strip_prefix("tps = ")).context("pgbench tells no rate")?;
        Ok(rate.split_whitespace().next().unwrap_or_default().parse()?)
    }

    /// Milliseconds of each transaction, the first ones of each client left out.
    pub(crate) fn latencies(&self, up: &Up) -> anyhow::Result<Vec<f64>> {
        let folder = tempfile::tempdir_in(up.folder.path())?;
        self.run(up, &["--log".to_owned(), format!("--log-prefix={}/log", folder.path().display())])?;
        let mut latencies = Vec::new();
        for entry in fs::read_dir(folder.path())? {
            for line in fs::read_to_string(entry?.path())?.lines() {
                // client, number of the transaction, microseconds, …
                let mut words = line.split(' ').skip(1);
                let number: u32 = words.next().context("pgbench's log")?.parse()?;
                let microseconds: u32 = words.next().context("pgbench's log")?.parse()?;
                if number > 5 {
                    latencies.push(f64::from(microseconds) / 1e3);
                }
            }
        }
        Ok(latencies)
    }

    fn run(&self, up: &Up, arguments: &[String]) -> anyhow::Result<String> {
        let url = up.ground.settings("people").service_url;
        let url = url.expose_secret().strip_prefix("postgres://").context("the service's URL")?;
        let (role, rest) = url.split_once(':').context("the service's role")?;
        let (password, rest) = rest.split_once('@').context("the service's password")?;
        let database = rest.split_once('/').context("the service's database")?.1;
        let threads = std::thread::available_parallelism()?.get().min(self.clients);
        let program = up.ground.cluster().binaries().join("pgbench");
        let output = Command::new(&program)
            .args(["--no-vacuum", "--protocol=prepared", "--define=ready=0", "--host=127.0.0.1"])
            .arg(format!("--port={}", up.ground.cluster().port()))
            .arg(format!("--username={role}"))
            .arg(format!("--client={}", self.clients))
            .arg(format!("--jobs={threads}"))
            .arg(format!("--time={}", self.seconds))
            .arg(format!("--define=township={TOWNSHIP}"))
            .arg(format!("--file={}", self.script.display()))
            .args(arguments)
            .arg(database)
            .env("PGPASSWORD", password)
            .output()
            .with_context(|| format!("{} does not run", program.display()))?;
        anyhow::ensure!(output.status.success(), "pgbench: {}", String::from_utf8_lossy(&output.stderr));
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    }
}

/// The one statement of the registry that has all these words.
pub(crate) fn statement(words: &[&str]) -> anyhow::Result<String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../services/people/.sqlx");
    let mut found = Vec::new();
    for entry in fs::read_dir(&folder).with_context(|| folder.display().to_string())? {
        let query: serde_json::Value = serde_json::from_slice(&fs::read(entry?.path())?)?;
        let text = query["query"].as_str().unwrap_or_default();
        if words.iter().all(|word| text.contains(word)) {
            found.push(text.to_owned());
        }
    }
    match (found.pop(), found.pop()) {
        (Some(one), None) => Ok(one),
        _ => anyhow::bail!("not one statement in {} has {words:?}", folder.display()),
    }
}
