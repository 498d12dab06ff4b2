//! Surveys: dated answers with who asked; the latest wishes stand in the register.

use bangfu::client::{Client, date, request_id};
use bangfu_proto::people::v1::{ListSurveysRequest, RecordSurveyRequest, Source, Survey, WantsWork, WorkWish};
use bangfu_testkit::{City, DADONG, reason, sample};
use tonic::Status;

use crate::walls::get;

fn survey(person_id: &str, asked_on: &str, occupation: &str) -> RecordSurveyRequest {
    RecordSurveyRequest {
        request_id: request_id(),
        person_id: person_id.to_owned(),
        asked_on: date(asked_on.parse().expect("a date")),
        asked_by: "协理员甲".to_owned(),
        wants_work: WantsWork::Yes.into(),
        work_wish: Some(WorkWish {
            occupation: occupation.to_owned(),
            monthly_wage_fen: 450_000,
            place: "本镇".to_owned(),
        }),
        training_wish: "电工".to_owned(),
        skills: vec!["驾驶".to_owned(), "烹饪".to_owned()],
        note: "家有老人需照顾，电话19900000001".to_owned(),
        ..Default::default()
    }
}

async fn record(client: &Client, request: RecordSurveyRequest) -> Result<Survey, Status> {
    client.people().record_survey(request).await.map(tonic::Response::into_inner)
}

#[tokio::test]
async fn answers_are_kept_by_day_and_the_latest_wishes_stand_in_the_register() {
    let city = City::new().await;
    let clerk = city.clerk(DADONG);
    let id = clerk.people().register_person(sample::person(1)).await.expect("registered").into_inner().person_id;

    let request = survey(&id, "2026-01-04", "缝纫工");
    let latest = record(&clerk, request.clone()).await.expect("recorded");
    assert_eq!(record(&clerk, request).await.expect("repeated"), latest);
    assert_eq!((latest.source(), latest.entered_by.as_str()), (Source::HouseholdSurvey, "clerk-1"));
    let person = get(&clerk, &id).await.expect("found");
    assert_eq!((person.job_wish.as_str(), person.training_wish.as_str()), ("缝纫工", "电工"));

    let earlier = record(&clerk, survey(&id, "2025-10-01", "保洁员")).await.expect("recorded");
    assert_eq!(get(&clerk, &id).await.expect("found").job_wish, "缝纫工", "an older answer changes no newer wish");

    let mut listed = Vec::new();
    let mut request = ListSurveysRequest { person_id: id.clone(), page_size: 1, ..Default::default() };
    loop {
        let page = clerk.people().list_surveys(request.clone()).await.expect("a page").into_inner();
        listed.extend(page.surveys);
        if page.next_page_token.is_empty() {
            break;
        }
        request.page_token = page.next_page_token;
    }
    assert_eq!(listed, [latest, earlier]);
    city.close().await;
}

#[tokio::test]
async fn a_survey_without_an_answer_is_none_and_its_note_is_sealed() {
    let city = City::new().await;
    let clerk = city.clerk(DADONG);
    let id = clerk.people().register_person(sample::person(1)).await.expect("registered").into_inner().person_id;
    let nothing = RecordSurveyRequest {
        request_id: request_id(),
        person_id: id.clone(),
        asked_by: "协理员甲".to_owned(),
        ..Default::default()
    };
    assert_eq!(reason(&record(&clerk, nothing).await.expect_err("no answer")), "FIELD_INVALID");
    let stranger = city.coordinator(DADONG, &["河口村"]);
    assert_eq!(
        reason(&record(&stranger, survey(&id, "2026-01-04", "")).await.expect_err("not theirs")),
        "VILLAGE_NOT_YOURS"
    );

    let recorded = record(&clerk, survey(&id, "2026-01-04", "缝纫工")).await.expect("recorded");
    let kept: Vec<u8> = sqlx::query_scalar("SELECT note FROM survey WHERE survey_id = $1::uuid")
        .bind(&recorded.survey_id)
        .fetch_one(&mut city.look("people").await)
        .await
        .expect("a note");
    let plain = recorded.note.as_bytes();
    assert!(!kept.windows(plain.len()).any(|window| window == plain));
    city.close().await;
}
