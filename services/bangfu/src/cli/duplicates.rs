//! Entries that may be one person, at the terminal: looked at, told apart, merged.

use anyhow::Context as _;
use bangfu::client::{
    self, duplicates as tell,
    problem::Problem,
    terminal::{say, show},
};
use bangfu_proto::people::v1::{self as people, DuplicateState};
use clap::Subcommand;

use super::Connection;

#[derive(Debug, Subcommand)]
pub(super) enum DuplicatesVerb {
    /// Lists pairs of entries that may be one person.
    List {
        /// Only open, dismissed or merged ones.
        #[arg(long, value_parser = state, default_value = "open")]
        state: DuplicateState,
        /// City callers: which township.
        #[arg(long, default_value = "", hide_default_value = true)]
        township: String,
        #[command(flatten)]
        connection: Connection,
    },
    /// 不是同一人: they are two people; the pair is not offered again.
    Dismiss {
        /// The pair.
        pair_id: String,
        /// 上门核实 …
        #[arg(long)]
        reason: String,
        #[command(flatten)]
        connection: Connection,
    },
    /// 合并: they are one person; everything of the second goes to the first.
    Merge {
        /// The entry that is kept, with the right ID number.
        kept: String,
        /// The entry that is no more.
        merged: String,
        /// 身份证号码录错 …
        #[arg(long)]
        reason: String,
        #[command(flatten)]
        connection: Connection,
    },
    /// 撤销合并: undoes a merge, within 30 days.
    Unmerge {
        /// The merge.
        merge_id: String,
        /// 并非同一人 …
        #[arg(long)]
        reason: String,
        #[command(flatten)]
        connection: Connection,
    },
    /// Lists merges, the latest first.
    Merges {
        /// City callers: which township.
        #[arg(long, default_value = "", hide_default_value = true)]
        township: String,
        #[command(flatten)]
        connection: Connection,
    },
}

impl DuplicatesVerb {
    pub(super) async fn run(self) -> anyhow::Result<()> {
        let request_id = client::request_id();
        match self {
            Self::List { state, township, connection } => {
                let request = people::ListDuplicatesRequest { state: state.into(), township, ..Default::default() };
                let listed = tell::all(&connection.open().await?, request).await?;
                show(tell::table(&listed));
                say(format_args!("共 {} 对 pairs", listed.len()));
            }
            Self::Dismiss { pair_id, reason, connection } => {
                let request = people::DismissDuplicateRequest { request_id, pair_id, reason };
                let pair = connection.open().await?.people().dismiss_duplicate(request).await;
                say(format_args!("不是同一人 dismissed: pair {}", pair.map_err(Problem::from)?.get_ref().pair_id));
            }
            Self::Merge { kept, merged, reason, connection } => {
                let request =
                    people::MergePeopleRequest { request_id, kept_person_id: kept, merged_person_id: merged, reason };
                let merge = connection.open().await?.people().merge_people(request).await;
                told(merge.map_err(Problem::from)?.get_ref());
            }
            Self::Unmerge { merge_id, reason, connection } => {
                let request = people::UnmergePeopleRequest { request_id, merge_id, reason };
                let merge = connection.open().await?.people().unmerge_people(request).await;
                told(merge.map_err(Problem::from)?.get_ref());
            }
            Self::Merges { township, connection } => {
                let request = people::ListMergesRequest { township, page_size: 500, ..Default::default() };
                let listed = connection.open().await?.people().list_merges(request).await.map_err(Problem::from)?;
                show(tell::merges(&listed.get_ref().merges));
            }
        }
        Ok(())
    }
}

fn told(merge: &people::Merge) {
    if merge.undone_on.is_some() {
        say(format_args!("已撤销合并 undone: merge {}", merge.merge_id));
    } else {
        let until = client::day(merge.undo_until.as_ref());
        say(format_args!("已合并，至 {until} 可撤销 merged, can be undone until then: merge {}", merge.merge_id));
    }
}

fn state(word: &str) -> anyhow::Result<DuplicateState> {
    DuplicateState::from_str_name(&format!("DUPLICATE_STATE_{}", word.to_uppercase()))
        .context("应为下列之一 one of open, dismissed, merged")
}
