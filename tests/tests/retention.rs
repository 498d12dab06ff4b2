//! Whom the registry anonymises, follow-up lets go of, too: what figures count stays, who it was does not.

use bangfu::client::request_id;
use bangfu_proto::{
    followup::v1::{JobIntention, ListContactsRequest, RecordContactRequest},
    people::v1::{EmploymentStatus, RunRetentionRequest},
};
use bangfu_testkit::{City, DADONG};

use crate::steps::{becomes, contact, learned, record, unemployed, until};

#[tokio::test(flavor = "multi_thread")]
async fn of_somebody_anonymised_contacts_stay_and_their_words_go() {
    let city = City::new().await;
    let people = unemployed(&city, DADONG, 0..2, "2026-01-02").await;
    let clerk = city.clerk(DADONG);
    for person in &people {
        let told = RecordContactRequest {
            note: "家住河边，母亲卧病".to_owned(),
            answered_by: "其母".to_owned(),
            difficulties: vec!["照料家人".to_owned()],
            job_intention: Some(JobIntention { occupation: "厨师".to_owned(), ..Default::default() }),
            status_learned: learned(EmploymentStatus::Flexible, "2026-01-04"),
            ..contact(&city, person)
        };
        record(&clerk, told).await;
    }
    let delivered = async || {
        let open: i64 = sqlx::query_scalar("SELECT count(*) FROM delivery WHERE delivered_at IS NULL")
            .fetch_one(&mut city.look("followup").await)
            .await
            .expect("a count");
        open == 0
    };
    until("the registry knows", delivered).await;
    becomes(&city, DADONG, &people[0], EmploymentStatus::Retired, "2026-01-05").await;
    city.turn_to("2031-01-06");
    let request = RunRetentionRequest { request_id: request_id(), township: DADONG.to_owned(), validate_only: false };
    city.bureau().people().run_retention(request).await.expect("run");
    city.settle().await;

    let of = async |person: &str| {
        let request = ListContactsRequest { person_id: person.to_owned(), ..Default::default() };
        clerk.followup().list_contacts(request).await.expect("listed").into_inner().contacts.remove(0)
    };
    let (gone, stays) = (of(&people[0]).await, of(&people[1]).await);
    assert_eq!((gone.channel, gone.result, gone.on), (stays.channel, stays.result, stays.on), "figures count it still");
    assert_eq!((gone.note.as_str(), gone.answered_by.as_str(), gone.difficulties.len()), ("", "", 0));
    assert_eq!(gone.job_intention.map(|it| it.occupation).as_deref(), Some(""));
    assert!(gone.status_learned.is_none());
    assert_eq!((stays.note.as_str(), stays.answered_by.as_str()), ("家住河边，母亲卧病", "其母"));
    assert!(stays.status_learned.is_some());
    let empty: Vec<bool> = sqlx::query_scalar(
        "SELECT d.request = '' FROM delivery d JOIN contact c USING (township, contact_id) ORDER BY c.person_id = $1::uuid",
    )
    .bind(&people[0])
    .fetch_all(&mut city.look("followup").await)
    .await
    .expect("deliveries");
    assert_eq!(empty, [false, true]);
    city.close().await;
}
