//! Households at the terminal: who lives together, and whether nobody works.

use anyhow::Context as _;
use bangfu::client::{
    self, households as tell,
    problem::Problem,
    terminal::{say, show},
};
use bangfu_proto::people::v1::{self as people, HouseholdKind, HouseholdRelation, HouseholdState};
use chrono::NaiveDate;
use clap::Subcommand;

use super::{Connection, work::day};

#[derive(Debug, Subcommand)]
pub(super) enum HouseholdsVerb {
    /// Enters one: the head first, then PERSON_ID=RELATION (spouse, child, parent, sibling, other).
    Create {
        /// 户主: person_id of the head.
        head: String,
        /// The others: PERSON_ID=RELATION.
        #[arg(value_parser = member)]
        members: Vec<people::NewHouseholdMember>,
        /// 农村: rural, not urban.
        #[arg(long)]
        rural: bool,
        #[command(flatten)]
        connection: Connection,
    },
    /// Somebody comes: PERSON_ID=RELATION.
    Add {
        /// The household.
        household_id: String,
        /// Who.
        #[arg(value_parser = member)]
        member: people::NewHouseholdMember,
        #[command(flatten)]
        connection: Connection,
    },
    /// Somebody leaves.
    Remove {
        /// The household.
        household_id: String,
        /// Who.
        person_id: String,
        /// First day they no longer belong to it; today when left out.
        #[arg(long, value_parser = day)]
        on: Option<NaiveDate>,
        #[command(flatten)]
        connection: Connection,
    },
    /// Who lives there, and what is known of them.
    Get {
        /// The household.
        household_id: String,
        /// City callers: its township.
        #[arg(long, default_value = "", hide_default_value = true)]
        township: String,
        #[command(flatten)]
        connection: Connection,
    },
    /// 其他家庭成员: those who are not in the register, as RELATION:YEAR_OF_BIRTH or RELATION:YEAR_OF_BIRTH:works; replaces
    /// those entered before.
    Others {
        /// The household.
        household_id: String,
        /// spouse:1980:works child:2015 …
        #[arg(value_parser = other)]
        others: Vec<people::HouseholdOther>,
        #[command(flatten)]
        connection: Connection,
    },
    /// 零就业家庭认定: recognises one without work (reviewer).
    Recognise {
        /// The household.
        household_id: String,
        /// 入户核实 …
        #[arg(long)]
        evidence: String,
        #[command(flatten)]
        connection: Connection,
    },
    /// Lists them, in the order of entry.
    List {
        /// 疑似零就业: only those without work that are not recognised.
        #[arg(long)]
        suspected: bool,
        /// Only entered, recognised or cleared ones.
        #[arg(long, value_parser = state)]
        state: Option<HouseholdState>,
        /// City callers: which township.
        #[arg(long, default_value = "", hide_default_value = true)]
        township: String,
        #[command(flatten)]
        connection: Connection,
    },
}

impl HouseholdsVerb {
    pub(super) async fn run(self) -> anyhow::Result<()> {
        let request_id = client::request_id();
        let answer = match self {
            Self::Create { head, mut members, rural, connection } => {
                let relation = HouseholdRelation::Head.into();
                members.insert(0, people::NewHouseholdMember { person_id: head, relation, from: None });
                let kind = if rural { HouseholdKind::Rural } else { HouseholdKind::Urban };
                let request =
                    people::CreateHouseholdRequest { request_id, kind: kind.into(), members, others: Vec::new() };
                connection.open().await?.people().create_household(request).await
            }
            Self::Add { household_id, member, connection } => {
                let request = people::AddHouseholdMemberRequest { request_id, household_id, member: Some(member) };
                connection.open().await?.people().add_household_member(request).await
            }
            Self::Remove { household_id, person_id, on, connection } => {
                let until = on.and_then(client::date);
                let request = people::RemoveHouseholdMemberRequest { request_id, household_id, person_id, until };
                connection.open().await?.people().remove_household_member(request).await
            }
            Self::Get { household_id, township, connection } => {
                let client = connection.open().await?;
                let request = people::GetHouseholdRequest { household_id, township: township.clone() };
                let found = client.people().get_household(request).await.map_err(Problem::from)?.into_inner();
                let person_ids = found.members.iter().map(|member| member.person_id.clone()).collect();
                let request = people::BatchGetPeopleRequest { person_ids, township };
                let people = client.people().batch_get_people(request).await.map_err(Problem::from)?.into_inner();
                show(tell::members(&found, &people.people));
                told(&found);
                return Ok(());
            }
            Self::Others { household_id, others, connection } => {
                let client = connection.open().await?;
                let request =
                    people::GetHouseholdRequest { household_id: household_id.clone(), township: String::new() };
                let etag = client.people().get_household(request).await.map_err(Problem::from)?.into_inner().etag;
                let request = people::UpdateHouseholdRequest { request_id, household_id, etag, others };
                client.people().update_household(request).await
            }
            Self::Recognise { household_id, evidence, connection } => {
                let request = people::RecogniseHouseholdRequest { request_id, household_id, evidence };
                connection.open().await?.people().recognise_household(request).await
            }
            Self::List { suspected, state, township, connection } => {
                let state = state.unwrap_or_default().into();
                let request = people::ListHouseholdsRequest { suspected, state, township, ..Default::default() };
                let listed = tell::all(&connection.open().await?, request).await?;
                show(tell::table(&listed));
                say(format_args!("共 {} 户 households", listed.len()));
                return Ok(());
            }
        };
        told(answer.map_err(Problem::from)?.get_ref());
        Ok(())
    }
}

fn told(household: &people::Household) {
    let work = if household.without_work { "无人就业 without work" } else { "非零就业 not without work" };
    say(format_args!("{}, {work}: household {}", tell::state_words(household.state()), household.household_id));
}

fn other(text: &str) -> anyhow::Result<people::HouseholdOther> {
    let mut parts = text.split(':');
    let relation = relation(parts.next().unwrap_or_default())?;
    let birth_year = parts.next().and_then(|year| year.parse().ok());
    let birth_year = birth_year.context("应为 RELATION:出生年份 RELATION:YEAR_OF_BIRTH")?;
    let works = match parts.next() {
        None => false,
        Some("works") => true,
        Some(_) => anyhow::bail!("第三项只能是 works the third part may only be: works"),
    };
    Ok(people::HouseholdOther { relation: relation.into(), birth_year, works })
}

fn relation(word: &str) -> anyhow::Result<HouseholdRelation> {
    HouseholdRelation::from_str_name(&format!("HOUSEHOLD_RELATION_{}", word.to_uppercase()))
        .context("应为下列之一 one of head, spouse, child, parent, sibling, other")
}

fn member(text: &str) -> anyhow::Result<people::NewHouseholdMember> {
    let (person_id, relation) = text.split_once('=').context("应为 PERSON_ID=RELATION")?;
    let relation = self::relation(relation)?;
    Ok(people::NewHouseholdMember { person_id: person_id.to_owned(), relation: relation.into(), from: None })
}

fn state(word: &str) -> anyhow::Result<HouseholdState> {
    HouseholdState::from_str_name(&format!("HOUSEHOLD_STATE_{}", word.to_uppercase()))
        .context("应为下列之一 one of entered, recognised, cleared")
}
