//! Standards at the terminal: read, checked without any server, tried out, published.

use std::{
    path::{Path, PathBuf},
    process::ExitCode,
};

use bangfu::client::{
    self,
    problem::Problem,
    standards::{model, of_file, over_capacity, preview, rules, table},
    terminal::{say, show},
};
use bangfu_kernel::Clock;
use bangfu_proto::followup::v1 as followup;
use chrono::NaiveDate;
use clap::Subcommand;

use super::{Connection, work::day};

/// The file is no standard.
const REFUSED: u8 = 2;

#[derive(Debug, Subcommand)]
pub(super) enum StandardsVerb {
    /// Lists all of them, the oldest first, those not yet in force included.
    List {
        #[command(flatten)]
        connection: Connection,
    },
    /// Shows the rules of one: of this version, or the one in force on a day (today when left out).
    Show {
        /// The version.
        #[arg(default_value = "", hide_default_value = true)]
        version: String,
        /// The one in force on this day.
        #[arg(long, value_parser = day, conflicts_with = "version")]
        on: Option<NaiveDate>,
        /// As the document, to be changed and published as another version.
        #[arg(long)]
        toml: bool,
        #[command(flatten)]
        connection: Connection,
    },
    /// 校验: tells everything that is wrong with a document, without any server. Exit code 2: something is.
    Check {
        /// The document (TOML).
        file: PathBuf,
    },
    /// 发布: from its first day, which lies after today, everybody is owed what it says. It cannot be taken back.
    Publish {
        /// The document (TOML).
        file: PathBuf,
        #[command(flatten)]
        connection: Connection,
    },
    /// 试行: what would be owed in its first twelve months, beside what is owed now. Nothing is written.
    Preview {
        /// The document (TOML).
        file: PathBuf,
        /// Only this township; several: each of them. All when left out.
        #[arg(long)]
        township: Vec<String>,
        /// Duties that a coordinator can do in a month; left out: as was said of each.
        #[arg(long, default_value_t = 0, hide_default_value = true)]
        capacity: i32,
        #[command(flatten)]
        connection: Connection,
    },
}

/// Checks a document without any server.
pub(super) fn check(file: &Path) -> anyhow::Result<ExitCode> {
    match of_file(file, None)? {
        Ok(standard) => {
            let (version, from, count) = (&standard.version, standard.in_force_from, standard.rules.len());
            say(format_args!("无误 it is right: {version}，自 {from} 起 from then on，{count} 条 rules"));
            Ok(ExitCode::SUCCESS)
        }
        Err(faults) => {
            eprintln!("{}: {faults}", file.display());
            Ok(ExitCode::from(REFUSED))
        }
    }
}

impl StandardsVerb {
    pub(super) async fn run(self) -> anyhow::Result<()> {
        match self {
            // Done before there is a runtime.
            Self::Check { .. } => Ok(()),
            Self::List { connection } => {
                let mut followup = connection.open().await?.followup();
                let listed = followup.list_standards(followup::ListStandardsRequest {}).await.map_err(Problem::from)?;
                show(table(&listed.into_inner().standards));
                Ok(())
            }
            Self::Show { version, on, toml, connection } => {
                let request = followup::GetStandardRequest { version, on: on.and_then(client::date) };
                let found = connection.open().await?.followup().get_standard(request).await.map_err(Problem::from)?;
                let found = found.into_inner();
                let standard = model(&found)?;
                if toml {
                    show(standard.to_toml()?);
                } else {
                    show(table(std::slice::from_ref(&found)));
                    show(rules(&standard));
                }
                Ok(())
            }
            Self::Publish { file, connection } => {
                let standard = Some((&of_file(&file, Some(Clock::system().today()))??).into());
                let request = followup::PublishStandardRequest { request_id: client::request_id(), standard };
                let mut followup = connection.open().await?.followup();
                let published = followup.publish_standard(request).await.map_err(Problem::from)?.into_inner();
                let from = client::day(published.in_force_from.as_ref());
                say(format_args!("已发布 published: {}，自 {from} 起生效 in force from then on", published.version));
                Ok(())
            }
            Self::Preview { file, township, capacity, connection } => {
                let standard = Some((&of_file(&file, Some(Clock::system().today()))??).into());
                let request = followup::PreviewStandardRequest { standard, townships: township, capacity };
                tried_out(&connection, request).await
            }
        }
    }
}

async fn tried_out(connection: &Connection, request: followup::PreviewStandardRequest) -> anyhow::Result<()> {
    let mut followup = connection.open().await?.followup();
    let mut stream = followup.preview_standard(request).await.map_err(Problem::from)?.into_inner();
    let mut answers = Vec::new();
    while let Some(answer) = stream.message().await.map_err(Problem::from)? {
        eprintln!("{}: {} 人 people", answer.township, answer.people);
        answers.push(answer);
    }
    show(preview(&answers));
    let over = over_capacity(&answers);
    if !over.is_empty() {
        say("超出可办项数 more than they can do:");
        show(over);
    }
    let failed: i64 = answers.iter().map(|answer| answer.failed).sum();
    let people: i64 = answers.iter().map(|answer| answer.people).sum();
    say(format_args!("{} 个区镇 townships，{people} 人 people，{failed} 人无法计算 cannot be planned", answers.len()));
    Ok(())
}
