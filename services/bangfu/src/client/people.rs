//! `bangfu people …` and `bangfu townships …`: the registry from the terminal.

use std::{collections::BTreeMap, path::Path};

use anyhow::Context as _;
use bangfu_kernel::fields::office_word;
use bangfu_people::roster::{self, report};
use bangfu_proto::people::v1 as proto;
use futures::StreamExt as _;

use super::{
    Client, date, day,
    problem::Problem,
    request_id,
    table::Table,
    terminal::{say, show},
};

/// Rows of one message of an import.
const CHUNK: usize = 500;

/// Reads a roster file and imports it, or judges it only.
pub async fn import(client: &Client, file: &Path, validate_only: bool) -> anyhow::Result<proto::RosterImport> {
    let roster = roster::read(file).with_context(|| format!("{}", file.display()))?;
    let start = proto::RosterStart {
        request_id: request_id(),
        validate_only,
        ledger_on: roster.ledger_on.and_then(date),
        file_name: file.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default(),
    };
    Ok(send(client, start, roster.rows).await?)
}

/// Streams rows that are read already.
pub async fn send(
    client: &Client,
    start: proto::RosterStart,
    rows: Vec<proto::RosterRow>,
) -> Result<proto::RosterImport, Problem> {
    use proto::import_roster_request::Part;

    let message = |part| proto::ImportRosterRequest { part: Some(part) };
    let mut rows = rows.into_iter().peekable();
    let chunks = std::iter::from_fn(move || {
        rows.peek()?;
        Some(Part::Rows(proto::RosterRows { rows: rows.by_ref().take(CHUNK).collect() }))
    });
    let stream = futures::stream::iter(std::iter::once(Part::Start(start)).chain(chunks)).map(message);
    Ok(client.people().import_roster(stream).await?.into_inner())
}

/// Tells what became of an import: the rows about which there is something to say, then the sums.
pub fn tell(import: &proto::RosterImport) {
    let mut told = Table::new(["行 row", "结果 outcome", "说明 what was found"]);
    let mut matches = BTreeMap::<&str, usize>::new();
    for result in &import.results {
        *matches.entry(match_word(result.r#match())).or_default() += 1;
        let found = findings(result);
        if !found.is_empty() {
            told.row([result.row.to_string(), outcome_words(result.outcome()).to_owned(), found.join("; ")]);
        }
    }
    if !told.is_empty() {
        show(told);
    }
    matches.remove("");
    say(format_args!(
        "台账 roster: 接收 accepted {}, 合并 merged {}, 退回 rejected {}",
        import.accepted, import.merged, import.rejected
    ));
    let matches = matches.iter().map(|(word, n)| format!("{word} {n}")).collect::<Vec<_>>();
    say(format_args!("登记库 register: {}", matches.join(", ")));
    if import.validate_only {
        say("试算，未写入 a dry run: nothing was written");
    }
}

/// What there is to say about a row: its faults and warnings, what it changes, and why it was not written.
fn findings(result: &proto::RowResult) -> Vec<String> {
    let mut found: Vec<_> =
        result.codes().map(|code| format!("{} {}", report::code_word(code), report::meaning(code).0)).collect();
    match result.r#match() {
        proto::RegisterMatch::Elsewhere => {
            found.push("已在其他区镇登记，未写入 registered elsewhere, not written".to_owned());
        }
        proto::RegisterMatch::OtherName => found.push(format!(
            "该号码在本镇登记为另一姓名，未写入，请核对 registered here under another name, not written: {}",
            result.person_id
        )),
        proto::RegisterMatch::Changed => {
            let fields: Vec<_> = result.changed_fields.iter().map(|field| office_word(field)).collect();
            found.push(format!("变更 changes {}", fields.join("、")));
        }
        proto::RegisterMatch::Unspecified | proto::RegisterMatch::New | proto::RegisterMatch::Known => {}
    }
    found
}

fn outcome_words(outcome: proto::RowOutcome) -> &'static str {
    match outcome {
        proto::RowOutcome::Unspecified => "",
        proto::RowOutcome::Accepted => "接收 accepted",
        proto::RowOutcome::Merged => "合并 merged",
        proto::RowOutcome::Rejected => "退回 rejected",
    }
}

fn match_word(found: proto::RegisterMatch) -> &'static str {
    match found {
        proto::RegisterMatch::Unspecified => "",
        proto::RegisterMatch::New => "新增 new",
        proto::RegisterMatch::Known => "未变 known",
        proto::RegisterMatch::Changed => "变更 changed",
        proto::RegisterMatch::Elsewhere => "他镇（未写入） elsewhere, not written",
        proto::RegisterMatch::OtherName => "姓名不符（未写入） other name, not written",
    }
}

/// The full personal data of one person, field by field.
pub fn revealed(person: &proto::RevealedPerson) -> Table {
    let mut card = Table::new(["", ""]);
    for (word, value) in [
        ("姓名", &person.name),
        ("身份证号码", &person.id_number),
        ("联系电话", &person.phone),
        ("住址", &person.address),
        ("备注", &person.remark),
    ] {
        card.row([word.to_owned(), value.clone()]);
    }
    card
}

/// Everybody of a township, page by page.
pub async fn everybody(client: &Client, mut request: proto::ListPeopleRequest) -> Result<Vec<proto::Person>, Problem> {
    request.page_size = 500;
    let mut people = Vec::new();
    loop {
        let page = client.people().list_people(request.clone()).await?.into_inner();
        people.extend(page.people);
        if page.next_page_token.is_empty() {
            return Ok(people);
        }
        request.page_token = page.next_page_token;
    }
}

/// People as a table.
pub fn table(people: &[proto::Person]) -> Table {
    let mut table = Table::new([
        "姓名 name",
        "村(社区) village",
        "就业状态 status",
        "服务等级 level",
        "协理员 coordinator",
        "人员类别 groups",
        "person_id",
    ]);
    for person in people {
        let status = person.employment.as_ref().and_then(|record| bangfu_kernel::level::status_of(record.status()));
        table.row([
            person.name_masked.clone(),
            person.village.clone(),
            status.map_or("待核实", |status| status.office_word()).to_owned(),
            level(person).to_owned(),
            person.coordinator.clone(),
            groups(person).join("、"),
            person.person_id.clone(),
        ]);
    }
    table
}

pub(super) fn level(person: &proto::Person) -> &'static str {
    let levels = bangfu_kernel::ServiceLevel::ALL;
    let level = levels.into_iter().find(|&level| proto::ServiceLevel::from(level) == person.level());
    level.map_or("待核实", bangfu_kernel::ServiceLevel::office_word)
}

/// The groups somebody is a member of.
fn groups(person: &proto::Person) -> Vec<&'static str> {
    let held = person.memberships.iter().filter(|membership| membership.until.is_none());
    held.filter_map(|membership| bangfu_kernel::group::group_of(membership.group()))
        .map(bangfu_kernel::Group::office_word)
        .collect()
}

/// One person, field by field.
pub fn card(person: &proto::Person) -> Table {
    let mut card = Table::new(["", ""]);
    let mut line = |word: &str, value: String| card.row([word.to_owned(), value]);
    line("姓名", person.name_masked.clone());
    line("身份证号码", person.id_number_masked.clone());
    line("联系电话", person.phone_masked.clone());
    line("村(社区)", person.village.clone());
    line("协理员", person.coordinator.clone());
    line("人员类别", groups(person).join("、"));
    line("服务等级", level(person).to_owned());
    line("登记日期", day(person.joined_on.as_ref()));
    if person.left_on.is_some() {
        line("转出日期", day(person.left_on.as_ref()));
    }
    if !person.merged_into_person_id.is_empty() {
        line("已并入", person.merged_into_person_id.clone());
    }
    if let Some(record) = &person.employment {
        let status =
            bangfu_kernel::level::status_of(record.status()).map_or("待核实", |status| status.office_word());
        line("就业状态", format!("{status} (自 {} 起)", day(record.effective_on.as_ref())));
    }
    card
}
