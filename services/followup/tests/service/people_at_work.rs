//! Who serves whom, through the wire: assignments, hand-over, absences, and what follows for a day's work.

mod corrected;
mod hand_over;
mod random;
mod refused;

use bangfu::client::{Client, date, request_id};
use bangfu_kernel::Role;
use bangfu_proto::{
    followup::v1::{
        Absence, AssignPersonRequest, AssignVillageRequest, Assignment, CancelAbsenceRequest, Coordinator, DutyState,
        GetWorkloadRequest, ListAssignmentsRequest, ListCoordinatorsRequest, ListCoordinatorsResponse,
        ListDutiesRequest, PutCoordinatorRequest, RecordAbsenceRequest, WorkloadGroup,
    },
    people::v1::{EmploymentStatus, GetPersonRequest, RegisterPersonRequest, UpdatePersonRequest},
};
use bangfu_testkit::{City, DADONG, LIBAO, reason, sample};
use tonic::Status;

use crate::steps::{contact, duties_of, record, sweep};

/// Registers somebody of a village with a coordinator in the register; their id.
async fn somebody(city: &City, township: &str, n: u32, village: &str, coordinator: &str) -> String {
    let request = RegisterPersonRequest {
        village: village.to_owned(),
        coordinator: coordinator.to_owned(),
        ..sample::person_who_is(n, EmploymentStatus::Unemployed, "2026-01-05")
    };
    let person = city.clerk(township).people().register_person(request).await.expect("registered").into_inner();
    city.settle().await;
    person.person_id
}

/// Changes who the register says is somebody's coordinator.
async fn in_the_register(city: &City, person_id: &str, coordinator: &str) {
    let clerk = city.clerk(DADONG);
    let request = GetPersonRequest { person_id: person_id.to_owned(), ..Default::default() };
    let person = clerk.people().get_person(request).await.expect("found").into_inner();
    let request = UpdatePersonRequest {
        request_id: request_id(),
        person_id: person_id.to_owned(),
        etag: person.etag,
        coordinator: coordinator.to_owned(),
        update_mask: Some(prost_types::FieldMask { paths: vec!["coordinator".to_owned()] }),
        ..Default::default()
    };
    clerk.people().update_person(request).await.expect("changed");
    city.settle().await;
}

async fn put(client: &Client, name: &str, account: &str) -> Result<Coordinator, Status> {
    let coordinator =
        Some(Coordinator { name: name.to_owned(), account: account.to_owned(), capacity: 60, ..Default::default() });
    let request = PutCoordinatorRequest { request_id: request_id(), coordinator };
    client.followup().put_coordinator(request).await.map(tonic::Response::into_inner)
}

async fn assign_village(client: &Client, village: &str, to: &str, from: &str) -> Result<Assignment, Status> {
    let request = AssignVillageRequest {
        request_id: request_id(),
        village: village.to_owned(),
        coordinator: to.to_owned(),
        from: date(from.parse().expect("a date")),
    };
    client.followup().assign_village(request).await.map(tonic::Response::into_inner)
}

async fn assign_person(client: &Client, person_id: &str, to: &str, from: &str) -> Result<Assignment, Status> {
    let request = AssignPersonRequest {
        request_id: request_id(),
        person_id: person_id.to_owned(),
        coordinator: to.to_owned(),
        from: date(from.parse().expect("a date")),
    };
    client.followup().assign_person(request).await.map(tonic::Response::into_inner)
}

async fn absent(client: &Client, who: &str, from: &str, to: &str, stand_in: &str) -> Result<Absence, Status> {
    let request = RecordAbsenceRequest {
        request_id: request_id(),
        coordinator: who.to_owned(),
        from: date(from.parse().expect("a date")),
        to: date(to.parse().expect("a date")),
        stand_in: stand_in.to_owned(),
    };
    client.followup().record_absence(request).await.map(tonic::Response::into_inner)
}

async fn back(client: &Client, absence_id: &str) -> Result<Absence, Status> {
    let request = CancelAbsenceRequest { request_id: request_id(), absence_id: absence_id.to_owned() };
    client.followup().cancel_absence(request).await.map(tonic::Response::into_inner)
}

async fn coordinators(client: &Client) -> ListCoordinatorsResponse {
    client.followup().list_coordinators(ListCoordinatorsRequest::default()).await.expect("listed").into_inner()
}

/// How many people each serves today; under the empty name, the unassigned queue.
async fn people(client: &Client) -> Vec<(String, i64)> {
    let listed = coordinators(client).await;
    let mut people: Vec<_> = listed.coordinators.into_iter().map(|it| (it.name, it.people)).collect();
    people.push((String::new(), listed.unassigned_people));
    people.retain(|(_, people)| *people > 0);
    people
}

/// Whose duties a coordinator's list shows; for the empty name, the unassigned queue's.
async fn served_by(client: &Client, coordinator: &str) -> Vec<String> {
    let request = ListDutiesRequest {
        coordinator: coordinator.to_owned(),
        unassigned: coordinator.is_empty(),
        states: vec![DutyState::Open.into()],
        ..Default::default()
    };
    let duties = duties_of(client, request).await;
    assert!(duties.iter().all(|duty| duty.coordinator == coordinator), "as each duty says");
    let mut people: Vec<_> = duties.into_iter().map(|duty| duty.person_id).collect();
    people.sort();
    people.dedup();
    people
}

fn these(mut people: Vec<&String>) -> Vec<String> {
    people.sort();
    people.into_iter().cloned().collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn ones_own_assignment_beats_the_register_and_the_register_beats_the_village() {
    let city = City::new().await;
    let clerk = city.clerk(DADONG);
    let nobodys = somebody(&city, DADONG, 0, "李庄", "").await;
    let registered = somebody(&city, DADONG, 1, "李庄", "协理员甲").await;
    let own = somebody(&city, DADONG, 2, "李庄", "协理员甲").await;
    sweep(&city).await;
    assert_eq!(served_by(&clerk, "").await, these(vec![&nobodys]), "the unassigned queue");
    assert_eq!(served_by(&clerk, "协理员甲").await, these(vec![&registered, &own]));

    for (name, account) in [("协理员乙", "yi"), ("协理员丙", "bing")] {
        put(&clerk, name, account).await.expect("entered");
    }
    let assigned = assign_village(&clerk, "李庄", "协理员乙", "2026-01-05").await.expect("assigned");
    assert_eq!((assigned.village.as_str(), assigned.person_id.as_str()), ("李庄", ""));
    assert_eq!((assigned.coordinator.as_str(), assigned.entered_by.as_str()), ("协理员乙", "clerk-1"));
    assert_eq!(served_by(&clerk, "协理员乙").await, these(vec![&nobodys]));
    assign_person(&clerk, &own, "协理员丙", "2026-01-05").await.expect("assigned");
    assert_eq!(served_by(&clerk, "协理员甲").await, these(vec![&registered]));
    assert_eq!(served_by(&clerk, "协理员丙").await, these(vec![&own]));
    assert_eq!(served_by(&clerk, "").await, these(vec![]));

    let listed = coordinators(&clerk).await;
    let names: Vec<_> =
        listed.coordinators.iter().map(|it| (it.name.as_str(), it.account.as_str(), it.people)).collect();
    assert_eq!(
        names,
        [("协理员丙", "bing", 1), ("协理员乙", "yi", 1), ("协理员甲", "", 1)],
        "the register's names too"
    );
    assert_eq!(listed.coordinators[1].villages, ["李庄"]);
    assert_eq!(listed.coordinators[1].capacity, 60);
    let request = GetWorkloadRequest { group_by: WorkloadGroup::Coordinator.into(), ..Default::default() };
    let workload = clerk.followup().get_workload(request).await.expect("counted").into_inner();
    let keys: Vec<_> = workload.rows.into_iter().map(|row| row.key).collect();
    assert_eq!(these(keys.iter().collect()), ["协理员丙", "协理员乙", "协理员甲"]);

    in_the_register(&city, &own, "协理员丁").await;
    assert_eq!(served_by(&clerk, "协理员丙").await, these(vec![&own]), "the register does not undo what was assigned");
    city.turn_to("2026-01-08");
    assign_person(&clerk, &own, "", "2026-01-08").await.expect("ended");
    assert_eq!(served_by(&clerk, "协理员丁").await, these(vec![&own]));
    in_the_register(&city, &own, "").await;
    assert_eq!(served_by(&clerk, "协理员乙").await, these(vec![&nobodys, &own]), "the village's");
    let later = somebody(&city, DADONG, 3, "李庄", "").await;
    sweep(&city).await;
    assert_eq!(served_by(&clerk, "协理员乙").await, these(vec![&nobodys, &own, &later]), "newcomers too");

    let request = ListAssignmentsRequest { page_size: 1, person_id: own.clone(), ..Default::default() };
    let first = clerk.followup().list_assignments(request.clone()).await.expect("listed").into_inner();
    let request = ListAssignmentsRequest { page_token: first.next_page_token.clone(), ..request };
    let second = clerk.followup().list_assignments(request).await.expect("listed").into_inner();
    assert_eq!(first.assignments[0].coordinator, "");
    assert_eq!((second.assignments[0].until, second.next_page_token.as_str()), (first.assignments[0].from, ""));
    city.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stand_in_serves_while_somebody_is_absent_and_may_record_contacts() {
    let city = City::new().await;
    let clerk = city.clerk(DADONG);
    let person = somebody(&city, DADONG, 0, "李庄", "协理员甲").await;
    sweep(&city).await;
    for (name, account) in [("协理员甲", "jia"), ("协理员乙", "yi"), ("协理员丙", "")] {
        put(&clerk, name, account).await.expect("entered");
    }
    let of_another_village = |subject: &str| city.caller(subject, &[Role::Coordinator], Some(DADONG), &["别村"]);
    let may = async |subject: &str| {
        let recorded = of_another_village(subject).followup().record_contact(contact(&city, &person)).await;
        recorded.map(drop).map_err(|status| reason(&status))
    };
    let not_theirs = || Err("VILLAGE_NOT_YOURS".to_owned());
    assert_eq!(may("jia").await, Ok(()), "whoever serves, whatever villages the token lists");
    assert_eq!(may("yi").await, not_theirs());
    assert_eq!(may("协理员甲").await, not_theirs(), "the account says who it is");
    record(&city.coordinator(DADONG, &["李庄"]), contact(&city, &person)).await;

    let absence = absent(&clerk, "协理员甲", "2026-01-07", "2026-01-09", "协理员乙").await.expect("entered");
    assert_eq!(served_by(&clerk, "协理员甲").await, these(vec![&person]), "not yet");
    assert_eq!(coordinators(&clerk).await.coordinators[2].absences, [absence]);
    city.turn_to("2026-01-07");
    sweep(&city).await;
    assert_eq!(served_by(&clerk, "协理员乙").await, these(vec![&person]));
    assert_eq!(people(&clerk).await, [("协理员乙".to_owned(), 1)]);
    assert_eq!((may("yi").await, may("jia").await), (Ok(()), not_theirs()));
    city.turn_to("2026-01-10");
    sweep(&city).await;
    assert_eq!(served_by(&clerk, "协理员甲").await, these(vec![&person]), "they are back");
    assert_eq!(coordinators(&clerk).await.coordinators[2].absences, []);

    // From today on, at once; a stand-in without an account is told by their name.
    let absence = absent(&clerk, "协理员甲", "2026-01-08", "2026-03-10", "协理员丙").await;
    assert_eq!(absence.map_err(|status| reason(&status)), Err("ABSENCE_OVERLAPS".to_owned()));
    let absence = absent(&clerk, "协理员甲", "2026-01-10", "2026-03-10", "协理员丙").await.expect("entered");
    assert_eq!(may("协理员丙").await, Ok(()));
    let absence = back(&clerk, &absence.absence_id).await.expect("cancelled");
    assert_eq!(absence.to, date(city.clock.today()), "today is its last day");
    assert_eq!(may("协理员丙").await, Ok(()), "until tonight");
    city.turn_to("2026-01-11");
    sweep(&city).await;
    assert_eq!((may("协理员丙").await, may("jia").await), (not_theirs(), Ok(())));
    let never = absent(&clerk, "协理员甲", "2026-01-13", "2026-01-14", "协理员丙").await.expect("entered");
    back(&clerk, &never.absence_id).await.expect("cancelled");
    city.turn_to("2026-01-13");
    sweep(&city).await;
    assert_eq!(served_by(&clerk, "协理员甲").await, these(vec![&person]), "it never was");
    city.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn coordinators_of_two_townships_with_the_same_names_never_meet() {
    let city = City::new().await;
    let (dadong, libao) = (city.clerk(DADONG), city.clerk(LIBAO));
    let here = somebody(&city, DADONG, 0, "李庄", "").await;
    let there = somebody(&city, LIBAO, 1, "李庄", "").await;
    sweep(&city).await;
    put(&dadong, "协理员乙", "yi").await.expect("entered");
    assert_eq!(coordinators(&libao).await.coordinators, [], "nobody was entered there");
    put(&libao, "协理员乙", "yi").await.expect("the account is free in another township");
    put(&libao, "协理员丙", "").await.expect("entered");
    assign_village(&dadong, "李庄", "协理员乙", "2026-01-05").await.expect("assigned");
    assert_eq!(served_by(&dadong, "协理员乙").await, these(vec![&here]));
    assert_eq!(served_by(&libao, "").await, these(vec![&there]));
    assign_village(&libao, "李庄", "协理员乙", "2026-01-05").await.expect("assigned");
    let absence = absent(&libao, "协理员乙", "2026-01-05", "2026-01-30", "协理员丙").await.expect("entered");
    assert_eq!(served_by(&dadong, "协理员乙").await, these(vec![&here]));
    assert_eq!(served_by(&libao, "协理员丙").await, these(vec![&there]));
    for refused in [
        assign_person(&dadong, &there, "协理员乙", "2026-01-06").await.map(drop),
        back(&dadong, &absence.absence_id).await.map(drop),
    ] {
        assert_eq!(refused.map_err(|status| reason(&status)), Err("NOT_FOUND".to_owned()));
    }
    city.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nobodys_account_is_the_name_of_a_coordinator_who_is_told_by_it() {
    let city = City::new().await;
    let clerk = city.clerk(DADONG);
    let put = async |name: &str, account: &str| {
        let put = put(&clerk, name, account).await;
        put.map(drop).map_err(|status| {
            assert!(status.message().contains("coordinator.account"), "{}", status.message());
            reason(&status)
        })
    };
    let refused = || Err("FIELD_INVALID".to_owned());
    assert_eq!(put("寅", "").await, Ok(()));
    assert_eq!(put("卯", "寅").await, refused(), "寅 is told by this name");
    assert_eq!(put("寅", "yin").await, Ok(()));
    assert_eq!(put("卯", "寅").await, Ok(()), "no more");
    assert_eq!(put("寅", "").await, refused(), "and the other way round");
    assert_eq!(put("卯", "卯").await, Ok(()), "their own");
    assert_eq!(put("寅", "").await, Ok(()));
    city.close().await;
}
