//! Memberships in key groups: joined and left with date, source, evidence and what belongs to the group; never forgotten.

use bangfu::client::{Client, date, request_id};
use bangfu_proto::people::v1::{
    Discharge, DischargeKind, Graduation, Group, Homecoming, JoinGroupRequest, LeaveGroupRequest, Membership, Person,
    RosterRow, RosterStart, Source, join_group_request::Details, membership::Details as Kept,
};
use bangfu_testkit::{City, DADONG, reason, sample};
use tonic::{Code, Status};

use crate::walls::get;

fn join(person_id: &str, group: Group, from: &str) -> JoinGroupRequest {
    JoinGroupRequest {
        request_id: request_id(),
        person_id: person_id.to_owned(),
        group: group.into(),
        from: on(from),
        source: Source::DepartmentInquiry.into(),
        evidence: "名单2026-1".to_owned(),
        details: None,
    }
}

fn leave(person_id: &str, group: Group, until: &str) -> LeaveGroupRequest {
    LeaveGroupRequest {
        request_id: request_id(),
        person_id: person_id.to_owned(),
        group: group.into(),
        until: on(until),
        evidence: "复核不符".to_owned(),
    }
}

fn on(day: &str) -> Option<bangfu_proto::common::v1::CalendarDate> {
    date(day.parse().expect("a date"))
}

async fn joins(client: &Client, request: JoinGroupRequest) -> Result<Person, Status> {
    client.people().join_group(request).await.map(tonic::Response::into_inner)
}

async fn leaves(client: &Client, request: LeaveGroupRequest) -> Result<Person, Status> {
    client.people().leave_group(request).await.map(tonic::Response::into_inner)
}

fn of_group(person: &Person, group: Group) -> Vec<Membership> {
    person.memberships.iter().filter(|membership| membership.group() == group).cloned().collect()
}

#[tokio::test]
async fn memberships_begin_end_and_begin_again_and_all_of_them_stay() {
    let city = City::new().await;
    let clerk = city.clerk(DADONG);
    let person = clerk.people().register_person(sample::person(1)).await.expect("registered").into_inner();
    let id = person.person_id.as_str();

    let request = join(id, Group::RelativePoverty, "2025-06-01");
    let joined = joins(&clerk, request.clone()).await.expect("joined");
    assert_eq!(joins(&clerk, request).await.expect("repeated"), joined);
    assert_ne!(joined.etag, person.etag);
    let [poverty] = of_group(&joined, Group::RelativePoverty).try_into().expect("one membership");
    assert_eq!((poverty.from, poverty.known_on), (on("2025-06-01"), on("2026-01-05")));
    assert_eq!((poverty.source(), poverty.evidence.as_str()), (Source::DepartmentInquiry, "名单2026-1"));
    assert_eq!(of_group(&joined, Group::RegisteredUnemployed).len(), 1, "groups overlap");

    for from in ["2025-01-01", "2025-06-01", "2026-01-05"] {
        let refused = joins(&clerk, join(id, Group::RelativePoverty, from)).await.expect_err("it holds");
        assert_eq!((refused.code(), reason(&refused).as_str()), (Code::FailedPrecondition, "MEMBERSHIP_OVERLAPS"));
    }
    let left = leaves(&clerk, leave(id, Group::RelativePoverty, "2025-12-01")).await.expect("left");
    let [ended] = of_group(&left, Group::RelativePoverty).try_into().expect("it stays in the history");
    assert_eq!((ended.until, ended.until_known_on), (on("2025-12-01"), on("2026-01-05")));
    assert_eq!(ended.end_evidence, "复核不符");
    let refused = leaves(&clerk, leave(id, Group::RelativePoverty, "2026-01-05")).await.expect_err("none holds");
    assert_eq!((refused.code(), reason(&refused).as_str()), (Code::FailedPrecondition, "NOT_A_MEMBER"));

    let refused = joins(&clerk, join(id, Group::RelativePoverty, "2025-11-30")).await.expect_err("it held that day");
    assert_eq!(reason(&refused), "MEMBERSHIP_OVERLAPS");
    let again = joins(&clerk, join(id, Group::RelativePoverty, "2025-12-01")).await.expect("joined again");
    assert_eq!(of_group(&again, Group::RelativePoverty).len(), 2);
    let refused = leaves(&clerk, leave(id, Group::RelativePoverty, "2025-11-30")).await.expect_err("before it began");
    assert_eq!(reason(&refused), "FIELD_INVALID");
    assert_eq!(get(&clerk, id).await.expect("found"), again, "nothing else has changed");
    city.close().await;
}

#[tokio::test]
async fn graduates_veterans_and_returnees_carry_what_belongs_to_their_group() {
    let city = City::new().await;
    let clerk = city.clerk(DADONG);
    let person = clerk.people().register_person(sample::person(1)).await.expect("registered").into_inner();
    let id = person.person_id.as_str();
    let graduation = Graduation { graduated_on: on("2025-06-30"), school: "样例大学".to_owned() };
    let discharge = Discharge { kind: DischargeKind::OwnEmployment.into(), discharged_on: on("2024-09-01") };
    let homecoming =
        Homecoming {
            returned_from: "样例市".to_owned(), returned_on: on("2026-01-02"), leaving_on: on("2026-03-05")
        };
    for (group, details, kept) in [
        (Group::CollegeGraduate, Details::Graduation(graduation.clone()), Kept::Graduation(graduation.clone())),
        (Group::Veteran, Details::Discharge(discharge), Kept::Discharge(discharge)),
        (Group::ReturnedMigrant, Details::Homecoming(homecoming.clone()), Kept::Homecoming(homecoming)),
    ] {
        let wrong =
            JoinGroupRequest { details: Some(details.clone()), ..join(id, Group::RelativePoverty, "2026-01-05") };
        assert_eq!(reason(&joins(&clerk, wrong).await.expect_err("another group's")), "FIELD_INVALID");
        let request = JoinGroupRequest { details: Some(details), ..join(id, group, "2026-01-05") };
        let joined = joins(&clerk, request).await.expect("joined");
        assert_eq!(of_group(&joined, group)[0].details, Some(kept));
    }

    // A roster that knows another graduation day corrects it, and forgets no school.
    let row = RosterRow {
        groups: "高校毕业生".to_owned(),
        graduated_on: "2025-07-01".to_owned(),
        status: String::new(),
        status_since: String::new(),
        ..sample::row(1, 4)
    };
    let start = RosterStart { request_id: request_id(), ..Default::default() };
    bangfu::client::people::send(&clerk, start, vec![row]).await.expect("imported");
    let known = get(&clerk, id).await.expect("found");
    let corrected = Graduation { graduated_on: on("2025-07-01"), ..graduation };
    assert_eq!(of_group(&known, Group::CollegeGraduate)[0].details, Some(Kept::Graduation(corrected)));
    city.close().await;
}

#[tokio::test]
async fn a_coordinator_changes_groups_in_own_villages_only() {
    let city = City::new().await;
    let person = city.clerk(DADONG).people().register_person(sample::person(1)).await.expect("registered").into_inner();
    let stranger = city.coordinator(DADONG, &["河口村"]);
    for refused in [
        joins(&stranger, join(&person.person_id, Group::Veteran, "2026-01-05")).await,
        leaves(&stranger, leave(&person.person_id, Group::RegisteredUnemployed, "2026-01-05")).await,
    ] {
        assert_eq!(reason(&refused.expect_err("another's village")), "VILLAGE_NOT_YOURS");
    }
    let own = city.coordinator(DADONG, &["双溪村"]);
    joins(&own, join(&person.person_id, Group::Veteran, "2026-01-05")).await.expect("joined");
    city.close().await;
}

#[tokio::test]
async fn two_who_add_the_same_membership_at_once_add_it_once() {
    let city = City::new().await;
    let clerk = city.clerk(DADONG);
    let person = clerk.people().register_person(sample::person(1)).await.expect("registered").into_inner();
    let ask = || joins(&clerk, join(&person.person_id, Group::Veteran, "2026-01-05"));
    let answers = tokio::join!(ask(), ask(), ask());
    let all = [answers.0, answers.1, answers.2];
    assert_eq!(all.iter().filter(|answer| answer.is_ok()).count(), 1);
    let refused = all.iter().filter_map(|answer| answer.as_ref().err());
    assert!(refused.into_iter().all(|status| reason(status) == "MEMBERSHIP_OVERLAPS"));
    city.close().await;
}
