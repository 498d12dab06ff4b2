//! Page tokens and cursors name places. Each is good for whom it was given to, and nothing is told to anybody else.

use std::collections::BTreeMap;

use bangfu_kernel::Role;
use bangfu_proto::{
    ACCESS, AccessRule, common::v1::Cursor, followup::v1::WatchDutiesRequest, people::v1::WatchPeopleRequest,
};
use bangfu_testkit::{City, DADONG, LIBAO, reason};
use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use http::HeaderMap;
use prost::Message as _;
use prost_reflect::{DynamicMessage, FieldDescriptor, Kind, MessageDescriptor, ReflectMessage as _, Value};
use tonic::{Code, transport::Channel};

use crate::{
    raw::{Answer, bearer, call, decoded, framed, method},
    row::Run,
    scene::Scene,
};

/// A list, and a token of its second page.
struct List {
    rule: &'static AccessRule,
    request: DynamicMessage,
    role: Role,
    township: Option<&'static str>,
    token: String,
}

impl List {
    fn name(&self) -> &'static str {
        self.rule.path.rsplit('/').next().unwrap_or_default()
    }
}

/// A page token opens the list it was given for, to callers of the township it was given in, under the same filter and
/// order, as it was given, for a day; anything else is PAGE_TOKEN_INVALID and tells nothing.
pub async fn a_page_token_opens_only_the_list_it_was_given_for(run: Run) {
    let Scene { city, foreign, .. } = Scene::new().await;
    surveys(&city, &foreign.person).await;
    let channel = city.channel();
    let caller = |role: Role, township: Option<&str>| bearer(&city.token("somebody", &[role], township));
    let lists = lists(&city, &channel, &foreign.data_match, &foreign.person).await;
    run.count("lists", u64::try_from(lists.len()).expect("few"));
    let mut chance = run.chance(1);
    for list in &lists {
        let own = caller(list.role, list.township);
        let page = open(&channel, list, &own, &list.token).await;
        assert_eq!(page.code, Code::Ok, "{}: its own token opens it: {page:?}", list.name());
        let garbage = open(&channel, list, &own, "bm8gdG9rZW4gb2Ygb3VycyBhdCBhbGwsIG5vdCBldmVyLCBubw").await;
        assert_eq!((garbage.code, garbage.reason.as_str()), (Code::InvalidArgument, "PAGE_TOKEN_INVALID"));
        let refused = |what: &str, answer: Answer| {
            assert_eq!(answer, garbage, "{}: {what} (seed {})", list.name(), run.seed());
            run.count(what, 1);
        };

        // Another township. Whoever is asked about by id is not there for it, with any token or none.
        let stranger = caller(if list.township.is_some() { list.role } else { Role::Clerk }, Some(DADONG));
        let answer = open(&channel, list, &stranger, &list.token).await;
        assert_eq!(answer, open(&channel, list, &stranger, &garbage_token()).await, "{}", list.name());
        assert_ne!(answer.code, Code::Ok, "{}: another township's token", list.name());
        run.count("another township", 1);

        // Another caller of the same township goes on in it where they may call it at all: a place tells nothing, and what
        // is listed is decided anew.
        let colleague = bearer(&city.token("colleague", &[list.role], list.township));
        let same = open(&channel, list, &colleague, &list.token).await;
        assert_eq!(decoded(list.rule.path, &same), decoded(list.rule.path, &page), "{}", list.name());
        run.count("a colleague of the same township", 1);

        for other in lists.iter().filter(|other| other.name() != list.name()) {
            refused("another list", open(&channel, list, &own, &other.token).await);
        }
        for field in filters(list) {
            let mut request = list.request.clone();
            request.set_field(&field, another(&field));
            let other = List { request, token: list.token.clone(), ..*list };
            let answer = open(&channel, &other, &own, &list.token).await;
            if answer.reason == "PAGE_TOKEN_INVALID" {
                refused("another filter or order", answer);
            } else {
                // Some filters are looked at before the token: what they name is not there.
                assert_ne!(
                    answer.code,
                    Code::Ok,
                    "{} with another {} (seed {})",
                    list.name(),
                    field.name(),
                    run.seed()
                );
                run.count("a filter that names nothing", 1);
            }
        }

        let bytes = BASE64_URL_SAFE_NO_PAD.decode(&list.token).expect("base64");
        let bits = bytes.len() * 8;
        for n in 0..run.of(24, bits) {
            let bit = run.of(chance.below(bits), n);
            let mut flipped = bytes.clone();
            flipped[bit / 8] ^= 1 << (bit % 8);
            refused("a bit flipped", open(&channel, list, &own, &BASE64_URL_SAFE_NO_PAD.encode(flipped)).await);
        }
        for n in 0..run.of(8, bytes.len()) {
            let length = run.of(chance.below(bytes.len()), n).max(1);
            refused("truncated", open(&channel, list, &own, &BASE64_URL_SAFE_NO_PAD.encode(&bytes[..length])).await);
        }
        for longer in [format!("{}AAAA", list.token), format!("{}=", list.token), format!(" {}", list.token)] {
            refused("longer", open(&channel, list, &own, &longer).await);
        }
        refused("twice", open(&channel, list, &own, &format!("{0}{0}", list.token)).await);
    }
    // A day later.
    city.turn_to("2026-01-07");
    for list in &lists {
        let own = caller(list.role, list.township);
        let answer = open(&channel, list, &own, &list.token).await;
        assert_eq!(answer.reason, "PAGE_TOKEN_INVALID", "{}: two days later: {answer:?}", list.name());
        run.count("expired", 1);
    }
    city.close().await;
}

fn garbage_token() -> String {
    BASE64_URL_SAFE_NO_PAD.encode([7; 60])
}

/// Two surveys of somebody, so that their list has a second page.
async fn surveys(city: &City, person_id: &str) {
    for asked_by in ["协理员甲", "协理员乙"] {
        let request = bangfu_proto::people::v1::RecordSurveyRequest {
            request_id: bangfu::client::request_id(),
            person_id: person_id.to_owned(),
            asked_by: asked_by.to_owned(),
            wants_work: bangfu_proto::people::v1::WantsWork::Yes.into(),
            ..Default::default()
        };
        city.clerk(LIBAO).people().record_survey(request).await.expect("entered");
    }
}

/// Every list of the contract that has pages, with a token of LIBAO's second page.
async fn lists(city: &City, channel: &Channel, data_match: &str, person: &str) -> Vec<List> {
    let mut lists = Vec::new();
    for rule in ACCESS {
        let input = method(rule.path).input();
        if input.get_field_by_name("page_token").is_none() {
            continue;
        }
        // The directory has one entry for a township, and pages for the city.
        let of_city = rule.path.ends_with("/ListTownships");
        let township = (!of_city).then_some(LIBAO);
        let able = [Role::Clerk, Role::Reviewer, Role::Bureau];
        let role = able.into_iter().find(|role| rule.roles.contains(role) && of_city == (*role == Role::Bureau));
        let role = role.unwrap_or_else(|| panic!("{}: nobody lists it", rule.path));
        let mut request = DynamicMessage::new(input);
        request.set_field_by_name("page_size", Value::I32(1));
        match rule.path.rsplit('/').next().unwrap_or_default() {
            "ListDataMatchRows" => request.set_field_by_name("match_id", Value::String(data_match.to_owned())),
            "ListSurveys" => request.set_field_by_name("person_id", Value::String(person.to_owned())),
            _ => {}
        }
        let mut list = List { rule, request, role, township, token: String::new() };
        let own = bearer(&city.token("somebody", &[role], township));
        let page = open(channel, &list, &own, "").await;
        let message = page.messages.first().unwrap_or_else(|| panic!("{}: {page:?}", list.name()));
        let page = DynamicMessage::decode(method(rule.path).output(), message.clone()).expect("a page");
        let token = page.get_field_by_name("next_page_token").and_then(|token| token.as_str().map(str::to_owned));
        list.token = token.unwrap_or_default();
        assert!(!list.token.is_empty(), "{} has no second page", list.name());
        lists.push(list);
    }
    lists
}

async fn open(channel: &Channel, list: &List, caller: &HeaderMap, token: &str) -> Answer {
    let mut request = list.request.clone();
    request.set_field_by_name("page_token", Value::String(token.to_owned()));
    call(channel, list.rule.path, caller, framed(&[request.encode_to_vec().into()])).await
}

/// Fields by which a list is filtered or ordered. A township caller names its own or none, which is the same list.
fn filters(list: &List) -> Vec<FieldDescriptor> {
    let not_a_filter = ["page_size", "page_token", "township"];
    list.request.descriptor().fields().filter(|field| !not_a_filter.contains(&field.name())).collect()
}

/// A value that the field does not have.
fn another(field: &FieldDescriptor) -> Value {
    let value = match field.kind() {
        Kind::String if field.name().ends_with("_id") => {
            Value::String("00000000-0000-7000-8000-000000000000".to_owned())
        }
        Kind::String if field.name() == "rule" => Value::String("131.job_referral".to_owned()),
        Kind::String => Value::String("别的村".to_owned()),
        Kind::Bool => Value::Bool(true),
        Kind::Int32 => Value::I32(2_026),
        Kind::Int64 => Value::I64(1),
        Kind::Enum(_) => Value::EnumNumber(1),
        Kind::Message(message) => Value::Message(a_day(&message)),
        other => panic!("no value for {other:?}"),
    };
    if field.is_list() { Value::List(vec![value]) } else { value }
}

/// A civil date, or a range that begins with one.
fn a_day(of: &MessageDescriptor) -> DynamicMessage {
    let mut message = DynamicMessage::new(of.clone());
    for field in of.fields() {
        match (field.name(), field.kind()) {
            ("year", _) => message.set_field(&field, Value::I32(2026)),
            ("month" | "day", _) => message.set_field(&field, Value::I32(1)),
            ("from", Kind::Message(date)) => message.set_field(&field, Value::Message(a_day(&date))),
            _ => {}
        }
    }
    message
}

/// Cursors of another township, another epoch, another service's feed, beyond the head, before the beginning, damaged or
/// twice: refused with the contract's reason, alike for what is there and what never was.
pub async fn a_cursor_of_another_place_is_refused_and_tells_nothing(run: Run) {
    let Scene { city, foreign, .. } = Scene::new().await;
    let (stranger, owner, bureau) = (city.clerk(DADONG), city.clerk(LIBAO), city.bureau());
    let at = |township: &str, epoch: &str, seq: i64| Cursor { township: township.into(), epoch: epoch.into(), seq };
    let random = uuid::Uuid::new_v4().to_string();
    let mut chance = run.chance(2);
    for (service, other) in [("people", "followup"), ("followup", "people")] {
        let watch = async |client: &bangfu::client::Client, cursors: Vec<Cursor>, townships: Vec<String>| {
            let refused = if service == "people" {
                let request = WatchPeopleRequest { cursors, townships, ..Default::default() };
                client.people().watch_people(request).await.map(drop)
            } else {
                let request = WatchDutiesRequest { cursors, townships, ..Default::default() };
                client.followup().watch_duties(request).await.map(drop)
            };
            refused.err().map(|status| (status.code(), reason(&status), format!("{:?}", told(&status))))
        };
        let epoch = foreign.epochs[service].as_str();
        let seq: i64 = sqlx::query_scalar("SELECT seq FROM feed_head WHERE township = $1")
            .bind(LIBAO)
            .fetch_one(&mut city.look(service).await)
            .await
            .expect("a head");
        assert!(seq > 2, "{service} has told something");
        assert_eq!(watch(&owner, vec![at(LIBAO, epoch, 1)], vec![]).await, None, "its own cursor is taken");

        // A stranger, with whatever there is of LIBAO: as if it were nowhere.
        for (epoch, seq) in [(epoch, 1), (epoch, seq), (epoch, seq + 1), (random.as_str(), 1), ("", 0), ("", 1)] {
            let answer = watch(&stranger, vec![at(LIBAO, epoch, seq)], vec![]).await.expect("refused");
            let nowhere = watch(&stranger, vec![at("320685999", epoch, seq)], vec![]).await.expect("refused");
            let alike = |text: &str| text.replace(LIBAO, "…").replace("320685999", "…");
            assert_eq!(alike(&answer.2), alike(&nowhere.2), "{service}: one is told from the other");
            assert_eq!((answer.0, answer.1.as_str()), (Code::InvalidArgument, "CURSOR_INVALID"), "{service}");
            run.count("another township", 1);
        }
        let named = watch(&stranger, vec![], vec![LIBAO.to_owned()]).await.expect("refused");
        let nowhere = watch(&stranger, vec![], vec!["320685999".to_owned()]).await.expect("refused");
        assert_eq!((named.clone(), named.1.as_str()), (nowhere, "NOT_FOUND"), "{service}: another township by name");
        run.count("another township by name", 1);

        // Its owner, and the city, at places that are none.
        for caller in [&owner, &bureau] {
            let mut places = vec![
                ("another epoch", at(LIBAO, &random, 1), Code::Aborted, "FEED_EPOCH_CHANGED"),
                (
                    "the other service's epoch",
                    at(LIBAO, &foreign.epochs[other], 1),
                    Code::Aborted,
                    "FEED_EPOCH_CHANGED",
                ),
                ("beyond the head", at(LIBAO, epoch, seq + 1_000), Code::InvalidArgument, "CURSOR_INVALID"),
                ("beyond every head", at(LIBAO, epoch, i64::MAX), Code::InvalidArgument, "CURSOR_INVALID"),
                ("before the beginning", at(LIBAO, epoch, -1), Code::InvalidArgument, "CURSOR_INVALID"),
                ("far before the beginning", at(LIBAO, epoch, i64::MIN), Code::InvalidArgument, "CURSOR_INVALID"),
                ("no epoch", at(LIBAO, "", 1), Code::InvalidArgument, "CURSOR_INVALID"),
                ("no township", at("", epoch, 1), Code::InvalidArgument, "CURSOR_INVALID"),
                ("a township that never was", at("320685999", epoch, 1), Code::InvalidArgument, "CURSOR_INVALID"),
                ("another city's township", at("320684102", epoch, 1), Code::InvalidArgument, "CURSOR_INVALID"),
            ];
            for _ in 0..run.of(4, 200) {
                let place = chance.below(epoch.len());
                let mut damaged = epoch.as_bytes().to_vec();
                damaged[place] = b'z';
                let damaged = String::from_utf8(damaged).expect("ASCII");
                places.push(("a damaged epoch", at(LIBAO, &damaged, 1), Code::InvalidArgument, "CURSOR_INVALID"));
            }
            for (what, cursor, code, why) in places {
                let answer = watch(caller, vec![cursor], vec![]).await.unwrap_or_else(|| panic!("{service}: {what}"));
                assert_eq!((answer.0, answer.1.as_str()), (code, why), "{service}: {what} (seed {})", run.seed());
                run.count(what, 1);
            }
            let twice = watch(caller, vec![at(LIBAO, epoch, 1), at(LIBAO, epoch, 2)], vec![]).await.expect("refused");
            assert_eq!(twice.1, "CURSOR_INVALID", "{service}: two places of one township");
            run.count("two places of one township", 1);
        }
    }
    city.close().await;
}

/// A status in its parts, metadata in order.
fn told(status: &tonic::Status) -> (Code, String, BTreeMap<String, String>) {
    let info = tonic_types::StatusExt::get_details_error_info(status);
    let metadata = info.map(|info| info.metadata.into_iter().collect()).unwrap_or_default();
    (status.code(), status.message().to_owned(), metadata)
}
