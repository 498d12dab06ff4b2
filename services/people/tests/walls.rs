//! What another township has is not there; what stands in the database is sealed.

use bangfu::client::{Client, request_id};
use bangfu_proto::people::v1::{
    BatchGetPeopleRequest, EmploymentStatus, GetPersonRequest, ListPeopleRequest, Person, RecordEmploymentRequest,
    RegisterPersonRequest, RevealPersonRequest,
};
use bangfu_testkit::{City, DADONG, LIBAO, sample};
use sqlx::Row as _;
use tonic::{Code, Status};
use uuid::Uuid;

/// GetPerson by id.
pub(crate) async fn get(client: &Client, person_id: &str) -> Result<Person, Status> {
    let request = GetPersonRequest { person_id: person_id.to_owned(), township: String::new() };
    client.people().get_person(request).await.map(tonic::Response::into_inner)
}

/// Everything of an answer that a client can see.
fn seen(status: &Status) -> (Code, String, Vec<u8>) {
    (status.code(), status.message().to_owned(), status.details().to_vec())
}

/// A text's bytes as PostgreSQL shows them.
struct HexOf<'a>(&'a str);

impl std::fmt::LowerHex for HexOf<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.bytes().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

#[tokio::test]
async fn another_townships_person_is_not_found_byte_for_byte_like_nobody() {
    let city = City::new().await;
    let theirs = city.clerk(LIBAO).people().register_person(sample::person(1)).await.expect("registered").into_inner();
    let ours = city.clerk(DADONG);
    let nobody = Uuid::from_u128(7).to_string();

    let mut answers = Vec::new();
    for person_id in [theirs.person_id.clone(), nobody] {
        let reveal = RevealPersonRequest { person_id: person_id.clone(), reason: "上门走访".to_owned() };
        let record = RecordEmploymentRequest {
            request_id: request_id(),
            person_id: person_id.clone(),
            employment: Some(sample::employment(EmploymentStatus::Flexible, "2026-01-02")),
            ..Default::default()
        };
        let batch = BatchGetPeopleRequest { person_ids: vec![person_id.clone()], township: String::new() };
        assert!(ours.people().batch_get_people(batch).await.expect("an answer").into_inner().people.is_empty());
        answers.push([
            seen(&get(&ours, &person_id).await.expect_err("not there")),
            seen(&ours.people().reveal_person(reveal).await.expect_err("not there")),
            seen(&ours.people().record_employment(record).await.expect_err("not there")),
        ]);
    }
    assert_eq!(answers[0], answers[1]);
    assert!(answers[0].iter().all(|(code, ..)| *code == Code::NotFound));

    let named = GetPersonRequest { person_id: theirs.person_id, township: LIBAO.to_owned() };
    assert_eq!(ours.people().get_person(named).await.expect_err("not there").code(), Code::NotFound);
    let list = ListPeopleRequest { township: LIBAO.to_owned(), ..Default::default() };
    assert_eq!(ours.people().list_people(list).await.expect_err("not there").code(), Code::NotFound);
    city.close().await;
}

#[tokio::test]
async fn the_database_holds_no_name_number_phone_or_address_in_the_open() {
    let city = City::new().await;
    let request = RegisterPersonRequest {
        address: "示范路一百零一号".to_owned(),
        remark: "备注里的话".to_owned(),
        ..sample::person_who_is(1, EmploymentStatus::Unemployed, "2026-01-01")
    };
    city.clerk(DADONG).people().register_person(request.clone()).await.expect("registered");

    let mut look = city.look("people").await;
    let tables: Vec<String> = sqlx::query_scalar(
        "SELECT relname::text FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace",
    )
    .fetch_all(&mut look)
    .await
    .expect("tables");
    assert!(tables.len() > 8, "{tables:?}");
    let mut text = Vec::new();
    for table in &tables {
        let sql = format!("SELECT row_to_json(t)::text AS row FROM {table} t");
        let rows = sqlx::raw_sql(sqlx::AssertSqlSafe(sql)).fetch_all(&mut look).await.expect("rows");
        text.extend(rows.iter().map(|row| row.get::<String, _>("row")));
    }
    let text = text.join("\n");
    let secrets = [&request.name, &request.id_number, &request.phone, &request.address, &request.remark];
    for secret in secrets {
        let hex = format!("{:x}", HexOf(secret));
        assert!(!text.contains(secret.as_str()) && !text.contains(&hex), "{secret} stands in the open");
    }
    assert!(text.contains("双溪村"), "the look sees what is not sealed");
    city.close().await;
}
