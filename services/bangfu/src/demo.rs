//! `bangfu demo`: the main job from end to end, through the public API with real tokens, on a private PostgreSQL.
//!
//! Rosters come in, are judged and imported; a sweep raises what is owed; then a simulated clock is turned through three
//! months in which coordinators call people, some do not answer, some have found work, and some are forgotten.

mod figures;
mod life;
mod print;
mod quarter;
mod script;

use std::path::{Path, PathBuf};

use anyhow::Context as _;
use bangfu_kernel::Clock;
use bangfu_platform::server::Stopped;
use bangfu_postgres::{Lifetime, Options};
use chrono::NaiveDate;

use crate::{client::terminal::say, development::Development, suite::Suite};

/// What to demonstrate.
#[derive(Debug, Clone)]
pub struct Wish {
    /// A roster of one's own, and whose it is; `None`: three made-up townships.
    pub roster: Option<(PathBuf, bangfu_kernel::Township)>,
    /// Where to write the figures as JSON.
    pub json: Option<PathBuf>,
}

/// One township of the demonstration and its roster.
struct Case {
    township: bangfu_kernel::Township,
    name: String,
    roster: PathBuf,
}

/// Runs the demonstration from start to end.
pub async fn run(wish: Wish) -> anyhow::Result<()> {
    let folder = tempfile::Builder::new().prefix("bangfu-demo-").tempdir()?;
    let cases = match &wish.roster {
        Some((path, township)) => {
            vec![Case { township: township.clone(), name: "区镇".to_owned(), roster: path.clone() }]
        }
        None => samples(folder.path())?,
    };
    let today = starting_day(&cases)?;
    let clock = Clock::at(today);

    say("正在启动私有数据库 starting a private PostgreSQL …");
    let ground =
        Development::open(folder.path(), |path| Options { lifetime: Lifetime::WithOwner, ..Options::kept(path) })
            .await?;
    let suite = Suite::start(ground.plan("127.0.0.1:0".parse()?, clock.clone())?).await?;
    say(format!("服务已启动 the suite serves at {}", suite.endpoint()));

    let played = script::play(&ground, &suite.endpoint(), &clock, &cases, today).await;
    let stopped = suite.stop().await;
    ground.close().await?;
    let figures = played?;
    if stopped? == Stopped::Cut {
        tracing::warn!("some connections had to be cut at the end");
    }
    if let Some(path) = &wish.json {
        let text = serde_json::to_string_pretty(&figures)?;
        std::fs::write(path, text + "\n").with_context(|| format!("cannot write {}", path.display()))?;
        say(format!("结果已写入 figures written to {}", path.display()));
    }
    Ok(())
}

/// Three rosters as offices would send them, faults included.
fn samples(folder: &Path) -> anyhow::Result<Vec<Case>> {
    use bangfu_people::roster::sample;

    let mut cases = Vec::new();
    for (code, name, rows, seed) in
        [("320685102", "大东镇", 420, 102), ("320685103", "李堡镇", 280, 103), ("320685104", "双溪街道", 200, 104)]
    {
        let roster = folder.join(format!("{code}.xlsx"));
        let order = sample::Order { rows, seed, ledger_on: sample::LEDGER_ON, township: name.to_owned() };
        sample::write(&order, &roster)?;
        cases.push(Case { township: code.parse()?, name: name.to_owned(), roster });
    }
    Ok(cases)
}

/// The day the rosters come in: the latest of their own dates; today where none has one.
fn starting_day(cases: &[Case]) -> anyhow::Result<NaiveDate> {
    let mut latest = None;
    for case in cases {
        let roster = bangfu_people::roster::read(&case.roster)
            .with_context(|| format!("the roster {}", case.roster.display()))?;
        latest = latest.max(roster.ledger_on);
    }
    Ok(latest.unwrap_or_else(|| Clock::system().today()))
}
