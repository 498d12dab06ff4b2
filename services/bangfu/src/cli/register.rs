//! The register at the terminal: townships and people.

use bangfu::client::{
    self,
    problem::Problem,
    terminal::{say, show},
};
use bangfu_proto::people::v1 as people;
use clap::Subcommand;

use super::Connection;

#[derive(Debug, Subcommand)]
pub(super) enum TownshipsVerb {
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
pub(super) enum PeopleVerb {
    /// Lists them, personal data masked.
    List {
        /// 姓名: the whole of it, or its first or last two characters.
        #[arg(long, default_value = "", hide_default_value = true)]
        name: String,
        /// Only this village.
        #[arg(long, default_value = "", hide_default_value = true)]
        village: String,
        /// City callers: which township.
        #[arg(long, default_value = "", hide_default_value = true)]
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
    /// The one with an ID number, which is read from standard input: it would stay in the shell's history otherwise.
    Find {
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

impl TownshipsVerb {
    pub(super) async fn run(self) -> anyhow::Result<()> {
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
            say(format_args!("{}  {}", township.code, township.name));
        }
        Ok(())
    }
}

impl PeopleVerb {
    pub(super) async fn run(self) -> anyhow::Result<()> {
        match self {
            Self::List { name, village, township, connection } => {
                let request = people::ListPeopleRequest { name, village, township, ..Default::default() };
                let listed = client::people::everybody(&connection.open().await?, request).await?;
                show(client::people::table(&listed));
                say(format_args!("共 {} 人 people", listed.len()));
            }
            Self::Get { person_id, connection } => {
                let request = people::GetPersonRequest { person_id, ..Default::default() };
                let person = connection.open().await?.people().get_person(request).await;
                show(client::people::card(person.map_err(Problem::from)?.get_ref()));
            }
            Self::Find { connection } => {
                eprintln!("身份证号码 ID number:");
                let id_number = std::io::stdin().lines().next().transpose()?.unwrap_or_default();
                let person =
                    connection.open().await?.people().find_person(people::FindPersonRequest { id_number }).await;
                let person = person.map_err(Problem::from)?.into_inner();
                show(client::people::card(&person));
                say(format_args!("  person_id  {}", person.person_id));
            }
            Self::Reveal { person_id, reason, connection } => {
                let request = people::RevealPersonRequest { person_id, reason };
                let person = connection.open().await?.people().reveal_person(request).await;
                let person = person.map_err(Problem::from)?.into_inner();
                show(client::people::revealed(&person));
            }
        }
        Ok(())
    }
}
