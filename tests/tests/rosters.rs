//! Rosters through the wire: whole files against their keys, hostile streams, and connections that break.

use std::path::{Path, PathBuf};

use bangfu::client::{Client, people::send, request_id};
use bangfu_people::roster::{self, report, sample::Order};
use bangfu_proto::people::v1::{
    ImportRosterRequest, RosterImport, RosterRow, RosterRows, RosterStart, import_roster_request::Part,
};
use bangfu_testkit::{City, DADONG, LIBAO, reason, sample};
use serde_json::Value;
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tonic::Code;

use bangfu_tests::steps::until;

/// A roster file, its key, and whose it is.
fn files(folder: &Path) -> Vec<(PathBuf, Value, &'static str)> {
    let shared = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/data");
    let mut files = Vec::new();
    for (name, township) in [("roster-320685102.xlsx", DADONG), ("roster-320685103.csv", LIBAO)] {
        let path = shared.join(name);
        if let Ok(key) = std::fs::read_to_string(path.with_extension("key.json")) {
            files.push((path, serde_json::from_str(&key).expect("a key"), township));
        }
    }
    if files.is_empty() {
        let path = folder.join("sample.xlsx");
        let order =
            Order { rows: 400, seed: 5, ledger_on: roster::sample::LEDGER_ON, township: "大东镇".to_owned() };
        let meant = roster::sample::write(&order, &path).expect("written");
        let mut key = Vec::new();
        report::write_key(&mut key, &meant).expect("a key");
        files.push((path, serde_json::from_slice(&key).expect("JSON"), DADONG));
    }
    files
}

#[tokio::test(flavor = "multi_thread")]
async fn the_sample_files_imported_give_exactly_their_keys_row_by_row() {
    let city = City::new().await;
    city.turn_to("2026-11-02");
    let folder = tempfile::tempdir().expect("a folder");
    for (path, key, township) in files(folder.path()) {
        let roster = roster::read(&path).expect("a roster");
        let start = RosterStart {
            request_id: request_id(),
            ledger_on: roster.ledger_on.and_then(bangfu::client::date),
            ..Default::default()
        };
        let clerk = city.clerk(township);
        let import = send(&clerk, start.clone(), roster.rows.clone()).await.expect("imported");
        let answers = key["answers"].as_array().expect("answers");
        assert_eq!(import.results.len(), answers.len());
        for (result, expected) in import.results.iter().zip(answers) {
            let codes: Vec<_> = result.codes().map(report::code_word).collect();
            assert_eq!(result.row, expected["row"], "in the order sent");
            assert_eq!(report::outcome_word(result.outcome()), expected["outcome"], "row {}", result.row);
            assert_eq!(serde_json::json!(codes), expected["codes"], "row {}", result.row);
        }
        for (word, count) in [("accepted", import.accepted), ("merged", import.merged), ("rejected", import.rejected)] {
            assert_eq!(i64::from(count), key["outcomes"][word].as_i64().unwrap_or_default(), "{word}");
        }
        assert_eq!(i64::from(import.accepted), people(&city, township).await, "everybody accepted is in the register");
        assert_eq!(send(&clerk, start, roster.rows).await.expect("repeated"), import);
    }
    city.close().await;
}

async fn people(city: &City, township: &str) -> i64 {
    sqlx::query_scalar("SELECT count(*) FROM person WHERE township = $1")
        .bind(township)
        .fetch_one(&mut city.look("people").await)
        .await
        .expect("a count")
}

fn start() -> RosterStart {
    RosterStart { request_id: request_id(), ..Default::default() }
}

fn rows(numbers: std::ops::Range<u32>) -> Vec<RosterRow> {
    numbers.zip(4..).map(|(n, row)| sample::row(n, row)).collect()
}

async fn parts(client: &Client, parts: Vec<Option<Part>>) -> Result<RosterImport, tonic::Status> {
    let messages: Vec<_> = parts.into_iter().map(|part| ImportRosterRequest { part }).collect();
    client.people().import_roster(futures::stream::iter(messages)).await.map(tonic::Response::into_inner)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_in_any_wrong_order_leaves_nothing_and_its_request_id_unused() {
    let city = City::new().await;
    let clerk = city.clerk(DADONG);
    let whole = start();
    let begin = || Some(Part::Start(whole.clone()));
    let some = |rows| Some(Part::Rows(RosterRows { rows }));
    let huge = vec![RosterRow { remark: "字".repeat(2 << 20), ..sample::row(0, 4) }];
    let thousand = (4..1_005).map(|row| RosterRow { row, ..sample::row(0, 4) }).collect();
    let table = [
        ("nothing at all", vec![], "FIELD_INVALID"),
        ("rows before start", vec![some(rows(0..2)), begin()], "FIELD_INVALID"),
        ("start twice", vec![begin(), begin()], "FIELD_INVALID"),
        ("start again behind rows", vec![begin(), some(rows(0..2)), begin()], "FIELD_INVALID"),
        ("no rows", vec![begin()], "FIELD_INVALID"),
        ("an empty part", vec![begin(), some(vec![])], "FIELD_INVALID"),
        ("1,001 rows in a part", vec![begin(), some(thousand)], "FIELD_INVALID"),
        ("a row number twice", vec![begin(), some(rows(0..2)), some(rows(2..4))], "FIELD_INVALID"),
        ("row number 0", vec![begin(), some(vec![sample::row(0, 0)])], "FIELD_INVALID"),
        ("a negative row number", vec![begin(), some(vec![sample::row(0, -1)])], "FIELD_INVALID"),
        ("a part of no kind", vec![begin(), None], "FIELD_INVALID"),
        ("more than 4 MiB in a message", vec![begin(), some(rows(0..2)), some(huge)], "TOO_LARGE"),
    ];
    for (what, stream, expected) in table {
        let refused = parts(&clerk, stream).await.expect_err(what);
        assert_eq!(reason(&refused), expected, "{what}: {refused:?}");
        let code = if expected == "TOO_LARGE" { Code::ResourceExhausted } else { Code::InvalidArgument };
        assert_eq!(refused.code(), code, "{what}");
        assert_eq!(people(&city, DADONG).await, 0, "{what}");
    }
    let done = parts(&clerk, vec![begin(), some(rows(0..3))]).await.expect("the request id is still good");
    assert_eq!(done.accepted, 3);
    city.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn cells_of_any_content_are_judged_and_never_break_the_server() {
    let city = City::new().await;
    let clerk = city.clerk(DADONG);
    let strange =
        ["\u{0}", "a\u{0}b", "'; DROP TABLE person; --", "\u{202e}abc", "😀", "\u{1b}[2J", "%s%n", "NULL", "１２３"];
    let mut all = Vec::new();
    for (row, text) in (4..).zip(strange) {
        let text = format!("{text}{}", "长".repeat(30));
        let n = u32::try_from(row).expect("small");
        all.push(RosterRow {
            row,
            village: text.clone(),
            sex: text.clone(),
            education: text.clone(),
            employer: text.clone(),
            status: text.clone(),
            status_since: text.clone(),
            contract_months: text.clone(),
            insured: text.clone(),
            job_wish: text.clone(),
            training_wish: text.clone(),
            graduated_on: text.clone(),
            coordinator: text.clone(),
            remark: text.clone(),
            phone: text,
            ..sample::row(n, row)
        });
    }
    let import = parts(&clerk, vec![Some(Part::Start(start())), Some(Part::Rows(RosterRows { rows: all }))]).await;
    let import = import.expect("judged");
    assert_eq!(usize::try_from(import.accepted).expect("positive"), strange.len(), "{import:?}");
    city.settle().await;
    city.close().await;
}

/// A roster whose stream is cut after some rows. The sender is given back: dropped, it would end the stream properly.
async fn cut(clerk: &Client, whole: &RosterStart) -> mpsc::Sender<ImportRosterRequest> {
    let (sender, receiver) = mpsc::channel(1);
    let mut client = clerk.people();
    let call = tokio::spawn(async move { client.import_roster(ReceiverStream::new(receiver)).await });
    let first = [Part::Start(whole.clone()), Part::Rows(RosterRows { rows: rows(0..3) })];
    for part in first {
        sender.send(ImportRosterRequest { part: Some(part) }).await.expect("sent");
    }
    // The channel holds one: once there is room again, what was sent is on its way to the server.
    drop(sender.reserve().await.expect("taken"));
    call.abort();
    assert!(call.await.expect_err("given up").is_cancelled());
    sender
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_cut_in_the_middle_leaves_nothing_and_the_same_request_id_works_afterwards() {
    let city = City::new().await;
    let clerk = city.clerk(DADONG);
    for round in 0..5 {
        let whole = start();
        let _open = cut(&clerk, &whole).await;
        let range = round * 5 + 20..round * 5 + 25;
        let before = people(&city, DADONG).await;
        let stream =
            || vec![Some(Part::Start(whole.clone())), Some(Part::Rows(RosterRows { rows: rows(range.clone()) }))];
        // Other rows than those of the cut stream: it has claimed nothing.
        let done = parts(&clerk, stream()).await.expect("imported");
        assert_eq!((before, done.accepted), (i64::from(round) * 5, 5), "round {round}");
        assert_eq!(parts(&clerk, stream()).await.expect("repeated"), done);
    }
    until("the cut streams have come to their end", async || {
        let open: i64 = sqlx::query_scalar("SELECT count(*) FROM request WHERE response IS NULL")
            .fetch_one(&mut city.look("people").await)
            .await
            .expect("a count");
        open == 0
    })
    .await;
    assert_eq!(people(&city, DADONG).await, 25, "nobody of the cut streams");
    city.close().await;
}
