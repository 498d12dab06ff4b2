//! Letting go of what has outlived its purpose: dry runs, runs, and what stays.

use bangfu::client::{Client, people::send, request_id};
use bangfu_proto::people::v1::{
    EmploymentStatus, FindPersonRequest, ListSurveysRequest, NewEmployment, RecordEmploymentRequest,
    RecordSurveyRequest, RegisterPersonRequest, RetentionKind as Kind, RetentionRun, RevealPersonRequest, RosterStart,
    RunRetentionRequest, ServiceLevel, UpdatePersonRequest, WatchPeopleRequest, WorkWish, person_event::Change,
    watch_people_response::Item,
};
use bangfu_testkit::{City, DADONG, LIBAO, reason, sample};
use sqlx::{AssertSqlSafe, Row as _};
use tonic::{Code, Status};

use crate::walls::get;

async fn run(client: &Client, township: &str, validate_only: bool) -> Result<RetentionRun, Status> {
    let request = RunRetentionRequest { request_id: request_id(), township: township.to_owned(), validate_only };
    client.people().run_retention(request).await.map(tonic::Response::into_inner)
}

fn records(run: &RetentionRun, kind: Kind) -> i64 {
    run.counts.iter().find(|count| count.kind() == kind).expect("a line a rule").records
}

fn all(run: &RetentionRun) -> [i64; 5] {
    [Kind::ExitedPerson, Kind::ExitedRemark, Kind::SurveyNote, Kind::RosterImport, Kind::RequestResult]
        .map(|kind| records(run, kind))
}

/// Everything in the people database as text.
async fn everything(city: &City) -> String {
    let mut look = city.look("people").await;
    let mut text = String::new();
    for table in ["person", "identity", "membership", "employment", "survey", "roster_import", "audit", "event"] {
        let sql = format!("SELECT row_to_json(t)::text AS row FROM {table} t ORDER BY 1");
        for row in sqlx::raw_sql(AssertSqlSafe(sql)).fetch_all(&mut look).await.expect("rows") {
            text.push_str(&row.get::<String, _>("row"));
        }
    }
    text
}

async fn becomes(client: &Client, person_id: &str, status: EmploymentStatus, since: &str) -> Result<(), Status> {
    let request = RecordEmploymentRequest {
        request_id: request_id(),
        person_id: person_id.to_owned(),
        employment: Some(sample::employment(status, since)),
        ..Default::default()
    };
    client.people().record_employment(request).await.map(drop)
}

/// Two people, a survey and an import in 2026; the first leaves on 2026-02-01.
async fn scene(city: &City) -> [String; 2] {
    let clerk = city.clerk(DADONG);
    let mut ids = Vec::new();
    for n in [1, 2] {
        let employment = sample::employment(EmploymentStatus::UnitEmployed, "2026-01-01");
        let request = RegisterPersonRequest {
            remark: "记在备注".to_owned(),
            job_wish: "家政".to_owned(),
            employment: Some(NewEmployment { employer: "样例厂".to_owned(), ..employment }),
            ..sample::person(n)
        };
        ids.push(clerk.people().register_person(request).await.expect("registered").into_inner().person_id);
    }
    let survey = RecordSurveyRequest {
        request_id: request_id(),
        person_id: ids[0].clone(),
        asked_on: bangfu::client::date("2026-01-05".parse().expect("a date")),
        asked_by: "协理员甲".to_owned(),
        work_wish: Some(WorkWish { occupation: "厨师".to_owned(), ..Default::default() }),
        note: "家里有老人".to_owned(),
        ..Default::default()
    };
    clerk.people().record_survey(survey).await.expect("surveyed");
    let start = RosterStart { request_id: request_id(), file_name: "台账.xlsx".to_owned(), ..Default::default() };
    send(&clerk, start, vec![sample::row(3, 4)]).await.expect("imported");
    city.turn_to("2026-02-01");
    becomes(&clerk, &ids[0], EmploymentStatus::Retired, "2026-02-01").await.expect("left");
    ids.try_into().expect("two")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dry_run_tells_what_would_go_and_changes_nothing_and_the_run_does_just_that() {
    let city = City::new().await;
    let [left, _stays] = scene(&city).await;
    let bureau = city.bureau();
    let dry = async || all(&run(&bureau, DADONG, true).await.expect("a dry run"));

    // The day before each period is over, and the day after.
    city.turn_to("2027-02-01");
    assert_eq!(dry().await[1], 0, "twelve months to the day");
    city.turn_to("2027-02-02");
    assert_eq!(dry().await[..4], [0, 1, 0, 0]);
    city.turn_to("2028-01-05");
    assert_eq!(dry().await[2], 0, "twenty-four months to the day");
    city.turn_to("2028-01-06");
    assert_eq!(dry().await[..4], [0, 1, 1, 0]);
    city.turn_to("2031-02-02");
    let before = everything(&city).await;
    let told = run(&bureau, DADONG, true).await.expect("a dry run");
    assert!(told.validate_only);
    assert_eq!(all(&told)[..4], [1, 0, 0, 1], "who is anonymised has neither remark nor note left");
    assert!(records(&told, Kind::RequestResult) > 0);
    assert!(told.counts.iter().all(|count| !count.source.is_empty() && count.kept_from.is_some()));
    assert_eq!(everything(&city).await, before, "a dry run changes nothing");

    let request = RunRetentionRequest { request_id: request_id(), township: DADONG.to_owned(), validate_only: false };
    let ran = bureau.people().run_retention(request.clone()).await.expect("run").into_inner();
    assert_eq!(ran, RetentionRun { validate_only: false, ..told });
    let repeated = bureau.people().run_retention(request).await.expect("repeated").into_inner();
    assert_eq!(repeated, ran);
    assert_eq!(dry().await[..4], [0; 4], "nothing is left");
    assert_eq!(all(&run(&bureau, LIBAO, false).await.expect("run"))[..4], [0; 4], "another township's is its own");

    let entries: Vec<(String, String, bool)> = sqlx::query_as(
        "SELECT action, reason, person_id IS NOT NULL FROM audit WHERE township = $1 ORDER BY seq DESC LIMIT 2",
    )
    .bind(DADONG)
    .fetch_all(&mut city.look("people").await)
    .await
    .expect("entries");
    assert_eq!((entries[1].0.as_str(), entries[1].2), ("ANONYMISE", true));
    assert_eq!(entries[0].0, "RUN_RETENTION");
    assert!(entries[0].1.contains("ExitedPerson 1"), "{}", entries[0].1);
    assert!(get(&city.clerk(DADONG), &left).await.is_ok());
    city.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_somebody_anonymised_figures_keep_what_they_need_and_nobody_is_told_who_it_was() {
    let city = City::new().await;
    let [left, stays] = scene(&city).await;
    let clerk = city.clerk(DADONG);
    city.turn_to("2031-02-02");
    run(&city.bureau(), DADONG, false).await.expect("run");

    let person = get(&clerk, &left).await.expect("still there");
    assert_eq!((person.name_masked.as_str(), person.id_number_masked.as_str()), ("已**", ""));
    assert_eq!((person.phone_masked.as_str(), person.village.as_str()), ("", "双溪村"));
    assert_eq!((person.level(), person.birth_year, person.job_wish.as_str()), (ServiceLevel::Exited, 1980, "有"));
    assert_eq!(person.memberships.len(), 1);
    let employment = person.employment.expect("the record that is believed");
    assert_eq!((employment.status(), employment.employer.as_str()), (EmploymentStatus::Retired, ""));
    let reveal = RevealPersonRequest { person_id: left.clone(), reason: "电话核实".to_owned() };
    let shown = clerk.people().reveal_person(reveal).await.expect("shown").into_inner();
    assert_eq!((shown.name.as_str(), shown.id_number.as_str(), shown.address.as_str()), ("已匿名", "", ""));
    assert_eq!((shown.phone.as_str(), shown.remark.as_str()), ("", ""));
    let surveys = ListSurveysRequest { person_id: left.clone(), ..Default::default() };
    let surveys = clerk.people().list_surveys(surveys).await.expect("surveys").into_inner().surveys;
    let wish = surveys[0].work_wish.clone().unwrap_or_default();
    assert_eq!((surveys[0].note.as_str(), wish.occupation.as_str()), ("", ""));
    let text = everything(&city).await;
    assert_eq!(text.matches("样例厂").count(), 1, "that of the one who stays");

    // Nothing is entered about nobody.
    let after = becomes(&clerk, &left, EmploymentStatus::Flexible, "2031-02-01").await.expect_err("anonymised");
    assert_eq!((after.code(), reason(&after).as_str()), (Code::FailedPrecondition, "PERSON_ANONYMISED"));
    let update = UpdatePersonRequest {
        request_id: request_id(),
        person_id: left.clone(),
        name: sample::name(1),
        etag: person.etag,
        update_mask: Some(prost_types::FieldMask { paths: vec!["name".to_owned()] }),
        ..Default::default()
    };
    assert_eq!(reason(&clerk.people().update_person(update).await.expect_err("anonymised")), "PERSON_ANONYMISED");
    becomes(&clerk, &stays, EmploymentStatus::Flexible, "2031-02-01").await.expect("the other one goes on");

    // Whoever comes back is somebody new.
    let find = FindPersonRequest { id_number: sample::id_number(1) };
    assert_eq!(clerk.people().find_person(find.clone()).await.expect_err("nobody").code(), Code::NotFound);
    let again = clerk.people().register_person(sample::person(1)).await.expect("registered").into_inner();
    assert_ne!(again.person_id, left);
    assert_eq!(clerk.people().find_person(find).await.expect("found").into_inner().person_id, again.person_id);

    let mut stream = clerk.people().watch_people(WatchPeopleRequest::default()).await.expect("a watch").into_inner();
    let mut told = Vec::new();
    while let Some(Item::Event(event)) = stream.message().await.expect("a message").expect("no end").item {
        if let Some(Change::Anonymised(change)) = event.change {
            told.push((event.person_id, bangfu::client::day(change.anonymised_on.as_ref())));
        }
    }
    assert_eq!(told, [(left, "2031-02-02".to_owned())]);
    city.settle().await;
    city.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn only_the_bureau_lets_go_and_only_where_there_is_a_township() {
    let city = City::new().await;
    assert_eq!(reason(&run(&city.clerk(DADONG), DADONG, true).await.expect_err("not a clerk's")), "ROLE_MISSING");
    for validate_only in [true, false] {
        let unknown = run(&city.bureau(), "320685999", validate_only).await.expect_err("not in the directory");
        assert_eq!(unknown.code(), Code::NotFound);
    }
    city.close().await;
}
