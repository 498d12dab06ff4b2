//! The directory: entered by the bureau, read by everybody, trusted by the door.

use bangfu::client::{Client, request_id};
use bangfu_proto::people::v1::{ListTownshipsRequest, Township, UpsertTownshipRequest};
use bangfu_testkit::{City, DADONG, LIBAO, reason, sample};
use tonic::{Code, Status};

const JIAOXIE: &str = "320685104";

fn entry(code: &str, name: &str, etag: &str) -> UpsertTownshipRequest {
    UpsertTownshipRequest {
        request_id: request_id(),
        code: code.to_owned(),
        name: name.to_owned(),
        etag: etag.to_owned(),
    }
}

async fn upsert(client: &Client, request: UpsertTownshipRequest) -> Result<Township, Status> {
    client.people().upsert_township(request).await.map(tonic::Response::into_inner)
}

async fn list(client: &Client, request: ListTownshipsRequest) -> (Vec<String>, String) {
    let page = client.people().list_townships(request).await.expect("a page").into_inner();
    (page.townships.into_iter().map(|township| township.code).collect(), page.next_page_token)
}

#[tokio::test]
async fn a_township_is_entered_changed_by_etag_and_repeated_by_request_id() {
    let city = City::new().await;
    let bureau = city.bureau();
    let first = entry(JIAOXIE, "角斜镇", "");
    let made = upsert(&bureau, first.clone()).await.expect("made");
    assert_eq!(upsert(&bureau, first).await.expect("repeated"), made);
    assert_eq!(upsert(&bureau, entry(JIAOXIE, "角斜镇", "")).await.expect("the same again"), made);

    let renamed = upsert(&bureau, entry(JIAOXIE, "角斜街道", &made.etag)).await.expect("renamed");
    assert_ne!(renamed.etag, made.etag);
    let stale = upsert(&bureau, entry(JIAOXIE, "别的名", &made.etag)).await.expect_err("stale");
    assert_eq!((stale.code(), reason(&stale).as_str()), (Code::Aborted, "ETAG_STALE"));
    let nowhere = upsert(&bureau, entry("320685105", "没有的镇", "1")).await.expect_err("nothing was read");
    assert_eq!(reason(&nowhere), "ETAG_STALE");

    for (code, name) in [("320684101", "外市的镇"), ("32068", "短"), ("", "空"), ("320685105", "")] {
        let refused = upsert(&bureau, entry(code, name, "")).await.expect_err("refused");
        assert_eq!(reason(&refused), "FIELD_INVALID", "{code} {name}");
    }
    city.close().await;
}

#[tokio::test]
async fn everybody_reads_the_directory_and_a_township_its_own_entry() {
    let city = City::new().await;
    city.township(JIAOXIE, "角斜镇").await;
    let all = ListTownshipsRequest::default();
    assert_eq!(
        list(&city.bureau(), all.clone()).await,
        (vec![DADONG.into(), LIBAO.into(), JIAOXIE.into()], String::new())
    );
    assert_eq!(list(&city.clerk(LIBAO), all).await, (vec![LIBAO.into()], String::new()));

    let page = ListTownshipsRequest { page_size: 2, page_token: String::new() };
    let (first, token) = list(&city.bureau(), page).await;
    assert_eq!(first, [DADONG, LIBAO]);
    let (second, end) = list(&city.bureau(), ListTownshipsRequest { page_size: 2, page_token: token }).await;
    assert_eq!((second, end), (vec![JIAOXIE.to_owned()], String::new()));
    city.close().await;
}

#[tokio::test]
async fn a_token_of_a_township_is_refused_until_it_stands_in_the_directory() {
    let city = City::new().await;
    let clerk = city.clerk(JIAOXIE);
    let refused = clerk.people().register_person(sample::person(1)).await.expect_err("not there yet");
    assert_eq!((refused.code(), reason(&refused).as_str()), (Code::PermissionDenied, "TOWNSHIP_UNKNOWN"));
    city.township(JIAOXIE, "角斜镇").await;
    tokio::time::sleep(std::time::Duration::from_millis(1_100)).await;
    clerk.people().register_person(sample::person(1)).await.expect("there now");
    city.close().await;
}
