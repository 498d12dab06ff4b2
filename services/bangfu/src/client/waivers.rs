//! `bangfu waivers …`: duties let off, from the terminal.

use bangfu_proto::followup::v1::{self as proto, WaiverReason, WaiverState};

use super::{Client, day, problem::Problem, table::Table};

/// All waivers of a township that a filter admits, page by page.
pub async fn all(client: &Client, mut request: proto::ListWaiversRequest) -> Result<Vec<proto::Waiver>, Problem> {
    request.page_size = 500;
    let mut waivers = Vec::new();
    loop {
        let page = client.followup().list_waivers(request.clone()).await?.into_inner();
        waivers.extend(page.waivers);
        if page.next_page_token.is_empty() {
            return Ok(waivers);
        }
        request.page_token = page.next_page_token;
    }
}

/// Waivers as a table.
pub fn table(waivers: &[proto::Waiver]) -> Table {
    let mut table = Table::new([
        "状态 state",
        "理由 reason",
        "应做事项 duty",
        "期间 period",
        "申请人 asked by",
        "审核人 decided by",
        "waiver_id",
        "person_id",
    ]);
    for waiver in waivers {
        table.row([
            state_words(waiver.state()).to_owned(),
            reason_words(waiver.reason()).to_owned(),
            waiver.rule.clone(),
            day(waiver.period_start.as_ref()),
            waiver.requested_by.clone(),
            or_dash(&waiver.decided_by),
            waiver.waiver_id.clone(),
            or_dash(&waiver.person_id),
        ]);
    }
    table
}

/// One waiver, a line for each thing known of it.
pub fn whole(waiver: &proto::Waiver) -> Table {
    let mut table = Table::new(["项目 field", "内容 content"]);
    for (field, content) in [
        ("状态 state", state_words(waiver.state()).to_owned()),
        ("应做事项 duty", format!("{} {}", waiver.rule, day(waiver.period_start.as_ref()))),
        ("理由 reason", format!("{} {}", reason_words(waiver.reason()), waiver.text).trim_end().to_owned()),
        ("佐证 evidence", or_dash(&waiver.evidence_ids.join(" "))),
        ("申请人 asked by", waiver.requested_by.clone()),
        ("审核人 decided by", or_dash(&waiver.decided_by)),
        ("审核意见 decision", or_dash(&waiver.decision)),
        ("撤销人 revoked by", or_dash(&waiver.revoked_by)),
        ("撤销理由 revocation", or_dash(&waiver.revocation)),
        ("duty_id", waiver.duty_id.clone()),
        ("person_id", or_dash(&waiver.person_id)),
        ("waiver_id", waiver.waiver_id.clone()),
    ] {
        table.row([field.to_owned(), content]);
    }
    table
}

fn or_dash(text: &str) -> String {
    if text.is_empty() { "-".to_owned() } else { text.to_owned() }
}

/// 待审核 requested …
pub fn state_words(state: WaiverState) -> &'static str {
    match state {
        WaiverState::Unspecified => "",
        WaiverState::Requested => "待审核 requested",
        WaiverState::Granted => "已批准 granted",
        WaiverState::Rejected => "未批准 rejected",
        WaiverState::Withdrawn => "已撤回 withdrawn",
        WaiverState::Revoked => "已撤销 revoked",
    }
}

/// 无法联系 …: the office's word.
pub fn reason_words(reason: WaiverReason) -> &'static str {
    match reason {
        WaiverReason::Unspecified => "",
        WaiverReason::Unreachable => "无法联系 unreachable",
        WaiverReason::LateEntry => "补录 late entry",
        WaiverReason::RefusedInWriting => "书面拒绝 refused in writing",
        WaiverReason::ForceMajeure => "不可抗力 force majeure",
        WaiverReason::Error => "录入差错 error",
        WaiverReason::Other => "其他 other",
    }
}
