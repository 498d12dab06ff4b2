//! Names, ID numbers and phones stand in the registry's ciphertext and in the answers to whoever may see them, and nowhere
//! else: a small life with sample people, then a search of everything that was written or said.

use bangfu::client::{Client, people::send, request_id};
use bangfu_proto::{
    ACCESS,
    followup::v1::{ListContactsRequest, ListDutiesRequest, RecordContactRequest, WatchDutiesRequest},
    people::v1::{
        CommitDataMatchRequest, DataMatchDecision, DataMatchKind, DataMatchStart, DecideDataMatchRowsRequest,
        EmploymentStatus, ListDataMatchRowsRequest, ListPeopleRequest, RegisterPersonRequest, RequestTransferRequest,
        RevealPersonRequest, RosterStart, WatchPeopleRequest, watch_people_response::Item,
    },
};
use bangfu_testkit::{City, DADONG, LIBAO, sample};
use sqlx::{AssertSqlSafe, PgConnection, Row as _};
use tonic::Status;

use bangfu_tests::{
    asks::{Names, ask, civil_affairs, hex, send_list},
    child,
    steps::{becomes, contact, learned, record, sweep, sweep_on, unemployed, until},
};

use crate::transfers::moves;

/// Sample people that live here: by roster, by hand, and of the other township.
const PEOPLE: std::ops::Range<u32> = 700..712;

/// What must not be found. Masked forms show less.
fn secrets() -> Vec<String> {
    let mut secrets: Vec<String> =
        PEOPLE.flat_map(|n| [sample::name(n), sample::id_number(n), sample::phone(n)]).collect();
    secrets.extend(["样例路七号".to_owned(), "样例备注甲乙丙".to_owned()]);
    secrets.sort();
    secrets.dedup();
    secrets
}

/// Which secrets stand in a text, as they are or as bytes in hex.
fn found(text: &str) -> Vec<String> {
    secrets().into_iter().filter(|secret| text.contains(secret) || text.contains(&hex(secret.as_bytes()))).collect()
}

fn clean(what: &str, text: &str) {
    assert!(found(text).is_empty(), "{what} holds {:?}", found(text));
}

/// What no error may tell of the inside.
const INSIDE: [&str; 12] = [
    "SQLSTATE",
    "sqlx",
    "SELECT",
    "INSERT",
    "relation",
    "constraint",
    "postgres",
    "panicked",
    ".rs",
    "/src",
    "bangfu_people",
    "22021",
];

/// An error, after a look that it tells neither people nor our inside.
fn of_error(what: &str, status: &Status) {
    let text = format!("{} {} {}", status.message(), String::from_utf8_lossy(status.details()), hex(status.details()));
    clean(what, &text);
    for word in INSIDE {
        assert!(!text.contains(word), "{what} tells {word}: {text}");
    }
}

/// Every row of every table, bytes as hex.
async fn every_row(database: &mut PgConnection) -> Vec<(String, String)> {
    let tables: Vec<String> = sqlx::query_scalar(
        "SELECT c.oid::regclass::text FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
          WHERE c.relkind IN ('r', 'p', 'm') AND n.nspname NOT IN ('pg_catalog', 'information_schema', 'pg_toast')",
    )
    .fetch_all(&mut *database)
    .await
    .expect("tables");
    let mut rows = Vec::new();
    for table in tables {
        let all = sqlx::query(AssertSqlSafe(format!("SELECT row_to_json(t)::text FROM {table} t")));
        for row in all.fetch_all(&mut *database).await.expect("rows") {
            rows.push((table.clone(), row.get::<String, _>(0)));
        }
    }
    rows
}

/// Everything a life leaves behind. Runs in a process of its own, so that all its log can be read.
/// In a process of its own.
pub(crate) async fn a_small_life() {
    let telemetry = child::telemetry();
    let city = City::new().await;
    let clerk = city.clerk(DADONG);
    let mut rows: Vec<_> = PEOPLE.take(8).zip(5..).map(|(n, row)| sample::row(n, row)).collect();
    "样例备注甲乙丙".clone_into(&mut rows[0].remark);
    rows[1].id_number.replace_range(17.., "?");
    rows[2].name = String::new();
    // Cells that slipped by one column.
    rows[3].status = sample::phone(703);
    rows[3].phone = sample::id_number(703);
    let start = RosterStart { request_id: request_id(), file_name: "台账.xlsx".into(), ..Default::default() };
    let import = send(&clerk, start, rows).await.expect("imported");
    let by_hand = RegisterPersonRequest { address: "样例路七号".into(), ..sample::person(709) };
    let by_hand = clerk.people().register_person(by_hand).await.expect("registered").into_inner();
    let theirs = unemployed(&city, LIBAO, 710..711, "2026-01-05").await;
    city.settle().await;
    sweep(&city).await;
    let of_person = import.results[0].person_id.clone();
    let learns = RecordContactRequest {
        status_learned: learned(EmploymentStatus::Startup, "2026-01-05"),
        ..contact(&city, &of_person)
    };
    record(&clerk, learns).await;
    record(&clerk, contact(&city, &by_hand.person_id)).await;
    until("it is delivered", async || {
        sqlx::query_scalar::<_, i64>("SELECT count(*) FROM delivery WHERE delivered_at IS NULL")
            .fetch_one(&mut city.look("followup").await)
            .await
            .expect("a count")
            == 0
    })
    .await;
    becomes(&city, DADONG, &by_hand.person_id, EmploymentStatus::Flexible, "2026-01-05").await;
    let reveal = RevealPersonRequest { person_id: of_person.clone(), reason: "上门走访".into() };
    let revealed = clerk.people().reveal_person(reveal).await.expect("revealed").into_inner();
    assert_eq!(
        (revealed.name, revealed.id_number, revealed.remark),
        (sample::name(700), sample::id_number(700), "样例备注甲乙丙".into())
    );
    sweep_on(&city, "2026-02-07").await;
    moves(&city, &by_hand.person_id, DADONG, LIBAO, None).await;
    let asks = RequestTransferRequest {
        request_id: request_id(),
        id_number: sample::id_number(709),
        reason: "本人已回我镇居住".into(),
    };
    clean("a request", &format!("{:?}", clerk.people().request_transfer(asks).await.expect("asked")));
    data_match(&clerk).await;

    errors(&city, &clerk, &of_person).await;
    for rule in ACCESS {
        for client in [&clerk, &city.bureau(), &city.coordinator(LIBAO, &["别的村"])] {
            for answer in ask(client, rule.path, &Names::of_nobody(), &of_person).await {
                clean(rule.path, &answer.unwrap_or_else(|refusal| refusal.text));
            }
        }
    }
    lists(&clerk, &of_person).await;
    feeds(&clerk).await;
    clean(
        "what another township may read",
        &format!("{:?}", ask(&city.clerk(LIBAO), "/GetPerson", &Names::of_nobody(), &theirs[0]).await),
    );

    let mut seen = Vec::new();
    for service in ["followup", "people"] {
        for (table, row) in every_row(&mut city.look(service).await).await {
            clean(&format!("a row of {table} in {service}"), &row);
            seen.push(format!("{service}.{table}"));
        }
    }
    for table in [
        "people.person",
        "people.request",
        "people.event",
        "people.audit",
        "people.transfer",
        "people.data_match",
        "people.data_match_row",
        "followup.contact",
        "followup.delivery",
        "followup.event",
        "followup.request",
    ] {
        assert!(seen.iter().any(|name| name == table), "{table} has rows to be searched");
    }
    city.close().await;
    telemetry.shutdown().await;
    println!("the life was lived");
}

/// Calls that fail with somebody's data in the request: errors repeat none of it.
async fn errors(city: &City, clerk: &Client, of_person: &str) {
    let (mut people, mut followup) = (clerk.people(), clerk.followup());
    let (number, name, phone) = (sample::id_number(700), sample::name(700), sample::phone(700));
    let again = people.register_person(sample::person(700)).await.expect_err("registered");
    let elsewhere = city.clerk(LIBAO).people().register_person(sample::person(700)).await.expect_err("elsewhere");
    let spoiled = RegisterPersonRequest {
        id_number: format!("{}0", &number[..17]),
        phone: number.clone(),
        village: name.repeat(30),
        ..sample::person(701)
    };
    let spoiled = people.register_person(spoiled).await.expect_err("spoiled");
    let no_id = RevealPersonRequest { person_id: number.clone(), reason: "上门走访".into() };
    let no_id = people.reveal_person(no_id).await.expect_err("no id");
    let page = ListPeopleRequest { page_token: number.clone(), ..Default::default() };
    let page = people.list_people(page).await.expect_err("no token");
    let village = ListPeopleRequest { village: format!("{name}\u{0}"), ..Default::default() };
    let village = people.list_people(village).await.expect_err("a control character");
    let township = ListPeopleRequest { township: number.clone(), ..Default::default() };
    let township = people.list_people(township).await.expect_err("no township");
    let note = RecordContactRequest {
        note: format!("{name}{phone}").repeat(100),
        answered_by: name.repeat(20),
        ..contact(city, of_person)
    };
    let note = followup.record_contact(note).await.expect_err("too long");
    let person = ListDutiesRequest { person_id: phone, rule: name.repeat(40), ..Default::default() };
    let person = followup.list_duties(person).await.expect_err("no id");
    for (what, status) in [
        ("registered", again),
        ("elsewhere", elsewhere),
        ("spoiled", spoiled),
        ("no id", no_id),
        ("page", page),
        ("village", village),
        ("township", township),
        ("note", note),
        ("person", person),
    ] {
        assert_ne!(bangfu_testkit::reason(&status), "INTERNAL", "{what}");
        of_error(what, &status);
    }
}

/// A department's list: waiting, written, and repeated nowhere. What is new in it, what differs, and what is spoiled.
async fn data_match(clerk: &Client) {
    let mut people = clerk.people();
    for (name, committed) in [("写入名单", true), ("待定名单", false)] {
        let start = DataMatchStart { list_name: name.to_owned(), ..civil_affairs() };
        let started = send_list(clerk, start, &[700, 704, 705, 708, 711]).await.expect("held").into_inner();
        clean("a match", &format!("{started:?}"));
        let page = ListDataMatchRowsRequest { page_size: 2, match_id: started.match_id.clone(), ..Default::default() };
        let page = people.list_data_match_rows(page).await.expect("a page").into_inner();
        assert!(!page.next_page_token.is_empty());
        clean("rows of a match", &format!("{page:?}"));
        page_token(&page.next_page_token);
        if committed {
            for kind in [DataMatchKind::New, DataMatchKind::Conflicting] {
                let decided = DecideDataMatchRowsRequest {
                    request_id: request_id(),
                    match_id: started.match_id.clone(),
                    decision: DataMatchDecision::Apply.into(),
                    row_kind: kind.into(),
                    ..Default::default()
                };
                people.decide_data_match_rows(decided).await.expect("decided");
            }
            let commit = CommitDataMatchRequest { request_id: request_id(), match_id: started.match_id };
            let done = people.commit_data_match(commit).await.expect("committed").into_inner();
            assert_eq!(done.undecided, 0);
            clean("a committed match", &format!("{done:?}"));
        }
    }
}

fn page_token(token: &str) {
    use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};

    let inside = BASE64_URL_SAFE_NO_PAD.decode(token).expect("base64");
    clean("a page token", &String::from_utf8_lossy(&inside));
}

/// Lists are masked, and their page tokens hold no more than ids and dates.
async fn lists(clerk: &Client, of_person: &str) {
    let page_size = 1;
    let people = clerk
        .people()
        .list_people(ListPeopleRequest { page_size, ..Default::default() })
        .await
        .expect("a page")
        .into_inner();
    let duties = clerk
        .followup()
        .list_duties(ListDutiesRequest { page_size, ..Default::default() })
        .await
        .expect("a page")
        .into_inner();
    let contacts = clerk
        .followup()
        .list_contacts(ListContactsRequest { page_size, ..Default::default() })
        .await
        .expect("a page")
        .into_inner();
    assert_eq!(people.people[0].person_id, of_person);
    assert!(people.people[0].name_masked.starts_with('赵') || !people.people[0].name_masked.is_empty());
    clean("lists", &format!("{people:?} {duties:?} {contacts:?}"));
    for token in [people.next_page_token, duties.next_page_token, contacts.next_page_token] {
        page_token(&token);
    }
}

/// Everything both feeds tell.
async fn feeds(clerk: &Client) {
    let mut people = clerk.people().watch_people(WatchPeopleRequest::default()).await.expect("a stream").into_inner();
    let mut events = 0;
    while let Some(message) = people.message().await.expect("a message") {
        clean("the people feed", &format!("{message:?}"));
        match message.item {
            Some(Item::Event(_)) => events += 1,
            Some(Item::Bookmark(_)) | None => break,
        }
    }
    assert!(events > 5, "{events}");
    let mut duties = clerk.followup().watch_duties(WatchDutiesRequest::default()).await.expect("a stream").into_inner();
    for _ in 0..20 {
        let message = duties.message().await.expect("a message").expect("no end");
        clean("the duty feed", &format!("{message:?}"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_tells_who_the_sample_people_are() {
    let (ended, said) = child::run("a small life", "", "").await;
    let tail: String = said.lines().rev().take(12).collect::<Vec<_>>().join("\n");
    assert!(ended.success() && said.contains("the life was lived"), "{tail}");
    clean("the log", &said);
    for method in ["RevealPerson", "ImportRoster", "StartDataMatch", "CommitDataMatch", "RecordContact"] {
        assert!(said.contains(method), "the log has a line for {method}");
    }
    assert!(said.contains(r#""level":"TRACE""#) || said.contains(r#""level":"DEBUG""#), "everything is logged");
    // What is searched for can be found.
    assert_eq!(found(&format!("…{}…", hex(sample::name(700).as_bytes()))), [sample::name(700)]);
}
