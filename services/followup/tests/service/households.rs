//! Households recognised as without work: a post is owed to them each month, and whoever offers one to a member has done it.

use bangfu::client::{date, request_id};
use bangfu_proto::{
    followup::v1::{Duty, RecordContactRequest, ReleaseReason, Service},
    people::v1::{
        CreateHouseholdRequest, EmploymentStatus, HouseholdKind, HouseholdRelation, NewHouseholdMember,
        RecogniseHouseholdRequest, RecordEmploymentRequest, UpdatePersonRequest,
    },
};
use bangfu_testkit::{City, DADONG, sample};

use crate::steps::{contact, duties, record, state, sweep, the, unemployed};

const RULE: &str = "household_clearing";

/// A recognised household of these people; its id.
async fn home(city: &City, people: &[String]) -> String {
    let members = people
        .iter()
        .zip([HouseholdRelation::Head, HouseholdRelation::Spouse])
        .map(|(person_id, relation)| NewHouseholdMember {
            person_id: person_id.clone(),
            relation: relation.into(),
            from: None,
        })
        .collect();
    let kind = HouseholdKind::Urban.into();
    let request = CreateHouseholdRequest { request_id: request_id(), kind, members, others: Vec::new() };
    let home = city.clerk(DADONG).people().create_household(request).await.expect("entered").into_inner();
    let request = RecogniseHouseholdRequest {
        request_id: request_id(),
        household_id: home.household_id.clone(),
        evidence: "入户核实".to_owned(),
    };
    city.reviewer(DADONG).people().recognise_household(request).await.expect("recognised");
    city.settle().await;
    home.household_id
}

fn of_homes(duties: Vec<Duty>) -> Vec<Duty> {
    duties.into_iter().filter(|duty| duty.rule == RULE).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_post_is_owed_each_month_until_somebody_works() {
    let city = City::new().await;
    let people = unemployed(&city, 0..3, "2025-12-01").await;
    let home = home(&city, &people[..2]).await;
    sweep(&city).await;
    let owed = of_homes(duties(&city).await);
    let january = the(&owed, RULE, "2026-01-01");
    assert_eq!((january.household_id.as_str(), january.person_id.as_str(), state(january)), (&*home, "", "OPEN"));
    assert_eq!((january.village.as_str(), january.coordinator.as_str()), ("双溪村", "协理员甲"), "the head's");

    let offer = |person: &str| RecordContactRequest {
        services: vec![Service::HouseholdClearing.into()],
        ..contact(&city, person)
    };
    let clerk = city.clerk(DADONG);
    record(&clerk, offer(&people[2])).await;
    assert_eq!(state(the(&of_homes(duties(&city).await), RULE, "2026-01-01")), "OPEN", "somebody of another home");
    record(&clerk, contact(&city, &people[1])).await;
    assert_eq!(state(the(&of_homes(duties(&city).await), RULE, "2026-01-01")), "OPEN", "no post was offered");
    let offered = record(&clerk, offer(&people[1])).await;
    let owed = of_homes(duties(&city).await);
    assert_eq!(the(&owed, RULE, "2026-01-01").settled_by_contact_id, offered.contact_id);
    assert!(offered.settled_duty_ids.contains(&the(&owed, RULE, "2026-01-01").duty_id));

    city.turn_to("2026-02-09");
    sweep(&city).await;
    assert_eq!(state(the(&of_homes(duties(&city).await), RULE, "2026-02-01")), "OPEN");
    let request = RecordEmploymentRequest {
        request_id: request_id(),
        person_id: people[1].clone(),
        employment: Some(sample::employment(EmploymentStatus::Flexible, "2026-02-09")),
        ..Default::default()
    };
    clerk.people().record_employment(request).await.expect("recorded");
    city.settle().await;
    let owed = of_homes(duties(&city).await);
    let february = the(&owed, RULE, "2026-02-01");
    assert_eq!((state(february), february.release_reason()), ("RELEASED", ReleaseReason::ConditionEnded));
    assert_eq!(february.state_on, date(city.clock.today()));

    city.turn_to("2026-04-10");
    let swept = sweep(&city).await;
    assert_eq!(of_homes(duties(&city).await).len(), 2, "nothing more is owed");
    assert_eq!(swept.in_scope, swept.with_duties + swept.excluded.values().sum::<i64>());
    city.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_household_has_the_village_of_its_head_wherever_that_is_said() {
    let city = City::new().await;
    let people = unemployed(&city, 0..2, "2025-12-01").await;
    home(&city, &people).await;
    sweep(&city).await;
    let clerk = city.clerk(DADONG);
    let request = bangfu_proto::people::v1::GetPersonRequest { person_id: people[0].clone(), ..Default::default() };
    let mut head = clerk.people().get_person(request).await.expect("found").into_inner();
    let etag = std::mem::take(&mut head.etag);
    let request = UpdatePersonRequest {
        request_id: request_id(),
        person_id: people[0].clone(),
        etag,
        village: "李庄".to_owned(),
        update_mask: Some(prost_types::FieldMask { paths: vec!["village".to_owned()] }),
        ..Default::default()
    };
    clerk.people().update_person(request).await.expect("changed");
    city.settle().await;
    assert_eq!(the(&of_homes(duties(&city).await), RULE, "2026-01-01").village, "李庄");
    city.close().await;
}
