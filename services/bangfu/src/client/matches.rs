//! `bangfu match …`: data matching from the terminal.

use bangfu_kernel::fields::office_word;
use bangfu_people::roster::report;
use bangfu_proto::people::v1 as proto;
use futures::StreamExt as _;

use super::{Client, day, problem::Problem, table::Table, terminal::say};

/// Rows of one message of a list.
const CHUNK: usize = 500;

/// Streams a list that is read already.
pub async fn send(
    client: &Client,
    start: proto::DataMatchStart,
    rows: Vec<proto::ListedRow>,
) -> Result<proto::DataMatch, Problem> {
    use proto::start_data_match_request::Part;

    let message = |part| proto::StartDataMatchRequest { part: Some(part) };
    let mut rows = rows.into_iter().peekable();
    let chunks = std::iter::from_fn(move || {
        rows.peek()?;
        Some(Part::Rows(proto::ListedRows { rows: rows.by_ref().take(CHUNK).collect() }))
    });
    let stream = futures::stream::iter(std::iter::once(Part::Start(start)).chain(chunks)).map(message);
    Ok(client.people().start_data_match(stream).await?.into_inner())
}

/// The rows of a match, page by page, `most` at most.
pub async fn rows(
    client: &Client,
    mut request: proto::ListDataMatchRowsRequest,
    most: usize,
) -> Result<Vec<proto::DataMatchRow>, Problem> {
    request.page_size = 500;
    let mut rows = Vec::new();
    loop {
        let page = client.people().list_data_match_rows(request.clone()).await?.into_inner();
        rows.extend(page.rows);
        if page.next_page_token.is_empty() || rows.len() >= most {
            rows.truncate(most);
            return Ok(rows);
        }
        request.page_token = page.next_page_token;
    }
}

/// The matches of a township, page by page, the latest first.
pub async fn all(client: &Client, township: &str) -> Result<Vec<proto::DataMatch>, Problem> {
    let mut request =
        proto::ListDataMatchesRequest { page_size: 500, township: township.to_owned(), ..Default::default() };
    let mut matches = Vec::new();
    loop {
        let page = client.people().list_data_matches(request.clone()).await?.into_inner();
        matches.extend(page.matches);
        if page.next_page_token.is_empty() {
            return Ok(matches);
        }
        request.page_token = page.next_page_token;
    }
}

/// Matches as a table.
pub fn table(matches: &[proto::DataMatch]) -> Table {
    let mut table = Table::new(["名单 list", "日期 date", "行数 rows", "状态 state", "match_id"]);
    for found in matches {
        table.row([
            found.list_name.clone(),
            day(found.list_on.as_ref()),
            found.rows.to_string(),
            state_words(found.state()).to_owned(),
            found.match_id.clone(),
        ]);
    }
    table
}

/// Rows as a table.
pub fn rows_table(rows: &[proto::DataMatchRow]) -> Table {
    let mut table = Table::new(["行 row", "姓名 name", "比对 kind", "决定 decision", "说明 what was found"]);
    for row in rows {
        let outcome = outcome_words(row.outcome());
        let decided = [decision_words(row.decision()), outcome];
        let decided = decided.into_iter().filter(|words| !words.is_empty()).collect::<Vec<_>>().join(" → ");
        table.row([
            row.row.to_string(),
            row.name_masked.clone(),
            kind_words(row.kind()).to_owned(),
            decided,
            findings(row).join("; "),
        ]);
    }
    table
}

/// Tells where a match stands: how many rows of which kind, and what became of them.
pub fn tell(found: &proto::DataMatch) {
    say(format_args!("名单 list: {} {}", found.list_name, day(found.list_on.as_ref())));
    for count in &found.counts {
        let words = [kind_words(count.kind()), decision_words(count.decision()), outcome_words(count.outcome())];
        let words = words.into_iter().filter(|words| !words.is_empty()).collect::<Vec<_>>().join(" → ");
        say(format_args!("  {words}: {}", count.rows));
    }
    if found.undecided > 0 {
        say(format_args!("待决定 rows to be decided on: {}", found.undecided));
    }
    say(format_args!("状态 state: {}", state_words(found.state())));
    say(format_args!("match_id: {}", found.match_id));
}

fn findings(row: &proto::DataMatchRow) -> Vec<String> {
    let mut found: Vec<_> =
        row.codes().map(|code| format!("{} {}", report::code_word(code), report::meaning(code).0)).collect();
    let words = |fields: &[String]| fields.iter().map(|field| office_word(field)).collect::<Vec<_>>().join("、");
    if !row.differing_fields.is_empty() {
        found.push(format!("不一致 differs: {}", words(&row.differing_fields)));
    }
    if !row.unread_fields.is_empty() {
        found.push(format!("无法识别，未采用 not read: {}", words(&row.unread_fields)));
    }
    if row.ended_on.is_some() {
        found.push(format!("终止 ended on {}", day(row.ended_on.as_ref())));
    }
    found
}

fn state_words(state: proto::DataMatchState) -> &'static str {
    use proto::DataMatchState as S;
    match state {
        S::Unspecified => "",
        S::Open => "待决定 open",
        S::Committing => "提交中，请再次提交 committing: commit again",
        S::Committed => "已提交 committed",
        S::Expired => "已过期 expired",
    }
}

fn kind_words(kind: proto::DataMatchKind) -> &'static str {
    use proto::DataMatchKind as K;
    match kind {
        K::Unspecified => "",
        K::Matched => "一致 matched",
        K::Conflicting => "不一致 conflicting",
        K::New => "新增 new",
        K::Elsewhere => "他镇 elsewhere",
        K::Invalid => "无效 invalid",
        K::Duplicate => "重复 duplicate",
        K::Ended => "已终止 ended",
    }
}

fn decision_words(decision: proto::DataMatchDecision) -> &'static str {
    match decision {
        proto::DataMatchDecision::Unspecified => "",
        proto::DataMatchDecision::Apply => "采用 apply",
        proto::DataMatchDecision::Ignore => "忽略 ignore",
    }
}

fn outcome_words(outcome: proto::DataMatchOutcome) -> &'static str {
    use proto::DataMatchOutcome as O;
    match outcome {
        O::Unspecified => "",
        O::Registered => "已登记 registered",
        O::Changed => "已更新 changed",
        O::Unchanged => "无须更新 unchanged",
        O::Elsewhere => "他镇，未写入 elsewhere, not written",
        O::OtherName => "姓名不符，未写入 other name, not written",
        O::Ended => "已终止，未写入 ended, not written",
    }
}
