//! What a coordinator, a number and an unknown township tell of another township: nothing. The rest stands in the rows of
//! `access`.

use bangfu_kernel::Role;
use bangfu_proto::ACCESS;
use bangfu_testkit::{City, DADONG, LIBAO, reason, sample};
use bangfu_tests::{
    asks::{Names, ask},
    scene::Scene,
};
use tonic::Code;

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
async fn a_good_token_of_an_unknown_township_opens_no_rpc() {
    let city = City::new().await;
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
