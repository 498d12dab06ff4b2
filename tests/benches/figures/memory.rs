//! What the suite's own process keeps resident, PostgreSQL not counted, as Linux tells it.

use std::{fs, time::Duration};

use anyhow::Context as _;

use crate::{
    measure::{Limit, Measure},
    process::Up,
};

/// How long a fresh process is left alone before it counts as idle.
const IDLE: Duration = Duration::from_secs(5);

/// A fresh process that nobody has called.
pub(crate) async fn idle(up: &Up) -> anyhow::Result<Measure> {
    tokio::time::sleep(IDLE).await;
    let resident = kept(up.id(), "VmRSS")?;
    Ok(Measure::absolute("memory of `bangfu up`, idle", "MB", resident, Limit::AtMost(60.0)))
}

/// The most it ever kept, when called after an import.
pub(crate) fn importing(up: &Up) -> anyhow::Result<Measure> {
    Ok(Measure::absolute(
        "memory of `bangfu up`, importing 100,000 rows (peak)",
        "MB",
        peak(up.id())?,
        Limit::AtMost(150.0),
    ))
}

/// The most that a process ever kept, by its id.
pub(crate) fn peak(process: u32) -> anyhow::Result<f64> {
    kept(process, "VmHWM")
}

/// In millions of bytes.
fn kept(process: u32, field: &str) -> anyhow::Result<f64> {
    let status = fs::read_to_string(format!("/proc/{process}/status")).context("this figure needs Linux")?;
    let line = status.lines().find_map(|line| line.strip_prefix(field)?.strip_prefix(':')).context("no such field")?;
    let kibibytes: f64 = line.trim().trim_end_matches(" kB").parse()?;
    Ok(kibibytes * 1024.0 / 1e6)
}
