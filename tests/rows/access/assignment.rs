//! Mass assignment: a request carries what the server owns (ids, states, instants, townships, who entered it), in fields of
//! resources that it takes or in fields that it does not have. None of it takes effect.

use std::collections::{BTreeMap, BTreeSet};

use bangfu::client::{Client, request_id};
use bangfu_kernel::Role;
use bangfu_proto::{
    ACCESS, AccessRule,
    followup::v1::{
        Absence, Coordinator, DayOff, GetStandardRequest, ListCoordinatorsRequest, PublishCalendarRequest,
        PublishStandardRequest, PutCoordinatorRequest, WorkCalendar,
    },
};
use bangfu_testkit::{City, LIBAO};
use bytes::Bytes;
use prost::Message as _;
use prost_reflect::{DynamicMessage, Kind, MessageDescriptor, ReflectMessage as _, Value};
use prost_types::Timestamp;
use sqlx::AssertSqlSafe;
use tonic::Code;

use crate::{
    asks::{THIRD, hex},
    raw::{Answer, Recorder, bearer, call, decoded, framed, messages, method},
    row::Run,
    scene::Scene,
    steps::{contact, on, record},
};

/// Stands in every field that a caller has no business to set.
const MARK: &str = "set-by-the-caller";

/// Verbs that change nothing.
const READING: [&str; 7] = ["Find", "Get", "BatchGet", "List", "Watch", "Reveal", "Preview"];

/// What stands in requests and is the server's: each is shown to have no effect below.
const THE_SERVERS: [(&str, &str); 9] = [
    ("Coordinator", "villages"),
    ("Coordinator", "people"),
    ("Coordinator", "absences"),
    ("Standard", "published_at"),
    ("Standard", "published_by"),
    ("WorkCalendar", "published"),
    ("WorkCalendar", "published_at"),
    ("WorkCalendar", "published_by"),
    ("WorkCalendar", "spring_festival"),
];

/// What looks like the server's, and is the caller's to say; why.
const THE_CALLERS: [(&str, &str, &str); 15] = [
    ("UpdatePersonRequest", "etag", "compared, never stored"),
    ("UpdateHouseholdRequest", "etag", "compared, never stored"),
    ("UpsertTownshipRequest", "etag", "compared, never stored"),
    ("RecordEmploymentRequest", "township", "for a service; a township caller's own or NOT_FOUND"),
    ("DecideRecognitionRequest", "township", "the bureau's choice"),
    ("RevokeRecognitionRequest", "township", "the bureau's choice"),
    ("RotateKeyRequest", "township", "the bureau's choice"),
    ("RunRetentionRequest", "township", "the bureau's choice"),
    ("RunSweepRequest", "townships", "the bureau's choice"),
    ("RecordSurveyRequest", "asked_by", "who asked, a name; who entered it stands in the audit trail"),
    ("RegisterEmploymentRequest", "registered_by", "employer or person: an enum"),
    ("ApplyForRecognitionRequest", "applied_by", "person or township: an enum"),
    ("ApplyForRecognitionRequest", "applied_at", "which kind of place: an enum"),
    ("RecordContactRequest", "answered_by", "who took the call, a word"),
    ("DutyRule", "levels", "what a rule is about"),
];

fn mutating() -> impl Iterator<Item = &'static AccessRule> {
    ACCESS.iter().filter(|rule| {
        let name = rule.path.rsplit('/').next().unwrap_or_default();
        !READING.iter().any(|verb| name.starts_with(verb))
    })
}

/// Every message that can stand within one.
fn within(message: &MessageDescriptor, found: &mut BTreeMap<String, MessageDescriptor>) {
    if found.insert(message.full_name().to_owned(), message.clone()).is_some() {
        return;
    }
    for field in message.fields() {
        if let Kind::Message(part) = field.kind() {
            within(&part, found);
        }
    }
}

fn looks_like_the_servers(name: &str, kind: &Kind) -> bool {
    let instant = matches!(kind, Kind::Message(message) if message.full_name() == "google.protobuf.Timestamp");
    let names = ["state", "etag", "epoch", "seq", "level", "levels", "township", "townships", "published", "hash"];
    instant || name.ends_with("_at") || name.ends_with("_by") || names.contains(&name)
}

/// No writing RPC takes an instant, a state, a township or an author, but those that are listed here with a reason; a new one
/// fails this row until somebody has thought about it.
pub async fn every_field_that_a_caller_may_set_is_the_callers_to_set(run: Run) {
    let mut unthought = BTreeSet::new();
    for rule in mutating() {
        let mut parts = BTreeMap::new();
        within(&method(rule.path).input(), &mut parts);
        parts.retain(|name, _| name.starts_with("bangfu."));
        for part in parts.values() {
            for field in part.fields() {
                run.count("fields", 1);
                let key = (part.name().to_owned(), field.name().to_owned());
                let servers = THE_SERVERS.iter().any(|(of, name)| (*of, *name) == (&key.0, &key.1));
                let callers = THE_CALLERS.iter().any(|(of, name, _)| (*of, *name) == (&key.0, &key.1));
                if looks_like_the_servers(field.name(), &field.kind()) && !servers && !callers {
                    unthought.insert(key);
                }
            }
        }
        run.count("writing rpcs", 1);
    }
    assert!(unthought.is_empty(), "whose are these? {unthought:?}");
}

/// What the server owns and a request can carry, and fields that a request does not have, in every message of every writing
/// RPC: the answer is the one without them, under the same request id, and the databases hold nothing of it.
pub async fn what_the_server_owns_is_not_set_by_a_caller(run: Run) {
    let Scene { city, foreign, own_person: _ } = Scene::new().await;
    run.fault("a mark that was entered as a note is found", 0);
    let noted = contact(&city, &foreign.person);
    let noted = bangfu_proto::followup::v1::RecordContactRequest { note: format!("{MARK}, noted"), ..noted };
    let noted = record(&city.clerk(LIBAO), noted).await;
    assert_eq!(marks(&city).await.len(), 2, "in the contact, and in the answer kept for its request");
    run.fault("a mark that was entered as a note is found", 1);
    forget(&city, &noted.contact_id).await;
    assert_eq!(marks(&city).await, Vec::<String>::new());

    of_resources(&city, &run).await;

    let (recorder, channel) = (Recorder::start().await, city.channel());
    for rule in mutating() {
        let role = [Role::Clerk, Role::Reviewer, Role::Bureau].into_iter().find(|role| rule.roles.contains(role));
        let role = role.unwrap_or_else(|| panic!("{}: by whom?", rule.path));
        let township = (role != Role::Bureau).then_some(LIBAO);
        let caller = bearer(&city.token("owner-1", &[role], township));
        for asked in recorder.asks(rule.path, &foreign, &foreign.person).await {
            let clean = messages(&asked.body);
            let input = method(rule.path).input();
            let dirty: Vec<_> = clean.iter().map(|message| soiled(&input, message, &run)).collect();
            // What is not the message itself is passed on by nobody: the answer to the same request stays what it is.
            let first = call(&channel, rule.path, &caller, framed(&dirty)).await;
            let again = call(&channel, rule.path, &caller, framed(&clean)).await;
            let told = |answer: &Answer| (answer.code, answer.reason.clone(), decoded(rule.path, answer));
            assert_eq!(told(&first), told(&again), "{} (seed {})", rule.path, run.seed());
            assert_ne!(first.code, Code::Internal, "{}: {first:?}", rule.path);
            run.count(if first.code == Code::Ok { "carried out" } else { "refused" }, 1);
            for message in &first.messages {
                let answer = DynamicMessage::decode(method(rule.path).output(), message.clone()).expect("an answer");
                owned(&city, rule.path, &answer, &run);
            }
        }
    }
    let found = marks(&city).await;
    assert_eq!(found, Vec::<String>::new(), "the databases hold what a caller has set (seed {})", run.seed());
    run.count("marks found in the databases", 0);
    city.close().await;
}

/// Instants, townships and authors of an answer are the server's own.
fn owned(city: &City, path: &str, message: &DynamicMessage, run: &Run) {
    for (field, value) in message.fields() {
        let parts: Vec<_> = match value {
            Value::List(values) => values.iter().collect(),
            other => vec![other],
        };
        for value in parts {
            match value {
                Value::Message(part) if part.descriptor().full_name() == "google.protobuf.Timestamp" => {
                    let at = Timestamp::decode(part.encode_to_vec().as_slice()).expect("an instant");
                    assert_eq!(at.seconds, city.clock.now().timestamp(), "{path}: {}", field.name());
                    run.count("instants that are the server's", 1);
                }
                Value::Message(part) => owned(city, path, part, run),
                Value::String(text) => {
                    assert!(!text.contains(MARK), "{path}: {} is {text}", field.name());
                    if field.name() == "township" {
                        assert!([LIBAO, THIRD].contains(&text.as_str()), "{path}: township {text}");
                    }
                }
                _ => {}
            }
        }
    }
}

/// The message with fields that it does not have: in itself, and in every message within it.
fn soiled(descriptor: &MessageDescriptor, message: &Bytes, run: &Run) -> Bytes {
    let mut dynamic = DynamicMessage::decode(descriptor.clone(), message.clone()).expect("a request");
    let parts: Vec<_> = dynamic.fields().map(|(field, value)| (field, value.clone())).collect();
    for (field, value) in parts {
        let soil = |value: Value| match value {
            Value::Message(part) if part.descriptor().full_name().starts_with("bangfu.") => {
                let bytes = soiled(&part.descriptor(), &part.encode_to_vec().into(), run);
                Value::Message(DynamicMessage::decode(part.descriptor(), bytes).expect("a message"))
            }
            other => other,
        };
        let value = match value {
            Value::List(values) => Value::List(values.into_iter().map(soil).collect()),
            other => soil(other),
        };
        dynamic.set_field(&field, value);
    }
    let mut bytes = dynamic.encode_to_vec();
    for number in (1..=64).chain([999, 18_999, 536_870_911]) {
        if descriptor.get_field(number).is_none() {
            run.count("fields added", 1);
            // A text, and a number: whatever a later version may mean by it.
            prost::encoding::string::encode(number, &MARK.to_owned(), &mut bytes);
            prost::encoding::int64::encode(number, &1, &mut bytes);
        }
    }
    bytes.into()
}

/// The three resources that requests carry whole.
async fn of_resources(city: &City, run: &Run) {
    let (clerk, bureau) = (city.clerk(LIBAO), city.bureau());
    let long_ago = Some(Timestamp { seconds: 946_684_800, nanos: 0 });
    let now = city.clock.now().timestamp();
    let seconds = |at: Option<Timestamp>| at.map_or(0, |at| at.seconds);

    let coordinator = Coordinator {
        name: "协理员戊".to_owned(),
        account: "coordinator-9".to_owned(),
        capacity: 30,
        villages: vec!["李庄".to_owned(), MARK.to_owned()],
        people: 999,
        absences: vec![Absence { absence_id: MARK.to_owned(), coordinator: MARK.to_owned(), ..Default::default() }],
    };
    let put = PutCoordinatorRequest { request_id: request_id(), coordinator: Some(coordinator.clone()) };
    let put = clerk.followup().put_coordinator(put).await.expect("entered").into_inner();
    let entered = Coordinator { villages: vec![], people: 0, absences: vec![], ..coordinator };
    assert_eq!(put, entered, "villages, people and absences are the server's");
    let listed = coordinators(&clerk).await;
    assert!(listed.contains(&entered), "{listed:?}");
    run.count("fields of resources that had no effect", 3);

    let calendar = WorkCalendar {
        year: 2027,
        days_off: vec![DayOff { on: on("2027-10-01"), name: "国庆节".to_owned() }],
        source: "测试".to_owned(),
        published: false,
        published_at: long_ago,
        published_by: MARK.to_owned(),
        spring_festival: on("2027-07-01"),
        ..Default::default()
    };
    let publish = PublishCalendarRequest { request_id: request_id(), calendar: Some(calendar) };
    let published = bureau.followup().publish_calendar(publish).await.expect("published").into_inner();
    assert!(published.published && published.spring_festival == on("2027-02-06"), "{published:?}");
    assert_eq!((seconds(published.published_at), published.published_by.as_str()), (now, "bureau-1"));
    run.count("fields of resources that had no effect", 4);

    let shipped = GetStandardRequest { version: "2021-03-01".to_owned(), on: None };
    let mut standard = bureau.followup().get_standard(shipped).await.expect("shipped").into_inner();
    "2027-test".clone_into(&mut standard.version);
    standard.in_force_from = on("2027-01-01");
    (standard.published_at, standard.published_by) = (long_ago, MARK.to_owned());
    let publish = PublishStandardRequest { request_id: request_id(), standard: Some(standard) };
    let published = bureau.followup().publish_standard(publish).await.expect("published").into_inner();
    assert_eq!((seconds(published.published_at), published.published_by.as_str()), (now, "bureau-1"));
    run.count("fields of resources that had no effect", 2);
}

async fn coordinators(clerk: &Client) -> Vec<Coordinator> {
    clerk
        .followup()
        .list_coordinators(ListCoordinatorsRequest::default())
        .await
        .expect("listed")
        .into_inner()
        .coordinators
}

/// Tables of both databases that hold the mark, as text or as bytes.
async fn marks(city: &City) -> Vec<String> {
    let mut found = Vec::new();
    for service in ["people", "followup"] {
        let mut superuser = city.look(service).await;
        let tables: Vec<String> = sqlx::query_scalar(
            "SELECT format('%I.%I', schemaname, tablename) FROM pg_tables
             WHERE schemaname NOT IN ('pg_catalog', 'information_schema')",
        )
        .fetch_all(&mut superuser)
        .await
        .expect("tables");
        for table in tables {
            let sql = format!("SELECT count(*) FROM {table} AS it WHERE it::text LIKE $1 OR it::text LIKE $2");
            let rows: i64 = sqlx::query_scalar(AssertSqlSafe(sql))
                .bind(format!("%{MARK}%"))
                .bind(format!("%{}%", hex(MARK.as_bytes())))
                .fetch_one(&mut superuser)
                .await
                .expect("a count");
            if rows > 0 {
                found.push(format!("{service}: {table}"));
            }
        }
    }
    found
}

/// Takes the one mark out that was meant.
async fn forget(city: &City, contact_id: &str) {
    let mut superuser = city.look("followup").await;
    sqlx::query("UPDATE contact SET note = '' WHERE contact_id = $1::uuid")
        .bind(contact_id)
        .execute(&mut superuser)
        .await
        .expect("forgotten");
    sqlx::query("DELETE FROM request WHERE encode(response, 'hex') LIKE $1")
        .bind(format!("%{}%", hex(MARK.as_bytes())))
        .execute(&mut superuser)
        .await
        .expect("forgotten");
}
