//! Standards as data: published for a day to come, read by everybody, and owed from that day on.

use bangfu::{
    client::{date, request_id},
    suite::Suite,
};
use bangfu_followup::model::standard::Standards;
use bangfu_kernel::Role;
use bangfu_proto::{
    common::v1::CalendarDate,
    followup::v1::{
        Cadence, DutyRule, GetStandardRequest, ListDutiesRequest, ListStandardsRequest, PublishStandardRequest,
        Standard,
    },
    people::v1::EmploymentStatus,
};
use bangfu_testkit::{City, DADONG, reason, sample};
use tonic::{Code, Status};
use tonic_types::StatusExt as _;

use crate::steps::{contact, duties, record, state, sweep, the};

const STABLE: &str = "follow_up.stable";

/// The notice, with stable people followed up each half-year.
pub(crate) fn half_yearly(version: &str, from: &str) -> Standard {
    let notice = Standards::shipped().expect("it is valid");
    let mut standard = Standard::from(notice.iter().next().expect("there is one"));
    version.clone_into(&mut standard.version);
    standard.in_force_from = on(from);
    rule(&mut standard, STABLE).every = Cadence::HalfYear.into();
    standard
}

pub(crate) fn rule<'s>(standard: &'s mut Standard, rule_id: &str) -> &'s mut DutyRule {
    standard.rules.iter_mut().find(|rule| rule.rule_id == rule_id).expect("a rule")
}

pub(crate) fn on(day: &str) -> Option<CalendarDate> {
    date(day.parse().expect("a date"))
}

pub(crate) async fn publish(city: &City, standard: Standard) -> Result<Standard, Status> {
    let request = PublishStandardRequest { request_id: request_id(), standard: Some(standard) };
    city.bureau().followup().publish_standard(request).await.map(tonic::Response::into_inner)
}

/// Somebody with a business of their own since last year; their id.
async fn stable(city: &City, n: u32) -> String {
    let request = sample::person_who_is(n, EmploymentStatus::Startup, "2025-03-01");
    let person = city.clerk(DADONG).people().register_person(request).await.expect("registered").into_inner();
    city.settle().await;
    person.person_id
}

/// The fields a refusal names, in their order.
pub(crate) fn fields(refused: &Status) -> Vec<String> {
    let violations = refused.get_details_bad_request().expect("a bad request").field_violations;
    violations.into_iter().map(|violation| violation.field).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_standard_is_published_by_the_bureau_and_read_by_everybody() {
    let city = City::new().await;
    let given = half_yearly("2026-07", "2026-07-01");
    let published = publish(&city, given.clone()).await.expect("published");
    assert_eq!(published.published_by, "bureau-1");
    assert!(published.published_at.is_some());
    assert_eq!(Standard { published_at: None, published_by: String::new(), ..published.clone() }, given);

    let partner = city.caller("partner-1", &[Role::Partner], None, &[]);
    for client in [city.bureau(), city.clerk(DADONG), city.coordinator(DADONG, &["双溪村"]), partner] {
        let listed = client.followup().list_standards(ListStandardsRequest {}).await.expect("listed").into_inner();
        let versions: Vec<_> = listed.standards.iter().map(|it| &*it.version).collect();
        assert_eq!(versions, ["2021-03-01", "2026-07"], "the oldest first");
        assert_eq!(listed.standards[0].published_at, None, "it comes with the suite");
        assert_eq!(listed.standards[1], published);
        for (request, version) in [
            (GetStandardRequest { version: "2026-07".to_owned(), on: None }, "2026-07"),
            (GetStandardRequest { on: on("2026-07-01"), ..Default::default() }, "2026-07"),
            (GetStandardRequest { on: on("2026-06-30"), ..Default::default() }, "2021-03-01"),
            (GetStandardRequest::default(), "2021-03-01"),
        ] {
            let got = client.followup().get_standard(request).await.expect("found").into_inner();
            assert_eq!(got.version, version);
        }
        for request in [
            GetStandardRequest { version: "2026-08".to_owned(), on: None },
            GetStandardRequest { on: on("2021-02-28"), ..Default::default() },
        ] {
            let refused = client.followup().get_standard(request).await.expect_err("there is none");
            assert_eq!(reason(&refused), "NOT_FOUND");
        }
    }
    let request = PublishStandardRequest { request_id: request_id(), standard: Some(half_yearly("x", "2027-01-01")) };
    let refused = city.clerk(DADONG).followup().publish_standard(request).await.expect_err("the city's");
    assert_eq!(refused.code(), Code::PermissionDenied);
    city.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn no_two_standards_have_a_version_or_a_first_day_and_none_begins_before_tomorrow() {
    let city = City::new().await;
    let first =
        PublishStandardRequest { request_id: request_id(), standard: Some(half_yearly("2026-07", "2026-07-01")) };
    let bureau = city.bureau();
    let published = bureau.followup().publish_standard(first.clone()).await.expect("published").into_inner();
    for (version, from, told) in [
        ("2026-07", "2026-08-01", "standard.version"),
        ("2026-08", "2026-07-01", "standard.in_force_from"),
        ("2021-03-01", "2026-08-01", "standard.version"),
        ("2026-01", "2026-01-05", "standard.in_force_from"),
        ("2026-01", "2021-03-02", "standard.in_force_from"),
    ] {
        let refused = publish(&city, half_yearly(version, from)).await.expect_err(version);
        assert_eq!(reason(&refused), "FIELD_INVALID");
        assert_eq!(fields(&refused), [told], "{version} from {from}");
    }
    let refused = publish(&city, half_yearly("2026-07", "2026-01-05")).await.expect_err("today, and taken");
    assert_eq!(fields(&refused), ["standard.in_force_from", "standard.version"], "both at once");
    publish(&city, half_yearly("2026-01", "2026-01-06")).await.expect("tomorrow is to come");

    city.turn_to("2026-07-02");
    let again = bureau.followup().publish_standard(first).await.expect("repeated").into_inner();
    assert_eq!(again, published, "what was done is told again, whatever day it is");
    city.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn all_faults_of_a_standard_are_told_at_once_by_rule_and_in_the_offices_words() {
    let city = City::new().await;
    let mut standard = half_yearly("a version", "2026-01-05");
    rule(&mut standard, STABLE).count = 0;
    rule(&mut standard, "follow_up.unemployed").min_days = 29;
    rule(&mut standard, "follow_up.flexible").channels.clear();
    rule(&mut standard, "post_delivery").window = None;
    rule(&mut standard, "registration_help").after = rule(&mut standard, "registration_help").levels.clone();
    let mut twice = rule(&mut standard, "policy_publicity").clone();
    twice.rule_id = "policy.again".to_owned();
    standard.rules.push(twice);
    let request = PublishStandardRequest { request_id: "none".to_owned(), standard: Some(standard) };
    let refused = city.bureau().followup().publish_standard(request).await.expect_err("it is full of faults");
    let mut told = fields(&refused);
    told.sort();
    assert_eq!(
        told,
        [
            "request_id",
            "standard.in_force_from",
            "standard.rules[follow_up.flexible].channels",
            "standard.rules[follow_up.stable].count",
            "standard.rules[follow_up.unemployed].min_days",
            "standard.rules[policy.again].service",
            "standard.rules[post_delivery].window",
            "standard.rules[registration_help].after",
            "standard.version",
        ]
    );
    let words = refused.get_details_localized_message().expect("a sentence").message;
    assert!(words.contains("“follow_up.stable”的次数"), "{words}");
    city.close().await;
}

/// What is owed to stable people, by first day of the period: version, state.
async fn owed(city: &City) -> Vec<(String, String, &'static str)> {
    let mut owed: Vec<_> = duties(city)
        .await
        .into_iter()
        .filter(|duty| duty.rule == STABLE)
        .map(|duty| (day(duty.period_start.as_ref()), duty.standard_version.clone(), state(&duty)))
        .collect();
    owed.sort();
    owed
}

fn day(date: Option<&CalendarDate>) -> String {
    bangfu::client::day(date)
}

fn of(period_start: &str, version: &str, state: &'static str) -> (String, String, &'static str) {
    (period_start.to_owned(), version.to_owned(), state)
}

#[tokio::test(flavor = "multi_thread")]
async fn from_its_first_day_a_standard_governs_everybody_and_rewrites_nothing_that_was_raised() {
    let city = City::new().await;
    let person = stable(&city, 0).await;
    sweep(&city).await;
    publish(&city, half_yearly("2026-07", "2026-07-01")).await.expect("published");
    let yearly = || of("2026-01-01", "2021-03-01", "OPEN");
    for day in ["2026-01-06", "2026-06-30"] {
        city.turn_to(day);
        sweep(&city).await;
        assert_eq!(owed(&city).await, [yearly()], "nothing on {day}");
    }

    city.turn_to("2026-07-01");
    sweep(&city).await;
    let both = [yearly(), of("2026-07-01", "2026-07", "OPEN")];
    assert_eq!(owed(&city).await, both);
    sweep(&city).await;
    assert_eq!(owed(&city).await, both, "once");

    record(&city.clerk(DADONG), contact(&city, &person)).await;
    let done = [of("2026-01-01", "2021-03-01", "DONE"), of("2026-07-01", "2026-07", "OPEN")];
    assert_eq!(owed(&city).await, done, "one contact does one duty of a rule, the earliest");
    city.turn_to("2027-01-01");
    sweep(&city).await;
    assert_eq!(owed(&city).await[2..], [of("2027-01-01", "2026-07", "OPEN")]);
    city.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sweep_that_comes_days_late_in_a_replica_that_published_nothing_turns_all_the_same() {
    let mut city = City::new().await;
    stable(&city, 0).await;
    sweep(&city).await;
    let mut plan = city.plan().await;
    let first = plan.followup.as_mut().expect("a service");
    (first.jobs, first.sweeps) = (false, false);
    let other = Suite::start(plan).await.expect("another replica");
    publish(&city, half_yearly("2026-07", "2026-07-01")).await.expect("published");
    publish(&city, half_yearly("2026-07-02", "2026-07-02")).await.expect("published");

    city.turn_to("2026-07-04");
    let client = bangfu::client::Client::on(
        tonic::transport::Channel::from_shared(other.endpoint()).expect("an address").connect_lazy(),
        &city.token("bureau-1", &[Role::Bureau], None),
    )
    .expect("a client");
    let request = bangfu_proto::followup::v1::RunSweepRequest { request_id: request_id(), ..Default::default() };
    client.followup().run_sweep(request).await.expect("swept");
    let all = client
        .followup()
        .list_duties(ListDutiesRequest { township: DADONG.to_owned(), page_size: 500, ..Default::default() })
        .await
        .expect("listed")
        .into_inner()
        .duties;
    let duty = the(&all, STABLE, "2026-07-01");
    assert_eq!((duty.standard_version.as_str(), state(duty)), ("2026-07", "OPEN"), "that of the period's first day");
    assert_eq!(day(duty.opens_on.as_ref()), "2026-07-01");

    let mut look = city.look("followup").await;
    let turned: Option<chrono::NaiveDate> = sqlx::query_scalar("SELECT turned_on FROM township WHERE township = $1")
        .bind(DADONG)
        .fetch_one(&mut look)
        .await
        .expect("the township");
    assert_eq!(turned.map(|day| day.to_string()).as_deref(), Some("2026-07-02"), "both, in one turn");
    other.stop().await.expect("stopped");
    city.stop().await;
    city.close().await;
}
