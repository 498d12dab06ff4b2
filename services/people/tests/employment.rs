//! Employment records: entered, believed, corrected; never overwritten.

use bangfu::client::{Client, date, request_id};
use bangfu_proto::people::v1::{
    EmploymentRecord, EmploymentStatus as S, GetEmploymentHistoryRequest, GetLevelRequest, NewEmployment,
    RecordEmploymentRequest, ServiceLevel,
};
use bangfu_testkit::{City, DADONG, LIBAO, reason, sample};
use tonic::{Code, Status};

use crate::walls::get;

fn entry(person_id: &str, status: S, since: &str) -> RecordEmploymentRequest {
    RecordEmploymentRequest {
        request_id: request_id(),
        person_id: person_id.to_owned(),
        employment: Some(sample::employment(status, since)),
        ..Default::default()
    }
}

async fn record(client: &Client, request: RecordEmploymentRequest) -> Result<EmploymentRecord, Status> {
    client.people().record_employment(request).await.map(tonic::Response::into_inner)
}

async fn registered(city: &City, n: u32) -> String {
    let request = sample::person(n);
    city.clerk(DADONG).people().register_person(request).await.expect("registered").into_inner().person_id
}

#[tokio::test]
async fn the_latest_record_is_believed_and_a_correction_takes_its_place() {
    let city = City::new().await;
    let (clerk, person) = (city.clerk(DADONG), registered(&city, 1).await);
    assert_eq!(get(&clerk, &person).await.expect("found").level(), ServiceLevel::Unverified);

    let lost = record(&clerk, entry(&person, S::Unemployed, "2026-01-02")).await.expect("recorded");
    assert_eq!(lost.known_on, date("2026-01-05".parse().expect("a date")));
    let earlier = record(&clerk, entry(&person, S::Flexible, "2025-12-01")).await.expect("recorded");
    let believed = get(&clerk, &person).await.expect("found");
    assert_eq!((believed.employment.as_ref(), believed.level()), (Some(&lost), ServiceLevel::Unemployed));

    let correction = RecordEmploymentRequest {
        employment: Some(NewEmployment { contract_months: 12, ..sample::employment(S::UnitEmployed, "2026-01-02") }),
        corrects_record_id: lost.record_id.clone(),
        ..entry(&person, S::UnitEmployed, "2026-01-02")
    };
    let corrected = record(&clerk, correction.clone()).await.expect("recorded");
    let believed = get(&clerk, &person).await.expect("found");
    assert_eq!((believed.employment.as_ref(), believed.level()), (Some(&corrected), ServiceLevel::Stable));
    assert_eq!(record(&clerk, correction.clone()).await.expect("repeated"), corrected);

    let again = RecordEmploymentRequest { request_id: request_id(), ..correction };
    let refused = record(&clerk, again).await.expect_err("corrected before");
    assert_eq!((refused.code(), reason(&refused).as_str()), (Code::FailedPrecondition, "RECORD_NOT_CORRECTABLE"));
    let other = registered(&city, 2).await;
    let wrong =
        RecordEmploymentRequest { corrects_record_id: earlier.record_id, ..entry(&other, S::Unemployed, "2026-01-02") };
    assert_eq!(reason(&record(&clerk, wrong).await.expect_err("another's")), "RECORD_NOT_CORRECTABLE");
    city.close().await;
}

#[tokio::test]
async fn the_level_of_any_day_is_told_as_it_was_known_on_any_day() {
    let city = City::new().await;
    let (clerk, person) = (city.clerk(DADONG), registered(&city, 1).await);
    let day = |text: &str| date(text.parse().expect("a date"));
    let mistaken = record(&clerk, entry(&person, S::Unemployed, "2026-01-02")).await.expect("recorded");
    city.turn_to("2026-02-10");
    let correction = RecordEmploymentRequest {
        corrects_record_id: mistaken.record_id.clone(),
        ..entry(&person, S::Startup, "2026-01-02")
    };
    let right = record(&clerk, correction).await.expect("recorded");
    city.turn_to("2026-03-01");
    let lost = record(&clerk, entry(&person, S::Unemployed, "2026-02-20")).await.expect("recorded");

    for (on, known_on, level, believed) in [
        ("2026-01-01", "2026-03-01", ServiceLevel::Unverified, None),
        ("2026-01-02", "2026-01-04", ServiceLevel::Unverified, None),
        ("2026-01-02", "2026-01-05", ServiceLevel::Unemployed, Some(&mistaken)),
        ("2026-02-09", "2026-02-09", ServiceLevel::Unemployed, Some(&mistaken)),
        ("2026-01-02", "2026-02-10", ServiceLevel::Stable, Some(&right)),
        ("2026-02-25", "2026-02-28", ServiceLevel::Stable, Some(&right)),
        ("2026-02-19", "2026-03-01", ServiceLevel::Stable, Some(&right)),
        ("2026-02-20", "2026-03-01", ServiceLevel::Unemployed, Some(&lost)),
    ] {
        let request = GetLevelRequest {
            person_id: person.clone(),
            on: day(on),
            known_on: day(known_on),
            township: String::new(),
        };
        let told = clerk.people().get_level(request).await.expect("told").into_inner();
        assert_eq!((told.level(), told.employment.as_ref()), (level, believed), "{on} as known on {known_on}");
    }
    let history = GetEmploymentHistoryRequest { person_id: person.clone(), township: DADONG.to_owned() };
    let history = city.bureau().people().get_employment_history(history).await.expect("listed").into_inner().records;
    assert_eq!(history, [mistaken, right, lost]);
    city.close().await;
}

#[tokio::test]
async fn a_coordinator_records_for_own_villages_and_a_service_for_the_township_it_names() {
    let city = City::new().await;
    let person = registered(&city, 1).await;
    record(&city.coordinator(DADONG, &["双溪村"]), entry(&person, S::Unemployed, "2026-01-02"))
        .await
        .expect("recorded");
    let stranger = city.coordinator(DADONG, &["河口村"]);
    let refused = record(&stranger, entry(&person, S::Unemployed, "2026-01-02")).await.expect_err("another's village");
    assert_eq!((refused.code(), reason(&refused).as_str()), (Code::PermissionDenied, "VILLAGE_NOT_YOURS"));

    let named = |township: &str| RecordEmploymentRequest {
        township: township.to_owned(),
        ..entry(&person, S::Flexible, "2026-01-03")
    };
    let service = city.service();
    let first = named(DADONG);
    let recorded = record(&service, first.clone()).await.expect("recorded");
    assert_eq!(record(&service, first).await.expect("repeated"), recorded);
    assert_eq!(reason(&record(&service, named("")).await.expect_err("which township?")), "FIELD_INVALID");
    assert_eq!(record(&service, named(LIBAO)).await.expect_err("not there").code(), Code::NotFound);
    assert_eq!(get(&city.clerk(DADONG), &person).await.expect("found").employment, Some(recorded));
    city.close().await;
}

#[tokio::test]
async fn what_lies_in_the_future_or_outside_the_calendar_is_refused() {
    let city = City::new().await;
    let (clerk, person) = (city.clerk(DADONG), registered(&city, 1).await);
    for since in ["2026-01-06", "1899-12-31"] {
        let refused = record(&clerk, entry(&person, S::Unemployed, since)).await.expect_err("refused");
        assert_eq!(reason(&refused), "FIELD_INVALID", "{since}");
    }
    let none = RecordEmploymentRequest { employment: None, ..entry(&person, S::Unemployed, "2026-01-02") };
    assert_eq!(reason(&record(&clerk, none).await.expect_err("nothing to record")), "FIELD_INVALID");
    city.close().await;
}
