//! Service records at the terminal: services given without a contact, and the older system's export of them.

use std::path::PathBuf;

use bangfu::client::{
    self, imports,
    problem::Problem,
    terminal::{say, show},
};
use bangfu_kernel::Clock;
use bangfu_proto::followup::v1 as followup;
use chrono::NaiveDate;
use clap::Subcommand;

use super::{
    Connection,
    work::{day, service},
};

#[derive(Debug, Subcommand)]
pub(super) enum ServicesVerb {
    /// Records that somebody was served, today.
    Record {
        /// The person.
        person_id: String,
        /// career_guidance, job_referral, skills_training, policy_publicity … (follow_up takes a contact)
        #[arg(value_parser = service)]
        service: followup::Service,
        /// The day; today when left out.
        #[arg(long, value_parser = day)]
        on: Option<NaiveDate>,
        /// What came of it: 已推荐，待面试 …; "not eligible" counts, too.
        #[arg(long, default_value = "", hide_default_value = true)]
        outcome: String,
        /// With policy_publicity: policies told, by name.
        #[arg(long)]
        policy: Vec<String>,
        /// 备注
        #[arg(long, default_value = "", hide_default_value = true)]
        note: String,
        #[command(flatten)]
        connection: Connection,
    },
    /// The service records of a person.
    List {
        /// The person.
        person_id: String,
        /// City callers: which township.
        #[arg(long, default_value = "", hide_default_value = true)]
        township: String,
        #[command(flatten)]
        connection: Connection,
    },
    /// Voids a wrong service record: what it had settled is open again.
    Void {
        /// The record.
        service_record_id: String,
        /// 记错人 …
        #[arg(long)]
        reason: String,
        #[command(flatten)]
        connection: Connection,
    },
    /// 导入: the older system's export of its survey management (调查管理). A file imported again enters nothing anew,
    /// nor what was voided since.
    Import {
        /// A CSV in UTF-8 or GB18030 with columns 身份证号码, 服务项目, 服务日期; also 姓名, 服务结果, 宣传政策, 协理员, 备注.
        file: PathBuf,
        /// Find the people and check the rows, write nothing.
        #[arg(long)]
        dry_run: bool,
        #[command(flatten)]
        connection: Connection,
    },
}

impl ServicesVerb {
    pub(super) async fn run(self) -> anyhow::Result<()> {
        match self {
            Self::Record { person_id, service, on, outcome, policy, note, connection } => {
                let request = followup::RecordServiceRequest {
                    request_id: client::request_id(),
                    person_id,
                    on: client::date(on.unwrap_or_else(|| Clock::system().today())),
                    service: service.into(),
                    outcome,
                    note,
                    policies_told: policy,
                    ..Default::default()
                };
                let record = connection.open().await?.followup().record_service(request).await;
                let record = record.map_err(Problem::from)?.into_inner();
                let (id, settled) = (record.service_record_id, record.settled_duty_ids.len());
                say(format_args!("已记录 service record {id}, 完成 {settled} 项 duties settled by it"));
            }
            Self::List { person_id, township, connection } => {
                let records = client::services::of(&connection.open().await?, &person_id, &township).await?;
                show(client::services::table(&records));
                say(format_args!("共 {} 条 service records", records.len()));
            }
            Self::Void { service_record_id, reason, connection } => {
                let request_id = client::request_id();
                let request = followup::VoidServiceRequest { request_id, service_record_id, reason };
                let voided = connection.open().await?.followup().void_service(request).await;
                let voided = voided.map_err(Problem::from)?.into_inner();
                say(format_args!("已作废 voided service record {}", voided.service_record_id));
            }
            Self::Import { file, dry_run, connection } => {
                let today = Clock::system().today();
                let report = imports::services::import(&connection.open().await?, &file, today, dry_run).await?;
                show(report.table());
                report.tell();
            }
        }
        Ok(())
    }
}
