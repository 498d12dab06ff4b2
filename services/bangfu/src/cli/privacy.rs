//! What the operator does for the privacy of the register: keys, audit trails, retention.

use std::{collections::BTreeMap, path::PathBuf};

use anyhow::Context as _;
use bangfu::{
    client::{
        Client, audit, keys, retention,
        terminal::{say, show},
    },
    development,
};
use bangfu_people::anchor;
use clap::{Args, Subcommand};

use super::Connection;

/// Which townships.
#[derive(Debug, Args)]
pub(super) struct Which {
    /// A township's code; all of them when left out.
    #[arg(long, default_value = "all")]
    township: String,
}

#[derive(Debug, Subcommand)]
pub(super) enum KeysVerb {
    /// 密钥轮换: gives townships new data keys and waits until everything is sealed anew under them (bureau). Nobody who
    /// works meanwhile notices. Interrupted, it goes on by itself.
    Rotate {
        #[command(flatten)]
        which: Which,
        #[command(flatten)]
        connection: Connection,
    },
    /// How far the latest change of each township's key is.
    List {
        #[command(flatten)]
        which: Which,
        #[command(flatten)]
        connection: Connection,
    },
}

#[derive(Debug, Subcommand)]
pub(super) enum AuditVerb {
    /// Proves that no entry of the audit trails was changed, taken out, put in, or cut off (bureau, auditor). Fails, and names
    /// township and entry, when one was.
    Verify {
        /// The file in which heads were noted outside the database; that of the development ground when left out.
        #[arg(long, env = "BANGFU_AUDIT_ANCHORS")]
        anchors: Option<PathBuf>,
        /// The folder of the development ground.
        #[arg(long, env = "BANGFU_HOME", default_value = ".bangfu")]
        home: PathBuf,
        #[command(flatten)]
        which: Which,
        #[command(flatten)]
        connection: Connection,
    },
}

#[derive(Debug, Subcommand)]
pub(super) enum RetentionVerb {
    /// 到期清理: lets go of what has outlived its purpose, by the rules it prints (bureau).
    Run {
        /// Tell what would go; change nothing.
        #[arg(long)]
        dry_run: bool,
        #[command(flatten)]
        which: Which,
        #[command(flatten)]
        connection: Connection,
    },
}

impl Which {
    async fn townships(&self, client: &Client) -> anyhow::Result<Vec<String>> {
        if self.township == "all" { Ok(keys::townships(client).await?) } else { Ok(vec![self.township.clone()]) }
    }
}

impl KeysVerb {
    pub(super) async fn run(self) -> anyhow::Result<()> {
        match self {
            Self::Rotate { which, connection } => {
                let client = connection.open().await?;
                let townships = which.townships(&client).await?;
                let mut told = BTreeMap::new();
                let progress = |it: &bangfu_proto::people::v1::KeyRotation| {
                    let step = (it.state(), it.resealed);
                    if told.insert(it.township.clone(), step) != Some(step) {
                        let word = keys::word(it.state());
                        say(format_args!("{}  {word}: {} / {}", it.township, it.resealed, it.resealed + it.remaining));
                    }
                };
                show(keys::table(&keys::rotate(&client, &townships, progress).await?));
            }
            Self::List { which, connection } => {
                let client = connection.open().await?;
                let mut rotations = Vec::new();
                for township in which.townships(&client).await? {
                    rotations.push(keys::get(&client, &township).await?);
                }
                show(keys::table(&rotations));
            }
        }
        Ok(())
    }
}

impl AuditVerb {
    pub(super) async fn run(self) -> anyhow::Result<()> {
        let Self::Verify { anchors, home, which, connection } = self;
        let client = connection.open().await?;
        let townships = which.townships(&client).await?;
        // A file that was named has to be there; the ground's own may not be there yet.
        let named = anchors.is_some();
        let file = anchors.unwrap_or_else(|| home.join(development::ANCHORS));
        anyhow::ensure!(!named || file.exists(), "没有锚点文件 there is no file {}", file.display());
        let mut anchors = anchor::read(&file).with_context(|| format!("锚点文件 {}", file.display()))?;
        if which.township != "all" {
            anchors.retain(|anchor| anchor.township == which.township);
        }
        let verified = audit::verify(&client, &townships, &anchors).await?;
        show(audit::table(&verified));
        if anchors.is_empty() {
            say(
                "没有锚点：只能证明链条本身，不能发现截断或整体重写 no anchors: a trail that was cut off or written anew is not \
                 noticed",
            );
        }
        let broken = verified.iter().filter(|trail| !trail.findings.is_empty()).count();
        anyhow::ensure!(
            broken == 0,
            "{broken} 个区镇的操作日志不完整 of {} audit trails are not whole",
            verified.len()
        );
        Ok(())
    }
}

impl RetentionVerb {
    pub(super) async fn run(self) -> anyhow::Result<()> {
        let Self::Run { dry_run, which, connection } = self;
        let client = connection.open().await?;
        let townships = which.townships(&client).await?;
        show(retention::table(&retention::run(&client, &townships, dry_run).await?));
        if dry_run {
            say("试算，未清理 a dry run: nothing went");
        }
        Ok(())
    }
}
