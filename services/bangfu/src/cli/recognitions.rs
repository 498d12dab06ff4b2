//! Recognition of difficulty at the terminal: applied for, checked, decided, revoked.

use anyhow::Context as _;
use bangfu::client::{
    self,
    problem::Problem,
    recognitions as tell,
    terminal::{say, show},
};
use bangfu_proto::people::v1::{self as people, AppliedAt, AppliedBy, DifficultyType, RecognitionState};
use chrono::NaiveDate;
use clap::Subcommand;

use super::{Connection, work::day};

#[derive(Debug, Subcommand)]
pub(super) enum RecognitionsVerb {
    /// 申请: applies for somebody (clerk, coordinator).
    Apply {
        /// The person.
        person_id: String,
        /// 困难类型: older_age, disabled, long_term_unemployed, minimum_living_allowance …
        #[arg(long, value_parser = difficulty)]
        r#type: DifficultyType,
        /// Applied for where they live (常住地), not at the place of household registration (户籍地).
        #[arg(long)]
        residence: bool,
        /// The township applies on its own account, not the person.
        #[arg(long)]
        by_township: bool,
        /// What proves it: 残疾证 …
        #[arg(long, default_value = "", hide_default_value = true)]
        evidence: String,
        /// 申请日期; today when left out.
        #[arg(long, value_parser = day)]
        on: Option<NaiveDate>,
        #[command(flatten)]
        connection: Connection,
    },
    /// 区镇审核: the township's check (reviewer).
    Check {
        /// The application.
        recognition_id: String,
        /// It does not pass.
        #[arg(long)]
        refuse: bool,
        /// 已核实 …
        #[arg(long)]
        note: String,
        #[command(flatten)]
        connection: Connection,
    },
    /// 市级认定: the city's decision, from the day after the public notice on (bureau).
    Decide {
        /// The application.
        recognition_id: String,
        /// Its township.
        #[arg(long)]
        township: String,
        /// It is not recognised.
        #[arg(long)]
        reject: bool,
        /// 同意认定 …
        #[arg(long)]
        note: String,
        #[command(flatten)]
        connection: Connection,
    },
    /// 取消认定: ends a recognition (bureau).
    Revoke {
        /// The recognition.
        recognition_id: String,
        /// Its township.
        #[arg(long)]
        township: String,
        /// First day it no longer holds; today when left out.
        #[arg(long, value_parser = day)]
        on: Option<NaiveDate>,
        /// 已稳定就业 …
        #[arg(long)]
        reason: String,
        #[command(flatten)]
        connection: Connection,
    },
    /// 撤回: takes an application back.
    Withdraw {
        /// The application.
        recognition_id: String,
        /// 本人放弃 …
        #[arg(long)]
        reason: String,
        #[command(flatten)]
        connection: Connection,
    },
    /// One of them, with what proves it and what was noted.
    Get {
        /// The application.
        recognition_id: String,
        /// City callers: its township.
        #[arg(long, default_value = "", hide_default_value = true)]
        township: String,
        #[command(flatten)]
        connection: Connection,
    },
    /// Lists them, the latest first.
    List {
        /// Only this person's.
        #[arg(long, default_value = "", hide_default_value = true)]
        person_id: String,
        /// Only applied, published, refused, recognised, rejected, withdrawn or revoked ones.
        #[arg(long, value_parser = state)]
        state: Option<RecognitionState>,
        /// City callers: which township.
        #[arg(long, default_value = "", hide_default_value = true)]
        township: String,
        #[command(flatten)]
        connection: Connection,
    },
}

impl RecognitionsVerb {
    pub(super) async fn run(self) -> anyhow::Result<()> {
        let request_id = client::request_id();
        let answer = match self {
            Self::Apply { person_id, r#type, residence, by_township, evidence, on, connection } => {
                let at = if residence { AppliedAt::Residence } else { AppliedAt::HouseholdRegistration };
                let by = if by_township { AppliedBy::Township } else { AppliedBy::Self_ };
                let request = people::ApplyForRecognitionRequest {
                    request_id,
                    person_id,
                    difficulty_type: r#type.into(),
                    applied_by: by.into(),
                    applied_at: at.into(),
                    applied_on: on.and_then(client::date),
                    evidence,
                };
                connection.open().await?.people().apply_for_recognition(request).await
            }
            Self::Check { recognition_id, refuse, note, connection } => {
                let request = people::CheckRecognitionRequest { request_id, recognition_id, passed: !refuse, note };
                connection.open().await?.people().check_recognition(request).await
            }
            Self::Decide { recognition_id, township, reject, note, connection } => {
                let granted = !reject;
                let request = people::DecideRecognitionRequest { request_id, township, recognition_id, granted, note };
                connection.open().await?.people().decide_recognition(request).await
            }
            Self::Revoke { recognition_id, township, on, reason, connection } => {
                let revoked_on = on.and_then(client::date);
                let request =
                    people::RevokeRecognitionRequest { request_id, township, recognition_id, revoked_on, reason };
                connection.open().await?.people().revoke_recognition(request).await
            }
            Self::Withdraw { recognition_id, reason, connection } => {
                let request = people::WithdrawRecognitionRequest { request_id, recognition_id, reason };
                connection.open().await?.people().withdraw_recognition(request).await
            }
            Self::Get { recognition_id, township, connection } => {
                let client = connection.open().await?;
                let request = people::GetRecognitionRequest { recognition_id, township };
                let found = client.people().get_recognition(request).await.map_err(Problem::from)?.into_inner();
                let (person_id, township) = (found.person_id.clone(), found.township.clone());
                let request = people::GetPersonRequest { person_id, township };
                let person = client.people().get_person(request).await.map_err(Problem::from)?.into_inner();
                show(client::people::card(&person));
                say(format_args!("{}", tell::state_words(found.state())));
                for line in tell::lines(&found).into_iter().chain(tell::notes(&found)) {
                    say(format_args!("  {line}"));
                }
                return Ok(());
            }
            Self::List { person_id, state, township, connection } => {
                let request = people::ListRecognitionsRequest {
                    township,
                    person_id,
                    state: state.unwrap_or_default().into(),
                    ..Default::default()
                };
                let listed = tell::all(&connection.open().await?, request).await?;
                show(tell::table(&listed));
                say(format_args!("共 {} 项 recognitions", listed.len()));
                return Ok(());
            }
        };
        let recognition = answer.map_err(Problem::from)?.into_inner();
        say(format_args!("{} recognition {}", tell::state_words(recognition.state()), recognition.recognition_id));
        for line in tell::lines(&recognition) {
            say(format_args!("  {line}"));
        }
        Ok(())
    }
}

fn difficulty(word: &str) -> anyhow::Result<DifficultyType> {
    let known = DifficultyType::from_str_name(&format!("DIFFICULTY_TYPE_{}", word.to_uppercase()));
    known.filter(|&known| known != DifficultyType::Unspecified).with_context(|| {
        let words = (1..=13).filter_map(|number| DifficultyType::try_from(number).ok()).map(tell::type_words);
        format!("应为下列之一 one of: {}", words.collect::<Vec<_>>().join(", "))
    })
}

fn state(word: &str) -> anyhow::Result<RecognitionState> {
    RecognitionState::from_str_name(&format!("RECOGNITION_STATE_{}", word.to_uppercase()))
        .context("应为下列之一 one of applied, published, refused, recognised, rejected, withdrawn, revoked")
}
