//! `bangfu coordinators …`: who serves whom, from the terminal.

use bangfu_proto::followup::v1 as proto;

use super::{Client, day, instant, problem::Problem, table::Table};

/// The latest assignments that a filter admits, page by page, `limit` at most.
pub async fn assignments(
    client: &Client,
    mut request: proto::ListAssignmentsRequest,
    limit: usize,
) -> Result<Vec<proto::Assignment>, Problem> {
    request.page_size = i32::try_from(limit.clamp(1, 500)).unwrap_or(500);
    let mut assignments = Vec::new();
    loop {
        let page = client.followup().list_assignments(request.clone()).await?.into_inner();
        assignments.extend(page.assignments);
        if page.next_page_token.is_empty() || assignments.len() >= limit {
            assignments.truncate(limit);
            return Ok(assignments);
        }
        request.page_token = page.next_page_token;
    }
}

/// Coordinators as a table.
pub fn table(coordinators: &[proto::Coordinator]) -> Table {
    let mut table = Table::new([
        "协理员 coordinator",
        "账号 account",
        "每月可办 capacity",
        "今日服务人数 people",
        "村(社区) villages",
        "请假 absences",
    ]);
    for coordinator in coordinators {
        let capacity = coordinator.capacity;
        table.row([
            coordinator.name.clone(),
            or_dash(&coordinator.account),
            if capacity == 0 { "-".to_owned() } else { capacity.to_string() },
            coordinator.people.to_string(),
            names(&coordinator.villages),
            names(&coordinator.absences.iter().map(absence).collect::<Vec<_>>()),
        ]);
    }
    table
}

fn absence(absence: &proto::Absence) -> String {
    let (from, to) = (day(absence.from.as_ref()), day(absence.to.as_ref()));
    format!("{from} – {to} 代班 {} ({})", absence.stand_in, absence.absence_id)
}

/// Assignments as a table.
pub fn assignments_table(assignments: &[proto::Assignment]) -> Table {
    let mut table = Table::new([
        "村(社区) village",
        "服务对象 person_id",
        "协理员 coordinator",
        "自 from",
        "至(不含) until",
        "录入人 by",
        "录入时间 at",
        "状态 state",
        "assignment_id",
    ]);
    for assignment in assignments {
        table.row([
            or_dash(&assignment.village),
            or_dash(&assignment.person_id),
            or_dash(&assignment.coordinator),
            day(assignment.from.as_ref()),
            day(assignment.until.as_ref()),
            assignment.entered_by.clone(),
            instant(assignment.entered_at.as_ref()),
            if assignment.replaced { "已被当日后录的取代 replaced".to_owned() } else { "-".to_owned() },
            assignment.assignment_id.clone(),
        ]);
    }
    table
}

/// Who serves a village's people today, a line each, and why it is not the one assigned.
pub fn shares(assignment: &proto::Assignment) -> Vec<String> {
    let village = &assignment.village;
    if assignment.shares.is_empty() {
        return vec![format!(
            "注意：台账中没有“{village}”的人，请核对村(社区)名称 nobody in the register lives in {village}: check the name"
        )];
    }
    let mut lines: Vec<_> = assignment
        .shares
        .iter()
        .map(|share| {
            let whose = if share.coordinator.is_empty() { "(待分配 unassigned)" } else { &share.coordinator };
            format!("{village} 今日由 {whose} 服务 serves today: {} 人 people", share.people)
        })
        .collect();
    let first = |count: fn(&proto::VillageShare) -> i64| assignment.shares.iter().map(count).sum::<i64>();
    let (assigned, registered) = (first(|share| share.assigned), first(|share| share.registered));
    if !assignment.coordinator.is_empty()
        && !assignment.shares.iter().any(|it| it.coordinator == assignment.coordinator)
    {
        lines.push(format!("{} 今日在 {village} 服务 0 人 serves 0 people there today", assignment.coordinator));
    }
    if registered > 0 {
        lines.push(format!(
            "其中 {registered} 人的台账已填协理员，以台账为准 the register names a coordinator for {registered} of them, which goes first"
        ));
    }
    if assigned > 0 {
        lines.push(format!(
            "其中 {assigned} 人另有个人指定，以个人指定为准 {assigned} of them have an assignment of their own, which goes first"
        ));
    }
    lines
}

/// "双溪村、李庄", or a dash.
pub fn names(names: &[String]) -> String {
    or_dash(&names.join("、"))
}

fn or_dash(text: &str) -> String {
    if text.is_empty() { "-".to_owned() } else { text.to_owned() }
}
