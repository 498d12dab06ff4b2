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
    let resident = kept(up, "VmRSS")?;
    Ok(Measure::absolute("memory of `bangfu up`, idle", "MB", resident, Limit::AtMost(60.0)))
}

/// The most it ever kept, when called after an import.
pub(crate) fn importing(up: &Up) -> anyhow::Result<Measure> {
    Ok(Measure::absolute("memory of `bangfu up`, importing 100,000 rows (peak)", "MB", peak(up)?, Limit::AtMost(150.0)))
}

/// Lets the peak begin anew.
pub(crate) fn forget_peak(up: &Up) -> anyhow::Result<()> {
    fs::write(format!("/proc/{}/clear_refs", up.id()), "5").context("this figure needs Linux")
}

/// The most it kept since then.
pub(crate) fn peak(up: &Up) -> anyhow::Result<f64> {
    kept(up, "VmHWM")
}

/// In millions of bytes.
fn kept(up: &Up, field: &str) -> anyhow::Result<f64> {
    let status = fs::read_to_string(format!("/proc/{}/status", up.id())).context("this figure needs Linux")?;
    let line = status.lines().find_map(|line| line.strip_prefix(field)?.strip_prefix(':')).context("no such field")?;
    let kibibytes: f64 = line.trim().trim_end_matches(" kB").parse()?;
    Ok(kibibytes * 1024.0 / 1e6)
}
