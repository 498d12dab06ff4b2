//! `bangfu progress …` and `bangfu reminders …`: how far the year's work is, and what is due soon.

use bangfu_proto::followup::v1 as proto;

use super::{
    day,
    duties::{service_word, state_word},
    table::Table,
};

/// Counts by key and rule as a table.
pub fn table(rows: &[proto::ProgressRow]) -> Table {
    let mut table = Table::new([
        "协理员/村/区镇 key",
        "服务规则 rule",
        "应做 owed",
        "已做 done",
        "应达 target",
        "待办 open",
        "逾期 missed",
        "豁免 waived",
    ]);
    for row in rows {
        table.row([
            if row.key.is_empty() { "(未分配)".to_owned() } else { row.key.clone() },
            row.rule.clone(),
            row.owed.to_string(),
            row.done.to_string(),
            row.target.to_string(),
            row.open.to_string(),
            row.missed.to_string(),
            row.waived.to_string(),
        ]);
    }
    table
}

/// One person's year as a table.
pub fn of_person(progress: &proto::PersonProgress) -> Table {
    let mut table = Table::new([
        "应做事项 duty",
        "应做 owed",
        "已做 done",
        "应达 target",
        "待办 open",
        "逾期 missed",
        "豁免 waived",
        "服务规则 rule",
    ]);
    for rule in &progress.rules {
        table.row([
            rule.office_name.clone(),
            rule.owed.to_string(),
            rule.done.to_string(),
            rule.target.to_string(),
            rule.open.to_string(),
            rule.missed.to_string(),
            rule.waived.to_string(),
            rule.rule.clone(),
        ]);
    }
    table
}

/// The duties behind a person's year as a table.
pub fn duties(progress: &proto::PersonProgress) -> Table {
    let mut table = Table::new(["期间 period", "期限 due", "应达 target", "应做事项 duty", "状态 state", "duty_id"]);
    for duty in progress.rules.iter().flat_map(|rule| &rule.duties) {
        table.row([
            day(duty.period_start.as_ref()),
            day(duty.due_on.as_ref()),
            day(duty.target_on.as_ref()),
            slot_of(duty),
            state_word(duty.state()).to_owned(),
            duty.duty_id.clone(),
        ]);
    }
    table
}

/// A reminder as a line.
pub fn reminder(duty: &proto::Duty) -> String {
    let coordinator = if duty.coordinator.is_empty() { "(未分配)" } else { &duty.coordinator };
    let whose = if duty.person_id.is_empty() { &duty.household_id } else { &duty.person_id };
    format!("{}  {}  {coordinator}  {}  {whose}", day(duty.due_on.as_ref()), slot_of(duty), duty.village)
}

fn slot_of(duty: &proto::Duty) -> String {
    let slot = if duty.slot > 0 { format!(" #{}", duty.slot) } else { String::new() };
    format!("{}{slot} {}", service_word(duty.service()), duty.rule)
}
