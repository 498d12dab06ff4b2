//! `bangfu contacts import`: a day's paper list of contacts, typed into a spreadsheet.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
};

use bangfu_people::roster::normal;
use bangfu_proto::followup::v1 as proto;
use chrono::NaiveDate;
use futures::{StreamExt as _, TryStreamExt as _};
use prost::Message as _;
use sha2::{Digest as _, Sha256};

use super::{
    BATCH, Became, Lines, Ready, Report, day,
    found::{Found, Known},
    kept, lettered, request_id, row_error, sheet,
    sheet::{Column, Row},
    standing::{Contacted, Standing, what_stands},
    taken, text, words,
};
use crate::client::{self, Client, problem::Problem};

/// Where the contacts are from, as they say.
const SOURCE: &str = "import";
/// People whose contacts are read at once.
const AT_ONCE: usize = 8;

const COLUMNS: [Column; 8] = [
    Column {
        texts: &["身份证号码", "身份证号", "公民身份号码", "身份证", "证件号码", "person", "id_number"],
        required: true,
    },
    Column { texts: &["姓名", "人员姓名", "服务对象姓名", "name"], required: false },
    Column { texts: &["联系日期", "走访日期", "日期", "date"], required: true },
    Column { texts: &["联系方式", "走访方式", "方式", "channel"], required: true },
    Column { texts: &["联系结果", "走访结果", "结果", "result"], required: true },
    Column { texts: &["接听人", "受访人", "answered_by"], required: false },
    Column { texts: &["协理员", "协理员姓名", "coordinator"], required: false },
    Column { texts: &["备注", "note"], required: false },
];

/// Imports a file, or says what would become of it.
pub async fn import(client: &Client, file: &Path, today: NaiveDate, dry_run: bool) -> anyhow::Result<Report> {
    let sheet = sheet::read(file, &COLUMNS)?;
    let mut report = Report { passed_over: sheet.passed_over, dry_run, ..Report::default() };
    let found = Found::of(client, sheet.rows.iter().map(|row| row.cells[0].as_str())).await?;
    let before = before(client, &found).await?;

    let (mut lines, mut occurrences) = (Lines::default(), BTreeMap::<Contacted, u32>::new());
    let mut rows = Vec::new();
    for row in sheet.rows {
        match read(&row, &found, today) {
            Err(why) => report.refuse(row.number, why),
            Ok((mut request, on, person)) => {
                report.compare(row.number, lines.seen(row.number, &request));
                let services = request.services.clone();
                let given = (request.person_id.clone(), on, request.channel, request.result, services);
                let occurrence = occurrences.entry(given.clone()).or_default();
                *occurrence += 1;
                request.source_ref = source_ref(&given, *occurrence);
                rows.push((row.number, given, person, request));
            }
        }
    }
    let mut standing = Standing::of(SOURCE, &before, rows.iter().map(|(.., request)| request.source_ref.as_str()));
    let mut ready = Vec::new();
    for (number, given, person, mut request) in rows {
        if let Some(known) = standing.take(&given, &request.source_ref) {
            let same = known.answered_by == request.answered_by && known.note == request.note;
            report.rows.insert(number, Became::Known(what_stands(known, (!same).then_some("接听人或备注"))));
        } else if let Some(why) = person.not_here_on(given.1).filter(|_| dry_run) {
            report.refuse(number, why);
        } else {
            request.request_id = request_id(&client.subject(), &[b"contacts", &request.encode_to_vec()]);
            report.rows.insert(number, Became::Ready);
            ready.push(Ready { number, request });
        }
    }
    if !dry_run {
        send(client, &ready, &mut report).await?;
    }
    Ok(report)
}

/// What a row says, as a request that has neither id nor reference yet; or what is wrong with it, all of it.
fn read<'f>(
    row: &Row<8>,
    found: &'f Found,
    today: NaiveDate,
) -> Result<(proto::RecordContactRequest, NaiveDate, &'f Known), String> {
    let [id_number, name, on, channel, result, answered_by, coordinator, note] = &row.cells;
    let mut faults = Vec::new();
    let person = kept(found.meant(id_number, name), &mut faults);
    let on = kept(day(on, "联系日期", today), &mut faults);
    let channel = kept(word(channel, "联系方式", words::channel), &mut faults);
    let result = kept(word(result, "联系结果", words::result), &mut faults);
    let answered_by = kept(text(answered_by, "接听人", 32), &mut faults);
    let coordinator = kept(text(coordinator, "协理员", 64), &mut faults);
    let note = kept(text(note, "备注", 1_024), &mut faults);
    let (Some(person), Some(on), Some(channel), Some(result)) = (person, on, channel, result) else {
        return Err(faults.join("; "));
    };
    if !faults.is_empty() {
        return Err(faults.join("; "));
    }
    let request = proto::RecordContactRequest {
        person_id: person.person_id.clone(),
        on: client::date(on),
        channel: proto::Channel::from(channel).into(),
        result: proto::ContactResult::from(result).into(),
        answered_by: answered_by.unwrap_or_default(),
        coordinator: coordinator.unwrap_or_default(),
        note: note.unwrap_or_default(),
        source: SOURCE.to_owned(),
        ..Default::default()
    };
    Ok((request, on, person))
}

fn word<T>(cell: &str, header: &str, named: impl Fn(&str) -> Option<T>) -> Result<T, String> {
    if normal::compact(cell).is_empty() {
        return Err(format!("缺少{header} is missing"));
    }
    named(cell).ok_or_else(|| format!("“{header}”不在目录中 is none of the words there are"))
}

/// Names a row in its source, without saying whom it is about: a digest of person, day, channel, result, services, and how
/// often the same came before in the file.
fn source_ref((person_id, on, channel, result, services): &Contacted, occurrence: u32) -> String {
    lettered(&Sha256::digest(format!("{person_id}|{on}|{channel}|{result}|{services:?}|{occurrence}")))
}

/// The contacts that there are of everybody found, voided ones included.
async fn before(client: &Client, found: &Found) -> Result<Vec<proto::Contact>, Problem> {
    let people: BTreeSet<_> = found.people().map(|known| known.person_id.clone()).collect();
    futures::stream::iter(people)
        .map(async |person_id| client::contacts::of(client, &person_id, "").await)
        .buffer_unordered(AT_ONCE)
        .try_concat()
        .await
}

/// Sends rows, batch by batch, in the order of the file.
async fn send(
    client: &Client,
    ready: &[Ready<proto::RecordContactRequest>],
    report: &mut Report,
) -> Result<(), Problem> {
    let subject = client.subject();
    for batch in ready.chunks(BATCH) {
        let contacts: Vec<_> = batch.iter().map(|row| row.request.clone()).collect();
        let request = proto::RecordContactsRequest { contacts };
        let answer = taken(async || client.followup().record_contacts(request.clone()).await).await?;
        for (row, became) in batch.iter().zip(answer.rows) {
            let became = match (became.contact, became.error) {
                // Somebody else has imported it meanwhile.
                (Some(contact), _) if contact.entered_by != subject => Became::Known(String::new()),
                (Some(contact), _) => Became::Entered(contact.settled_duty_ids.len()),
                (None, Some(error)) => Became::Refused(row_error(&error)),
                (None, None) => Became::Refused("没有答复 without an answer".to_owned()),
            };
            report.rows.insert(row.number, became);
        }
    }
    Ok(())
}
