//! A client that shares no line with us: Python's grpcio, through the cases of `interop/cases.py`.

use std::{path::Path, process::Stdio, time::Duration};

use bangfu_kernel::Role;
use bangfu_testkit::{City, DADONG};
use serde_json::Value;
use tokio::process::Command;

use crate::row::Run;

/// The method that takes forever while its table is locked.
const HELD: &str = "/bangfu.people.v1.PeopleService/ListHouseholds";

/// Reflection, health, unary, both kinds of stream, cancellation, timeouts, compression, metadata, errors with their
/// details, what is not implemented, large messages: each case counted.
pub async fn a_foreign_client_gets_what_grpc_promises(run: Run) {
    let python = set_up().await;
    for _ in 0..run.of(1, 5) {
        once(&run, &python).await;
    }
}

/// All cases, in a city of their own.
async fn once(run: &Run, python: &Path) {
    let city = City::with(|plan| {
        plan.stack.long.insert(HELD.to_owned(), Duration::from_secs(2));
    })
    .await;
    // Held until the end: calls that read households wait for whoever asks.
    let mut holds = city.look("people").await;
    sqlx::raw_sql("BEGIN; LOCK TABLE household IN ACCESS EXCLUSIVE MODE").execute(&mut holds).await.expect("a lock");
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("interop/cases.py");
    let output = Command::new(python)
        .arg(script)
        .args(["--address", &city.suite().address.to_string()])
        .args(["--token", &city.token("clerk-1", &[Role::Clerk], Some(DADONG))])
        .stdin(Stdio::null())
        .kill_on_drop(true)
        .output()
        .await
        .expect("python runs");
    let (said, wrong) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    let cases: Vec<Value> = said.lines().map(|line| serde_json::from_str(line).expect("a case")).collect();
    for case in &cases {
        eprintln!("{case}");
        let name = case["case"].as_str().expect("a name");
        assert!(case["ok"] == true, "{name}: {}", case["wrong"].as_str().unwrap_or_default());
        run.count(name, 1);
    }
    assert!(output.status.success() && cases.len() == CASES, "{} cases: {said}{wrong}", cases.len());
    drop(holds);
    city.close().await;
}

/// As many as `cases.py` has: one that vanishes is missed.
const CASES: usize = 16;

/// The interpreter with grpcio, installed if it is not there; without it there is nothing to be seen, and that is a failure.
async fn set_up() -> std::path::PathBuf {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let setup = Command::new("sh")
        .arg("deploy/setup.sh")
        .arg("--interop")
        .current_dir(&root)
        .stdin(Stdio::null())
        .output()
        .await
        .expect("sh runs");
    assert!(setup.status.success(), "setup: {}", String::from_utf8_lossy(&setup.stderr));
    root.join("target/interop/bin/python")
}
