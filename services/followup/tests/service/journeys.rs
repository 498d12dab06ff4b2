//! Registered, swept, contacted, planned anew.

use bangfu::client::date;
use bangfu_proto::{
    followup::v1::{RecordContactRequest, Service, StatusLearned},
    people::v1::{EmploymentStatus, Insured, RecordEmploymentRequest},
};
use bangfu_testkit::{City, DADONG, sample};

use crate::steps::{contact, duties, of_january, record, standing, state, sweep, the, unemployed, until};

#[tokio::test(flavor = "multi_thread")]
async fn somebody_unemployed_gets_a_follow_up_a_month_and_131_a_year() {
    let city = City::new().await;
    unemployed(&city, 0..1, "2026-01-05").await;
    assert_eq!(duties(&city).await, [], "the sweep raises");

    let swept = sweep(&city).await;
    assert_eq!((swept.in_scope, swept.with_duties, swept.failed), (1, 1, 0));
    assert_eq!(swept.raised.values().sum::<i64>(), 8);
    assert!(swept.finished_at.is_some());
    let owed = duties(&city).await;
    assert_eq!(standing(&owed), of_january());
    let january = the(&owed, "follow_up.unemployed", "2026-01-01");
    let day = |text: &str| date(text.parse().expect("a date"));
    assert_eq!((january.opens_on, january.due_on), (day("2026-01-05"), day("2026-01-31")));
    assert_eq!((january.missed_from, january.window_start), (day("2026-02-06"), day("2026-01-05")));
    assert_eq!((january.village.as_str(), january.coordinator.as_str()), ("双溪村", "协理员甲"));
    assert_eq!(january.township, DADONG);
    city.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_contact_that_learns_of_work_settles_what_it_settles_and_everything_is_planned_anew() {
    let city = City::new().await;
    let people = unemployed(&city, 0..1, "2026-01-05").await;
    sweep(&city).await;
    city.turn_to("2026-03-20");
    sweep(&city).await;
    let request = RecordContactRequest {
        services: vec![Service::PolicyPublicity.into()],
        policies_told: vec!["社保补贴".into()],
        status_learned: Some(StatusLearned {
            status: EmploymentStatus::UnitEmployed.into(),
            effective_on: date("2026-03-10".parse().expect("a date")),
            employer: "样例纺织厂".into(),
            contract_months: 36,
            insured: Insured::Yes.into(),
        }),
        ..contact(&city, &people[0])
    };
    let contact = record(&city.coordinator(DADONG, &["双溪村"]), request).await;
    let owed = duties(&city).await;
    let march = the(&owed, "follow_up.unemployed", "2026-03-01");
    assert_eq!(march.settled_by_contact_id, contact.contact_id, "at once, without the registry");
    assert_eq!(
        contact.settled_duty_ids.len(),
        3,
        "the follow-up of the level before and of the new one, and the policy"
    );

    until("the status came back by the feed", async || {
        duties(&city).await.iter().any(|duty| duty.rule == "follow_up.stable")
    })
    .await;
    let owed = duties(&city).await;
    for (rule, period, stands) in [
        ("follow_up.unemployed", "2026-01-01", "MISSED"),
        ("follow_up.unemployed", "2026-02-01", "MISSED"),
        ("follow_up.unemployed", "2026-03-01", "DONE"),
        ("follow_up.stable", "2026-01-01", "DONE"),
        ("131.career_guidance", "2026-01-01", "RELEASED"),
        ("policy_publicity", "2026-01-01", "DONE"),
    ] {
        assert_eq!(state(the(&owed, rule, period)), stands, "{rule} {period}");
    }
    assert_eq!(the(&owed, "follow_up.stable", "2026-01-01").settled_by_contact_id, contact.contact_id);
    city.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_status_that_the_registry_learns_plans_somebody_anew_at_once() {
    let city = City::new().await;
    let people = unemployed(&city, 0..1, "2026-01-05").await;
    sweep(&city).await;
    let request = RecordEmploymentRequest {
        request_id: bangfu::client::request_id(),
        person_id: people[0].clone(),
        employment: Some(sample::employment(EmploymentStatus::Deceased, "2026-01-05")),
        ..Default::default()
    };
    city.clerk(DADONG).people().record_employment(request).await.expect("recorded");
    city.settle().await;
    let owed = duties(&city).await;
    assert!(owed.iter().all(|duty| state(duty) == "RELEASED"), "{:?}", standing(&owed));
    city.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn swept_daily_or_after_a_gap_the_ledger_is_the_same() {
    let mut ledgers = Vec::new();
    for days in
        [vec!["2026-01-05", "2026-01-31", "2026-02-01", "2026-02-06", "2026-03-01", "2026-03-06", "2026-04-01"], vec![]]
    {
        let city = City::new().await;
        unemployed(&city, 0..3, "2026-01-05").await;
        for day in days {
            city.turn_to(day);
            sweep(&city).await;
        }
        city.turn_to("2026-04-07");
        sweep(&city).await;
        let mut ledger: Vec<_> = duties(&city)
            .await
            .into_iter()
            .map(|duty| (duty.rule.clone(), duty.period_start, duty.slot, state(&duty), duty.state_on, duty.opens_on))
            .map(|duty| format!("{duty:?}"))
            .collect();
        ledger.sort();
        ledgers.push(ledger);
        city.close().await;
    }
    assert_eq!(ledgers[0].len(), 3 * 11, "four months, five of 131, one policy, one help with benefits");
    assert_eq!(ledgers[0], ledgers[1]);
}
