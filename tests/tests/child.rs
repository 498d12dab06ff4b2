//! Runs a test of this binary in a process of its own, where logs, traces and metrics can be set up as `bangfu up` does.

use std::process::{ExitStatus, Stdio};

use bangfu_platform::telemetry::{self, LogFormat, Settings, Telemetry};
use tokio::process::Command;

/// Set in a child: where its traces go ("" for nowhere).
const TRACES: &str = "BANGFU_TEST_TRACES";
/// Set in a child: where its metrics are served ("" for nowhere).
const METRICS: &str = "BANGFU_TEST_METRICS";

/// Everything our crates say, and what their foundations say of their own work.
const EVERYTHING: &str = "info,bangfu=trace,bangfu_platform=trace,bangfu_people=trace,bangfu_followup=trace,\
     bangfu_kernel=trace,bangfu_tests=trace,sqlx=debug,tonic=trace,tower=trace,tower_http=trace";

/// Runs the ignored test `name` in a process of its own; how it ended, and all it wrote to stdout and stderr.
pub(crate) async fn run(name: &str, traces: &str, metrics: &str) -> (ExitStatus, String) {
    let program = std::env::current_exe().expect("this program");
    let output = Command::new(program)
        .args(["--exact", name, "--ignored", "--nocapture", "--test-threads", "1"])
        .env(TRACES, traces)
        .env(METRICS, metrics)
        .stdin(Stdio::null())
        .kill_on_drop(true)
        .output()
        .await
        .expect("it ran");
    let said = [output.stdout, output.stderr].concat();
    (output.status, String::from_utf8_lossy(&said).into_owned())
}

/// In the child: telemetry as the environment says. `None` when nobody runs it as a child.
pub(crate) fn telemetry() -> Option<Telemetry> {
    let set = |name| std::env::var(name).ok();
    let traces = set(TRACES)?;
    let settings = Settings {
        service: "bangfu".to_owned(),
        log_format: LogFormat::Json,
        filter: EVERYTHING.to_owned(),
        otlp_endpoint: Some(traces).filter(|endpoint| !endpoint.is_empty()),
        metrics_addr: set(METRICS).and_then(|address| address.parse().ok()),
    };
    Some(telemetry::init(&settings).expect("telemetry"))
}
