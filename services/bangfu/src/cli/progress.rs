//! Progress and reminders at the terminal.

use anyhow::Context as _;
use bangfu::client::{
    self,
    problem::Problem,
    terminal::{say, show},
};
use bangfu_proto::followup::v1::{self as followup, ProgressGroup, watch_reminders_response::Item};
use chrono::NaiveDate;
use clap::Args;

use super::{Connection, work::day};

#[derive(Debug, Args)]
pub(super) struct ProgressArgs {
    /// One person, rule by rule, with their duties.
    #[arg(long, conflicts_with_all = ["by", "rule"])]
    person: Option<String>,
    /// coordinator, village or township.
    #[arg(long, value_parser = group, default_value = "coordinator")]
    by: ProgressGroup,
    /// The year; this one when left out.
    #[arg(long, default_value_t = 0, hide_default_value = true)]
    year: i32,
    /// Only this rule, such as 131.job_referral.
    #[arg(long, default_value = "", hide_default_value = true)]
    rule: String,
    /// City callers: which township; all with --by township when left out.
    #[arg(long, default_value = "", hide_default_value = true)]
    township: String,
    #[command(flatten)]
    connection: Connection,
}

#[derive(Debug, Args)]
pub(super) struct RemindersArgs {
    /// Duties due within so many days, 0 to 92.
    #[arg(long, default_value_t = 7)]
    within: i32,
    /// Only what came within reach after this day.
    #[arg(long, value_parser = day)]
    after: Option<NaiveDate>,
    /// City callers: only this township; more than once for several.
    #[arg(long)]
    township: Vec<String>,
    /// Goes on when all that is within reach has been shown, until it is interrupted.
    #[arg(long)]
    follow: bool,
    #[command(flatten)]
    connection: Connection,
}

impl ProgressArgs {
    pub(super) async fn run(self) -> anyhow::Result<()> {
        let client = self.connection.open().await?;
        let (year, township) = (self.year, self.township);
        if let Some(person_id) = self.person {
            let request = followup::GetPersonProgressRequest { person_id, year, township };
            let progress = client.followup().get_person_progress(request).await.map_err(Problem::from)?.into_inner();
            show(client::progress::of_person(&progress));
            show(client::progress::duties(&progress));
            return Ok(());
        }
        let group_by = self.by.into();
        let request = followup::GetProgressRequest { group_by, year, township, rule: self.rule };
        let rows = client.followup().get_progress(request).await.map_err(Problem::from)?.into_inner().rows;
        show(client::progress::table(&rows));
        Ok(())
    }
}

impl RemindersArgs {
    pub(super) async fn run(self) -> anyhow::Result<()> {
        let request = followup::WatchRemindersRequest {
            within_days: self.within,
            townships: self.township,
            after: self.after.and_then(client::date),
        };
        let client = self.connection.open().await?;
        let mut stream = client.followup().watch_reminders(request).await.map_err(Problem::from)?.into_inner();
        let mut shown = 0;
        while let Some(message) = stream.message().await.map_err(Problem::from)? {
            match message.item {
                Some(Item::Duty(duty)) => {
                    shown += 1;
                    say(client::progress::reminder(&duty));
                }
                Some(Item::Bookmark(mark)) => {
                    let through = client::day(mark.through.as_ref());
                    say(format_args!("共 {shown} 项 reminders, 已提醒至 all through {through}"));
                    if !self.follow {
                        break;
                    }
                }
                None => {}
            }
        }
        Ok(())
    }
}

fn group(word: &str) -> anyhow::Result<ProgressGroup> {
    ProgressGroup::from_str_name(&format!("PROGRESS_GROUP_{}", word.to_uppercase()))
        .context("应为下列之一 one of coordinator, village, township")
}
