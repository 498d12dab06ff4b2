//! `bangfu waivers …`: duties let off, from the terminal.

use bangfu_proto::followup::v1::{self as proto, WaiverReason, WaiverState};

use super::{Client, day, day_of, problem::Problem, table::Table};

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
        "申请日期 asked on",
        "审核人 decided by",
        "审核日期 decided on",
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
            day_of(waiver.requested_at.as_ref()),
            if is_withdrawn(waiver) { or_dash("") } else { or_dash(&waiver.decided_by) },
            day_of(waiver.decided_at.as_ref().filter(|_| !is_withdrawn(waiver))),
            waiver.waiver_id.clone(),
            or_dash(&waiver.person_id),
        ]);
    }
    table
}

/// One waiver, a line for each thing known of it.
pub fn whole(waiver: &proto::Waiver) -> Table {
    let mut table = Table::new(["项目 field", "内容 content"]);
    let mut lines = vec![
        ("状态 state", state_words(waiver.state()).to_owned()),
        ("应做事项 duty", format!("{} {}", waiver.rule, day(waiver.period_start.as_ref()))),
        ("理由 reason", format!("{} {}", reason_words(waiver.reason()), waiver.text).trim_end().to_owned()),
        ("佐证 evidence", or_dash(&waiver.evidence_ids.join(" "))),
        ("申请人 asked by", waiver.requested_by.clone()),
        ("申请日期 asked on", day_of(waiver.requested_at.as_ref())),
    ];
    let (by, on) = (or_dash(&waiver.decided_by), day_of(waiver.decided_at.as_ref()));
    if is_withdrawn(waiver) {
        lines.extend([("撤回人 withdrawn by", by), ("撤回日期 withdrawn on", on)]);
    } else {
        lines.extend([
            ("审核人 decided by", by),
            ("审核日期 decided on", on),
            ("审核意见 decision", or_dash(&waiver.decision)),
            ("撤销人 revoked by", or_dash(&waiver.revoked_by)),
            ("撤销日期 revoked on", day_of(waiver.revoked_at.as_ref())),
            ("撤销理由 revocation", or_dash(&waiver.revocation)),
        ]);
    }
    lines.extend([
        ("duty_id", waiver.duty_id.clone()),
        ("person_id", or_dash(&waiver.person_id)),
        ("waiver_id", waiver.waiver_id.clone()),
    ]);
    for (field, content) in lines {
        table.row([field.to_owned(), content]);
    }
    table
}

/// Nobody decided a request that was withdrawn, though both are told in the same fields.
fn is_withdrawn(waiver: &proto::Waiver) -> bool {
    waiver.state() == WaiverState::Withdrawn
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_withdrawn_request_is_told_as_decided_by_nobody() {
        let at = |seconds| Some(prost_types::Timestamp { seconds, nanos: 0 });
        let decided = proto::Waiver {
            state: WaiverState::Granted.into(),
            requested_by: "zhang".to_owned(),
            // Four in the afternoon of the fourth in UTC is the fifth in the township.
            requested_at: at(1_767_542_400),
            decided_by: "somebody".to_owned(),
            decided_at: at(1_767_628_800),
            ..Default::default()
        };
        let withdrawn = proto::Waiver { state: WaiverState::Withdrawn.into(), ..decided.clone() };
        for (waiver, in_list, told) in [
            (decided, ["2026-01-05", "somebody", "2026-01-06"].as_slice(), "审核人"),
            (withdrawn, &["2026-01-05"], "撤回人"),
        ] {
            let list = table(std::slice::from_ref(&waiver)).to_string();
            let row = list.lines().nth(1).expect("a row");
            let told_in_list = row.split_whitespace().filter(|it| it.starts_with("2026") || *it == "somebody");
            assert_eq!(told_in_list.collect::<Vec<_>>(), in_list, "{list}");
            let whole = whole(&waiver).to_string();
            assert_eq!(whole.contains("审核人"), told == "审核人", "{whole}");
            assert!(whole.contains(told) && whole.contains("2026-01-06"), "{whole}");
        }
    }
}
