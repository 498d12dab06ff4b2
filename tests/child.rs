//! Runs a part of a test in a process of its own, where logs, traces and metrics can be set up as `bangfu up` does, and
//! which can be killed.

use std::process::{ExitStatus, Stdio};

use bangfu_platform::telemetry::{self, LogFormat, Settings, Telemetry};
use futures::future::LocalBoxFuture;
use tokio::process::Command;

use crate::{
    replica,
    rows::{feeds, secrets, shell},
    served,
};

/// Set in a child: what it does.
const ROLE: &str = "BANGFU_TEST_ROLE";
/// Set in a child: where its traces go ("" for nowhere).
pub const TRACES: &str = "BANGFU_TEST_TRACES";
/// Set in a child: where its metrics are served ("" for nowhere).
pub const METRICS: &str = "BANGFU_TEST_METRICS";

/// Everything our crates say, and what their foundations say of their own work.
const EVERYTHING: &str = "info,bangfu=trace,bangfu_platform=trace,bangfu_people=trace,bangfu_followup=trace,\
     bangfu_kernel=trace,bangfu_tests=trace,main=trace,sqlx=debug,tonic=trace,tower=trace,tower_http=trace";

/// A role of a child, by its name.
pub type Role = (&'static str, fn() -> LocalBoxFuture<'static, ()>);

/// The roles that any program of the suite can play.
const ROLES: &[Role] = &[
    ("replica", || Box::pin(replica::life())),
    ("producer", || Box::pin(feeds::producers::life())),
    ("served", || Box::pin(served::life())),
    ("server", || Box::pin(shell::server::life())),
    ("a small life", || Box::pin(secrets::life::a_small_life())),
];

/// This program once more, in a role. A test binary plays it in its ignored test `child`, others first thing in `main`.
pub fn command(role: &str) -> Command {
    let mut command = Command::new(std::env::current_exe().expect("this program"));
    command.args(["--exact", "child", "--ignored", "--nocapture", "--test-threads", "1"]).env(ROLE, role);
    command.stdin(Stdio::null()).kill_on_drop(true);
    command
}

/// In a child: plays its role, one of these or one that all can play. `false`: this is no child.
pub async fn play(roles: &[Role]) -> bool {
    let Ok(wanted) = std::env::var(ROLE) else { return false };
    let role = roles.iter().chain(ROLES).find(|(name, _)| *name == wanted);
    let (_, life) = role.unwrap_or_else(|| panic!("no role {wanted}"));
    life().await;
    true
}

/// Plays a role of ours to its end in a process of its own; how it ended, and all it wrote to stdout and stderr.
pub async fn run(role: &str, traces: &str, metrics: &str) -> (ExitStatus, String) {
    let output = command(role).env(TRACES, traces).env(METRICS, metrics).output().await.expect("it ran");
    let said = [output.stdout, output.stderr].concat();
    (output.status, String::from_utf8_lossy(&said).into_owned())
}

/// In a child: telemetry as its parent wants it.
pub fn telemetry() -> Telemetry {
    let set = |name| std::env::var(name).ok();
    let settings = Settings {
        service: "bangfu".to_owned(),
        log_format: LogFormat::Json,
        filter: EVERYTHING.to_owned(),
        otlp_endpoint: set(TRACES).filter(|endpoint| !endpoint.is_empty()),
        metrics_addr: set(METRICS).and_then(|address| address.parse().ok()),
    };
    telemetry::init(&settings).expect("telemetry")
}
