//! Follow-up at the terminal: contacts and sweeps.

use anyhow::Context as _;
use bangfu::client::{
    self,
    problem::Problem,
    terminal::{say, show},
};
use bangfu_kernel::Clock;
use bangfu_proto::{followup::v1 as followup, people::v1::EmploymentStatus};
use chrono::NaiveDate;
use clap::Subcommand;

use super::Connection;

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
        #[arg(long, value_parser = day)]
        on: Option<NaiveDate>,
        /// Services given besides the follow-up: career_guidance, job_referral, skills_training, policy_publicity …
        #[arg(long, value_parser = service)]
        service: Vec<followup::Service>,
        /// Policies told, by name: policy_publicity was given with them.
        #[arg(long)]
        policy: Vec<String>,
        /// The status learned, valid from the day of the contact: unemployed, flexible, unit_employed, deceased …
        #[arg(long, value_parser = status)]
        status: Option<EmploymentStatus>,
        /// With unit_employed: months of contract.
        #[arg(long, default_value_t = 0, requires = "status")]
        contract_months: i32,
        /// 备注
        #[arg(long, default_value = "", hide_default_value = true)]
        note: String,
        #[command(flatten)]
        connection: Connection,
    },
    /// 导入: a day's paper list of contacts. A file imported again enters nothing anew, nor what was voided
    /// since, whoever sends it.
    Import {
        /// A CSV in UTF-8 or GB18030 with columns 身份证号码, 联系日期, 联系方式, 联系结果; also 姓名, 接听人, 协理员, 备注.
        file: std::path::PathBuf,
        /// Find the people and check the rows, write nothing.
        #[arg(long)]
        dry_run: bool,
        #[command(flatten)]
        connection: Connection,
    },
    /// The contacts of a person.
    List {
        /// The person.
        person_id: String,
        /// City callers: which township.
        #[arg(long, default_value = "", hide_default_value = true)]
        township: String,
        #[command(flatten)]
        connection: Connection,
    },
    /// Voids a contact that was entered wrongly; what it had settled opens again, or is missed.
    Void {
        /// The contact.
        contact_id: String,
        /// 记错人 …
        #[arg(long)]
        reason: String,
        #[command(flatten)]
        connection: Connection,
    },
}

#[derive(Debug, Subcommand)]
pub(super) enum SweepsVerb {
    /// Sweeps the whole city (bureau).
    Run {
        /// As of this day; today when left out.
        #[arg(long, value_parser = day)]
        as_of: Option<NaiveDate>,
        #[command(flatten)]
        connection: Connection,
    },
    /// The latest sweeps.
    List {
        #[command(flatten)]
        connection: Connection,
    },
    /// 待查: people whose plan fails; what is owed to them is not known. They are tried again in every sweep.
    Quarantine {
        /// City callers: only this township.
        #[arg(long, default_value = "", hide_default_value = true)]
        township: String,
        #[command(flatten)]
        connection: Connection,
    },
}

impl ContactsVerb {
    pub(super) async fn run(self) -> anyhow::Result<()> {
        match self {
            Self::Record {
                person_id,
                channel,
                result,
                on,
                mut service,
                policy,
                status,
                contract_months,
                note,
                connection,
            } => {
                if !policy.is_empty() && !service.contains(&followup::Service::PolicyPublicity) {
                    service.push(followup::Service::PolicyPublicity);
                }
                let on = client::date(on.unwrap_or_else(|| Clock::system().today()));
                let request = followup::RecordContactRequest {
                    request_id: client::request_id(),
                    person_id,
                    on,
                    services: service.into_iter().map(Into::into).collect(),
                    policies_told: policy,
                    status_learned: status.map(|status| followup::StatusLearned {
                        status: status.into(),
                        effective_on: on,
                        contract_months,
                        ..Default::default()
                    }),
                    channel: channel.into(),
                    result: result.into(),
                    note,
                    ..Default::default()
                };
                let contact = connection.open().await?.followup().record_contact(request).await;
                let contact = contact.map_err(Problem::from)?.into_inner();
                say(format_args!(
                    "已记录 contact {}, 完成 {} 项 duties settled by it",
                    contact.contact_id,
                    contact.settled_duty_ids.len()
                ));
                if result == followup::ContactResult::Deceased && status.is_none() {
                    say("如确已去世，请加 --status deceased 登记 to enter the death, record with --status deceased");
                }
            }
            Self::Void { contact_id, reason, connection } => {
                let request = followup::VoidContactRequest { request_id: client::request_id(), contact_id, reason };
                let voided = connection.open().await?.followup().void_contact(request).await;
                let voided = voided.map_err(Problem::from)?.into_inner();
                say(format_args!("已作废 voided contact {}", voided.contact_id));
            }
            Self::Import { file, dry_run, connection } => {
                let today = Clock::system().today();
                let client = connection.open().await?;
                let report = client::imports::contacts::import(&client, &file, today, dry_run).await?;
                show(report.table());
                report.tell();
            }
            Self::List { person_id, township, connection } => {
                let contacts = client::contacts::of(&connection.open().await?, &person_id, &township).await?;
                show(client::contacts::table(&contacts));
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
            Self::Quarantine { township, connection } => {
                let quarantined = client::sweeps::quarantined(&connection.open().await?, township).await?;
                show(client::sweeps::quarantine_table(&quarantined));
                say(format_args!("共 {} 个 quarantined", quarantined.len()));
                return Ok(());
            }
        };
        show(client::sweeps::table(&sweeps));
        Ok(())
    }
}

/// A day as rosters have them, too: 2026-01-05, 2026.1.5, 20260105 …
pub(super) fn day(text: &str) -> anyhow::Result<NaiveDate> {
    bangfu_people::roster::date::parse(text)
        .context("应为存在的日期，如 2026-01-05 a date that exists, such as 2026-01-05")
}

pub(super) fn service(word: &str) -> anyhow::Result<followup::Service> {
    followup::Service::from_str_name(&format!("SERVICE_{}", word.to_uppercase())).context(
        "应为下列之一 one of career_guidance, job_referral, skills_training, policy_publicity, career_planning, employment_registration_help, \
         unemployment_insurance_help, recognition_help, post_delivery, household_clearing",
    )
}

fn status(word: &str) -> anyhow::Result<EmploymentStatus> {
    EmploymentStatus::from_str_name(&format!("EMPLOYMENT_STATUS_{}", word.to_uppercase()))
        .context("应为下列之一 one of unit_employed, startup, individual_business, flexible, unemployed, no_intention, unverified, internship, public_post_general, \
             public_post_temporary, in_school, military_service, retired, incapacitated, imprisoned, emigrated, deceased")
}

fn channel(word: &str) -> anyhow::Result<followup::Channel> {
    followup::Channel::from_str_name(&format!("CHANNEL_{}", word.to_uppercase()))
        .context("应为下列之一 one of phone, wechat, home_visit, counter, sms, data_match, other")
}

fn result(word: &str) -> anyhow::Result<followup::ContactResult> {
    followup::ContactResult::from_str_name(&format!("CONTACT_RESULT_{}", word.to_uppercase())).context(
        "应为下列之一 one of reached_self, reached_family, refused, moved, deceased, no_answer, wrong_number, away",
    )
}
