//! `bangfu services import`: the older system's export of its "survey management" (调查管理).

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
};

use bangfu_followup::model::service::Service;
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
    standing::{Served, Standing, what_stands},
    taken, text, words,
};
use crate::client::{self, Client, problem::Problem};

/// Where the records are from, as they say.
const SOURCE: &str = "SURVEY_MANAGEMENT";
/// People whose records are read at once.
const AT_ONCE: usize = 8;

const COLUMNS: [Column; 8] = [
    Column {
        texts: &["身份证号码", "身份证号", "公民身份号码", "身份证", "证件号码", "person", "id_number"],
        required: true,
    },
    Column { texts: &["姓名", "人员姓名", "服务对象姓名", "name"], required: false },
    Column { texts: &["服务项目", "服务内容", "service"], required: true },
    Column { texts: &["服务日期", "日期", "date"], required: true },
    Column { texts: &["服务结果", "结果", "result"], required: false },
    Column { texts: &["宣传政策", "政策名称", "policies"], required: false },
    Column { texts: &["协理员", "协理员姓名", "coordinator"], required: false },
    Column { texts: &["备注", "note"], required: false },
];

/// Imports a file, or says what would become of it.
pub async fn import(client: &Client, file: &Path, today: NaiveDate, dry_run: bool) -> anyhow::Result<Report> {
    let sheet = sheet::read(file, &COLUMNS)?;
    let mut report = Report { passed_over: sheet.passed_over, dry_run, ..Report::default() };
    let found = Found::of(client, sheet.rows.iter().map(|row| row.cells[0].as_str())).await?;
    let before = before(client, &found).await?;

    let (mut lines, mut occurrences) = (Lines::default(), BTreeMap::<Served, u32>::new());
    let mut rows = Vec::new();
    for row in sheet.rows {
        match read(&row, &found, today) {
            Err(why) => report.refuse(row.number, why),
            Ok((mut request, on, person)) => {
                report.compare(row.number, lines.seen(row.number, &request));
                let given = (request.person_id.clone(), request.service, on);
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
            let same = known.outcome == request.outcome && known.note == request.note;
            report.rows.insert(number, Became::Known(what_stands(known, (!same).then_some("结果或备注"))));
        } else if let Some(why) = person.not_here_on(given.2).filter(|_| dry_run) {
            report.refuse(number, why);
        } else {
            request.request_id = request_id(&client.subject(), &[b"services", &request.encode_to_vec()]);
            report.rows.insert(number, Became::Ready);
            ready.push(Ready { number, request });
        }
    }
    if !dry_run {
        send(client, &ready, &mut report).await?;
    }
    Ok(report)
}

/// What a row says, as a request that has neither ids nor reference yet; or what is wrong with it, all of it.
fn read<'f>(
    row: &Row<8>,
    found: &'f Found,
    today: NaiveDate,
) -> Result<(proto::RecordServiceRequest, NaiveDate, &'f Known), String> {
    let [id_number, name, service, on, outcome, told, coordinator, note] = &row.cells;
    let mut faults = Vec::new();
    let person = kept(found.meant(id_number, name), &mut faults);
    let service = kept(given(service), &mut faults);
    let on = kept(day(on, "服务日期", today), &mut faults);
    let outcome = kept(text(outcome, "服务结果", 128), &mut faults).unwrap_or_default();
    let coordinator = kept(text(coordinator, "协理员", 64), &mut faults).unwrap_or_default();
    let note = kept(text(note, "备注", 1_024), &mut faults).unwrap_or_default();
    let policies_told = if service == Some(Service::PolicyPublicity) {
        kept(policies([told, &outcome, &note]), &mut faults).unwrap_or_default()
    } else {
        Vec::new()
    };
    let (Some(person), Some(service), Some(on), true) = (person, service, on, faults.is_empty()) else {
        return Err(faults.join("; "));
    };
    let request = proto::RecordServiceRequest {
        person_id: person.person_id.clone(),
        on: client::date(on),
        service: proto::Service::from(service).into(),
        outcome,
        note,
        coordinator,
        source: SOURCE.to_owned(),
        policies_told,
        ..Default::default()
    };
    Ok((request, on, person))
}

/// The service that a cell names.
fn given(cell: &str) -> Result<Service, String> {
    match words::service(cell) {
        Some(Service::FollowUp) => Err("跟踪服务请作为联系记录录入 a follow-up is entered as a contact".to_owned()),
        Some(service) => Ok(service),
        None if normal::compact(cell).is_empty() => Err("缺少服务项目 the service is missing".to_owned()),
        None => Err("服务项目不在目录中 the service is none that there is".to_owned()),
    }
}

/// The policies told, from the first cell that has any: a column of their own, the result, the remark.
fn policies(cells: [&str; 3]) -> Result<Vec<String>, String> {
    let told = cells.into_iter().map(normal::free).find(|told| !told.is_empty());
    let told = told.ok_or("政策宣传须写明政策名称 the policies told have to be named")?;
    let names: Vec<_> = told
        .split(['、', '；', ';', ',', '，'])
        .map(|name| name.trim().to_owned())
        .filter(|name| !name.is_empty())
        .collect();
    if names.len() > 20 || names.iter().any(|name| name.chars().count() > 128) {
        return Err("“宣传政策”最多20项，每项不得超过128个字 more than 20 policies, or 128 characters".to_owned());
    }
    Ok(names)
}

/// Names a row in its source, without saying whom it is about: a digest of person, service, day, and how often the same
/// came before in the file.
fn source_ref((person_id, service, on): &Served, occurrence: u32) -> String {
    lettered(&Sha256::digest(format!("{person_id}|{service}|{on}|{occurrence}")))
}

/// The records that there are of everybody found, voided ones included.
async fn before(client: &Client, found: &Found) -> Result<Vec<proto::ServiceRecord>, Problem> {
    let people: BTreeSet<_> = found.people().map(|known| known.person_id.clone()).collect();
    futures::stream::iter(people)
        .map(async |person_id| client::services::of(client, &person_id, "").await)
        .buffer_unordered(AT_ONCE)
        .try_concat()
        .await
}

/// Sends rows, batch by batch, in the order of the file.
async fn send(
    client: &Client,
    ready: &[Ready<proto::RecordServiceRequest>],
    report: &mut Report,
) -> Result<(), Problem> {
    let subject = client.subject();
    for batch in ready.chunks(BATCH) {
        let services: Vec<_> = batch.iter().map(|row| row.request.clone()).collect();
        let request = proto::RecordServicesRequest { services };
        let answer = taken(async || client.followup().record_services(request.clone()).await).await?;
        for (row, became) in batch.iter().zip(answer.rows) {
            let became = match (became.service_record, became.error) {
                // Somebody else has imported it meanwhile.
                (Some(record), _) if record.entered_by != subject => Became::Known(String::new()),
                (Some(record), _) => Became::Entered(record.settled_duty_ids.len()),
                (None, Some(error)) => Became::Refused(row_error(&error)),
                (None, None) => Became::Refused("没有答复 without an answer".to_owned()),
            };
            report.rows.insert(row.number, became);
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reference_says_nothing_and_differs_with_each_part() {
        let given: Served = ("p".to_owned(), 3, "2026-01-05".parse().expect("a date"));
        let one = source_ref(&given, 1);
        assert_eq!((one.len(), one == source_ref(&given, 1)), (64, true));
        assert_ne!(one, source_ref(&given, 2));
        assert_ne!(one, source_ref(&("p".to_owned(), 4, given.2), 1));
    }
}
