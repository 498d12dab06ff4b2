//! Confused deputies: services that are asked to do what a caller may not.

use bangfu::client::{Client, request_id};
use bangfu_kernel::Role;
use bangfu_proto::{
    ACCESS,
    followup::v1::{Contact, RecordContactRequest, RecordContactsRequest},
    people::v1::{
        AcceptTransferRequest, EmploymentStatus, MergePeopleRequest, OfferTransferRequest, RecordEmploymentRequest,
    },
};
use bangfu_testkit::{City, DADONG, LIBAO, reason, sample};
use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use http::{HeaderMap, HeaderName, HeaderValue};
use prost::Message as _;
use tonic::{Code, Status};

use crate::{
    asks::Names,
    raw::{Answer, Recorder, bearer, call, decoded, messages},
    row::Run,
    scene::Scene,
    steps::{contact, learned, unemployed, until},
};

/// What proxies, other suites and gRPC itself call those who stand behind a call.
const FORGED: [(&str, &str); 24] = [
    ("township", LIBAO),
    ("x-township", LIBAO),
    ("x-bangfu-township", LIBAO),
    ("bangfu-township", LIBAO),
    ("grpc-metadata-township", LIBAO),
    ("x-tenant", LIBAO),
    ("x-tenant-id", LIBAO),
    ("x-city", "320684"),
    ("x-user", "bureau-1"),
    ("x-subject", "bureau-1"),
    ("x-roles", "bureau,service"),
    ("x-role", "service"),
    ("x-forwarded-user", "bureau-1"),
    ("x-forwarded-for", "127.0.0.1"),
    ("x-forwarded-authorization", "Bearer x"),
    ("x-original-authorization", "Bearer x"),
    ("x-real-ip", "127.0.0.1"),
    ("forwarded", "for=127.0.0.1;proto=https"),
    ("proxy-authorization", "Bearer x"),
    ("x-jwt-assertion", "x.y.z"),
    ("cookie", "township=320685103; session=bureau"),
    ("x-http-method-override", "POST"),
    ("x-permit", "320685103"),
    ("x-service", "followup"),
];

fn forged() -> HeaderMap {
    FORGED.iter().map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value))).collect()
}

/// Headers by which other suites pass on who calls: with a good token they change no answer of any RPC, without one they let
/// nobody in.
pub async fn headers_that_a_caller_forges_are_not_believed(run: Run) {
    let Scene { city, foreign, own_person } = Scene::new().await;
    let (recorder, channel) = (Recorder::start().await, city.channel());
    for rule in ACCESS {
        let role = [Role::Clerk, Role::Reviewer].into_iter().find(|role| rule.roles.contains(role));
        // What only the city may do is asked by a clerk, who may not.
        let plain = bearer(&city.token("clerk-1", &[role.unwrap_or(Role::Clerk)], Some(DADONG)));
        let mut dressed = forged();
        dressed.extend(plain.clone());
        for asked in recorder.asks(rule.path, &foreign, &own_person).await {
            let with = call(&channel, rule.path, &dressed, asked.body.clone()).await;
            let without = call(&channel, rule.path, &plain, asked.body.clone()).await;
            let told = |answer: &Answer| {
                (answer.code, answer.reason.clone(), answer.message.clone(), decoded(rule.path, answer))
            };
            assert_eq!(told(&with), told(&without), "{} (seed {})", rule.path, run.seed());
            run.count("answers that stayed the same", 1);
            let nobody = call(&channel, rule.path, &forged(), asked.body).await;
            assert_eq!(
                (nobody.code, nobody.reason.as_str()),
                (Code::Unauthenticated, "TOKEN_REFUSED"),
                "{}",
                rule.path
            );
            run.count("refused without a token", 1);
        }
    }
    run.count("headers", u64::try_from(FORGED.len()).expect("few"));
    city.close().await;
}

/// A township's contacts, and a service's own calls, write nothing about people of another township into any registry:
/// neither of somebody who was never here, nor of somebody who left, nor under another entry's name.
pub async fn a_contact_writes_into_no_other_townships_registry(run: Run) {
    let city = City::new().await;
    let ours = unemployed(&city, DADONG, 0..4, "2025-12-01").await;
    let theirs = unemployed(&city, LIBAO, 10..11, "2025-12-01").await.swap_remove(0);
    let (clerk, service) = (city.clerk(DADONG), city.service());
    let (left, kept, merged) = (&ours[0], &ours[1], &ours[2]);
    city.turn_to("2026-02-01");
    moves(&city, left).await;
    let merge = MergePeopleRequest {
        request_id: request_id(),
        kept_person_id: kept.clone(),
        merged_person_id: merged.clone(),
        reason: "同一人".to_owned(),
    };
    clerk.people().merge_people(merge).await.expect("merged");
    city.settle().await;
    let before = stands(&city).await;

    let nobody = Names::of_nobody().person;
    for _ in 0..run.of(2, 50) {
        for status in [EmploymentStatus::UnitEmployed, EmploymentStatus::Deceased, EmploymentStatus::Emigrated] {
            let teaches = |person_id: &str| RecordContactRequest {
                status_learned: learned(status, "2026-01-04"),
                ..contact(&city, person_id)
            };
            let unknown = refused(&clerk, teaches(&nobody)).await;
            let foreign = refused(&clerk, teaches(&theirs)).await;
            assert_eq!((foreign.code(), foreign.message()), (unknown.code(), unknown.message()), "like nobody at all");
            assert_eq!(reason(&foreign), "NOT_FOUND", "seed {}", run.seed());
            let gone = refused(&clerk, teaches(left)).await;
            assert_eq!(reason(&gone), "FIELD_INVALID", "they are not here today: {gone:?}");
            // A contact held while they lived here may be entered late, but what it taught is no longer ours to tell.
            let late = RecordContactRequest {
                status_learned: learned(status, "2026-01-09"),
                on: crate::steps::on("2026-01-10"),
                ..contact(&city, left)
            };
            assert_eq!(reason(&refused(&clerk, late).await), "PERSON_TRANSFERRED", "seed {}", run.seed());
            assert_eq!(reason(&refused(&clerk, teaches(merged)).await), "PERSON_MERGED");
            let rows = RecordContactsRequest { contacts: vec![teaches(&theirs), teaches(left), teaches(merged)] };
            let rows = clerk.followup().record_contacts(rows).await.expect("answered").into_inner().rows;
            assert!(rows.iter().all(|row| row.contact.is_none() && row.error.is_some()), "{rows:?}");
            run.count("contacts refused", 8);

            // The service itself, misled about who lives where.
            for (township, person_id, why) in [
                (DADONG, theirs.as_str(), "NOT_FOUND"),
                (LIBAO, kept.as_str(), "NOT_FOUND"),
                (DADONG, nobody.as_str(), "NOT_FOUND"),
                ("320684102", theirs.as_str(), "NOT_FOUND"),
                ("", theirs.as_str(), "FIELD_INVALID"),
            ] {
                let told = tells(&service, township, person_id, status).await.expect_err("refused");
                assert_eq!(reason(&told), why, "{township} {person_id} (seed {})", run.seed());
                run.count("calls of the service refused", 1);
            }
            // Nor does a township caller who names another township, or has taken a service's role on.
            let told = tells(&clerk, LIBAO, &theirs, status).await.expect_err("refused");
            assert_eq!(reason(&told), "NOT_FOUND");
            let posing = city.caller("followup", &[Role::Service], Some(DADONG), &[]);
            let told = tells(&posing, LIBAO, &theirs, status).await.expect_err("refused");
            assert_eq!(reason(&told), "TOKEN_REFUSED", "a service has no township");
            let both = city.caller("followup", &[Role::Clerk, Role::Service], Some(DADONG), &[]);
            assert_eq!(reason(&tells(&both, LIBAO, &theirs, status).await.expect_err("refused")), "TOKEN_REFUSED");
            run.count("calls of posers refused", 3);
        }
    }
    assert_eq!(stands(&city).await, before, "nothing was written, nothing is on its way (seed {})", run.seed());
    run.count("rows written", 0);
    city.close().await;
}

/// Employment records and places in the feed of every township, and deliveries that are on their way.
async fn stands(city: &City) -> (Vec<(String, i64)>, Vec<(String, i64)>, i64) {
    let mut people = city.look("people").await;
    let records = "SELECT township, count(*) FROM employment GROUP BY township ORDER BY township";
    let records = sqlx::query_as(records).fetch_all(&mut people).await.expect("counts");
    let heads = "SELECT township, seq FROM feed_head ORDER BY township";
    let heads = sqlx::query_as(heads).fetch_all(&mut people).await.expect("heads");
    let deliveries = "SELECT count(*) FROM delivery";
    let deliveries = sqlx::query_scalar(deliveries).fetch_one(&mut city.look("followup").await).await;
    (records, heads, deliveries.expect("a count"))
}

async fn refused(client: &Client, request: RecordContactRequest) -> Status {
    client.followup().record_contact(request).await.expect_err("refused")
}

async fn tells(client: &Client, township: &str, person_id: &str, status: EmploymentStatus) -> Result<(), Status> {
    let request = RecordEmploymentRequest {
        request_id: request_id(),
        person_id: person_id.to_owned(),
        employment: Some(sample::employment(status, "2026-01-04")),
        township: township.to_owned(),
        ..Default::default()
    };
    client.people().record_employment(request).await.map(drop)
}

async fn moves(city: &City, person_id: &str) {
    let request = OfferTransferRequest {
        request_id: request_id(),
        person_id: person_id.to_owned(),
        to_township: LIBAO.to_owned(),
        reason: "户籍迁移".to_owned(),
        ..Default::default()
    };
    let offered = city.clerk(DADONG).people().offer_transfer(request).await.expect("offered").into_inner();
    let request = AcceptTransferRequest {
        request_id: request_id(),
        transfer_id: offered.transfer_id,
        village: "新村".to_owned(),
        coordinator: "协理员丙".to_owned(),
        ..Default::default()
    };
    city.clerk(LIBAO).people().accept_transfer(request).await.expect("accepted");
    city.settle().await;
}

/// What a contact taught goes to the registry under the service's own token and in the contact's township; nothing of the
/// caller goes along. And the service does nothing so that the caller could not do without it.
pub async fn what_is_told_to_the_registry_is_told_under_the_services_own_name(run: Run) {
    let rule = |method: &str| ACCESS.iter().find(|rule| rule.path.ends_with(method)).expect("a rule");
    for role in rule("/RecordContact").roles.iter().chain(rule("/RecordContacts").roles) {
        assert!(rule("/RecordEmployment").roles.contains(role), "{role:?} would write by way of the service alone");
    }
    let mut city = City::new().await;
    let people = unemployed(&city, DADONG, 0..run.of(2, 6), "2025-12-01").await;
    city.stop().await;
    let recorder = Recorder::start().await;
    let mut plan = city.plan().await;
    plan.followup.as_mut().expect("follow-up").people_endpoint = Some(recorder.endpoint());
    city.start(plan).await;

    // A coordinator of other villages cannot teach the registry anything through the service, either.
    let elsewhere = city.coordinator(DADONG, &["别的村"]);
    let coordinator = city.caller("coordinator-7", &[Role::Coordinator], Some(DADONG), &["双溪村"]);
    for person_id in &people {
        let teaches = RecordContactRequest {
            status_learned: learned(EmploymentStatus::Startup, "2026-01-04"),
            ..contact(&city, person_id)
        };
        let refused = elsewhere.followup().record_contact(teaches.clone()).await.expect_err("not theirs");
        assert_eq!(reason(&refused), "VILLAGE_NOT_YOURS");
        let teaches = RecordContactRequest { request_id: request_id(), ..teaches };
        let Contact { contact_id, .. } =
            coordinator.followup().record_contact(teaches).await.expect("recorded").into_inner();
        let mut told = Vec::new();
        until("the registry is told", async || {
            told.extend(recorder.taken().into_iter().filter(|call| call.path.ends_with("/RecordEmployment")));
            told.iter().any(|call| messages(&call.body).iter().any(|message| evidence(message) == contact_id))
        })
        .await;
        for call in told {
            let text = format!("{:?}", call.headers);
            assert!(!text.contains("coordinator-7"), "the caller's name goes along: {text}");
            let tokens: Vec<_> = call.headers.get_all("authorization").iter().collect();
            let [token] = tokens.as_slice() else { panic!("{} tokens go along", tokens.len()) };
            let claims = token.to_str().expect("ASCII").split('.').nth(1).expect("claims").to_owned();
            let claims = BASE64_URL_SAFE_NO_PAD.decode(claims).expect("base64");
            let claims: serde_json::Value = serde_json::from_slice(&claims).expect("JSON");
            assert_eq!((&claims["sub"], &claims["roles"][0]), (&"followup".into(), &"service".into()));
            assert_eq!(claims.get("township"), None, "a service's token is bound to no township");
            for message in messages(&call.body) {
                let request = RecordEmploymentRequest::decode(message).expect("a request");
                assert_eq!(request.township, DADONG, "the contact's township, whatever the token could do");
                run.count("deliveries looked at", 1);
            }
        }
    }
    city.close().await;
}

fn evidence(message: &bytes::Bytes) -> String {
    let request = RecordEmploymentRequest::decode(message.clone()).expect("a request");
    request.employment.map(|employment| employment.evidence).unwrap_or_default()
}
