//! What a standard would change, asked beforehand.

use std::collections::BTreeMap;

use bangfu::client::day;
use bangfu_proto::{
    followup::v1::{PreviewStandardRequest, PreviewStandardResponse},
    people::v1::EmploymentStatus,
};
use bangfu_testkit::{City, DADONG, LIBAO, reason, sample};
use tonic::Status;

use crate::{
    standards::{fields, half_yearly, publish, rule},
    steps::{sweep, unemployed},
};

async fn preview(city: &City, request: PreviewStandardRequest) -> Result<Vec<PreviewStandardResponse>, Status> {
    let mut stream = city.bureau().followup().preview_standard(request).await?.into_inner();
    let mut answers = Vec::new();
    while let Some(answer) = stream.message().await? {
        answers.push(answer);
    }
    Ok(answers)
}

/// Rows of one rule: month → now, then.
fn of(answer: &PreviewStandardResponse, rule: &str) -> BTreeMap<String, (i64, i64)> {
    let rows = answer.rows.iter().filter(|row| row.rule == rule);
    rows.map(|row| (day(row.month.as_ref()), (row.now, row.then))).collect()
}

fn at(month: &str, now: i64, then: i64) -> (String, (i64, i64)) {
    (month.to_owned(), (now, then))
}

/// Everything that a preview could have written.
async fn written(city: &City) -> (i64, String) {
    let mut look = city.look("followup").await;
    sqlx::query_as(
        "SELECT (SELECT count(*) FROM duty) + (SELECT count(*) FROM event) + (SELECT count(*) FROM standard),
                (SELECT string_agg(subject::text, ';' ORDER BY person_id) FROM subject)",
    )
    .fetch_one(&mut look)
    .await
    .expect("counts")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_preview_counts_duties_by_month_and_rule_now_and_then_and_writes_nothing() {
    let city = City::new().await;
    unemployed(&city, 0..2, "2025-12-01").await;
    let request = sample::person_who_is(2, EmploymentStatus::Startup, "2025-03-01");
    city.clerk(DADONG).people().register_person(request).await.expect("registered");
    city.settle().await;
    sweep(&city).await;
    let before = written(&city).await;

    let mut standard = half_yearly("2026-07", "2026-07-01");
    standard.rules.retain(|rule| rule.rule_id != "policy_publicity");
    rule(&mut standard, "131.job_referral").count = 4;
    let request = PreviewStandardRequest { standard: Some(standard), townships: vec![DADONG.to_owned()], capacity: 2 };
    let answers = preview(&city, request.clone()).await.expect("tried out");
    let [answer] = &answers[..] else { panic!("{answers:?}") };
    assert_eq!((answer.township.as_str(), answer.people, answer.failed), (DADONG, 3, 0));
    assert_eq!(of(answer, "follow_up.stable"), [at("2026-07-01", 0, 1), at("2027-01-01", 1, 1)].into());
    assert_eq!(of(answer, "131.job_referral"), [at("2027-01-01", 6, 8)].into());
    assert_eq!(of(answer, "policy_publicity"), [at("2027-01-01", 3, 0)].into());
    let monthly = of(answer, "follow_up.unemployed");
    assert_eq!(monthly.len(), 12, "twelve months: {monthly:?}");
    assert!(monthly.values().all(|&counts| counts == (2, 2)), "{monthly:?}");

    // Two unemployed people each month; in December all that is due by the end of the year besides, in June a half-year.
    let over: Vec<_> =
        answer.over_capacity.iter().map(|it| (&*it.coordinator, day(it.month.as_ref()), it.due, it.capacity)).collect();
    let due = |month: &str, due| ("协理员甲", month.to_owned(), due, 2);
    assert_eq!(over, [due("2026-12-01", 2 + 2 * 5 + 3 + 1 + 1), due("2027-06-01", 2 + 1)]);
    let unlimited = PreviewStandardRequest { capacity: 0, townships: Vec::new(), ..request };
    let answers = preview(&city, unlimited).await.expect("tried out");
    assert_eq!(answers.iter().map(|it| &*it.township).collect::<Vec<_>>(), [DADONG, LIBAO], "all townships");
    assert!(answers.iter().all(|it| it.over_capacity.is_empty()), "nothing was said of coordinators");
    assert_eq!(answers[1].people, 0);
    assert_eq!(written(&city).await, before, "nothing is written");
    city.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_could_not_be_published_cannot_be_tried_out() {
    let city = City::new().await;
    publish(&city, half_yearly("2026-07", "2026-07-01")).await.expect("published");
    let of = |standard, townships: &[&str], capacity| PreviewStandardRequest {
        standard: Some(standard),
        townships: townships.iter().map(|&code| code.to_owned()).collect(),
        capacity,
    };
    let taken = of(half_yearly("2026-07", "2026-07-01"), &[], 0);
    let refused = preview(&city, taken).await.expect_err("both are taken");
    assert_eq!(fields(&refused), ["standard.version", "standard.in_force_from"]);
    let wrong = of(half_yearly("2026-08", "2026-01-05"), &["x"], -1);
    let refused = preview(&city, wrong).await.expect_err("all of it is wrong");
    assert_eq!(fields(&refused), ["standard.in_force_from", "townships", "capacity"]);
    let unknown = of(half_yearly("2026-08", "2026-08-01"), &["320685999"], 0);
    assert_eq!(reason(&preview(&city, unknown).await.expect_err("nobody's")), "NOT_FOUND");
    city.close().await;
}
