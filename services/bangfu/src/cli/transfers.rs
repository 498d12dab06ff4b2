//! Transfers at the terminal: a person goes from one township to another.

use anyhow::Context as _;
use bangfu::client::{
    self,
    problem::Problem,
    terminal::{say, show},
};
use bangfu_proto::people::v1::{self as people, TransferDirection, TransferState};
use chrono::NaiveDate;
use clap::Subcommand;

use super::{Connection, work::day};

#[derive(Debug, Subcommand)]
pub(super) enum TransfersVerb {
    /// 转出: offers somebody of your township to another one, unasked or in answer to its request.
    Offer {
        /// The person.
        person_id: String,
        /// Code of the township that is to receive them.
        #[arg(long, default_value = "", hide_default_value = true, required_unless_present = "request")]
        to: String,
        /// The request (REQUESTED) that this answers, instead of --to.
        #[arg(long, default_value = "", hide_default_value = true, conflicts_with = "to")]
        request: String,
        /// 户籍迁移 …
        #[arg(long)]
        reason: String,
        #[command(flatten)]
        connection: Connection,
    },
    /// 接收: accepts an offer; the person is yours from then on, with all of their history.
    Accept {
        /// The offer.
        transfer_id: String,
        /// 村(社区)
        #[arg(long, default_value = "", hide_default_value = true)]
        village: String,
        /// 协理员; left out: the unassigned queue.
        #[arg(long, default_value = "", hide_default_value = true)]
        coordinator: String,
        /// First day in your township, from the day of the offer to today; today when left out.
        #[arg(long, value_parser = day)]
        on: Option<NaiveDate>,
        #[command(flatten)]
        connection: Connection,
    },
    /// 拒绝: says no to an offer, or to a request for somebody of yours.
    Reject {
        /// The offer or request.
        transfer_id: String,
        /// 查无此人 …
        #[arg(long)]
        reason: String,
        #[command(flatten)]
        connection: Connection,
    },
    /// 撤回: takes back what your township offered or requested.
    Withdraw {
        /// The offer or request.
        transfer_id: String,
        /// 提错了人 …
        #[arg(long)]
        reason: String,
        #[command(flatten)]
        connection: Connection,
    },
    /// 申请转入: asks for whoever has an ID number that is registered elsewhere; it is read from standard input, for it would
    /// stay in the shell's history otherwise. Who and where they are is not told.
    Request {
        /// 本人已在我镇居住 …
        #[arg(long)]
        reason: String,
        #[command(flatten)]
        connection: Connection,
    },
    /// Lists them, out and in, the latest first.
    List {
        /// Only out or in.
        #[arg(long, value_parser = direction)]
        direction: Option<TransferDirection>,
        /// Only requested, offered, accepted, rejected, withdrawn or expired ones.
        #[arg(long, value_parser = state)]
        state: Option<TransferState>,
        /// City callers: which township.
        #[arg(long, default_value = "", hide_default_value = true)]
        township: String,
        #[command(flatten)]
        connection: Connection,
    },
}

impl TransfersVerb {
    pub(super) async fn run(self) -> anyhow::Result<()> {
        let request_id = client::request_id();
        let transfer = match self {
            Self::Offer { person_id, to, request, reason, connection } => {
                let offer = people::OfferTransferRequest {
                    request_id,
                    person_id,
                    to_township: to,
                    reason,
                    transfer_id: request,
                };
                connection.open().await?.people().offer_transfer(offer).await
            }
            Self::Accept { transfer_id, village, coordinator, on, connection } => {
                let effective_on = on.and_then(client::date);
                let accept =
                    people::AcceptTransferRequest { request_id, transfer_id, village, coordinator, effective_on };
                connection.open().await?.people().accept_transfer(accept).await
            }
            Self::Reject { transfer_id, reason, connection } => {
                let reject = people::RejectTransferRequest { request_id, transfer_id, reason };
                connection.open().await?.people().reject_transfer(reject).await
            }
            Self::Withdraw { transfer_id, reason, connection } => {
                let withdraw = people::WithdrawTransferRequest { request_id, transfer_id, reason };
                connection.open().await?.people().withdraw_transfer(withdraw).await
            }
            Self::Request { reason, connection } => {
                eprintln!("身份证号码 ID number:");
                let id_number = std::io::stdin().lines().next().transpose()?.unwrap_or_default();
                let request = people::RequestTransferRequest { request_id, id_number, reason };
                connection.open().await?.people().request_transfer(request).await
            }
            Self::List { direction, state, township, connection } => {
                let request = people::ListTransfersRequest {
                    township,
                    direction: direction.unwrap_or_default().into(),
                    state: state.unwrap_or_default().into(),
                    ..Default::default()
                };
                let listed = client::transfers::all(&connection.open().await?, request).await?;
                show(client::transfers::table(&listed));
                say(format_args!("共 {} 项 transfers", listed.len()));
                return Ok(());
            }
        };
        let transfer = transfer.map_err(Problem::from)?.into_inner();
        say(format_args!("{} transfer {}", client::transfers::state_words(transfer.state()), transfer.transfer_id));
        Ok(())
    }
}

fn direction(word: &str) -> anyhow::Result<TransferDirection> {
    TransferDirection::from_str_name(&format!("TRANSFER_DIRECTION_{}", word.to_uppercase()))
        .context("应为下列之一 one of out, in")
}

fn state(word: &str) -> anyhow::Result<TransferState> {
    TransferState::from_str_name(&format!("TRANSFER_STATE_{}", word.to_uppercase()))
        .context("应为下列之一 one of requested, offered, accepted, rejected, withdrawn, expired")
}
