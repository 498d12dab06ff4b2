//! Follow-up at the terminal: duties, contacts, sweeps.

use anyhow::Context as _;
use bangfu::client::{self, problem::Problem};
use bangfu_kernel::Clock;
use bangfu_proto::followup::v1 as followup;
use chrono::NaiveDate;
use clap::Subcommand;

use super::Connection;

#[derive(Debug, Subcommand)]
pub(super) enum DutiesVerb {
    /// 今天该做什么: open duties by due day.
    List {
        /// Due up to this day.
        #[arg(long)]
        until: Option<NaiveDate>,
        /// Only this coordinator's people.
        #[arg(long, default_value = "")]
        coordinator: String,
        /// Only this village.
        #[arg(long, default_value = "")]
        village: String,
        /// Only this person.
        #[arg(long, default_value = "")]
        person_id: String,
        /// Closed ones, too.
        #[arg(long)]
        all: bool,
        /// City callers: which township.
        #[arg(long, default_value = "")]
        township: String,
        /// At most so many lines.
        #[arg(long, default_value_t = 50)]
        limit: usize,
        #[command(flatten)]
        connection: Connection,
    },
}

#[derive(Debug, Subcommand)]
pub(super) enum ContactsVerb {
    /// Records that somebody was reached, today.
    Record {
        /// The person.
        person_id: String,
        /// phone, wechat, home_visit, counter, sms, data_match or other.
        #[arg(long, default_value = "phone", value_parser = channel)]
        channel: followup::Channel,
        /// reached_self, reached_family, refused, moved, deceased, no_answer, wrong_number or away.
        #[arg(long, default_value = "reached_self", value_parser = result)]
        result: followup::ContactResult,
        /// The day; today when left out.
        #[arg(long)]
        on: Option<NaiveDate>,
        /// 备注
        #[arg(long, default_value = "")]
        note: String,
        #[command(flatten)]
        connection: Connection,
    },
    /// The contacts of a person.
    List {
        /// The person.
        person_id: String,
        #[command(flatten)]
        connection: Connection,
    },
}

#[derive(Debug, Subcommand)]
pub(super) enum SweepsVerb {
    /// Sweeps the whole city (bureau).
    Run {
        /// As of this day; today when left out.
        #[arg(long)]
        as_of: Option<NaiveDate>,
        #[command(flatten)]
        connection: Connection,
    },
    /// The latest sweeps.
    List {
        #[command(flatten)]
        connection: Connection,
    },
}

impl DutiesVerb {
    pub(super) async fn run(self) -> anyhow::Result<()> {
        let Self::List { until, coordinator, village, person_id, all, township, limit, connection } = self;
        let client = connection.open().await?;
        let request = followup::ListDutiesRequest {
            coordinator,
            village,
            person_id,
            township: township.clone(),
            states: if all { Vec::new() } else { vec![followup::DutyState::Open.into()] },
            due: until.map(|day| bangfu_proto::common::v1::DateRange { from: None, to: client::date(day) }),
            ..Default::default()
        };
        let duties = client::duties::all(&client, request).await?;
        let shown = &duties[..duties.len().min(limit)];
        let names = client::duties::names(&client, shown.iter().map(|duty| duty.person_id.clone()), &township).await?;
        print!("{}", client::duties::table(shown, &names));
        println!("共 {} 项, 显示 {} 项", duties.len(), shown.len());
        Ok(())
    }
}

impl ContactsVerb {
    pub(super) async fn run(self) -> anyhow::Result<()> {
        match self {
            Self::Record { person_id, channel, result, on, note, connection } => {
                let request = followup::RecordContactRequest {
                    request_id: client::request_id(),
                    person_id,
                    on: client::date(on.unwrap_or_else(|| Clock::system().today())),
                    channel: channel.into(),
                    result: result.into(),
                    note,
                    ..Default::default()
                };
                let contact = connection.open().await?.followup().record_contact(request).await;
                let contact = contact.map_err(Problem::from)?.into_inner();
                println!(
                    "已记录 contact {}, 完成 {} 项 duties settled",
                    contact.contact_id,
                    contact.settled_duty_ids.len()
                );
            }
            Self::List { person_id, connection } => {
                let contacts = client::contacts::of(&connection.open().await?, &person_id, "").await?;
                print!("{}", client::contacts::table(&contacts));
            }
        }
        Ok(())
    }
}

impl SweepsVerb {
    pub(super) async fn run(self) -> anyhow::Result<()> {
        let sweeps = match self {
            Self::Run { as_of, connection } => client::sweeps::run(&connection.open().await?, as_of).await?,
            Self::List { connection } => {
                let listed =
                    connection.open().await?.followup().list_sweeps(followup::ListSweepsRequest::default()).await;
                listed.map_err(Problem::from)?.into_inner().sweeps
            }
        };
        print!("{}", client::sweeps::table(&sweeps));
        Ok(())
    }
}

fn channel(word: &str) -> anyhow::Result<followup::Channel> {
    followup::Channel::from_str_name(&format!("CHANNEL_{}", word.to_uppercase()))
        .context("one of phone, wechat, home_visit, counter, sms, data_match, other")
}

fn result(word: &str) -> anyhow::Result<followup::ContactResult> {
    followup::ContactResult::from_str_name(&format!("CONTACT_RESULT_{}", word.to_uppercase()))
        .context("one of reached_self, reached_family, refused, moved, deceased, no_answer, wrong_number, away")
}
