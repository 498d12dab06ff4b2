//! What the shell does for one call: it outlives its caller, keeps its deadline, survives a panic, or is refused at once.

use std::{
    sync::atomic::Ordering,
    time::{Duration, Instant},
};

use bangfu_platform::{
    server::Stopping,
    stack::{self, Calls, Stack},
};
use bangfu_proto::followup::v1::{
    ListDutiesRequest, WatchDutiesRequest, followup_service_client::FollowupServiceClient,
};
use bytes::Bytes;
use futures::StreamExt as _;
use http_body::Frame;
use http_body_util::StreamBody;
use tokio_util::sync::CancellationToken;
use tonic::{Code, Request, Status, body::Body, service::Routes};
use tower::ServiceExt as _;

use crate::shell::{Fake, PATIENCE, SECRET, discreet, permitting, reached, reason, record, settings, start};

/// The stack without a network: tonic keeps timers of its own on both sides of the wire.
fn at_hand(settings: &stack::Settings) -> (Fake, FollowupServiceClient<Calls>, CancellationToken) {
    let (fake, calls, stop) = bare(settings);
    (fake, FollowupServiceClient::new(calls), stop)
}

/// The same without a client, for requests that none would send.
fn bare(settings: &stack::Settings) -> (Fake, Calls, CancellationToken) {
    let stop = CancellationToken::new();
    let fake = Fake::new(Stopping::from(stop.clone()));
    let calls = Stack::new(settings, permitting()).calls(fake.routes(), Routes::default(), fake.stopping.clone());
    (fake, calls, stop)
}

fn watch(how: &str) -> WatchDutiesRequest {
    WatchDutiesRequest { townships: vec![how.to_owned()], ..WatchDutiesRequest::default() }
}

fn in_time<T>(message: T, timeout: &str) -> Request<T> {
    let mut request = Request::new(message);
    request.metadata_mut().insert("grpc-timeout", timeout.parse().expect("a header"));
    request
}

#[tokio::test]
async fn work_goes_on_to_its_end_when_the_caller_hangs_up() {
    let running = start(settings(), &stack::Settings::default()).await;
    let mut client = running.client().await;
    let call = tokio::spawn(async move { client.record_contact(record("sleep 300")).await });
    reached(&running.fake.begun, 1).await;
    call.abort();
    reached(&running.fake.finished, 1).await;
}

#[tokio::test]
async fn the_shorter_of_the_callers_and_the_servers_deadline_answers_deadline_exceeded_while_the_work_goes_on() {
    let granted = Duration::from_millis(400);
    let (fake, mut client, _stop) = at_hand(&stack::Settings { unary: granted, ..stack::Settings::default() });
    for (asked, bound) in [(Some("200m"), granted / 2), (Some("9H"), granted), (None, granted)] {
        let before = Instant::now();
        let finished = fake.finished.load(Ordering::SeqCst);
        let request = asked.map_or_else(|| Request::new(record("sleep 3000")), |t| in_time(record("sleep 3000"), t));
        let status = client.record_contact(request).await.expect_err("too late");
        assert_eq!((status.code(), reason(&status).as_str()), (Code::DeadlineExceeded, "DEADLINE"));
        assert!(before.elapsed() + Duration::from_millis(30) >= bound, "{asked:?}: {:?}", before.elapsed());
        assert_eq!(fake.finished.load(Ordering::SeqCst), finished, "{asked:?}: answered before the work is done");
        reached(&fake.finished, finished + 1).await;
    }
}

/// A call whose request is begun and never goes on.
async fn half(calls: Calls, method: &str, timeout: Option<&str>) -> Status {
    let begun = futures::stream::iter([Ok::<_, Status>(Frame::data(Bytes::from_static(b"\0\0\0\0\x64abc")))]);
    let body = Body::new(StreamBody::new(begun.chain(futures::stream::pending())));
    let path = format!("/bangfu.followup.v1.FollowupService/{method}");
    let mut request =
        http::Request::post(path).header("content-type", "application/grpc").body(body).expect("a request");
    if let Some(timeout) = timeout {
        request.headers_mut().insert("grpc-timeout", timeout.parse().expect("a header"));
    }
    let response = tokio::time::timeout(PATIENCE, calls.oneshot(request)).await.expect("answered").expect("infallible");
    Status::from_header_map(response.headers()).expect("a status")
}

#[tokio::test]
async fn a_request_that_never_becomes_whole_keeps_no_room() {
    let (short, long) = (Duration::from_millis(200), Duration::from_mins(10));
    for (pause, unary, timeout) in [(short, long, None), (long, short, None), (long, long, Some("200m"))] {
        let limits = stack::Settings { calls: 1, calls_per_township: 1, pause, unary, ..stack::Settings::default() };
        for method in ["RecordContact", "WatchDuties"] {
            let (_, calls, _stop) = bare(&limits);
            let mut client = FollowupServiceClient::new(calls.clone());
            let status = half(calls, method, timeout).await;
            assert_eq!((status.code(), reason(&status).as_str()), (Code::DeadlineExceeded, "DEADLINE"), "{method}");
            let room = async {
                while client.record_contact(record("")).await.is_err() {
                    tokio::time::sleep(Duration::from_millis(5)).await;
                }
            };
            tokio::time::timeout(PATIENCE, room).await.unwrap_or_else(|_| panic!("{method} keeps its room"));
        }
    }
}

#[tokio::test]
async fn a_timeout_that_cannot_be_read_is_an_invalid_argument() {
    let (_, mut client, _stop) = at_hand(&stack::Settings::default());
    let status = client.record_contact(in_time(record(""), "soon")).await.expect_err("malformed");
    assert_eq!((status.code(), reason(&status).as_str()), (Code::InvalidArgument, "FIELD_INVALID"));
}

#[tokio::test]
async fn a_stream_ends_at_its_callers_deadline_and_without_one_goes_on() {
    let unary = Duration::from_millis(100);
    let (_, mut client, _stop) = at_hand(&stack::Settings { unary, ..stack::Settings::default() });
    let mut bounded = client.watch_duties(in_time(watch("hang"), "300m")).await.expect("a stream").into_inner();
    let mut open = client.watch_duties(watch("hang")).await.expect("a stream").into_inner();
    bounded.message().await.expect("the first").expect("the first");
    let status = bounded.message().await.expect_err("the deadline");
    assert_eq!((status.code(), reason(&status).as_str()), (Code::DeadlineExceeded, "DEADLINE"));
    open.message().await.expect("the first").expect("the first");
    let more = tokio::time::timeout(Duration::from_millis(300), open.message()).await;
    assert!(more.is_err(), "it is still open");
}

#[tokio::test]
async fn a_stream_that_does_not_end_itself_is_ended_when_the_server_stops() {
    let (_, mut client, stop) = at_hand(&stack::Settings::default());
    let mut stream = client.watch_duties(watch("hang")).await.expect("a stream").into_inner();
    stream.message().await.expect("the first").expect("the first");
    stop.cancel();
    let status = stream.message().await.expect_err("the end");
    assert_eq!((status.code(), reason(&status).as_str()), (Code::Cancelled, "STOPPING"));
}

#[tokio::test]
async fn a_panic_is_an_internal_fault_that_tells_nothing_and_leaves_the_connection_to_others() {
    discreet();
    let running = start(settings(), &stack::Settings::default()).await;
    let mut client = running.client().await;
    let in_handler = client.record_contact(record(&format!("panic {SECRET}"))).await.expect_err("a panic");
    let mut stream = client.watch_duties(watch("panic")).await.expect("a stream").into_inner();
    stream.message().await.expect("the first").expect("the first");
    let in_stream = stream.message().await.expect_err("a panic");
    for status in [in_handler, in_stream] {
        assert_eq!((status.code(), reason(&status).as_str()), (Code::Internal, "INTERNAL"));
        assert!(!format!("{status:?}").contains(SECRET));
        let info = tonic_types::StatusExt::get_details_error_info(&status).expect("details");
        assert_eq!(info.metadata["correlation_id"].len(), 32);
    }
    client.record_contact(record("")).await.expect("the same connection serves on");
}

#[tokio::test]
async fn one_call_too_many_is_refused_at_once_for_the_server_and_for_a_township() {
    for (limit, calls, calls_per_township) in [("calls", 1, 9), ("township", 9, 1)] {
        let limits = stack::Settings { calls, calls_per_township, ..stack::Settings::default() };
        let running = start(settings(), &limits).await;
        let mut client = running.client().await;
        let mut busy = client.clone();
        let first = tokio::spawn(async move { busy.record_contact(record("sleep 2000")).await });
        reached(&running.fake.begun, 1).await;
        let status = client.record_contact(record("")).await.expect_err("no room");
        assert_eq!((status.code(), reason(&status).as_str()), (Code::ResourceExhausted, "OVERLOADED"));
        let info = tonic_types::StatusExt::get_details_error_info(&status).expect("details");
        assert_eq!(info.metadata["limit"], limit);
        assert!(!first.is_finished(), "refused at once, not after the other");
        first.await.expect("no panic").expect("the first is served");
        client.record_contact(record("")).await.expect("room again");
    }
}

#[tokio::test]
async fn what_tonic_refuses_by_itself_carries_a_reason_too() {
    let running = start(settings(), &stack::Settings::default()).await;
    let mut client = running.client().await;
    let status = client.list_duties(ListDutiesRequest::default()).await.expect_err("unimplemented");
    assert_eq!((status.code(), reason(&status).as_str()), (Code::Unimplemented, "METHOD_UNKNOWN"));

    let large = "x".repeat(5 * 1024 * 1024);
    let status = client.record_contact(record(&large)).await.expect_err("too large");
    assert_eq!((status.code(), reason(&status).as_str()), (Code::ResourceExhausted, "TOO_LARGE"));

    let people = bangfu_proto::people::v1::people_service_client::PeopleServiceClient::new(running.channel().await);
    let asked = { people }.get_person(bangfu_proto::people::v1::GetPersonRequest::default()).await;
    let status = asked.expect_err("not served here");
    assert_eq!((status.code(), reason(&status).as_str()), (Code::Unimplemented, "METHOD_UNKNOWN"));
    assert!(tokio::time::timeout(PATIENCE, running.stop()).await.is_ok());
}
