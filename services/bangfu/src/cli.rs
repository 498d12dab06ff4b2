//! The commands, as typed.

use std::{path::PathBuf, process::ExitCode};

use anyhow::Context as _;
use bangfu::{
    client::{self, Client, problem::Problem},
    demo, development,
};
use bangfu_kernel::{Clock, Role, Township, caller::role_of_word};
use bangfu_platform::auth::issuer::NewToken;
use bangfu_proto::{followup::v1 as followup, people::v1 as people};
use chrono::NaiveDate;
use clap::{Args, Parser, Subcommand};

use crate::{roster::RosterCommand, serve, up};

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
    /// 应做事项: what is owed to whom by when.
    #[command(subcommand)]
    Duties(DutiesVerb),
    /// 联系记录: what was done.
    #[command(subcommand)]
    Contacts(ContactsVerb),
    /// 巡查: raise what has become due now instead of tonight.
    #[command(subcommand)]
    Sweeps(SweepsVerb),
}

/// Where the suite is, and who asks.
#[derive(Debug, Args)]
struct Connection {
    /// Address of the suite.
    #[arg(long, env = "BANGFU_ENDPOINT", default_value = "http://127.0.0.1:50051")]
    endpoint: String,
    /// The token: `bangfu up` prints some, `bangfu token` makes one.
    #[arg(long, env = "BANGFU_TOKEN", hide_env_values = true)]
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

#[derive(Debug, Args)]
struct TokenArgs {
    /// coordinator, clerk, reviewer (of a township); bureau, finance, auditor (of the city); partner, service.
    #[arg(long, value_parser = role)]
    role: Role,
    /// Code of the township; none for the city's roles.
    #[arg(long)]
    township: Option<Township>,
    /// Coordinators: villages they serve; none: all.
    #[arg(long)]
    village: Vec<String>,
    /// The account's name.
    #[arg(long, default_value = "developer")]
    subject: String,
    /// Folder of the development ground.
    #[arg(long, env = "BANGFU_HOME", default_value = ".bangfu")]
    home: PathBuf,
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

#[derive(Debug, Subcommand)]
enum TownshipsVerb {
    /// Lists them.
    List {
        #[command(flatten)]
        connection: Connection,
    },
    /// Enters one, or changes its name (bureau).
    Upsert {
        /// 6 to 12 digits.
        code: String,
        /// 李堡镇 …
        name: String,
        #[command(flatten)]
        connection: Connection,
    },
}

#[derive(Debug, Subcommand)]
enum PeopleVerb {
    /// Lists them, personal data masked.
    List {
        /// Only this village.
        #[arg(long, default_value = "")]
        village: String,
        /// City callers: which township.
        #[arg(long, default_value = "")]
        township: String,
        #[command(flatten)]
        connection: Connection,
    },
    /// One of them, personal data masked.
    Get {
        /// The person.
        person_id: String,
        #[command(flatten)]
        connection: Connection,
    },
    /// The full personal data of one, for a reason that is kept with your name.
    Reveal {
        /// The person.
        person_id: String,
        /// 上门走访 …
        #[arg(long)]
        reason: String,
        #[command(flatten)]
        connection: Connection,
    },
}

#[derive(Debug, Subcommand)]
enum DutiesVerb {
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
enum ContactsVerb {
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
enum SweepsVerb {
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

impl Command {
    /// Runs it to its end.
    pub(crate) fn run(self) -> anyhow::Result<ExitCode> {
        if let Verb::Roster(RosterVerb::Offline(command)) = self.verb {
            return crate::roster::run(command);
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
            Self::Token(args) => token(&args),
            Self::Roster(RosterVerb::Offline(_)) => Ok(()),
            Self::Roster(RosterVerb::Import { file, validate_only, connection }) => {
                let import = client::people::import(&connection.open().await?, &file, validate_only).await?;
                println!(
                    "接收 accepted {}, 合并 merged {}, 退回 rejected {}",
                    import.accepted, import.merged, import.rejected
                );
                Ok(())
            }
            Self::Townships(verb) => verb.run().await,
            Self::People(verb) => verb.run().await,
            Self::Duties(verb) => verb.run().await,
            Self::Contacts(verb) => verb.run().await,
            Self::Sweeps(verb) => verb.run().await,
        }
    }
}

impl TownshipsVerb {
    async fn run(self) -> anyhow::Result<()> {
        let (connection, upsert) = match self {
            Self::List { connection } => (connection, None),
            Self::Upsert { code, name, connection } => (connection, Some((code, name))),
        };
        let client = connection.open().await?;
        if let Some((code, name)) = upsert {
            let request =
                people::UpsertTownshipRequest { request_id: client::request_id(), code, name, etag: String::new() };
            client.people().upsert_township(request).await.map_err(Problem::from)?;
        }
        let listed = client.people().list_townships(people::ListTownshipsRequest::default()).await;
        for township in listed.map_err(Problem::from)?.into_inner().townships {
            println!("{}  {}", township.code, township.name);
        }
        Ok(())
    }
}

impl PeopleVerb {
    async fn run(self) -> anyhow::Result<()> {
        match self {
            Self::List { village, township, connection } => {
                let request = people::ListPeopleRequest { village, township, ..Default::default() };
                let listed = client::people::everybody(&connection.open().await?, request).await?;
                print!("{}", client::people::table(&listed));
                println!("共 {} 人", listed.len());
            }
            Self::Get { person_id, connection } => {
                let request = people::GetPersonRequest { person_id, ..Default::default() };
                let person = connection.open().await?.people().get_person(request).await;
                print!("{}", client::people::card(person.map_err(Problem::from)?.get_ref()));
            }
            Self::Reveal { person_id, reason, connection } => {
                let request = people::RevealPersonRequest { person_id, reason };
                let person = connection.open().await?.people().reveal_person(request).await;
                let person = person.map_err(Problem::from)?.into_inner();
                println!("{}  {}  {}  {}", person.name, person.id_number, person.phone, person.address);
            }
        }
        Ok(())
    }
}

impl DutiesVerb {
    async fn run(self) -> anyhow::Result<()> {
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
    async fn run(self) -> anyhow::Result<()> {
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
    async fn run(self) -> anyhow::Result<()> {
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

impl Connection {
    async fn open(&self) -> anyhow::Result<Client> {
        Client::connect(&self.endpoint, &self.token).await
    }
}

fn token(args: &TokenArgs) -> anyhow::Result<()> {
    let township_role = matches!(args.role, Role::Coordinator | Role::Clerk | Role::Reviewer);
    anyhow::ensure!(!township_role || args.township.is_some(), "this role belongs to a township: add --township CODE");
    let token = NewToken {
        subject: args.subject.clone(),
        city: development::CITY.to_owned(),
        township: args.township.clone(),
        roles: vec![args.role],
        villages: args.village.clone(),
        life: std::time::Duration::from_mins(15),
    };
    println!("{}", development::issuer(&args.home)?.issue(&token, Clock::system().now()));
    Ok(())
}

fn role(word: &str) -> anyhow::Result<Role> {
    role_of_word(word).context("one of coordinator, clerk, reviewer, bureau, finance, auditor, partner, service")
}

fn channel(word: &str) -> anyhow::Result<followup::Channel> {
    followup::Channel::from_str_name(&format!("CHANNEL_{}", word.to_uppercase()))
        .context("one of phone, wechat, home_visit, counter, sms, data_match, other")
}

fn result(word: &str) -> anyhow::Result<followup::ContactResult> {
    followup::ContactResult::from_str_name(&format!("CONTACT_RESULT_{}", word.to_uppercase()))
        .context("one of reached_self, reached_family, refused, moved, deceased, no_answer, wrong_number, away")
}
