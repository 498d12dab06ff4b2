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

use super::{
    BATCH, Became, Ready, Report, day,
    found::Found,
    kept, request_id, row_error, sheet,
    sheet::{Column, Row},
    taken, text, words,
};
use crate::client::{self, Client, problem::Problem};

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

/// Imports a file, or says what would become of it. A contact has no reference: that the same row is entered once hangs on
/// its request id, which the suite knows for 30 days.
pub async fn import(client: &Client, file: &Path, today: NaiveDate, dry_run: bool) -> anyhow::Result<Report> {
    let sheet = sheet::read(file, &COLUMNS)?;
    let mut report = Report { passed_over: sheet.passed_over, dry_run, ..Report::default() };
    let found = Found::of(client, sheet.rows.iter().map(|row| row.cells[0].as_str())).await?;

    let subject = client.subject();
    let mut occurrences: BTreeMap<Vec<u8>, u32> = BTreeMap::new();
    let mut ready = Vec::new();
    for row in &sheet.rows {
        match read(row, &found, today) {
            Err(why) => report.refuse(row.number, why),
            Ok(mut request) => {
                let content = request.encode_to_vec();
                let occurrence = occurrences.entry(content.clone()).or_default();
                *occurrence += 1;
                request.request_id = request_id(&subject, &[b"contacts", &content, &occurrence.to_be_bytes()]);
                report.rows.insert(row.number, Became::Ready);
                ready.push(Ready { number: row.number, request });
            }
        }
    }
    if !dry_run {
        let known = before(client, &found).await?;
        send(client, &ready, &known, &mut report).await?;
    }
    Ok(report)
}

/// What a row says, as a request without an id; or what is wrong with it, all of it.
fn read(row: &Row<8>, found: &Found, today: NaiveDate) -> Result<proto::RecordContactRequest, String> {
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
    Ok(proto::RecordContactRequest {
        person_id: person.person_id.clone(),
        on: client::date(on),
        channel: proto::Channel::from(channel).into(),
        result: proto::ContactResult::from(result).into(),
        answered_by: answered_by.unwrap_or_default(),
        coordinator: coordinator.unwrap_or_default(),
        note: note.unwrap_or_default(),
        ..Default::default()
    })
}

fn word<T>(cell: &str, header: &str, named: impl Fn(&str) -> Option<T>) -> Result<T, String> {
    if normal::compact(cell).is_empty() {
        return Err(format!("缺少{header} is missing"));
    }
    named(cell).ok_or_else(|| format!("“{header}”不在目录中 is none of the words there are"))
}

/// The contacts that there are of everybody found.
async fn before(client: &Client, found: &Found) -> Result<BTreeSet<String>, Problem> {
    let people: BTreeSet<_> = found.people().map(|known| known.person_id.clone()).collect();
    let contacts = futures::stream::iter(people)
        .map(async |person_id| client::contacts::of(client, &person_id, "").await)
        .buffer_unordered(AT_ONCE)
        .try_concat()
        .await?;
    Ok(contacts.into_iter().map(|contact| contact.contact_id).collect())
}

/// Sends rows, batch by batch, in the order of the file.
async fn send(
    client: &Client,
    ready: &[Ready<proto::RecordContactRequest>],
    known: &BTreeSet<String>,
    report: &mut Report,
) -> Result<(), Problem> {
    for batch in ready.chunks(BATCH) {
        let contacts: Vec<_> = batch.iter().map(|row| row.request.clone()).collect();
        let request = proto::RecordContactsRequest { contacts };
        let answer = taken(async || client.followup().record_contacts(request.clone()).await).await?;
        for (row, became) in batch.iter().zip(answer.rows) {
            let became = match (became.contact, became.error) {
                (Some(contact), _) if known.contains(&contact.contact_id) => Became::Known(String::new()),
                (Some(contact), _) => Became::Entered(contact.settled_duty_ids.len()),
                (None, Some(error)) => Became::Refused(row_error(&error)),
                (None, None) => Became::Refused("没有答复 without an answer".to_owned()),
            };
            report.rows.insert(row.number, became);
        }
    }
    Ok(())
}
