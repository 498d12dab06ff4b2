//! Data matching at the terminal: another department's list against the register, decided on row by row, committed once.

use std::path::PathBuf;

use anyhow::Context as _;
use bangfu::client::{
    self, matches,
    problem::Problem,
    terminal::{say, show},
};
use bangfu_people::roster::{self, sample};
use bangfu_proto::people::v1 as people;
use chrono::NaiveDate;
use clap::Subcommand;

use super::{Connection, work::day};

#[derive(Debug, Subcommand)]
pub(super) enum MatchVerb {
    /// Makes up a list about people of a roster and some others, for trying.
    Sample {
        /// The roster that was imported.
        roster: PathBuf,
        /// The CSV to write.
        #[arg(long, value_name = "FILE.csv")]
        out: PathBuf,
    },
    /// Holds a list against the register of your township. Nobody is changed by it.
    Start {
        /// xlsx or CSV, with columns 姓名 and 身份证号码 at least.
        file: PathBuf,
        /// civil-affairs, education, veterans-affairs or agriculture.
        #[arg(long, value_parser = department)]
        department: people::Department,
        /// The group the list is about; the department's own when left out: relative-poverty, college-graduate, veteran …
        #[arg(long, value_parser = group)]
        group: Option<people::Group>,
        /// What the department calls the list; the file's name when left out.
        #[arg(long)]
        name: Option<String>,
        /// The list's date; the one in the file when left out.
        #[arg(long, value_parser = day)]
        date: Option<NaiveDate>,
        #[command(flatten)]
        connection: Connection,
    },
    /// The matches of a township, the latest first.
    List {
        /// City callers: which township.
        #[arg(long, default_value = "", hide_default_value = true)]
        township: String,
        #[command(flatten)]
        connection: Connection,
    },
    /// One match and its rows, personal data masked.
    Show {
        /// The match.
        match_id: String,
        /// Only rows of a kind: new, conflicting, matched, elsewhere, invalid, duplicate or ended.
        #[arg(long, value_parser = kind)]
        kind: Option<people::DataMatchKind>,
        /// Only rows that still need a decision.
        #[arg(long)]
        undecided: bool,
        /// City callers: which township.
        #[arg(long, default_value = "", hide_default_value = true)]
        township: String,
        /// At most so many rows.
        #[arg(long, default_value_t = 50)]
        limit: usize,
        #[command(flatten)]
        connection: Connection,
    },
    /// Decides on rows: those numbered, or all of a kind.
    Decide {
        /// The match.
        match_id: String,
        /// apply or ignore.
        #[arg(value_parser = decision)]
        decision: people::DataMatchDecision,
        /// new or conflicting: all rows of it.
        #[arg(long, value_parser = kind, required_unless_present = "rows", conflicts_with = "rows")]
        kind: Option<people::DataMatchKind>,
        /// Numbers of rows: 4,7,12.
        #[arg(long, value_delimiter = ',')]
        rows: Vec<i32>,
        #[command(flatten)]
        connection: Connection,
    },
    /// Writes what was decided. Interrupted, it goes on where it stopped when called again.
    Commit {
        /// The match.
        match_id: String,
        #[command(flatten)]
        connection: Connection,
    },
}

impl MatchVerb {
    pub(super) async fn run(self) -> anyhow::Result<()> {
        match self {
            Self::Sample { roster, out } => make(&roster, &out),
            Self::Start { file, department, group, name, date, connection } => {
                let list = roster::read_list(&file).with_context(|| format!("{}", file.display()))?;
                let list_on = date.or(list.list_on).context(
                    "文件中没有日期，请用 --date 给出名单日期 the file names no date: give the list's with --date",
                )?;
                let of_file = || file.file_stem().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
                let start = people::DataMatchStart {
                    request_id: client::request_id(),
                    department: department.into(),
                    list_name: name.unwrap_or_else(of_file),
                    list_on: client::date(list_on),
                    group: group.unwrap_or_default().into(),
                };
                let started = matches::send(&connection.open().await?, start, list.rows).await?;
                matches::tell(&started);
                Ok(())
            }
            Self::List { township, connection } => {
                let found = matches::all(&connection.open().await?, &township).await?;
                show(matches::table(&found));
                say(format_args!("共 {} 份 lists", found.len()));
                Ok(())
            }
            Self::Show { match_id, kind, undecided, township, limit, connection } => {
                let client = connection.open().await?;
                let request = people::GetDataMatchRequest { match_id: match_id.clone(), township: township.clone() };
                let found = client.people().get_data_match(request).await.map_err(Problem::from)?.into_inner();
                let request = people::ListDataMatchRowsRequest {
                    match_id,
                    township,
                    row_kind: kind.unwrap_or_default().into(),
                    undecided,
                    ..Default::default()
                };
                show(matches::rows_table(&matches::rows(&client, request, limit).await?));
                matches::tell(&found);
                Ok(())
            }
            Self::Decide { match_id, decision, kind, rows, connection } => {
                let request = people::DecideDataMatchRowsRequest {
                    request_id: client::request_id(),
                    match_id,
                    decision: decision.into(),
                    row_kind: kind.unwrap_or_default().into(),
                    rows,
                };
                let decided = connection.open().await?.people().decide_data_match_rows(request).await;
                matches::tell(decided.map_err(Problem::from)?.get_ref());
                Ok(())
            }
            Self::Commit { match_id, connection } => {
                let request = people::CommitDataMatchRequest { request_id: client::request_id(), match_id };
                let committed = connection.open().await?.people().commit_data_match(request).await;
                matches::tell(committed.map_err(Problem::from)?.get_ref());
                Ok(())
            }
        }
    }
}

fn make(of: &std::path::Path, out: &std::path::Path) -> anyhow::Result<()> {
    let read = roster::read(of).with_context(|| format!("{}", of.display()))?;
    let ledger_on = read.ledger_on.unwrap_or(sample::LEDGER_ON);
    let order = sample::Order { rows: 1, seed: 0, ledger_on, township: String::new() };
    let list = sample::list::of(&read.rows, &order);
    sample::list::write(&list, &order, out).with_context(|| format!("无法写入文件 cannot write {}", out.display()))?;
    say(format_args!("已生成 {} 行样例名单 rows written to {}", list.len(), out.display()));
    Ok(())
}

fn word(prefix: &str, text: &str) -> String {
    format!("{prefix}_{}", text.to_uppercase().replace('-', "_"))
}

fn department(text: &str) -> Result<people::Department, String> {
    let found = people::Department::from_str_name(&word("DEPARTMENT", text));
    let found = found.filter(|&department| department != people::Department::Unspecified);
    found.ok_or_else(|| "civil-affairs, education, veterans-affairs or agriculture".to_owned())
}

fn group(text: &str) -> Result<people::Group, String> {
    let found = people::Group::from_str_name(&word("GROUP", text));
    let found = found.filter(|&group| group != people::Group::Unspecified);
    found.ok_or_else(|| "a group of the contract: relative-poverty, college-graduate, veteran …".to_owned())
}

fn kind(text: &str) -> Result<people::DataMatchKind, String> {
    let found = people::DataMatchKind::from_str_name(&word("DATA_MATCH_KIND", text));
    let found = found.filter(|&kind| kind != people::DataMatchKind::Unspecified);
    found.ok_or_else(|| "new, conflicting, matched, elsewhere, invalid, duplicate or ended".to_owned())
}

fn decision(text: &str) -> Result<people::DataMatchDecision, String> {
    let found = people::DataMatchDecision::from_str_name(&word("DATA_MATCH_DECISION", text));
    let found = found.filter(|&decision| decision != people::DataMatchDecision::Unspecified);
    found.ok_or_else(|| "apply or ignore".to_owned())
}
