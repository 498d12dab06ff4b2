//! `bangfu transfers …`: people who go from one township to another, from the terminal.

use bangfu_proto::people::v1::{self as proto, TransferDirection, TransferState};

use super::{Client, day, problem::Problem, table::Table};

/// All transfers of a township that a filter admits, page by page.
pub async fn all(client: &Client, mut request: proto::ListTransfersRequest) -> Result<Vec<proto::Transfer>, Problem> {
    request.page_size = 500;
    let mut transfers = Vec::new();
    loop {
        let page = client.people().list_transfers(request.clone()).await?.into_inner();
        transfers.extend(page.transfers);
        if page.next_page_token.is_empty() {
            return Ok(transfers);
        }
        request.page_token = page.next_page_token;
    }
}

/// Transfers as a table.
pub fn table(transfers: &[proto::Transfer]) -> Table {
    let mut table = Table::new([
        "方向 direction",
        "状态 state",
        "对方区镇 township",
        "姓名 name",
        "身份证号码 ID number",
        "有效期至 open until",
        "生效 effective",
        "理由 reason",
        "transfer_id",
        "person_id",
    ]);
    for transfer in transfers {
        table.row([
            direction_words(transfer.direction()).to_owned(),
            state_words(transfer.state()).to_owned(),
            or_dash(&transfer.counterpart_township),
            or_dash(&transfer.name_masked),
            or_dash(&transfer.id_number_masked),
            if open(transfer) { day(transfer.expires_on.as_ref()) } else { "-".to_owned() },
            day(transfer.effective_on.as_ref()),
            or_dash(why(transfer)),
            transfer.transfer_id.clone(),
            or_dash(&transfer.person_id),
        ]);
    }
    table
}

fn open(transfer: &proto::Transfer) -> bool {
    matches!(transfer.state(), TransferState::Requested | TransferState::Offered)
}

/// The latest word on it.
fn why(transfer: &proto::Transfer) -> &str {
    let reasons = [&transfer.closing_reason, &transfer.offer_reason, &transfer.request_reason];
    reasons.into_iter().find(|reason| !reason.is_empty()).map_or("", String::as_str)
}

fn or_dash(text: &str) -> String {
    if text.is_empty() { "-".to_owned() } else { text.to_owned() }
}

fn direction_words(direction: TransferDirection) -> &'static str {
    match direction {
        TransferDirection::Unspecified => "",
        TransferDirection::Out => "转出 out",
        TransferDirection::In => "转入 in",
    }
}

/// "待接收 offered"
pub fn state_words(state: TransferState) -> &'static str {
    match state {
        TransferState::Unspecified => "",
        TransferState::Requested => "已申请 requested",
        TransferState::Offered => "待接收 offered",
        TransferState::Accepted => "已接收 accepted",
        TransferState::Rejected => "已拒绝 rejected",
        TransferState::Withdrawn => "已撤回 withdrawn",
        TransferState::Expired => "已过期 expired",
    }
}
