//! A status learned in a contact reaches the registry, whatever is down in the meantime.

use bangfu::{client::date, suite::Suite};
use bangfu_proto::{
    followup::v1::{RecordContactRequest, StatusLearned},
    people::v1::{EmploymentStatus, GetPersonRequest, ServiceLevel},
};
use bangfu_testkit::{City, DADONG};

use crate::steps::{contact, duties, record, sweep, unemployed, until};

#[tokio::test(flavor = "multi_thread")]
async fn a_status_learned_while_the_registry_is_down_reaches_it_once_when_it_is_back() {
    let mut city = City::new().await;
    let people = unemployed(&city, 0..1, "2026-01-05").await;
    sweep(&city).await;
    city.stop().await;

    let free = std::net::TcpListener::bind("127.0.0.1:0").expect("a port").local_addr().expect("its address");
    let mut plan = city.plan().await;
    plan.people = None;
    if let Some(followup) = &mut plan.followup {
        followup.people_endpoint = Some(format!("http://{free}"));
    }
    city.start(plan).await;
    let request = RecordContactRequest {
        status_learned: Some(StatusLearned {
            status: EmploymentStatus::Flexible.into(),
            effective_on: date(city.clock.today()),
            ..Default::default()
        }),
        ..contact(&city, &people[0])
    };
    let clerk = city.clerk(DADONG);
    let entered = record(&clerk, request.clone()).await;
    assert_eq!(record(&clerk, request).await, entered);
    let mut look = city.look("followup").await;
    until("it was tried in vain", async || {
        sqlx::query_scalar::<_, i32>("SELECT attempts FROM delivery").fetch_one(&mut look).await.expect("one") > 0
    })
    .await;

    let mut plan = city.plan().await;
    plan.listen = free;
    plan.followup = None;
    let registry = Suite::start(plan).await.expect("the registry starts");
    until("it was delivered", async || {
        let delivered = "SELECT count(*) FROM delivery WHERE delivered_at IS NOT NULL";
        sqlx::query_scalar::<_, i64>(delivered).fetch_one(&mut look).await.expect("a count") == 1
    })
    .await;
    until("what it teaches came back", async || {
        duties(&city).await.iter().any(|duty| duty.rule == "follow_up.flexible")
    })
    .await;

    let mut look = city.look("people").await;
    let records: i64 = sqlx::query_scalar("SELECT count(*) FROM employment WHERE source = 'CONTACT'")
        .fetch_one(&mut look)
        .await
        .expect("a count");
    assert_eq!(records, 1, "once");
    city.stop().await;
    registry.stop().await.expect("stopped");

    let plan = city.plan().await;
    city.start(plan).await;
    let request = GetPersonRequest { person_id: people[0].clone(), ..Default::default() };
    let person = city.clerk(DADONG).people().get_person(request).await.expect("there").into_inner();
    assert_eq!(person.level(), ServiceLevel::Flexible);
    assert_eq!(person.employment.expect("a record").evidence, entered.contact_id);
    city.close().await;
}
