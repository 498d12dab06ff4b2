//! The rows in their long size: `make torture`, or some of them: `make torture ONLY='acknowledged feeds::compaction'`. One
//! JSON line a row on standard output: counts, faults that fired, seed, version, and what went wrong. Exits with 1 if
//! anything did.

use std::{
    panic::AssertUnwindSafe,
    process::ExitCode,
    time::{Instant, UNIX_EPOCH},
};

use bangfu_tests::{
    child,
    row::{Row, Run},
    rows,
};
use futures::FutureExt as _;
use serde_json::json;

#[tokio::main]
async fn main() -> ExitCode {
    if child::play(&[]).await {
        return ExitCode::SUCCESS;
    }
    let (seed, only) = wanted();
    let chosen = |row: &&Row| {
        only.is_empty() || only.iter().any(|wanted| row.name == *wanted || row.name.starts_with(&format!("{wanted}::")))
    };
    let mut failed = false;
    for row in rows::ALL.iter().filter(chosen) {
        eprintln!("{} …", row.name);
        failed |= !run(row, seed).await;
    }
    if failed { ExitCode::FAILURE } else { ExitCode::SUCCESS }
}

/// `--seed N` (otherwise another one every time), and names of areas or rows.
fn wanted() -> (u64, Vec<String>) {
    #[expect(clippy::disallowed_methods, reason = "a seed, not a time")]
    let now = std::time::SystemTime::now().duration_since(UNIX_EPOCH).map_or(1, |since| since.as_secs());
    let (mut seed, mut only) = (now, Vec::new());
    let mut arguments = std::env::args().skip(1);
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            "--seed" => seed = arguments.next().and_then(|seed| seed.parse().ok()).expect("--seed N"),
            "--bench" => {}
            _ => only.push(argument),
        }
    }
    let known = |wanted: &String| {
        rows::ALL.iter().any(|row| row.name == *wanted || row.name.starts_with(&format!("{wanted}::")))
    };
    let unknown: Vec<_> = only.iter().filter(|wanted| !known(wanted)).collect();
    assert!(
        unknown.is_empty(),
        "no such rows: {unknown:?}; there are: {:?}",
        rows::ALL.iter().map(|row| row.name).collect::<Vec<_>>()
    );
    (seed, only)
}

async fn run(row: &Row, seed: u64) -> bool {
    let (begin, run) = (Instant::now(), Run::long(seed));
    let work = async {
        (row.run)(run.clone()).await;
        run.prove();
    };
    let wrong = AssertUnwindSafe(work).catch_unwind().await.err().map(|panic| {
        let text = panic.downcast_ref::<String>().map(String::as_str).or_else(|| panic.downcast_ref::<&str>().copied());
        text.unwrap_or("it panicked").to_owned()
    });
    let mut line = json!({
        "row": row.name, "ok": wrong.is_none(), "seconds": begin.elapsed().as_secs(),
        "version": option_env!("BANGFU_VERSION").unwrap_or(env!("CARGO_PKG_VERSION")), "wrong": wrong,
    });
    if let (Some(line), Some(told)) = (line.as_object_mut(), run.told().as_object()) {
        line.extend(told.clone());
    }
    println!("{line}");
    wrong.is_none()
}
