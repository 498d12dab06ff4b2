//! The worked examples of the domain text (section 3) that can be lived through the API, each as the office would live it.

use bangfu_proto::{
    followup::v1::{Duty, DutyState, ListDutiesRequest, RecordContactRequest, ReleaseReason},
    people::v1::{EmploymentStatus, Insured},
};
use bangfu_testkit::{City, DADONG, sample};

use bangfu_tests::steps::{
    becomes, contact, duties, learned, lines, on, record, standing, sweep, sweep_on, unemployed, until,
};

async fn ledger(city: &City) -> Vec<Duty> {
    duties(&city.clerk(DADONG), ListDutiesRequest::default()).await
}

/// The lines of a ledger, follow-ups and 131 only.
fn of_the_example(duties: &[Duty]) -> std::collections::BTreeMap<String, usize> {
    let mut standing = standing(duties);
    standing.retain(|line, _| line.starts_with("follow_up") || line.starts_with("131"));
    standing
}

const OPEN_131: [&str; 3] = [
    "131.career_guidance 2026-01-01 OPEN",
    "131.job_referral 2026-01-01 OPEN x3",
    "131.skills_training 2026-01-01 OPEN",
];

const RELEASED_131: [&str; 3] = [
    "131.career_guidance 2026-01-01 RELEASED",
    "131.job_referral 2026-01-01 RELEASED x3",
    "131.skills_training 2026-01-01 RELEASED",
];

#[tokio::test(flavor = "multi_thread")]
async fn unemployed_since_january_no_contact_asked_once_in_april() {
    let city = City::new().await;
    unemployed(&city, DADONG, 0..1, "2026-01-05").await;
    sweep_on(&city, "2026-04-02").await;
    let expected = [
        &OPEN_131[..],
        &[
            "follow_up.unemployed 2026-01-01 MISSED",
            "follow_up.unemployed 2026-02-01 MISSED",
            "follow_up.unemployed 2026-03-01 OPEN",
            "follow_up.unemployed 2026-04-01 OPEN",
        ],
    ]
    .concat();
    assert_eq!(of_the_example(&ledger(&city).await), lines(&expected));
    let ledger = ledger(&city).await;
    let march = ledger.iter().find(|duty| duty.period_start == on("2026-03-01")).expect("March");
    assert_eq!((march.missed_from, march.opens_on), (on("2026-04-06"), on("2026-03-01")));
    city.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_contact_in_march_that_learns_of_stable_work() {
    let city = City::new().await;
    let people = unemployed(&city, DADONG, 0..1, "2026-01-05").await;
    sweep(&city).await;
    sweep_on(&city, "2026-03-20").await;
    let mut status = learned(EmploymentStatus::UnitEmployed, "2026-03-10").expect("a status");
    status.insured = Insured::Yes.into();
    let told = RecordContactRequest { status_learned: Some(status), ..contact(&city, &people[0]) };
    let told = record(&city.clerk(DADONG), told).await;
    until("the year's follow-up", async || ledger(&city).await.iter().any(|duty| duty.rule == "follow_up.stable"))
        .await;
    let expected = [
        &RELEASED_131[..],
        &[
            "follow_up.unemployed 2026-01-01 MISSED",
            "follow_up.unemployed 2026-02-01 MISSED",
            "follow_up.unemployed 2026-03-01 DONE",
            "follow_up.stable 2026-01-01 DONE",
        ],
    ]
    .concat();
    let ledger = ledger(&city).await;
    assert_eq!(of_the_example(&ledger), lines(&expected));
    let stable = ledger.iter().find(|duty| duty.rule == "follow_up.stable").expect("the year's");
    assert_eq!((stable.opens_on, &stable.settled_by_contact_id), (on("2026-03-20"), &told.contact_id));
    city.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_change_came_by_data_match_before_the_contact() {
    let city = City::new().await;
    let people = unemployed(&city, DADONG, 0..1, "2026-01-05").await;
    city.turn_to("2026-03-12");
    becomes(&city, DADONG, &people[0], EmploymentStatus::Startup, "2026-03-10").await;
    city.turn_to("2026-03-20");
    record(&city.clerk(DADONG), contact(&city, &people[0])).await;
    let expected = [
        &RELEASED_131[..],
        &[
            "follow_up.unemployed 2026-01-01 MISSED",
            "follow_up.unemployed 2026-02-01 MISSED",
            "follow_up.unemployed 2026-03-01 RELEASED",
            "follow_up.stable 2026-01-01 DONE",
        ],
    ]
    .concat();
    let ledger = ledger(&city).await;
    assert_eq!(of_the_example(&ledger), lines(&expected));
    let march = ledger.iter().find(|duty| duty.period_start == on("2026-03-01")).expect("March");
    assert_eq!(march.state_on, on("2026-03-12"));
    city.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn left_for_work_in_april_and_march_never_done() {
    let city = City::new().await;
    let people = unemployed(&city, DADONG, 0..1, "2026-01-05").await;
    city.turn_to("2026-04-02");
    becomes(&city, DADONG, &people[0], EmploymentStatus::IndividualBusiness, "2026-04-02").await;
    sweep_on(&city, "2026-04-07").await;
    let ledger = ledger(&city).await;
    let march = ledger.iter().find(|duty| duty.period_start == on("2026-03-01")).expect("March");
    assert_eq!((bangfu_tests::steps::state(march), march.state_on), ("MISSED", on("2026-04-06")));
    city.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn stable_all_year_without_a_contact() {
    let city = City::new().await;
    let request = sample::person_who_is(0, EmploymentStatus::Startup, "2026-01-05");
    city.clerk(DADONG).people().register_person(request).await.expect("registered");
    city.settle().await;
    sweep_on(&city, "2027-01-06").await;
    let expected = lines(&["follow_up.stable 2026-01-01 MISSED", "follow_up.stable 2027-01-01 OPEN"]);
    assert_eq!(of_the_example(&ledger(&city).await), expected);
    city.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn flexible_known_on_the_twenty_second_of_june() {
    let city = City::new().await;
    city.turn_to("2026-06-22");
    let request = sample::person_who_is(0, EmploymentStatus::Flexible, "2026-06-01");
    city.clerk(DADONG).people().register_person(request).await.expect("registered");
    city.settle().await;
    sweep(&city).await;
    assert_eq!(of_the_example(&ledger(&city).await), lines(&[]), "nine days are too few");
    sweep_on(&city, "2026-07-01").await;
    assert_eq!(of_the_example(&ledger(&city).await), lines(&["follow_up.flexible 2026-07-01 OPEN"]));
    city.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn unemployed_known_in_october_owes_a_quarter_of_131() {
    let city = City::new().await;
    city.turn_to("2026-10-05");
    unemployed(&city, DADONG, 0..1, "2026-10-05").await;
    sweep(&city).await;
    let expected = lines(&[
        "131.career_guidance 2026-01-01 OPEN",
        "131.job_referral 2026-01-01 OPEN",
        "131.skills_training 2026-01-01 OPEN",
        "follow_up.unemployed 2026-10-01 OPEN",
    ]);
    assert_eq!(of_the_example(&ledger(&city).await), expected);
    city.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn unemployed_by_mistake_corrected_in_february() {
    let city = City::new().await;
    let clerk = city.clerk(DADONG);
    let request = sample::person_who_is(0, EmploymentStatus::Unemployed, "2026-01-05");
    let person = clerk.people().register_person(request).await.expect("registered").into_inner();
    city.turn_to("2026-02-10");
    let correction = bangfu_proto::people::v1::RecordEmploymentRequest {
        request_id: bangfu::client::request_id(),
        person_id: person.person_id,
        employment: Some(sample::employment(EmploymentStatus::Startup, "2026-01-05")),
        corrects_record_id: person.employment.expect("a record").record_id,
        ..Default::default()
    };
    clerk.people().record_employment(correction).await.expect("corrected");
    city.settle().await;
    sweep(&city).await;
    let expected = [
        &RELEASED_131[..],
        &[
            "follow_up.unemployed 2026-01-01 MISSED",
            "follow_up.unemployed 2026-02-01 RELEASED",
            "follow_up.stable 2026-01-01 OPEN",
        ],
    ]
    .concat();
    assert_eq!(of_the_example(&ledger(&city).await), lines(&expected));
    city.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn deceased_in_may_known_a_week_later() {
    let city = City::new().await;
    let people = unemployed(&city, DADONG, 0..1, "2026-01-05").await;
    city.turn_to("2026-05-20");
    becomes(&city, DADONG, &people[0], EmploymentStatus::Deceased, "2026-05-12").await;
    sweep(&city).await;
    let ledger = ledger(&city).await;
    let may = ledger.iter().find(|duty| duty.period_start == on("2026-05-01")).expect("May");
    assert_eq!((bangfu_tests::steps::state(may), may.state_on), ("RELEASED", on("2026-05-20")));
    assert_eq!(may.release_reason().as_str_name(), "RELEASE_REASON_DECEASED");
    let april = ledger.iter().find(|duty| duty.period_start == on("2026-04-01")).expect("April");
    assert_eq!(bangfu_tests::steps::state(april), "MISSED", "what was missed stays missed");
    city.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_change_on_the_very_day_of_raising_releases_says_that_the_level_changed() {
    let city = City::new().await;
    let ann = unemployed(&city, DADONG, 1..2, "2026-01-05").await.remove(0);
    sweep(&city).await;
    becomes(&city, DADONG, &ann, EmploymentStatus::IndividualBusiness, "2026-01-05").await;
    let request = ListDutiesRequest { person_id: ann, states: vec![DutyState::Released.into()], ..Default::default() };
    let released = duties(&city.clerk(DADONG), request).await;
    assert_eq!(released.len(), 7, "the month's follow-up, the slots of 131, help with the benefit");
    assert!(released.iter().all(|duty| duty.release_reason() == ReleaseReason::LevelChanged), "{released:?}");
    city.close().await;
}
