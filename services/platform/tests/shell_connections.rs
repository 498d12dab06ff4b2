//! What the shell does with connections: how many, how long they may be silent, what anybody may ask, how they end.

use std::time::{Duration, Instant};

use bangfu_platform::{
    server::{self, Stopped},
    stack,
};
use bangfu_proto::followup::v1::WatchDutiesRequest;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};
use tonic::Code;
use tonic_health::pb::{HealthCheckRequest, health_client::HealthClient};
use tonic_reflection::pb::v1::{
    ServerReflectionRequest, server_reflection_client::ServerReflectionClient,
    server_reflection_request::MessageRequest, server_reflection_response::MessageResponse,
};

use crate::shell::{PATIENCE, Running, reached, reason, record, settings, start};

/// Waits until the peer has closed a connection.
async fn closed(stream: &mut TcpStream) {
    let mut rest = Vec::new();
    // A reset is a way of closing.
    let _ = tokio::time::timeout(PATIENCE, stream.read_to_end(&mut rest)).await.expect("the server closes");
}

async fn silent(running: &Running) -> TcpStream {
    TcpStream::connect(running.addr).await.expect("a connection")
}

fn watch(how: &str) -> WatchDutiesRequest {
    WatchDutiesRequest { townships: vec![how.to_owned()], ..WatchDutiesRequest::default() }
}

#[tokio::test]
async fn a_stop_ends_within_its_time_whatever_hangs() {
    let settings = server::Settings { stop_within: Duration::from_secs(2), ..settings() };
    let running = start(settings, &stack::Settings::default()).await;
    let mut client = running.client().await;
    let mut stream = client.watch_duties(watch("hang")).await.expect("a stream").into_inner();
    stream.message().await.expect("the first").expect("the first");
    let mut busy = client.clone();
    let call = tokio::spawn(async move { busy.record_contact(record("sleep 600000")).await });
    reached(&running.fake.begun, 2).await;
    let mut silent = silent(&running).await;

    let began = Instant::now();
    assert_eq!(running.stop().await, Stopped::Cut);
    assert!(began.elapsed() < Duration::from_secs(20), "{:?}", began.elapsed());
    closed(&mut silent).await;
    stream.message().await.expect_err("the connection is gone");
    call.await.expect("no panic").expect_err("the connection is gone");
}

#[tokio::test]
async fn a_stop_drains_calls_and_ends_watches_and_silent_connections() {
    let running = start(settings(), &stack::Settings::default()).await;
    let mut client = running.client().await;
    let mut stream = client.watch_duties(watch("")).await.expect("a stream").into_inner();
    stream.message().await.expect("the first").expect("the first");
    let mut busy = client.clone();
    let call = tokio::spawn(async move { busy.record_contact(record("sleep 500")).await });
    let mut abandoned = client.clone();
    let left = tokio::spawn(async move { abandoned.record_contact(record("sleep 1000")).await });
    reached(&running.fake.begun, 3).await;
    left.abort();
    let mut silent = silent(&running).await;
    let mut health = HealthClient::new(running.channel().await);
    let mut told = health.watch(HealthCheckRequest::default()).await.expect("a stream").into_inner();

    let fake = running.fake.clone();
    let stopping = tokio::spawn(running.stop());
    let status = stream.message().await.expect_err("the end");
    assert_eq!((status.code(), reason(&status).as_str()), (Code::Cancelled, "STOPPING"));
    call.await.expect("no panic").expect("a call in flight is served");
    while let Ok(Some(_)) = told.message().await {}
    closed(&mut silent).await;
    drop((client, health));
    assert_eq!(stopping.await.expect("no panic"), Stopped::Drained);
    assert_eq!(fake.finished.load(std::sync::atomic::Ordering::SeqCst), 2, "work without a caller was waited for");
}

#[tokio::test]
async fn a_connection_too_many_is_closed_at_once_and_its_place_is_free_again_later() {
    let settings = server::Settings { connections: 1, ..settings() };
    let running = start(settings, &stack::Settings::default()).await;
    let first = running.client().await;
    first.clone().record_contact(record("")).await.expect("served");
    closed(&mut silent(&running).await).await;
    drop(first);
    let again = async {
        loop {
            let endpoint = tonic::transport::Channel::from_shared(format!("http://{}", running.addr));
            if let Ok(channel) = endpoint.expect("an address").connect().await {
                let mut client =
                    bangfu_proto::followup::v1::followup_service_client::FollowupServiceClient::new(channel);
                if client.record_contact(record("")).await.is_ok() {
                    return;
                }
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(PATIENCE, again).await.expect("room again");
}

#[tokio::test]
async fn a_connection_that_does_not_say_what_it_is_is_closed() {
    let settings = server::Settings { opening: Duration::from_millis(200), ..settings() };
    let running = start(settings, &stack::Settings::default()).await;
    let client = running.client().await;
    for said in ["", "PRI * HTTP/2.0"] {
        let mut stream = silent(&running).await;
        stream.write_all(said.as_bytes()).await.expect("sent");
        closed(&mut stream).await;
    }
    tokio::time::sleep(Duration::from_millis(400)).await;
    { client }.record_contact(record("")).await.expect("who has spoken may be silent");
}

#[tokio::test]
async fn anybody_may_ask_for_health_and_readiness_follows_the_service() {
    let running = start(settings(), &stack::Settings::default()).await;
    let mut health = HealthClient::new(running.channel().await);
    let mut ask = async |service: &str| {
        let request = HealthCheckRequest { service: service.to_owned() };
        health.check(request).await.map(|answer| answer.into_inner().status().as_str_name())
    };
    assert_eq!(ask("").await.expect("alive"), "SERVING");
    assert_eq!(ask("readiness").await.expect("known"), "NOT_SERVING");
    running.readiness.set(true).await;
    assert_eq!(ask("readiness").await.expect("known"), "SERVING");
    assert_eq!(ask("nobody").await.expect_err("unknown").code(), Code::NotFound);
}

#[tokio::test]
async fn reflection_tells_the_contract_and_can_be_switched_off() {
    for told in [true, false] {
        let settings = server::Settings { reflection: told, ..settings() };
        let running = start(settings, &stack::Settings::default()).await;
        let mut reflection = ServerReflectionClient::new(running.channel().await);
        let ask = ServerReflectionRequest {
            host: String::new(),
            message_request: Some(MessageRequest::ListServices(String::new())),
        };
        let answer = reflection.server_reflection_info(futures::stream::iter([ask])).await;
        if !told {
            assert_eq!(answer.expect_err("switched off").code(), Code::Unimplemented);
            continue;
        }
        let first = answer.expect("a stream").into_inner().message().await.expect("an answer").expect("an answer");
        let Some(MessageResponse::ListServicesResponse(list)) = first.message_response else { panic!("{first:?}") };
        let names = list.service.iter().map(|service| service.name.as_str()).collect::<Vec<_>>();
        assert!(names.contains(&"bangfu.followup.v1.FollowupService"), "{names:?}");
    }
}

#[tokio::test]
async fn a_browser_may_call_over_http_1() {
    let running = start(settings(), &stack::Settings::default()).await;
    let mut stream = silent(&running).await;
    let head = "POST /bangfu.followup.v1.FollowupService/RecordContact HTTP/1.1\r\nhost: localhost\r\n\
                content-type: application/grpc-web+proto\r\nconnection: close\r\ncontent-length: 5\r\n\r\n";
    stream.write_all(head.as_bytes()).await.expect("sent");
    stream.write_all(&[0; 5]).await.expect("sent");
    let mut answer = Vec::new();
    tokio::time::timeout(PATIENCE, stream.read_to_end(&mut answer)).await.expect("in time").expect("an answer");
    let answer = String::from_utf8_lossy(&answer);
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    assert!(answer.contains("grpc-status:0"), "{answer}");
}
