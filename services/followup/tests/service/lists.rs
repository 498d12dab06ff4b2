//! Lists, counts, and another township's everything.

use bangfu::client::date;
use bangfu_proto::{
    common::v1::DateRange,
    followup::v1::{
        DutyState, GetWorkloadRequest, ListContactsRequest, ListDutiesRequest, ListSweepsRequest, WorkloadGroup,
        WorkloadRow,
    },
};
use bangfu_testkit::{City, DADONG, LIBAO, reason};

use crate::steps::{EACH, contact, duties, duties_of, only, record, standing, sweep, unemployed};

#[tokio::test(flavor = "multi_thread")]
async fn duties_come_by_due_day_page_by_page_and_filters_combine() {
    let city = City::new().await;
    let people = unemployed(&city, 0..5, "2026-01-05").await;
    sweep(&city).await;
    record(&city.clerk(DADONG), contact(&city, &people[0])).await;
    let clerk = city.clerk(DADONG);
    let all = duties(&city).await;
    assert_eq!(all.len(), 5 * EACH);
    let paged = duties_of(&clerk, ListDutiesRequest { page_size: 4, ..Default::default() }).await;
    assert_eq!(paged, all);
    let day =
        |duty: &bangfu_proto::followup::v1::Duty| duty.due_on.map(|day| (day.year, day.month, day.day)).expect("a day");
    assert!(all.is_sorted_by_key(|duty| (day(duty), duty.person_id.clone(), duty.rule.clone(), duty.slot)));

    let january = DateRange { from: None, to: date("2026-01-31".parse().expect("a date")) };
    let count = async |request: ListDutiesRequest| duties_of(&clerk, request).await.len();
    assert_eq!(count(ListDutiesRequest { due: Some(january), ..only(&[DutyState::Open]) }).await, 4);
    assert_eq!(count(only(&[DutyState::Done])).await, 1);
    assert_eq!(count(ListDutiesRequest { person_id: people[1].clone(), ..Default::default() }).await, EACH);
    assert_eq!(count(ListDutiesRequest { rule: "131.job_referral".into(), ..Default::default() }).await, 15);
    assert_eq!(count(ListDutiesRequest { village: "双溪村".into(), ..Default::default() }).await, 5 * EACH);
    assert_eq!(count(ListDutiesRequest { coordinator: "协理员甲".into(), ..Default::default() }).await, 5 * EACH);
    assert_eq!(count(ListDutiesRequest { unassigned: true, ..Default::default() }).await, 0);

    let both = ListDutiesRequest { unassigned: true, coordinator: "协理员甲".into(), ..Default::default() };
    assert_eq!(reason(&clerk.followup().list_duties(both).await.expect_err("not together")), "FIELD_INVALID");
    let page = ListDutiesRequest { page_size: 4, ..Default::default() };
    let token = clerk.followup().list_duties(page).await.expect("listed").into_inner().next_page_token;
    let elsewhere = ListDutiesRequest { page_token: token, rule: "131.job_referral".into(), ..Default::default() };
    let refused = clerk.followup().list_duties(elsewhere).await.expect_err("another filter");
    assert_eq!(reason(&refused), "PAGE_TOKEN_INVALID");
    city.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_workload_counts_what_the_list_shows() {
    let city = City::new().await;
    let people = unemployed(&city, 0..2, "2026-01-05").await;
    sweep(&city).await;
    record(&city.clerk(DADONG), contact(&city, &people[0])).await;
    city.turn_to("2026-02-03");
    sweep(&city).await;
    let count = async |by: WorkloadGroup| {
        let request = GetWorkloadRequest { group_by: by.into(), ..Default::default() };
        city.clerk(DADONG).followup().get_workload(request).await.expect("counted").into_inner().rows
    };
    let all = WorkloadRow { key: "双溪村".into(), open: 17, overdue: 1, done: 1, ..Default::default() };
    assert_eq!(count(WorkloadGroup::Village).await, std::slice::from_ref(&all));
    assert_eq!(count(WorkloadGroup::Coordinator).await, [WorkloadRow { key: "协理员甲".into(), ..all }]);
    let by_rule = count(WorkloadGroup::Rule).await;
    assert_eq!(by_rule.len(), 6);
    let open = standing(&duties(&city).await);
    for row in by_rule {
        let listed = open.get(&format!("{} OPEN", row.key)).copied().unwrap_or_default();
        assert_eq!(i64::try_from(listed).expect("few"), row.open, "{}", row.key);
    }
    city.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn another_townships_lists_are_empty_and_its_name_is_not_found() {
    let city = City::new().await;
    let people = unemployed(&city, 0..1, "2026-01-05").await;
    sweep(&city).await;
    record(&city.clerk(DADONG), contact(&city, &people[0])).await;
    let stranger = city.clerk(LIBAO);
    assert_eq!(duties_of(&stranger, ListDutiesRequest::default()).await, []);
    let theirs = ListDutiesRequest { person_id: people[0].clone(), ..Default::default() };
    assert_eq!(duties_of(&stranger, theirs).await, []);
    let listed = stranger.followup().list_contacts(ListContactsRequest::default()).await.expect("listed");
    assert_eq!(listed.into_inner().contacts, []);

    let township = || DADONG.to_owned();
    let mut asked = stranger.followup();
    let duties = ListDutiesRequest { township: township(), ..Default::default() };
    let contacts = ListContactsRequest { township: township(), ..Default::default() };
    let sweeps = ListSweepsRequest { township: township(), ..Default::default() };
    let workload =
        GetWorkloadRequest { township: township(), group_by: WorkloadGroup::Rule.into(), ..Default::default() };
    for refused in [
        asked.list_duties(duties).await.expect_err("not found"),
        asked.list_contacts(contacts).await.expect_err("not found"),
        asked.list_sweeps(sweeps).await.expect_err("not found"),
        asked.get_workload(workload).await.expect_err("not found"),
    ] {
        assert_eq!(reason(&refused), "NOT_FOUND");
    }

    let unnamed = city.bureau().followup().list_duties(ListDutiesRequest::default()).await.expect_err("which one?");
    assert_eq!(reason(&unnamed), "FIELD_INVALID");
    let named = ListDutiesRequest { township: township(), ..Default::default() };
    assert_eq!(duties_of(&city.bureau(), named).await.len(), EACH);
    city.close().await;
}
