//! `bangfu standards …`: what is owed as documents, from the terminal.

use std::{collections::BTreeMap, fmt, path::Path};

use anyhow::Context as _;
use bangfu_followup::model::standard::{Every, Rule, Standard, Who, check::Fault, document::Document};
use bangfu_kernel::{Error, calendar, fields::office_word};
use bangfu_proto::followup::v1 as proto;
use chrono::{DateTime, NaiveDate, SecondsFormat};

use super::{day, table::Table};

/// Everything that is wrong with a document, in both languages.
#[derive(Debug)]
pub struct Faults(Vec<Fault>);

impl fmt::Display for Faults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "共{}处有误 {} faults", self.0.len(), self.0.len())?;
        for (field, rule) in &self.0 {
            let word = match office_word(field) {
                word if field.ends_with(word) => "",
                word => word,
            };
            write!(f, "\n  {field}: {word}{} {}", rule.zh, rule.en)?;
        }
        Ok(())
    }
}

impl std::error::Error for Faults {}

/// The standard of a TOML file, or all that is wrong with it. `published_on`: the day on which it is to be published, which
/// its first day has to follow.
pub fn of_file(file: &Path, published_on: Option<NaiveDate>) -> anyhow::Result<Result<Standard, Faults>> {
    let text = std::fs::read_to_string(file).with_context(|| format!("无法读取文件 cannot read {}", file.display()))?;
    Ok(match Document::parse(&text) {
        Ok(document) => document.checked().map_err(|mut faults| {
            faults.extend(published_on.and_then(|today| document.late(today)));
            Faults(faults)
        }),
        Err(Error::Invalid(faults)) => {
            Err(Faults(faults.iter().map(|(field, rule)| (field.to_string(), rule.clone())).collect()))
        }
        Err(error) => return Err(error.into()),
    })
}

/// A standard of the suite as the model has it.
pub fn model(message: &proto::Standard) -> Result<Standard, Faults> {
    Document::from(message).checked().map_err(Faults)
}

/// Standards as a table.
pub fn table(standards: &[proto::Standard]) -> Table {
    let mut table = Table::new(["版本 version", "生效 from", "条数 rules", "发布时间 published", "发布人 by"]);
    for standard in standards {
        let published = standard.published_at.as_ref().and_then(|at| {
            DateTime::from_timestamp(at.seconds, 0).map(|at| at.to_rfc3339_opts(SecondsFormat::Secs, true))
        });
        table.row([
            standard.version.clone(),
            day(standard.in_force_from.as_ref()),
            standard.rules.len().to_string(),
            published.unwrap_or_else(|| "随系统 with the suite".to_owned()),
            if standard.published_by.is_empty() { "-".to_owned() } else { standard.published_by.clone() },
        ]);
    }
    table
}

/// The rules of a standard as a table.
pub fn rules(standard: &Standard) -> Table {
    let mut table = Table::new([
        "规则 rule",
        "事项 what",
        "对象 to whom",
        "周期 every",
        "次数 count",
        "至少余 min days",
        "补录 grace",
    ]);
    for rule in &standard.rules {
        table.row([
            rule.id.to_string(),
            rule.office_name.clone(),
            whom(&rule.who),
            every(rule),
            rule.quota.map_or(1, |quota| quota.count).to_string(),
            rule.min_days.to_string(),
            rule.entry_grace_days.to_string(),
        ]);
    }
    table
}

fn whom(who: &Who) -> String {
    if who.household {
        return "零就业家庭".to_owned();
    }
    let levels: Vec<_> = who.levels.iter().map(|level| level.office_word()).collect();
    let groups: Vec<_> = who.groups.iter().map(|group| group.office_word()).collect();
    let mut parts = vec![if levels.is_empty() { "未退出".to_owned() } else { levels.join("/") }];
    parts.extend((!groups.is_empty()).then(|| groups.join("/")));
    parts.extend(who.recognised.map(|yes| if yes { "已认定" } else { "未认定" }.to_owned()));
    parts.join("，")
}

fn every(rule: &Rule) -> String {
    match rule.every {
        Every::Month => "每月".to_owned(),
        Every::HalfYear => "每半年".to_owned(),
        Every::Year => "每年".to_owned(),
        Every::Once { within_days } => format!("一次，{within_days}日内"),
        Every::Window(window) => {
            let festival = window.festival.office_word();
            format!("{festival}前{}日至后{}日", window.days_before, window.days_after)
        }
    }
}

/// What would be owed, by month and rule, where the two differ; and the sums of all rules.
pub fn preview(answers: &[proto::PreviewStandardResponse]) -> Table {
    let mut sums = BTreeMap::<(String, &str), (i64, i64)>::new();
    let mut all = BTreeMap::<String, (i64, i64)>::new();
    for row in answers.iter().flat_map(|answer| &answer.rows) {
        let month = month(row.month);
        for (now, then) in [sums.entry((month.clone(), &row.rule)).or_default(), all.entry(month).or_default()] {
            *now += row.now;
            *then += row.then;
        }
    }
    let mut table = Table::new(["月份 month", "规则 rule", "现行 now", "拟行 then", "增减 change"]);
    let mut row = |month: &str, rule: &str, (now, then): (i64, i64)| {
        table.row([month.to_owned(), rule.to_owned(), now.to_string(), then.to_string(), format!("{:+}", then - now)]);
    };
    for (month, counts) in &all {
        for ((_, rule), counts) in sums.iter().filter(|((of, _), (now, then))| of == month && now != then) {
            row(month, rule, *counts);
        }
        row(month, "合计 all", *counts);
    }
    table
}

/// Who would have more to do than they can.
pub fn over_capacity(answers: &[proto::PreviewStandardResponse]) -> Table {
    let mut table = Table::new(["区镇 township", "协理员 coordinator", "月份 month", "到期 due", "可办 capacity"]);
    for answer in answers {
        for over in &answer.over_capacity {
            let name = if over.coordinator.is_empty() { "未分配 unassigned" } else { &over.coordinator };
            table.row([
                answer.township.clone(),
                name.to_owned(),
                month(over.month),
                over.due.to_string(),
                over.capacity.to_string(),
            ]);
        }
    }
    table
}

fn month(first: Option<bangfu_proto::common::v1::CalendarDate>) -> String {
    let first = first.as_ref().and_then(calendar::date);
    first.map(|first| first.format("%Y-%m").to_string()).unwrap_or_default()
}
