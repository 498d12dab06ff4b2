//! Changing somebody's entry: field by field, never over somebody else's change; and rosters that know another name.

use bangfu::client::{Client, people::send, request_id};
use bangfu_proto::people::v1::{
    Person, RegisterMatch, RegisterPersonRequest, RevealPersonRequest, RevealedPerson, RosterRow, RosterStart,
    UpdatePersonRequest,
};
use bangfu_testkit::{City, DADONG, reason, sample};
use prost_types::FieldMask;
use tonic::{Code, Status};

use crate::walls::get;

fn update(person: &Person, paths: &str) -> UpdatePersonRequest {
    UpdatePersonRequest {
        request_id: request_id(),
        person_id: person.person_id.clone(),
        etag: person.etag.clone(),
        update_mask: Some(FieldMask { paths: paths.split(' ').map(str::to_owned).collect() }),
        ..Default::default()
    }
}

async fn updated(client: &Client, request: UpdatePersonRequest) -> Result<Person, Status> {
    client.people().update_person(request).await.map(tonic::Response::into_inner)
}

async fn revealed(client: &Client, person: &Person) -> RevealedPerson {
    let request = RevealPersonRequest { person_id: person.person_id.clone(), reason: "核对信息".to_owned() };
    client.people().reveal_person(request).await.expect("revealed").into_inner()
}

#[tokio::test]
async fn only_what_the_mask_names_changes_and_a_stale_etag_changes_nothing() {
    let city = City::new().await;
    let clerk = city.clerk(DADONG);
    let request = RegisterPersonRequest { address: "示范路1号".to_owned(), ..sample::person(1) };
    let person = clerk.people().register_person(request).await.expect("registered").into_inner();
    let before = revealed(&clerk, &person).await;

    let request = UpdatePersonRequest {
        name: "钱 样例\u{200b}".to_owned(),
        phone: "0513-8880 0001".to_owned(),
        village: "河口村".to_owned(),
        education: "不在其中".to_owned(),
        ..update(&person, "name phone address village")
    };
    let changed = updated(&clerk, request.clone()).await.expect("updated");
    assert_eq!(updated(&clerk, request.clone()).await.expect("repeated"), changed);
    assert_eq!((changed.village.as_str(), changed.education.as_str()), ("河口村", ""));
    assert_ne!(changed.etag, person.etag);
    let after = revealed(&clerk, &person).await;
    assert_eq!((after.name.as_str(), after.address.as_str()), ("钱样例", ""));
    assert_ne!(after.phone, before.phone);
    assert_eq!(after.id_number, before.id_number);

    let stale = UpdatePersonRequest { request_id: request_id(), ..request };
    let refused = updated(&clerk, stale).await.expect_err("somebody was faster");
    assert_eq!((refused.code(), reason(&refused).as_str()), (Code::Aborted, "ETAG_STALE"));
    let stranger = city.coordinator(DADONG, &["双溪村"]);
    let refused = updated(&stranger, update(&changed, "remark")).await.expect_err("another's village");
    assert_eq!(reason(&refused), "VILLAGE_NOT_YOURS");
    assert_eq!(get(&clerk, &person.person_id).await.expect("found"), changed);
    city.close().await;
}

#[tokio::test]
async fn a_roster_row_with_a_known_number_and_another_name_is_told_and_not_written() {
    let city = City::new().await;
    let clerk = city.clerk(DADONG);
    let person = clerk.people().register_person(sample::person(1)).await.expect("registered").into_inner();
    let row = RosterRow { name: "别人".to_owned(), village: "别的村".to_owned(), ..sample::row(1, 4) };
    for validate_only in [true, false] {
        let start = RosterStart { request_id: request_id(), validate_only, ..Default::default() };
        let import = send(&clerk, start, vec![row.clone()]).await.expect("imported");
        let [result] = import.results.as_slice() else { panic!("one row") };
        assert_eq!(
            (result.r#match(), result.person_id.as_str()),
            (RegisterMatch::OtherName, person.person_id.as_str())
        );
    }
    assert_eq!(get(&clerk, &person.person_id).await.expect("found"), person, "nothing has changed");
    city.close().await;
}
