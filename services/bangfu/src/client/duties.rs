//! `bangfu duties …`: what is owed, from the terminal.

use std::collections::BTreeMap;

use bangfu_kernel::calendar;
use bangfu_proto::{followup::v1 as proto, people::v1::BatchGetPeopleRequest};
use chrono::NaiveDate;

use super::{Client, day, problem::Problem, table::Table};

/// Every duty a request names, page by page.
pub async fn all(client: &Client, mut request: proto::ListDutiesRequest) -> Result<Vec<proto::Duty>, Problem> {
    request.page_size = 500;
    let mut duties = Vec::new();
    loop {
        let page = client.followup().list_duties(request.clone()).await?.into_inner();
        duties.extend(page.duties);
        if page.next_page_token.is_empty() {
            return Ok(duties);
        }
        request.page_token = page.next_page_token;
    }
}

/// The masked names of people, as the registry gives them to this caller.
pub async fn names(
    client: &Client,
    people: impl IntoIterator<Item = String>,
    township: &str,
) -> Result<BTreeMap<String, String>, Problem> {
    // Duties of households name nobody.
    let people = people.into_iter().filter(|person_id| !person_id.is_empty());
    let ids = people.collect::<std::collections::BTreeSet<_>>().into_iter().collect::<Vec<_>>();
    let mut names = BTreeMap::new();
    for some in ids.chunks(500) {
        let request = BatchGetPeopleRequest { person_ids: some.to_vec(), township: township.to_owned() };
        let found = client.people().batch_get_people(request).await?.into_inner();
        names.extend(found.people.into_iter().map(|person| (person.person_id, person.name_masked)));
    }
    Ok(names)
}

/// Duties as a table, with the names beside them.
pub fn table(duties: &[proto::Duty], names: &BTreeMap<String, String>) -> Table {
    let mut table = Table::new([
        "期限 due",
        "姓名 name",
        "村(社区) village",
        "协理员 coordinator",
        "应做事项 duty",
        "状态 state",
        "person_id / household_id",
        "duty_id",
    ]);
    for duty in duties {
        table.row([
            day(duty.due_on.as_ref()),
            name(duty, names),
            duty.village.clone(),
            coordinator(duty),
            what(duty),
            closed(duty),
            if duty.person_id.is_empty() { duty.household_id.clone() } else { duty.person_id.clone() },
            duty.duty_id.clone(),
        ]);
    }
    table
}

/// Duties as a day's work: when each is best done, and why on that day.
pub fn work_table(duties: &[proto::Duty], names: &BTreeMap<String, String>, today: NaiveDate) -> Table {
    let mut table = Table::new([
        "建议日期 on",
        "说明 why",
        "期限 due",
        "村(社区) village",
        "姓名 name",
        "协理员 coordinator",
        "应做事项 duty",
        "person_id / household_id",
        "duty_id",
    ]);
    for duty in duties {
        let overdue = duty.due_on.as_ref().and_then(calendar::date).is_some_and(|due_on| due_on < today);
        table.row([
            day(duty.recommended_on.as_ref()),
            if overdue { "已逾期 overdue".to_owned() } else { why(duty) },
            day(duty.due_on.as_ref()),
            duty.village.clone(),
            name(duty, names),
            coordinator(duty),
            what(duty),
            if duty.person_id.is_empty() { duty.household_id.clone() } else { duty.person_id.clone() },
            duty.duty_id.clone(),
        ]);
    }
    table
}

/// Counts of duties as a table.
pub fn workload_table(by: proto::WorkloadGroup, rows: &[proto::WorkloadRow]) -> Table {
    let key = match by {
        proto::WorkloadGroup::Unspecified | proto::WorkloadGroup::Coordinator => "协理员 coordinator",
        proto::WorkloadGroup::Village => "村(社区) village",
        proto::WorkloadGroup::Rule => "服务规则 rule",
    };
    let headings = [
        key,
        "待办 open",
        "其中已过期限 overdue",
        "已完成 done",
        "逾期未做 missed",
        "已解除 released",
        "已豁免 waived",
    ];
    let mut table = Table::new(headings);
    for row in rows {
        let unnamed = if by == proto::WorkloadGroup::Coordinator { "(未分配)" } else { "-" };
        table.row([
            if row.key.is_empty() { unnamed.to_owned() } else { row.key.clone() },
            row.open.to_string(),
            row.overdue.to_string(),
            row.done.to_string(),
            row.missed.to_string(),
            row.released.to_string(),
            row.waived.to_string(),
        ]);
    }
    table
}

/// Why a duty is best done on its recommended day: "原为2026-05-05，劳动节" where it was moved off a day of rest.
fn why(duty: &proto::Duty) -> String {
    use proto::RecommendedBy as By;
    if duty.moved_from.is_some() {
        return format!("原为{}，{}", day(duty.moved_from.as_ref()), duty.moved_because);
    }
    match duty.recommended_by() {
        By::Unspecified => "",
        By::Spread => "均衡安排",
        By::Pace => "按进度",
        By::LastDay => "期内无工作日",
        By::SpreadWithoutTable => "均衡安排（无放假安排表）",
    }
    .to_owned()
}

fn name(duty: &proto::Duty, names: &BTreeMap<String, String>) -> String {
    if duty.person_id.is_empty() {
        "(家庭)".to_owned()
    } else {
        names.get(&duty.person_id).cloned().unwrap_or_default()
    }
}

fn coordinator(duty: &proto::Duty) -> String {
    if duty.coordinator.is_empty() { "(未分配)".to_owned() } else { duty.coordinator.clone() }
}

/// 职业介绍 #2 131.job_referral
fn what(duty: &proto::Duty) -> String {
    let slot = if duty.slot > 0 { format!(" #{}", duty.slot) } else { String::new() };
    format!("{}{slot} {}", service_word(duty.service()), duty.rule)
}

/// The state, and how it came about: by which contact, for which reason.
fn closed(duty: &proto::Duty) -> String {
    let state = state_word(duty.state());
    match duty.state() {
        proto::DutyState::Done => format!("{state} {}", duty.settled_by_contact_id),
        proto::DutyState::Released => {
            format!("{state} {}", duty.release_reason().as_str_name().trim_start_matches("RELEASE_REASON_"))
        }
        _ => state.to_owned(),
    }
}

/// 待办 …: the office's word.
pub fn state_word(state: proto::DutyState) -> &'static str {
    match state {
        proto::DutyState::Unspecified => "",
        proto::DutyState::Open => "待办",
        proto::DutyState::Done => "已完成",
        proto::DutyState::Missed => "逾期未做",
        proto::DutyState::Released => "已解除",
        proto::DutyState::Waived => "已豁免",
    }
}

/// 跟踪服务 …: the office's word.
pub fn service_word(service: proto::Service) -> &'static str {
    use proto::Service as S;
    match service {
        S::Unspecified => "",
        S::FollowUp => "跟踪服务",
        S::CareerGuidance => "职业指导",
        S::JobReferral => "职业介绍",
        S::SkillsTraining => "技能培训",
        S::PolicyPublicity => "政策宣传",
        S::EmploymentRegistrationHelp => "就业登记指导",
        S::UnemploymentInsuranceHelp => "失业保险待遇协助",
        S::RecognitionHelp => "困难认定协助",
        S::CareerPlanning => "职业规划",
        S::PostDelivery => "送岗位",
        S::HouseholdClearing => "零就业家庭清零",
    }
}
