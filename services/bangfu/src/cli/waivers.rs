//! Waivers at the terminal: asking that a duty be let off, and deciding.

use anyhow::Context as _;
use bangfu::client::{
    self,
    problem::Problem,
    terminal::{say, show},
};
use bangfu_proto::followup::v1::{self as followup, WaiverReason, WaiverState};
use clap::Subcommand;

use super::Connection;

#[derive(Debug, Subcommand)]
pub(super) enum WaiversVerb {
    /// 申请: asks that a duty be let off, or appeals against one that was missed.
    Request {
        /// The duty: the last column of `bangfu duties list`.
        duty_id: String,
        /// `unreachable`, `late_entry`, `refused_in_writing`, `force_majeure`, error or other.
        #[arg(long, value_parser = reason)]
        reason: WaiverReason,
        /// In words; required with --reason other.
        #[arg(long, default_value = "", hide_default_value = true)]
        text: String,
        /// 佐证: contacts or services that bear it out; more than once for several.
        #[arg(long)]
        evidence: Vec<String>,
        #[command(flatten)]
        connection: Connection,
    },
    /// 审核: grants a waiver, or rejects it (--reject); never one's own.
    Decide {
        /// The waiver.
        waiver_id: String,
        /// 不批准
        #[arg(long, requires = "decision")]
        reject: bool,
        /// Why, in words.
        #[arg(long, default_value = "", hide_default_value = true)]
        decision: String,
        #[command(flatten)]
        connection: Connection,
    },
    /// 撤回: takes back one's own request before it is decided.
    Withdraw {
        /// The waiver.
        waiver_id: String,
        #[command(flatten)]
        connection: Connection,
    },
    /// 撤销: takes a granted waiver back; the duty stands as if it had never been granted.
    Revoke {
        /// The waiver.
        waiver_id: String,
        /// 证据不实 …
        #[arg(long)]
        reason: String,
        #[command(flatten)]
        connection: Connection,
    },
    /// Lists them, the latest asked for first.
    List {
        /// Only requested, granted, rejected, withdrawn or revoked ones.
        #[arg(long, value_parser = state)]
        state: Vec<WaiverState>,
        /// Only of this person's duties.
        #[arg(long, default_value = "", hide_default_value = true)]
        person_id: String,
        /// City callers: which township.
        #[arg(long, default_value = "", hide_default_value = true)]
        township: String,
        #[command(flatten)]
        connection: Connection,
    },
    /// One waiver, all of it.
    Show {
        /// The waiver.
        waiver_id: String,
        /// City callers: which township.
        #[arg(long, default_value = "", hide_default_value = true)]
        township: String,
        #[command(flatten)]
        connection: Connection,
    },
}

impl WaiversVerb {
    pub(super) async fn run(self) -> anyhow::Result<()> {
        let request_id = client::request_id();
        let waiver = match self {
            Self::Request { duty_id, reason, text, evidence, connection } => {
                let reason = reason.into();
                let request =
                    followup::RequestWaiverRequest { request_id, duty_id, reason, text, evidence_ids: evidence };
                connection.open().await?.followup().request_waiver(request).await
            }
            Self::Decide { waiver_id, reject, decision, connection } => {
                let request = followup::DecideWaiverRequest { request_id, waiver_id, grant: !reject, decision };
                connection.open().await?.followup().decide_waiver(request).await
            }
            Self::Withdraw { waiver_id, connection } => {
                let request = followup::WithdrawWaiverRequest { request_id, waiver_id };
                connection.open().await?.followup().withdraw_waiver(request).await
            }
            Self::Revoke { waiver_id, reason, connection } => {
                let request = followup::RevokeWaiverRequest { request_id, waiver_id, revocation: reason };
                connection.open().await?.followup().revoke_waiver(request).await
            }
            Self::List { state, person_id, township, connection } => {
                let request = followup::ListWaiversRequest {
                    township,
                    states: state.into_iter().map(Into::into).collect(),
                    person_id,
                    ..Default::default()
                };
                let listed = client::waivers::all(&connection.open().await?, request).await?;
                show(client::waivers::table(&listed));
                say(format_args!("共 {} 项 waivers", listed.len()));
                return Ok(());
            }
            Self::Show { waiver_id, township, connection } => {
                let request = followup::GetWaiverRequest { waiver_id, township };
                let waiver = connection.open().await?.followup().get_waiver(request).await;
                show(client::waivers::whole(&waiver.map_err(Problem::from)?.into_inner()));
                return Ok(());
            }
        };
        let waiver = waiver.map_err(Problem::from)?.into_inner();
        say(format_args!("{} waiver {}", client::waivers::state_words(waiver.state()), waiver.waiver_id));
        Ok(())
    }
}

fn reason(word: &str) -> anyhow::Result<WaiverReason> {
    WaiverReason::from_str_name(&format!("WAIVER_REASON_{}", word.to_uppercase()))
        .context("应为下列之一 one of unreachable, late_entry, refused_in_writing, force_majeure, error, other")
}

fn state(word: &str) -> anyhow::Result<WaiverState> {
    WaiverState::from_str_name(&format!("WAIVER_STATE_{}", word.to_uppercase()))
        .context("应为下列之一 one of requested, granted, rejected, withdrawn, revoked")
}
