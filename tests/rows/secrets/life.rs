//! A life in a process of its own with a PostgreSQL of its own: sample people pass through every RPC, calls fail for every
//! reason there is, and everything that was said or written is put into files, a place each.

use std::{collections::BTreeMap, fs, path::PathBuf, time::Duration};

use bangfu::client::{Client, people::send, request_id};
use bangfu_kernel::Role;
use bangfu_proto::{
    ACCESS, AccessRule,
    access::v1::Scope,
    followup::v1::{
        ListDutiesRequest, RecordContactRequest, WatchDutiesRequest, WatchRemindersRequest,
        watch_duties_response::Item as OfDuties,
    },
    people::v1::{
        CommitDataMatchRequest, DataMatchDecision, DataMatchKind, DataMatchStart, DecideDataMatchRowsRequest,
        EmploymentStatus, ListDataMatchRowsRequest, ListPeopleRequest, RegisterPersonRequest, RequestTransferRequest,
        RevealPersonRequest, RosterStart, WatchPeopleRequest, watch_people_response::Item as OfPeople,
    },
};
use bangfu_testkit::{City, DADONG, LIBAO, databases, sample};
use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use sqlx::{AssertSqlSafe, PgConnection, Row as _};
use tokio::time::timeout;
use tonic::Request;

use super::PLANTED;
use crate::{
    asks::{Names, ask, civil_affairs, send_list},
    child,
    collector::scrape,
    proxy::{Fault, Proxy, Which},
    scene::Scene,
    steps::{becomes, contact, learned, moves, record, sweep, sweep_on, unemployed, until},
    tap::{Answer, PLANT, Tap},
};

/// Where the places are to be written.
pub(super) const PLACES: &str = "BANGFU_TEST_PLACES";

/// Set in a long run: every role calls, not the first one only.
pub(super) const LONG: &str = "BANGFU_TEST_LONG";

/// Sample people that live here: by roster, by hand, and of the other township.
const PEOPLE: std::ops::Range<u32> = 700..712;

/// Lives, and writes down what was said.
pub(crate) async fn a_small_life() {
    let telemetry = child::telemetry();
    let proxy = Proxy::start(1).await;
    let mut city = City::with(|plan| proxy.stand_before(plan)).await;
    let tap = Tap::start(&city.suite().endpoint()).await;
    city.speak_through(tap.endpoint.clone());
    let Scene { city, foreign, .. } = Scene::in_city(city).await;
    for rule in ACCESS {
        let roles = if std::env::var_os(LONG).is_some() { usize::MAX } else { 1 };
        for client in admitted(&city, rule).into_iter().take(roles) {
            let _answers = ask(&client, rule.path, &foreign, &foreign.person).await;
            let _refusals = ask(&client, rule.path, &Names::of_nobody(), &foreign.person).await;
        }
        let _refusals = ask(&city.coordinator(DADONG, &["别的村"]), rule.path, &foreign, &foreign.person).await;
    }
    let of_person = small_life(&city).await;
    errors(&city, &city.clerk(DADONG), &of_person).await;
    broken(&city, &proxy, &of_person).await;
    feeds(&city).await;
    said(&city).await;

    let mut places = Places::default();
    for answer in tap.take() {
        places.answer(&answer);
    }
    let metrics = std::env::var(child::METRICS).expect("an address");
    places.put("metrics", scrape(&metrics).await.as_bytes());
    stored(city, &mut places).await;
    places.write();
    telemetry.shutdown().await;
    println!("the life was lived");
}

/// Callers whom the doors of a method let pass, one a role.
fn admitted(city: &City, rule: &AccessRule) -> Vec<Client> {
    let township = matches!(rule.scope, Scope::Township | Scope::Either);
    let of_city = matches!(rule.scope, Scope::City | Scope::Either | Scope::Service);
    let bound = |role: Role| matches!(role, Role::Coordinator | Role::Clerk | Role::Reviewer);
    let roles = rule.roles.iter().filter(|&&role| if bound(role) { township } else { of_city });
    roles.map(|&role| city.caller("somebody", &[role], bound(role).then_some(LIBAO), &[])).collect()
}

/// Roster, contacts, lists of departments, a move: with people whose data is odd. Somebody of DADONG.
async fn small_life(city: &City) -> String {
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
    unemployed(city, LIBAO, 710..711, "2026-01-05").await;
    city.settle().await;
    sweep(city).await;
    let of_person = import.results[0].person_id.clone();
    let learns = RecordContactRequest {
        status_learned: learned(EmploymentStatus::Startup, "2026-01-05"),
        ..contact(city, &of_person)
    };
    record(&clerk, learns).await;
    record(&clerk, contact(city, &by_hand.person_id)).await;
    until("it is delivered", async || {
        sqlx::query_scalar::<_, i64>("SELECT count(*) FROM delivery WHERE delivered_at IS NULL")
            .fetch_one(&mut city.look("followup").await)
            .await
            .expect("a count")
            == 0
    })
    .await;
    becomes(city, DADONG, &by_hand.person_id, EmploymentStatus::Flexible, "2026-01-05").await;
    let reveal = RevealPersonRequest { person_id: of_person.clone(), reason: "上门走访".into() };
    let revealed = clerk.people().reveal_person(reveal).await.expect("revealed").into_inner();
    assert_eq!(
        (revealed.name, revealed.id_number, revealed.remark),
        (sample::name(700), sample::id_number(700), "样例备注甲乙丙".into())
    );
    sweep_on(city, "2026-02-07").await;
    moves(city, &by_hand.person_id, DADONG, LIBAO, None).await;
    let asks = RequestTransferRequest {
        request_id: request_id(),
        id_number: sample::id_number(709),
        reason: "本人已回我镇居住".into(),
    };
    clerk.people().request_transfer(asks).await.expect("asked");
    data_match(&clerk).await;

    of_person
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
    }
}

/// The database fails in the middle of calls with somebody's data, by statement after statement.
async fn broken(city: &City, proxy: &Proxy, of_person: &str) {
    let clerk = city.clerk(DADONG);
    for fault in [Fault::Refused, Fault::CutBefore, Fault::CutAfter] {
        for n in 1..7 {
            for which in [Which::Nth(n), Which::Commit] {
                proxy.break_at(which, fault);
                let person = RegisterPersonRequest { address: "样例路七号".into(), ..sample::person(711) };
                let _failed = clerk.people().register_person(person).await;
                let reveal = RevealPersonRequest { person_id: of_person.to_owned(), reason: "上门走访".into() };
                let _failed = clerk.people().reveal_person(reveal).await;
                let _failed = clerk.followup().record_contact(contact(city, of_person)).await;
                proxy.forget();
            }
        }
    }
    assert!(proxy.fired() > 10, "faults fire: {}", proxy.fired());
}

/// A department's list: waiting, written, and repeated nowhere. What is new in it, what differs, and what is spoiled.
async fn data_match(clerk: &Client) {
    let mut people = clerk.people();
    for (name, committed) in [("写入名单", true), ("待定名单", false)] {
        let start = DataMatchStart { list_name: name.to_owned(), ..civil_affairs() };
        let started = send_list(clerk, start, &[700, 704, 705, 708, 711]).await.expect("held").into_inner();
        let page = ListDataMatchRowsRequest { page_size: 2, match_id: started.match_id.clone(), ..Default::default() };
        let page = people.list_data_match_rows(page).await.expect("a page").into_inner();
        assert!(!page.next_page_token.is_empty());
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
        }
    }
}

/// Everything the feeds tell, until nothing more is there.
async fn feeds(city: &City) {
    for clerk in [city.clerk(DADONG), city.clerk(LIBAO)] {
        let mut people = clerk.people().watch_people(WatchPeopleRequest::default()).await.expect("told").into_inner();
        while let Some(message) = people.message().await.expect("a message") {
            if matches!(message.item, Some(OfPeople::Bookmark(_)) | None) {
                break;
            }
        }
        let duties = clerk.followup().watch_duties(WatchDutiesRequest::default()).await;
        let mut duties = duties.expect("told").into_inner();
        while let Some(message) = duties.message().await.expect("a message") {
            if matches!(message.item, Some(OfDuties::Bookmark(_)) | None) {
                break;
            }
        }
        let within = WatchRemindersRequest { within_days: 92, ..Default::default() };
        let mut reminders = clerk.followup().watch_reminders(within).await.expect("told").into_inner();
        // While the day goes on, no bookmark ends them.
        while let Ok(Ok(Some(_message))) = timeout(Duration::from_secs(1), reminders.message()).await {}
    }
}

/// Says what was planted wherever this process can say something, and dies a little with somebody's name.
async fn said(city: &City) {
    let planted = PLANTED.join(" ");
    tracing::info!(planted, "a line with what was planted");
    tracing::info_span!("planted", planted).in_scope(|| tracing::trace!("within"));
    metrics::counter!("planted", "who" => planted).increment(1);
    // In headers and trailers, of an answer and of an error.
    for person_id in [String::new(), request_id()] {
        let mut request = Request::new(bangfu_proto::people::v1::GetPersonRequest { person_id, ..Default::default() });
        request.metadata_mut().insert(PLANT, PLANTED[2].parse().expect("digits"));
        let _refused = city.clerk(DADONG).people().get_person(request).await;
    }
    let dies = || panic!("{} {}", sample::name(700), sample::id_number(700));
    let died = tokio::task::spawn_blocking(dies).await;
    assert!(died.is_err());
}

/// What was said and written, by place.
#[derive(Default)]
struct Places(BTreeMap<&'static str, Vec<u8>>);

impl Places {
    fn put(&mut self, place: &'static str, bytes: &[u8]) {
        let all = self.0.entry(place).or_default();
        all.extend_from_slice(bytes);
        all.push(b'\n');
    }

    /// An answer, in the places where it belongs.
    fn answer(&mut self, answer: &Answer) {
        self.put("headers and trailers", &answer.told());
        match (answer.method(), answer.code()) {
            ("WatchPeople" | "WatchDuties" | "WatchReminders", _) => self.put("feeds", &answer.body),
            (_, code) if code != Some(0) => self.put("errors", &answer.told()),
            // Who gives a reason sees all of it; that is where they are to be found.
            ("RevealPerson", _) => self.put("revealed", &answer.body),
            _ => self.put("answers", &answer.body),
        }
        println!("{} {}", if answer.code() == Some(0) { "answered" } else { "asked" }, answer.path);
        for word in answer.body.split(|byte| !byte.is_ascii_alphanumeric() && *byte != b'-' && *byte != b'_') {
            if let (true, Ok(inside)) = (word.len() >= 40, BASE64_URL_SAFE_NO_PAD.decode(word)) {
                self.put("page tokens", &inside);
            }
        }
    }

    fn write(&self) {
        let folder = PathBuf::from(std::env::var_os(PLACES).expect("a folder"));
        for (place, bytes) in &self.0 {
            fs::write(folder.join(place), bytes).expect("written");
        }
    }
}

/// The databases, after the suite has stopped: rows, dumps; what was planted in them; and all of it on disk.
async fn stored(mut city: City, places: &mut Places) {
    let cluster = databases::cluster().await;
    city.stop().await;
    for (service, database) in &city.databases {
        let mut look = databases::superuser(database).await;
        for (table, place) in [("audit", "audit trail"), ("request", "request store"), ("event", "events")] {
            for row in rows_of(&mut look, table).await {
                places.put(place, row.as_bytes());
            }
        }
        // Whatever the place would be, had somebody's data got there.
        let planted = PLANTED.join(" ");
        let mut plants = vec![
            "UPDATE request SET response = convert_to($1, 'UTF8') WHERE request_id = (SELECT min(request_id::text)::uuid FROM request)",
            "UPDATE event SET payload = convert_to($1, 'UTF8') WHERE seq = 1",
        ];
        plants.push(match *service {
            "people" => "UPDATE audit SET reason = $1 WHERE seq = 1",
            _ => "UPDATE contact SET note = $1",
        });
        for plant in plants {
            let done = sqlx::query(plant).bind(&planted).execute(&mut look).await.expect("planted");
            assert!(done.rows_affected() > 0, "{plant}");
        }
        let broken = sqlx::raw_sql(AssertSqlSafe(format!("SELECT 1 / 0 AS \"{planted}\""))).execute(&mut look).await;
        broken.expect_err("divided by zero");
        for (table, place) in [("audit", "audit trail"), ("request", "request store"), ("event", "events")] {
            for row in rows_of(&mut look, table)
                .await
                .iter()
                .filter(|row| row.contains("e6a48de585a5") || row.contains(PLANTED[0]))
            {
                places.put(place, row.as_bytes());
            }
        }
        let dump = std::process::Command::new(cluster.binaries().join("pg_dump"))
            .args(["-h", "127.0.0.1", "-p", &cluster.port().to_string(), "-U", cluster.superuser(), "-d", database])
            .env("PGPASSWORD", cluster.password())
            .output()
            .expect("a dump");
        assert!(dump.status.success(), "{}", String::from_utf8_lossy(&dump.stderr));
        places.put(if *service == "people" { "dump of people" } else { "dump of follow-up" }, &dump.stdout);
        sqlx::raw_sql("CHECKPOINT").execute(&mut look).await.expect("on disk");
    }
    println!("the cluster lies in {}", cluster.folder().display());
}

/// Every row of a table, as JSON; none where there is no such table.
async fn rows_of(database: &mut PgConnection, table: &str) -> Vec<String> {
    let there: bool = sqlx::query_scalar("SELECT to_regclass($1) IS NOT NULL")
        .bind(table)
        .fetch_one(&mut *database)
        .await
        .expect("a look");
    if !there {
        return Vec::new();
    }
    let all = sqlx::query(AssertSqlSafe(format!("SELECT row_to_json(t)::text FROM {table} t")));
    all.fetch_all(database).await.expect("rows").iter().map(|row| row.get(0)).collect()
}
