//! Progress: the figures are those that a count of the duties gives.

use std::collections::BTreeMap;

use bangfu::client::Client;
use bangfu_proto::{
    common::v1::CalendarDate,
    followup::v1::{
        Duty, DutyState, GetPersonProgressRequest, GetProgressRequest, ListDutiesRequest, PersonProgress,
        ProgressGroup, ProgressRow, Service,
    },
    people::v1::EmploymentStatus,
};
use bangfu_testkit::{City, DADONG, LIBAO, reason, sample};

use crate::steps::{contact, duties_of, record, sweep, unemployed};

async fn counted(client: &Client, by: ProgressGroup, year: i32, township: &str) -> Vec<ProgressRow> {
    let request = GetProgressRequest { group_by: by.into(), year, township: township.to_owned(), rule: String::new() };
    client.followup().get_progress(request).await.expect("counted").into_inner().rows
}

async fn of_person(client: &Client, person_id: &str, year: i32) -> PersonProgress {
    let request = GetPersonProgressRequest { person_id: person_id.to_owned(), year, township: String::new() };
    client.followup().get_person_progress(request).await.expect("counted").into_inner()
}

fn order(day: Option<&CalendarDate>) -> Option<(i32, i32, i32)> {
    day.map(|day| (day.year, day.month, day.day))
}

/// The rows that the duties themselves give.
fn expected(duties: &[Duty], year: i32, today: (i32, i32, i32), key: impl Fn(&Duty) -> String) -> Vec<ProgressRow> {
    let mut rows = BTreeMap::<_, ProgressRow>::new();
    let of_year = |duty: &&Duty| duty.period_start.as_ref().is_some_and(|start| start.year == year);
    for duty in duties.iter().filter(of_year) {
        let (key, rule) = (key(duty), duty.rule.clone());
        let row = rows.entry((key.clone(), rule.clone())).or_insert_with(|| ProgressRow {
            key,
            rule,
            ..ProgressRow::default()
        });
        match duty.state() {
            DutyState::Open => row.open += 1,
            DutyState::Done => row.done += 1,
            DutyState::Missed => row.missed += 1,
            DutyState::Waived => row.waived += 1,
            DutyState::Released => row.released += 1,
            DutyState::Unspecified => panic!("a duty stands somewhere"),
        }
        if duty.state() != DutyState::Released {
            row.owed += 1;
            row.target += i64::from(order(duty.target_on.as_ref()) <= Some(today));
        }
    }
    rows.into_values().collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn figures_are_those_of_the_duties_by_every_key() {
    let city = City::new().await;
    let people = unemployed(&city, 0..4, "2026-01-05").await;
    let elsewhere = sample::person_who_is(9, EmploymentStatus::Flexible, "2026-01-05");
    city.clerk(LIBAO).people().register_person(elsewhere).await.expect("registered");
    city.settle().await;
    sweep(&city).await;
    let clerk = city.clerk(DADONG);
    let guidance = [Service::CareerGuidance.into(), Service::JobReferral.into()];
    record(
        &clerk,
        bangfu_proto::followup::v1::RecordContactRequest { services: guidance.to_vec(), ..contact(&city, &people[0]) },
    )
    .await;
    city.turn_to("2026-05-10");
    sweep(&city).await;
    record(&clerk, contact(&city, &people[1])).await;
    let today = (2026, 5, 10);

    let duties = duties_of(&clerk, ListDutiesRequest::default()).await;
    for (by, key) in [
        (ProgressGroup::Coordinator, (|duty: &Duty| duty.coordinator.clone()) as fn(&Duty) -> String),
        (ProgressGroup::Village, |duty| duty.village.clone()),
        (ProgressGroup::Township, |duty| duty.township.clone()),
    ] {
        let rows = counted(&clerk, by, 0, "").await;
        assert_eq!(rows, expected(&duties, 2026, today, key), "{by:?}");
        assert_eq!(counted(&city.bureau(), by, 2026, DADONG).await, rows, "the bureau sees the same");
        assert!(rows.iter().any(|row| row.target > 0) && rows.iter().any(|row| row.missed > 0), "it tells something");
    }
    assert_eq!(counted(&clerk, ProgressGroup::Village, 2025, "").await, [], "nothing begins there");

    let all = duties_of(&city.bureau(), ListDutiesRequest { township: LIBAO.to_owned(), ..Default::default() }).await;
    let all: Vec<_> = duties.iter().cloned().chain(all).collect();
    let rows = counted(&city.bureau(), ProgressGroup::Township, 0, "").await;
    assert_eq!(rows, expected(&all, 2026, today, |duty| duty.township.clone()), "all townships");
    let unnamed = GetProgressRequest { group_by: ProgressGroup::Village.into(), ..Default::default() };
    let refused = city.bureau().followup().get_progress(unnamed).await.expect_err("whose villages");
    assert_eq!(reason(&refused), "FIELD_INVALID");

    for person in &people {
        let progress = of_person(&clerk, person, 0).await;
        let theirs: Vec<_> = duties.iter().filter(|duty| duty.person_id == *person).cloned().collect();
        let rows: Vec<_> = progress
            .rules
            .iter()
            .map(|rule| ProgressRow {
                key: String::new(),
                rule: rule.rule.clone(),
                owed: rule.owed.into(),
                done: rule.done.into(),
                open: rule.open.into(),
                missed: rule.missed.into(),
                waived: rule.waived.into(),
                released: rule.released.into(),
                target: rule.target.into(),
            })
            .collect();
        assert_eq!(rows, expected(&theirs, 2026, today, |_| String::new()));
    }
    city.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_persons_131_is_told_in_the_offices_words_slot_by_slot() {
    let city = City::new().await;
    let people = unemployed(&city, 0..1, "2026-01-05").await;
    sweep(&city).await;
    let clerk = city.clerk(DADONG);
    let referral = bangfu_proto::followup::v1::RecordContactRequest {
        services: vec![Service::JobReferral.into()],
        ..contact(&city, &people[0])
    };
    record(&clerk, referral).await;
    city.turn_to("2026-09-10");
    let progress = of_person(&clerk, &people[0], 2026).await;
    let referrals = progress.rules.iter().find(|rule| rule.rule == "131.job_referral").expect("owed");
    assert!(referrals.office_name.contains("职业介绍"), "{}", referrals.office_name);
    assert_eq!((referrals.owed, referrals.done, referrals.open), (3, 1, 2));
    assert_eq!(referrals.target, 2, "two of three by September");
    assert_eq!(referrals.duties.iter().map(|duty| duty.slot).collect::<Vec<_>>(), [1, 2, 3]);
    assert_eq!(of_person(&clerk, &people[0], 2027).await.rules, []);

    let stranger = GetPersonProgressRequest { person_id: people[0].clone(), ..Default::default() };
    let refused = city.clerk(LIBAO).followup().get_person_progress(stranger).await.expect_err("another township's");
    assert_eq!(reason(&refused), "NOT_FOUND");
    city.close().await;
}
