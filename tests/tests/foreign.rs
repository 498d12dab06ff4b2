//! Another township's everything is like nothing at all, to every RPC of the contract; and nobody passes a door that is
//! not theirs.

use std::time::Duration;

use bangfu::client::Client;
use bangfu_kernel::{Clock, Role};
use bangfu_platform::auth::issuer::NewToken;
use bangfu_proto::{
    ACCESS,
    access::v1::Scope,
    followup::v1::{ListDutiesRequest, followup_service_client::FollowupServiceClient},
    people::v1::{ListTownshipsRequest, people_service_client::PeopleServiceClient},
};
use bangfu_testkit::{City, DADONG, LIBAO, reason, sample};
use bangfu_tests::{
    asks::{Names, ask},
    scene::Scene,
    steps::unemployed,
};
use chrono::TimeDelta;
use tonic::Code;

/// Methods that no township has: the doors say no before names are looked at.
const NOT_A_TOWNSHIPS: [&str; 10] = [
    "UpsertTownship",
    "RunSweep",
    "PublishStandard",
    "PreviewStandard",
    "DecideRecognition",
    "RevokeRecognition",
    "RotateKey",
    "GetKeyRotation",
    "RunRetention",
    "PublishCalendar",
];

/// Methods that tell every township the same, for what they tell is the city's. (The page token of the directory is the
/// bureau's.)
const THE_SAME_FOR_ALL: [&str; 4] = ["ListTownships", "GetCalendar", "GetStandard", "ListStandards"];

#[tokio::test(flavor = "multi_thread")]
async fn another_townships_everything_is_answered_like_what_never_was() {
    let Scene { city, foreign, own_person } = Scene::new().await;
    for rule in ACCESS {
        let (stranger, owner) = if rule.roles.contains(&Role::Reviewer) && !rule.roles.contains(&Role::Clerk) {
            (city.reviewer(DADONG), city.reviewer(LIBAO))
        } else {
            (city.clerk(DADONG), city.clerk(LIBAO))
        };
        let method = rule.path.rsplit('/').next().unwrap_or_default();
        let asked = ask(&stranger, rule.path, &foreign, &own_person).await;
        let nobody = ask(&stranger, rule.path, &Names::of_nobody(), &own_person).await;
        assert_eq!(asked, nobody, "{method} tells one from the other");
        for answer in asked.iter().filter_map(|answer| answer.as_ref().ok()) {
            for secret in [LIBAO, &foreign.person, &foreign.contact, &foreign.record, &foreign.transfer] {
                assert!(!answer.contains(secret), "{method} tells of another township: {answer}");
            }
        }
        if NOT_A_TOWNSHIPS.contains(&method) {
            assert!(asked.iter().all(|answer| answer.as_ref().is_err_and(|refusal| refusal.reason == "ROLE_MISSING")));
        } else if !THE_SAME_FOR_ALL.contains(&method) {
            // The names are good ones: who owns them is answered otherwise.
            assert_ne!(ask(&owner, rule.path, &foreign, &foreign.person).await, asked, "{method}");
        }
    }
    let left: i64 = sqlx::query_scalar("SELECT count(*) FROM contact WHERE voided_at IS NULL AND township = $1")
        .bind(LIBAO)
        .fetch_one(&mut city.look("followup").await)
        .await
        .expect("a count");
    assert_eq!(left, 6, "the owner recorded two more of each kind and voided one of each; the stranger did nothing");
    city.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_coordinator_learns_no_more_of_another_township_than_that_there_is_nothing() {
    let Scene { city, foreign, own_person } = Scene::new().await;
    let coordinator = city.coordinator(DADONG, &["别的村"]);
    for rule in ACCESS.iter().filter(|rule| rule.roles.contains(&Role::Coordinator)) {
        let asked = ask(&coordinator, rule.path, &foreign, &own_person).await;
        let nobody = ask(&coordinator, rule.path, &Names::of_nobody(), &own_person).await;
        assert_eq!(asked, nobody, "{}", rule.path);
    }
    city.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_number_registered_elsewhere_tells_nothing_but_that() {
    let Scene { city, foreign, .. } = Scene::new().await;
    let refused =
        city.clerk(DADONG).people().register_person(sample::person(10)).await.expect_err("registered elsewhere");
    assert_eq!((refused.code(), reason(&refused).as_str()), (Code::AlreadyExists, "PERSON_REGISTERED_ELSEWHERE"));
    let all = format!("{refused:?}{}", String::from_utf8_lossy(refused.details()));
    assert!(!all.contains(LIBAO) && !all.contains(&foreign.person), "{all}");
    city.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_role_passes_its_own_doors_and_no_other() {
    let city = City::new().await;
    let own_person = unemployed(&city, DADONG, 0..1, "2026-01-05").await.swap_remove(0);
    for role in [
        Role::Coordinator,
        Role::Clerk,
        Role::Reviewer,
        Role::Bureau,
        Role::Finance,
        Role::Auditor,
        Role::Partner,
        Role::Service,
    ] {
        let bound = matches!(role, Role::Coordinator | Role::Clerk | Role::Reviewer);
        let caller = city.caller("somebody", &[role], bound.then_some(DADONG), &[]);
        for rule in ACCESS {
            let scope = match rule.scope {
                Scope::Township => bound,
                Scope::City | Scope::Service => !bound,
                Scope::Either => true,
                Scope::Public | Scope::Unspecified => false,
            };
            let admitted = scope && rule.roles.contains(&role);
            for answer in ask(&caller, rule.path, &Names::of_nobody(), &own_person).await {
                let refused = answer.as_ref().is_err_and(|refusal| refusal.reason == "ROLE_MISSING");
                assert_eq!(refused, !admitted, "{role:?} at {}: {answer:?}", rule.path);
            }
        }
    }
    city.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_good_token_of_a_known_township_no_rpc_answers() {
    let city = City::new().await;
    let new = |township: Option<&str>| NewToken {
        subject: "clerk-1".to_owned(),
        city: "320685".to_owned(),
        township: township.map(|code| code.parse().expect("a code")),
        roles: vec![Role::Clerk],
        villages: Vec::new(),
        life: Duration::from_mins(15),
    };
    let now = Clock::system().now();
    let good = city.issuer().issue(&new(Some(DADONG)), now);
    let elsewhere = bangfu_platform::auth::issuer::Issuer::in_memory("test-issuer", "bangfu").expect("a key");
    let refused = [
        ("an empty one", String::new()),
        ("no token at all", "nonsense".to_owned()),
        ("expired", city.issuer().issue(&new(Some(DADONG)), now - TimeDelta::minutes(16))),
        ("not yet valid", city.issuer().issue(&new(Some(DADONG)), now + TimeDelta::minutes(2))),
        ("another's key", elsewhere.issue(&new(Some(DADONG)), now)),
        ("too long a life", city.issuer().issue(&NewToken { life: Duration::from_hours(1), ..new(Some(DADONG)) }, now)),
        ("a spoiled signature", format!("{}A{}", &good[..good.len() - 5], &good[good.len() - 4..])),
    ];
    for (what, token) in refused {
        let caller = Client::on(city.channel(), &token).expect("a client");
        for rule in ACCESS {
            for answer in ask(&caller, rule.path, &Names::of_nobody(), &Names::of_nobody().person).await {
                let refusal = answer.expect_err(what);
                assert_eq!(refusal.reason, "TOKEN_REFUSED", "{what} at {}", rule.path);
                assert!(refusal.text.starts_with("Unauthenticated the token is missing or refused"), "{refusal:?}");
            }
        }
    }
    let nameless = PeopleServiceClient::new(city.channel()).list_townships(ListTownshipsRequest::default()).await;
    assert_eq!(nameless.expect_err("no header").code(), Code::Unauthenticated);
    let nameless = FollowupServiceClient::new(city.channel()).list_duties(ListDutiesRequest::default()).await;
    assert_eq!(nameless.expect_err("no header").code(), Code::Unauthenticated);

    let unknown = city.caller("clerk-1", &[Role::Clerk], Some("320685999"), &[]);
    for rule in ACCESS.iter().filter(|rule| rule.roles.contains(&Role::Clerk)) {
        for answer in ask(&unknown, rule.path, &Names::of_nobody(), &Names::of_nobody().person).await {
            let refusal = answer.expect_err("an unknown township");
            assert_eq!(refusal.reason, "TOWNSHIP_UNKNOWN", "{}", rule.path);
            assert!(refusal.text.starts_with("PermissionDenied"), "{refusal:?}");
        }
    }
    city.close().await;
}
