//! The commands, as typed.

mod calendar;
mod coordinators;
mod data_match;
mod duplicates;
mod duties;
mod households;
mod privacy;
mod progress;
mod recognitions;
mod register;
mod services;
mod standards;
mod token;
mod transfers;
mod waivers;
mod work;

use std::{path::PathBuf, process::ExitCode};

use anyhow::Context as _;
use bangfu::{
    client::{self, Client},
    demo,
};
use bangfu_kernel::Township;
use clap::{Args, Parser, Subcommand};

use self::{
    calendar::CalendarVerb,
    coordinators::CoordinatorsVerb,
    data_match::MatchVerb,
    duplicates::DuplicatesVerb,
    duties::DutiesVerb,
    households::HouseholdsVerb,
    privacy::{AuditVerb, KeysVerb, RetentionVerb},
    progress::{ProgressArgs, RemindersArgs},
    recognitions::RecognitionsVerb,
    register::{PeopleVerb, TownshipsVerb},
    services::ServicesVerb,
    standards::StandardsVerb,
    token::TokenArgs,
    transfers::TransfersVerb,
    waivers::WaiversVerb,
    work::{ContactsVerb, SweepsVerb},
};
use crate::{plan::PlanArgs, roster::RosterCommand, serve, up};

/// 帮扶: a city's targeted employment assistance. Who is to be served, what is owed to whom by when, and what was done.
#[derive(Debug, Parser)]
#[command(name = "bangfu", version)]
pub(crate) struct Command {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// The whole suite on this machine, data kept between runs.
    Up(up::Settings),
    /// 演示: rosters in, due duties out, three months on a simulated clock.
    Demo(DemoArgs),
    /// One service, as Kubernetes runs it.
    Serve(Box<serve::Settings>),
    /// Brings a service's database up to date, as its owner.
    Migrate(serve::MigrateSettings),
    /// A token of the development ground, good for 15 minutes.
    Token(TokenArgs),
    /// 人员台账: judge a roster file, make a sample, import one.
    #[command(subcommand)]
    Roster(RosterVerb),
    /// 区镇: the directory of townships.
    #[command(subcommand)]
    Townships(TownshipsVerb),
    /// 服务对象: the people of your township.
    #[command(subcommand)]
    People(PeopleVerb),
    /// 疑似重复: entries that may be one person, and merging them.
    #[command(subcommand)]
    Duplicates(DuplicatesVerb),
    /// 就业困难认定: recognition of difficulty.
    #[command(subcommand)]
    Recognitions(RecognitionsVerb),
    /// 家庭: households, and whether nobody in them works.
    #[command(subcommand)]
    Households(HouseholdsVerb),
    /// 转移: people who go from one township to another.
    #[command(subcommand)]
    Transfers(TransfersVerb),
    /// 数据比对: another department's list against the register.
    #[command(subcommand)]
    Match(MatchVerb),
    /// 试算: what would be owed, asked of the planner with a file of histories and without any server.
    Plan(PlanArgs),
    /// 应做事项: what is owed to whom by when.
    #[command(subcommand)]
    Duties(DutiesVerb),
    /// 协理员: who serves whom, from when, and who stands in.
    #[command(subcommand)]
    Coordinators(CoordinatorsVerb),
    /// 工作日历: holidays and make-up working days.
    #[command(subcommand)]
    Calendar(CalendarVerb),
    /// 联系记录: what was done.
    #[command(subcommand)]
    Contacts(ContactsVerb),
    /// 服务记录: services given without a contact, and the older system's export of them.
    #[command(subcommand)]
    Services(ServicesVerb),
    /// 服务标准: what is owed to whom, how often.
    #[command(subcommand)]
    Standards(StandardsVerb),
    /// 豁免与申诉: duties let off by a decision.
    #[command(subcommand)]
    Waivers(WaiversVerb),
    /// 进度: what was owed in a year and what of it was done.
    Progress(ProgressArgs),
    /// 提醒: what is due soon.
    Reminders(RemindersArgs),
    /// 巡查: raise what has become due now instead of tonight.
    #[command(subcommand)]
    Sweeps(SweepsVerb),
    /// 数据密钥: new keys for sealed personal data.
    #[command(subcommand)]
    Keys(KeysVerb),
    /// 操作日志: prove that nobody tampered with it.
    #[command(subcommand)]
    Audit(AuditVerb),
    /// 保存期限: let go of what has outlived its purpose.
    #[command(subcommand)]
    Retention(RetentionVerb),
}

/// Where the suite is, and who asks.
#[derive(Debug, Args)]
struct Connection {
    /// Address of the suite.
    #[arg(long, env = "BANGFU_ENDPOINT", default_value = "http://127.0.0.1:50051")]
    endpoint: String,
    /// Certificates (PEM) that vouch for an https address.
    #[arg(long, env = "BANGFU_CA_FILE")]
    ca: Option<PathBuf>,
    /// The token: `bangfu up` prints some, `bangfu token` makes one.
    #[arg(long, env = "BANGFU_TOKEN", hide_env_values = true, default_value = "", hide_default_value = true)]
    token: String,
}

#[derive(Debug, Args)]
struct DemoArgs {
    /// A roster of your own instead of three made-up ones (xlsx or CSV).
    #[arg(long, requires = "township")]
    roster: Option<PathBuf>,
    /// Whose roster it is: the township's code.
    #[arg(long, requires = "roster")]
    township: Option<Township>,
    /// Writes the figures as JSON, too.
    #[arg(long)]
    json: Option<PathBuf>,
}

#[derive(Debug, Subcommand)]
enum RosterVerb {
    #[command(flatten)]
    Offline(RosterCommand),
    /// Imports a roster into your township.
    Import {
        /// xlsx or CSV.
        file: PathBuf,
        /// Judge and compare with the register, write nothing.
        #[arg(long)]
        validate_only: bool,
        #[command(flatten)]
        connection: Connection,
    },
}

impl Command {
    /// Runs it to its end.
    pub(crate) fn run(self) -> anyhow::Result<ExitCode> {
        if let Verb::Roster(RosterVerb::Offline(command)) = self.verb {
            return crate::roster::run(command);
        }
        if let Verb::Plan(args) = &self.verb {
            return crate::plan::run(args);
        }
        if let Verb::Standards(StandardsVerb::Check { file }) = &self.verb {
            return standards::check(file);
        }
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
        runtime.block_on(self.verb.run())?;
        // Whatever still runs in the background has been told to end; it gets no more than this.
        runtime.shutdown_timeout(std::time::Duration::from_secs(1));
        Ok(ExitCode::SUCCESS)
    }
}

impl Verb {
    async fn run(self) -> anyhow::Result<()> {
        match self {
            Self::Up(settings) => up::run(settings).await,
            Self::Demo(wish) => {
                let roster = wish.roster.zip(wish.township);
                demo::run(demo::Wish { roster, json: wish.json }).await
            }
            Self::Serve(settings) => serve::run(*settings).await,
            Self::Migrate(settings) => serve::migrate(settings).await,
            Self::Token(args) => token::print(&args),
            Self::Roster(RosterVerb::Offline(_)) | Self::Plan(_) => Ok(()),
            Self::Roster(RosterVerb::Import { file, validate_only, connection }) => {
                let import = client::people::import(&connection.open().await?, &file, validate_only).await?;
                client::people::tell(&import);
                Ok(())
            }
            Self::Townships(verb) => verb.run().await,
            Self::People(verb) => verb.run().await,
            Self::Duplicates(verb) => verb.run().await,
            Self::Recognitions(verb) => verb.run().await,
            Self::Households(verb) => verb.run().await,
            Self::Transfers(verb) => verb.run().await,
            Self::Match(verb) => verb.run().await,
            Self::Duties(verb) => verb.run().await,
            Self::Coordinators(verb) => verb.run().await,
            Self::Calendar(verb) => verb.run().await,
            Self::Contacts(verb) => verb.run().await,
            Self::Services(verb) => verb.run().await,
            Self::Standards(verb) => verb.run().await,
            Self::Waivers(verb) => verb.run().await,
            Self::Progress(args) => args.run().await,
            Self::Reminders(args) => args.run().await,
            Self::Sweeps(verb) => verb.run().await,
            Self::Keys(verb) => verb.run().await,
            Self::Audit(verb) => verb.run().await,
            Self::Retention(verb) => verb.run().await,
        }
    }
}

impl Connection {
    async fn open(&self) -> anyhow::Result<Client> {
        anyhow::ensure!(
            !self.token.is_empty(),
            "缺少令牌：请设置 BANGFU_TOKEN 或 --token，`bangfu token` 可生成 \
             a token is needed: set BANGFU_TOKEN or --token; `bangfu token` makes one"
        );
        let ca = self
            .ca
            .as_ref()
            .map(|file| std::fs::read(file).with_context(|| format!("无法读取文件 cannot read {}", file.display())));
        Client::trusting(ca.transpose()?.as_deref(), &self.endpoint, &self.token).await
    }
}
