//! `bangfu people …` and `bangfu townships …`: the registry from the terminal.

use std::{collections::BTreeMap, path::Path};

use anyhow::Context as _;
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

/// Tells what became of an import: the rows that were not taken, each with its reasons, then the sums.
pub fn tell(import: &proto::RosterImport) {
    let mut rejected = Table::new(["行 row", "结果 outcome", "原因 codes"]);
    let mut matches = BTreeMap::<&str, usize>::new();
    for result in &import.results {
        *matches.entry(match_word(result.r#match())).or_default() += 1;
        if result.outcome() != proto::RowOutcome::Accepted || result.r#match() == proto::RegisterMatch::Elsewhere {
            let mut reasons = result
                .codes()
                .map(|code| format!("{} {}", report::code_word(code), report::meaning(code).0))
                .collect::<Vec<_>>();
            if result.r#match() == proto::RegisterMatch::Elsewhere {
                reasons.push("已在其他区镇登记，未写入 registered elsewhere, not written".to_owned());
            }
            rejected.row([
                result.row.to_string(),
                report::outcome_word(result.outcome()).to_owned(),
                reasons.join("; "),
            ]);
        }
    }
    if !rejected.is_empty() {
        show(rejected);
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

fn match_word(found: proto::RegisterMatch) -> &'static str {
    match found {
        proto::RegisterMatch::Unspecified => "",
        proto::RegisterMatch::New => "新增 new",
        proto::RegisterMatch::Known => "未变 known",
        proto::RegisterMatch::Changed => "变更 changed",
        proto::RegisterMatch::Elsewhere => "他镇 elsewhere",
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
        let level = bangfu_kernel::ServiceLevel::ALL
            .into_iter()
            .find(|&level| proto::ServiceLevel::from(level) == person.level());
        let groups = person
            .memberships
            .iter()
            .filter(|membership| membership.until.is_none())
            .filter_map(|membership| bangfu_kernel::group::group_of(membership.group()))
            .map(bangfu_kernel::Group::office_word)
            .collect::<Vec<_>>();
        table.row([
            person.name_masked.clone(),
            person.village.clone(),
            status.map_or("待核实", |status| status.office_word()).to_owned(),
            level.map_or("待核实", |level| level.office_word()).to_owned(),
            person.coordinator.clone(),
            groups.join("、"),
            person.person_id.clone(),
        ]);
    }
    table
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
    line("登记日期", day(person.joined_on.as_ref()));
    if let Some(record) = &person.employment {
        let status =
            bangfu_kernel::level::status_of(record.status()).map_or("待核实", |status| status.office_word());
        line("就业状态", format!("{status} (自 {} 起)", day(record.effective_on.as_ref())));
    }
    card
}
