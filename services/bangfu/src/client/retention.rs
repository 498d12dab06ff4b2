//! `bangfu retention …`: letting go of what has outlived its purpose, from the terminal.

use bangfu_proto::people::v1::{RetentionKind as Kind, RetentionMeans as Means, RetentionRun, RunRetentionRequest};

use super::{Client, day, problem::Problem, request_id, table::Table};

/// Runs it in these townships, or tells what would go.
pub async fn run(client: &Client, townships: &[String], dry_run: bool) -> Result<Vec<RetentionRun>, Problem> {
    let mut runs = Vec::new();
    for township in townships {
        let request =
            RunRetentionRequest { request_id: request_id(), township: township.clone(), validate_only: dry_run };
        runs.push(client.people().run_retention(request).await?.into_inner());
    }
    Ok(runs)
}

/// Runs as a table: a line a township and rule.
pub fn table(runs: &[RetentionRun]) -> Table {
    let mut table =
        Table::new(["区镇 township", "类别 kind", "保存自 kept from", "处理 means", "数量 records", "依据 source"]);
    for run in runs {
        for count in &run.counts {
            table.row([
                run.township.clone(),
                kind(count.kind()).to_owned(),
                day(count.kept_from.as_ref()),
                means(count.means()).to_owned(),
                count.records.to_string(),
                count.source.clone(),
            ]);
        }
    }
    table
}

fn kind(kind: Kind) -> &'static str {
    match kind {
        Kind::Unspecified => "",
        Kind::ExitedPerson => "已退出人员 exited people",
        Kind::TransferredPerson => "已转出人员 people transferred away",
        Kind::ExitedRemark => "已退出人员备注 remarks of exited people",
        Kind::SurveyNote => "调查备注 notes of surveys",
        Kind::RosterImport => "台账导入记录 roster imports",
        Kind::RequestResult => "请求结果 results of calls",
        Kind::Audit => "操作日志 audit trail",
    }
}

fn means(means: Means) -> &'static str {
    match means {
        Means::Unspecified => "",
        Means::Anonymise => "匿名化 anonymise",
        Means::Empty => "清空 empty",
        Means::Delete => "删除 delete",
        Means::Keep => "保留 keep",
    }
}
