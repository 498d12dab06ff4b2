//! What the demonstration prints: for somebody from a township office, with the code words beside.

use bangfu_followup::model::{
    contact::{ContactResult, result_of},
    standard::Standards,
};
use bangfu_kernel::{Group, ServiceLevel};
use bangfu_people::roster::report;
use bangfu_proto::{
    followup::v1::{self as followup, Contact, Duty, Service},
    people::v1::RowCode,
};

use super::figures::{Counts, TownshipFigures};
use crate::client::{contacts::result_word, table::Table, terminal::say};

/// Missed duties printed one by one; all of them stand in the JSON.
const MISSED_SHOWN: usize = 40;

/// After the import and the first sweep.
pub(super) fn arrival(figures: &TownshipFigures) {
    say(format!("\n━━ {} {} ━━", figures.name, figures.township));
    let count = |counts: &Counts, key: &str| counts.get(key).copied().unwrap_or_default();
    let rows = &figures.rows;
    say(format!(
        "台账 roster: {} 行 rows, 接收 accepted {}, 合并 merged {}, 退回 rejected {}",
        rows.values().sum::<i64>(),
        count(rows, "accepted"),
        count(rows, "merged"),
        count(rows, "rejected"),
    ));
    let mut codes = Table::new(["行内问题 found in rows", "说明 meaning", "行数 rows"]);
    for (code, n) in &figures.codes {
        codes.row([code.clone(), explanation(code), n.to_string()]);
    }
    show(&codes);
    let mut elsewhere = figures.register.clone();
    elsewhere.remove("NEW");
    if !elsewhere.is_empty() {
        say(format!("与登记库比对 against the register: {}", inline(&elsewhere)));
    }

    let mut people = Table::new(["服务等级 level", "", "人数 people"]);
    for level in ServiceLevel::ALL {
        people.row([
            level.office_word().into(),
            level.code().into(),
            count(&figures.people_by_level, level.code()).to_string(),
        ]);
    }
    show(&people);
    let mut groups = Table::new(["人员类别 group", "", "人数 people"]);
    for group in Group::ALL {
        groups.row([
            group.office_word().into(),
            group.code().into(),
            count(&figures.people_by_group, group.code()).to_string(),
        ]);
    }
    show(&groups);

    let mut duties = Table::new(["应做事项 rule", "", "新增 raised", "本月到期 due this month"]);
    for (rule, n) in &figures.raised {
        duties.row([rule_word(rule), rule.clone(), n.to_string(), count(&figures.due_this_month, rule).to_string()]);
    }
    show(&duties);

    say(format!("今天该做什么 what to do today ({} / {}):", figures.to_do.len(), figures.to_do_total));
    let mut to_do = Table::new(["期限 due", "姓名 name", "村(社区) village", "协理员 coordinator", "应做事项 rule"]);
    for duty in &figures.to_do {
        to_do.row([
            duty.due_on.clone(),
            duty.name.clone(),
            duty.village.clone(),
            duty.coordinator.clone(),
            rule_word(&duty.rule),
        ]);
    }
    show(&to_do);
}

/// After three months.
pub(super) fn outcome(figures: &TownshipFigures) {
    say(format!("\n━━ {} {} 三个月后 after three months ━━", figures.name, figures.township));
    let contacts = figures
        .contacts
        .iter()
        .map(|(word, n)| {
            (
                followup::ContactResult::from_str_name(&format!("CONTACT_RESULT_{word}"))
                    .map_or("", result_word)
                    .to_owned(),
                *n,
            )
        })
        .collect::<Counts>();
    say(format!("联系记录 contacts: {}", inline(&contacts)));
    let mut rules = Table::new(["应做事项 rule", "", "完成 done", "逾期 missed", "解除 released", "待办 open"]);
    for (rule, states) in &figures.after_three_months {
        rules.row([
            rule_word(rule),
            rule.clone(),
            states.done.to_string(),
            states.missed.to_string(),
            states.released.to_string(),
            states.open.to_string(),
        ]);
    }
    show(&rules);
    say(format!("逾期未做 missed: {}", figures.missed.len()));
    let mut missed =
        Table::new(["期限 due", "姓名 name", "村(社区) village", "协理员 coordinator", "应做事项 rule", "原因 reason"]);
    for duty in figures.missed.iter().take(MISSED_SHOWN) {
        missed.row([
            duty.due_on.clone(),
            duty.name.clone(),
            duty.village.clone(),
            duty.coordinator.clone(),
            rule_word(&duty.rule),
            duty.reason.clone(),
        ]);
    }
    show(&missed);
    if figures.missed.len() > MISSED_SHOWN {
        say(format!("  … 另有 {} 项 more, all of them with --json FILE", figures.missed.len() - MISSED_SHOWN));
    }
}

/// Why a duty was missed, as its contacts tell, the latest first.
pub(super) fn why_missed(duty: &Duty, contacts: &[Contact]) -> String {
    let within = |contact: &&Contact| {
        let on = contact.on.as_ref().and_then(bangfu_kernel::calendar::date);
        let bound = |date: &Option<_>| date.as_ref().and_then(bangfu_kernel::calendar::date);
        on >= bound(&duty.window_start) && on <= bound(&duty.due_on) && contact.voided_at.is_none()
    };
    let calls = contacts.iter().filter(within).collect::<Vec<_>>();
    let reached = |contact: &&&Contact| result_of(contact.result()).is_some_and(ContactResult::is_effective);
    let served = |contact: &Contact| {
        let is_follow_up = duty.service() == Service::FollowUp;
        reached(&&contact) && (is_follow_up || contact.services.contains(&duty.service))
    };
    match (calls.first(), calls.iter().find(reached)) {
        (None, _) => "期内无人联系 nobody called".to_owned(),
        (Some(last), None) => format!("联系{}次未果：{} not reached", calls.len(), result_word(last.result())),
        (_, Some(last)) if calls.iter().any(|contact| served(contact)) => {
            format!("{}，已提供服务，未计入本项 served, but not counted for this", result_word(last.result()))
        }
        (_, Some(last)) => format!("{}，但未提供该项服务 reached, but not given this", result_word(last.result())),
    }
}

fn rule_word(rule: &str) -> String {
    let Ok(standards) = Standards::shipped() else { return String::new() };
    let rules = standards.in_force_on(chrono::NaiveDate::MAX).map(|standard| &standard.rules);
    rules
        .into_iter()
        .flatten()
        .find(|known| *known.id == *rule)
        .map_or_else(String::new, |rule| rule.office_name.clone())
}

fn explanation(code: &str) -> String {
    let code = RowCode::from_str_name(&format!("ROW_CODE_{code}"));
    code.map_or_else(String::new, |code| report::meaning(code).0.to_owned())
}

fn inline(counts: &Counts) -> String {
    counts.iter().map(|(key, n)| format!("{key} {n}")).collect::<Vec<_>>().join(", ")
}

fn show(table: &Table) {
    if !table.is_empty() {
        say(table);
    }
}

#[cfg(test)]
mod tests {
    use bangfu_proto::followup::v1::ContactResult::{NoAnswer, ReachedSelf};

    use super::*;
    use crate::client::date;

    #[test]
    fn whoever_was_reached_is_not_told_as_out_of_reach() {
        let on = |day: &str| date(day.parse().expect("a date"));
        let duty = Duty {
            service: Service::JobReferral.into(),
            window_start: on("2026-01-01"),
            due_on: on("2026-01-31"),
            ..Default::default()
        };
        let call = |day, result: followup::ContactResult, services: &[Service]| Contact {
            on: on(day),
            result: result.into(),
            services: services.iter().map(|&it| it.into()).collect(),
            ..Default::default()
        };
        let unanswered = call("2026-01-20", NoAnswer, &[]);
        for (calls, said) in [
            (vec![], "nobody called"),
            (vec![call("2026-02-01", ReachedSelf, &[])], "nobody called"),
            (vec![unanswered.clone()], "联系1次未果：无人接听 not reached"),
            (vec![unanswered.clone(), call("2026-01-10", ReachedSelf, &[])], "联系到本人，但未提供该项服务"),
            (vec![unanswered, call("2026-01-10", ReachedSelf, &[Service::JobReferral])], "未计入本项"),
        ] {
            assert!(why_missed(&duty, &calls).contains(said), "{said}");
        }
    }
}
