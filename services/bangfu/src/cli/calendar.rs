//! Working days at the terminal.

use std::{fs, path::PathBuf};

use anyhow::Context as _;
use bangfu::client::{
    self, calendars,
    problem::Problem,
    terminal::{say, show},
};
use bangfu_proto::followup::v1 as followup;
use clap::Subcommand;

use super::Connection;

#[derive(Debug, Subcommand)]
pub(super) enum CalendarVerb {
    /// The holidays and make-up working days of a year.
    Show {
        /// Which year; this one when left out.
        #[arg(long, default_value_t = 0, hide_default_value = true)]
        year: i32,
        #[command(flatten)]
        connection: Connection,
    },
    /// 发布: publishes the working days of a year for the whole city (bureau), in place of those that stand.
    Publish {
        /// TOML; services/followup/calendars/2026.toml shows its form.
        file: PathBuf,
        #[command(flatten)]
        connection: Connection,
    },
}

impl CalendarVerb {
    pub(super) async fn run(self) -> anyhow::Result<()> {
        match self {
            Self::Show { year, connection } => tell(&calendars::of(&connection.open().await?, year).await?),
            Self::Publish { file, connection } => {
                let text = fs::read_to_string(&file)
                    .with_context(|| format!("无法读取文件 cannot read {}", file.display()))?;
                let calendar = calendars::parse(&text)
                    .with_context(|| format!("工作日历有误 {} is no table of working days", file.display()))?;
                let request =
                    followup::PublishCalendarRequest { request_id: client::request_id(), calendar: Some(calendar) };
                let published = connection.open().await?.followup().publish_calendar(request).await;
                let published = published.map_err(Problem::from)?.into_inner();
                say(format_args!("已发布 published {}年", published.year));
                tell(&published);
            }
        }
        Ok(())
    }
}

fn tell(calendar: &followup::WorkCalendar) {
    if calendar.published {
        let publisher = match calendar.published_by.as_str() {
            "" => "随系统提供 came with the suite",
            somebody => somebody,
        };
        say(format_args!("{}年 工作日历 working days, {}, {publisher}", calendar.year, calendar.source));
        show(calendars::table(calendar));
        say(calendars::footer(calendar));
    } else {
        say(without_table(calendar.year));
    }
}

/// The warning about a year without a table.
pub(super) fn without_table(year: i32) -> String {
    format!(
        "注意：{year}年没有放假安排表，暂按周一至周五计；请市级用 `bangfu calendar publish` 发布 \
         there is no table for {year}: Monday to Friday count as working days until the bureau publishes one"
    )
}
