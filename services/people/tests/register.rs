//! Registering by hand: masked on the way out, once in the whole city, once a request id.

use bangfu::client::request_id;
use bangfu_proto::people::v1::{
    EmploymentStatus, FindPersonRequest, Group, RegisterPersonRequest, ServiceLevel, Sex, Source,
};
use bangfu_testkit::{City, DADONG, LIBAO, reason, sample};
use tonic::Code;
use tonic_types::StatusExt as _;

use crate::walls::get;

#[tokio::test]
async fn a_registered_person_is_read_back_masked() {
    let city = City::new().await;
    let clerk = city.clerk(DADONG);
    let request = RegisterPersonRequest {
        address: "示范路1号".to_owned(),
        groups: vec![Group::Veteran.into(), Group::RegisteredUnemployed.into()],
        ..sample::person_who_is(1, EmploymentStatus::Unemployed, "2026-01-01")
    };
    let person = clerk.people().register_person(request.clone()).await.expect("registered").into_inner();

    let name_length = request.name.chars().count();
    assert_eq!(person.name_masked.chars().filter(|&c| c == '*').count(), name_length - 1);
    assert_eq!(person.id_number_masked, format!("{}********{}", &request.id_number[..6], &request.id_number[14..]));
    assert_eq!(person.phone_masked, format!("{}****{}", &request.phone[..3], &request.phone[7..]));
    assert_eq!((person.birth_year, person.township.as_str()), (1980, DADONG));
    assert_ne!(person.sex(), Sex::Unspecified);
    assert_eq!(person.level(), ServiceLevel::Unemployed);
    assert_eq!(person.memberships.len(), 2);
    assert!(person.memberships.iter().all(|membership| membership.source() == Source::SelfApplication));
    let employment = person.employment.as_ref().expect("a record");
    assert_eq!((employment.status(), employment.source.as_str()), (EmploymentStatus::Unemployed, "REGISTRATION"));

    assert_eq!(get(&clerk, &person.person_id).await.expect("found"), person);
    assert_eq!(get(&city.bureau(), &person.person_id).await.expect("found by the city"), person);
    city.close().await;
}

#[tokio::test]
async fn a_number_is_registered_once_and_another_township_learns_nothing_more() {
    let city = City::new().await;
    let clerk = city.clerk(DADONG);
    let person = clerk.people().register_person(sample::person(1)).await.expect("registered").into_inner();

    let again = clerk.people().register_person(sample::person(1)).await.expect_err("registered already");
    assert_eq!((again.code(), reason(&again).as_str()), (Code::AlreadyExists, "PERSON_REGISTERED"));
    let details = again.get_details_error_info().expect("an ErrorInfo");
    assert_eq!(details.metadata.get("person_id"), Some(&person.person_id));

    let changed = RegisterPersonRequest { village: "别的村".to_owned(), ..sample::person(1) };
    let again = clerk.people().register_person(changed).await.expect_err("registered already");
    assert_eq!(reason(&again), "PERSON_REGISTERED");
    assert_eq!(get(&clerk, &person.person_id).await.expect("found"), person, "nothing has changed");

    let there = city.clerk(LIBAO).people().register_person(sample::person(1)).await.expect_err("registered elsewhere");
    assert_eq!((there.code(), reason(&there).as_str()), (Code::AlreadyExists, "PERSON_REGISTERED_ELSEWHERE"));
    assert!(there.get_details_error_info().expect("an ErrorInfo").metadata.is_empty());
    let told = format!("{there:?}");
    assert!(!told.contains(&person.person_id) && !told.contains(DADONG), "{told}");
    city.close().await;
}

#[tokio::test]
async fn the_same_request_id_repeats_the_answer_and_serves_no_other_request() {
    let city = City::new().await;
    let clerk = city.clerk(DADONG);
    let request = sample::person(1);
    let first = clerk.people().register_person(request.clone()).await.expect("registered").into_inner();
    let second = clerk.people().register_person(request.clone()).await.expect("repeated").into_inner();
    assert_eq!(first, second);

    let other = RegisterPersonRequest { request_id: request.request_id, ..sample::person(2) };
    let refused = clerk.people().register_person(other).await.expect_err("another request");
    assert_eq!((refused.code(), reason(&refused).as_str()), (Code::InvalidArgument, "REQUEST_ID_REUSED"));
    city.close().await;
}

#[tokio::test]
async fn a_refused_registration_leaves_its_request_id_unused() {
    let city = City::new().await;
    let clerk = city.clerk(DADONG);
    clerk.people().register_person(sample::person(1)).await.expect("registered");
    let id = request_id();
    let taken = RegisterPersonRequest { request_id: id.clone(), ..sample::person(1) };
    clerk.people().register_person(taken).await.expect_err("registered already");
    let free = RegisterPersonRequest { request_id: id, ..sample::person(2) };
    clerk.people().register_person(free).await.expect("the id was not used");
    city.close().await;
}

#[tokio::test]
async fn all_faults_are_told_at_once_without_their_values() {
    let city = City::new().await;
    let faulty = RegisterPersonRequest {
        id_number: "320699198001010010".to_owned(),
        phone: "12345".to_owned(),
        groups: vec![],
        ..sample::person(1)
    };
    let refused = city.clerk(DADONG).people().register_person(faulty).await.expect_err("faulty");
    assert_eq!((refused.code(), reason(&refused).as_str()), (Code::InvalidArgument, "FIELD_INVALID"));
    let told = refused.get_details_bad_request().expect("a BadRequest").field_violations;
    let fields = told.iter().map(|violation| violation.field.as_str()).collect::<Vec<_>>();
    assert_eq!(fields.len(), 3, "{fields:?}");
    for field in ["id_number", "phone", "groups"] {
        assert!(fields.contains(&field), "{field} in {fields:?}");
    }
    assert!(!format!("{refused:?}").contains("320699198001010010"));
    city.close().await;
}

#[tokio::test]
async fn a_coordinator_of_some_villages_registers_people_of_those_only() {
    let city = City::new().await;
    let own = city.coordinator(DADONG, &["双溪村"]);
    own.people().register_person(sample::person(1)).await.expect("registered");
    for village in ["河口村", ""] {
        let elsewhere = RegisterPersonRequest { village: village.to_owned(), ..sample::person(2) };
        let refused = own.people().register_person(elsewhere).await.expect_err("another's village");
        assert_eq!((refused.code(), reason(&refused).as_str()), (Code::PermissionDenied, "VILLAGE_NOT_YOURS"));
    }
    city.coordinator(DADONG, &[]).people().register_person(sample::person(2)).await.expect("all villages are theirs");
    city.close().await;
}

#[tokio::test]
async fn a_name_that_breaks_a_rule_is_told_that_rule_and_no_other() {
    let city = City::new().await;
    for name in ["字".repeat(65), "张\u{7}三".to_owned(), "\u{115f}\u{200b}".to_owned()] {
        let request = RegisterPersonRequest { name, ..sample::person(1) };
        let refused = city.clerk(DADONG).people().register_person(request).await.expect_err("refused");
        let violations = refused.get_details_bad_request().expect("violations").field_violations;
        assert_eq!(violations.len(), 1, "{violations:?}");
        assert_eq!(violations[0].field, "name");
    }
    city.close().await;
}

#[tokio::test]
async fn somebody_is_found_by_the_whole_number_in_their_own_township_only() {
    let city = City::new().await;
    let clerk = city.clerk(DADONG);
    let person = clerk.people().register_person(sample::person(1)).await.expect("registered").into_inner();
    let find = |number: String| FindPersonRequest { id_number: number };
    let number = sample::id_number(1);
    let spaced = format!(" {} {}", &number[..6], number[6..].to_lowercase());
    for written in [number.clone(), spaced] {
        assert_eq!(clerk.people().find_person(find(written)).await.expect("found").into_inner(), person);
    }
    let nobody = clerk.people().find_person(find(sample::id_number(2))).await.expect_err("nobody");
    let there = city.clerk(LIBAO).people().find_person(find(number.clone())).await.expect_err("not theirs");
    assert_eq!((nobody.code(), nobody.details()), (Code::NotFound, there.details()));
    for wrong in ["", "320699", "320699198001010010"] {
        let refused = clerk.people().find_person(find(wrong.to_owned())).await.expect_err("no number");
        assert_eq!(reason(&refused), "FIELD_INVALID", "{wrong}");
        assert!(wrong.is_empty() || !format!("{refused:?}").contains(wrong), "an error holds no number");
    }
    city.close().await;
}
