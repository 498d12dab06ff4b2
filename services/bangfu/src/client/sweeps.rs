//! `bangfu sweeps …`: raising what has become due, from the terminal.

use std::{
    collections::{BTreeMap, HashMap},
    hash::BuildHasher,
};

use bangfu_proto::followup::v1 as proto;
use chrono::NaiveDate;

use super::{Client, date, day, instant, problem::Problem, request_id, table::Table};

/// Sweeps the whole city as of a date.
pub async fn run(client: &Client, as_of: Option<NaiveDate>) -> Result<Vec<proto::TownshipSweep>, Problem> {
    let request =
        proto::RunSweepRequest { request_id: request_id(), as_of: as_of.and_then(date), townships: Vec::new() };
    Ok(client.followup().run_sweep(request).await?.into_inner().townships)
}

/// Sweeps as a table.
pub fn table(sweeps: &[proto::TownshipSweep]) -> Table {
    let mut table = Table::new([
        "区镇 township",
        "日期 as of",
        "应查 in scope",
        "有事项 with duties",
        "无事项及原因 excluded",
        "新增 raised",
        "完成 done",
        "逾期 missed",
        "解除 released",
        "失败 failed",
        "最迟晚(天) days late",
    ]);
    for sweep in sweeps {
        let excluded = sorted(&sweep.excluded).iter().map(|(why, n)| format!("{why} {n}")).collect::<Vec<_>>();
        table.row([
            sweep.township.clone(),
            day(sweep.as_of.as_ref()),
            sweep.in_scope.to_string(),
            sweep.with_duties.to_string(),
            if excluded.is_empty() { "-".to_owned() } else { excluded.join(", ") },
            total(&sweep.raised).to_string(),
            total(&sweep.done).to_string(),
            total(&sweep.missed).to_string(),
            total(&sweep.released).to_string(),
            sweep.failed.to_string(),
            sweep.raised_days_late.to_string(),
        ]);
    }
    table
}

/// All whose plan fails, page by page.
pub async fn quarantined(client: &Client, township: String) -> Result<Vec<proto::Quarantined>, Problem> {
    let mut request = proto::ListQuarantineRequest { page_size: 500, township, ..Default::default() };
    let mut quarantined = Vec::new();
    loop {
        let page = client.followup().list_quarantine(request.clone()).await?.into_inner();
        quarantined.extend(page.quarantined);
        if page.next_page_token.is_empty() {
            return Ok(quarantined);
        }
        request.page_token = page.next_page_token;
    }
}

/// Those whose plan fails as a table.
pub fn quarantine_table(quarantined: &[proto::Quarantined]) -> Table {
    let mut table = Table::new([
        "区镇 township",
        "自 since",
        "最近 last",
        "次数 attempts",
        "日志编号 correlation_id",
        "person_id / household_id",
    ]);
    for it in quarantined {
        table.row([
            it.township.clone(),
            instant(it.since.as_ref()),
            instant(it.last.as_ref()),
            it.attempts.to_string(),
            it.correlation_id.clone(),
            if it.person_id.is_empty() { it.household_id.clone() } else { it.person_id.clone() },
        ]);
    }
    table
}

/// Counts in the order of their keys.
pub fn sorted<S: BuildHasher>(counts: &HashMap<String, i64, S>) -> BTreeMap<String, i64> {
    counts.iter().map(|(key, &count)| (key.clone(), count)).collect()
}

fn total<S: BuildHasher>(counts: &HashMap<String, i64, S>) -> i64 {
    counts.values().sum()
}
