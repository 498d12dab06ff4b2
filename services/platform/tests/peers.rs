//! The way to another service: what goes along, what is tried again, and what happens when addresses change.

use std::{
    net::SocketAddr,
    sync::{Arc, Mutex},
    time::Duration,
};

use bangfu_platform::{
    peers::{NotAPeer, Peer, PeerSettings, Resolve, TokenSource},
    tls::PeerTls,
};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
    sync::oneshot,
    time::Instant,
};
use tonic::{Code, Request, Response, Status, metadata::MetadataMap, transport::Server};
use tonic_health::pb::{
    HealthCheckRequest, HealthCheckResponse,
    health_client::HealthClient,
    health_server::{Health, HealthServer},
};

/// A peer that answers as its script says, then OK; keeps the metadata of every call.
#[derive(Clone, Default)]
struct Scripted {
    script: Arc<Mutex<Vec<Code>>>,
    calls: Arc<Mutex<Vec<MetadataMap>>>,
    slow: Option<Duration>,
}

#[tonic::async_trait]
impl Health for Scripted {
    async fn check(&self, request: Request<HealthCheckRequest>) -> Result<Response<HealthCheckResponse>, Status> {
        self.calls.lock().expect("calls").push(request.metadata().clone());
        if let Some(slow) = self.slow {
            tokio::time::sleep(slow).await;
        }
        match self.script.lock().expect("a script").pop() {
            Some(code) => Err(Status::new(code, "as scripted")),
            None => Ok(Response::new(HealthCheckResponse { status: 1 })),
        }
    }

    type WatchStream = tokio_stream::Empty<Result<HealthCheckResponse, Status>>;

    async fn watch(&self, _: Request<HealthCheckRequest>) -> Result<Response<Self::WatchStream>, Status> {
        Ok(Response::new(tokio_stream::empty()))
    }
}

impl Scripted {
    fn calls(&self) -> usize {
        self.calls.lock().expect("calls").len()
    }

    /// Serves until the sender is dropped.
    async fn serve(&self) -> (SocketAddr, oneshot::Sender<()>) {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let (stop, stopped) = oneshot::channel::<()>();
        let incoming = tokio_stream::wrappers::TcpListenerStream::new(listener);
        let server = Server::builder().add_service(HealthServer::new(self.clone()));
        tokio::spawn(server.serve_with_incoming_shutdown(incoming, async {
            let _ = stopped.await;
        }));
        (address, stop)
    }
}

/// A resolver whose answer the test changes.
fn resolver(addresses: &Arc<Mutex<Vec<SocketAddr>>>) -> Resolve {
    let addresses = Arc::clone(addresses);
    Arc::new(move || {
        let now = addresses.lock().expect("addresses").clone();
        Box::pin(async move { Ok(now) })
    })
}

fn peer(addresses: &Arc<Mutex<Vec<SocketAddr>>>) -> Peer {
    let mut settings = PeerSettings::new("http://people.test:50051");
    settings.resolve_every = Duration::from_millis(100);
    Peer::resolved_by(&settings, TokenSource::issued(|| "our-token".into()), resolver(addresses)).expect("a peer")
}

async fn check(peer: &Peer, within: Duration) -> Result<(), Status> {
    peer.call(Instant::now() + within, async |service| {
        HealthClient::new(service).check(HealthCheckRequest::default()).await.map(drop)
    })
    .await
}

#[tokio::test]
async fn only_unavailable_is_tried_again_and_at_most_twice() {
    use Code::{Aborted, Internal, ResourceExhausted, Unavailable};
    for (script, outcome, calls) in [
        (vec![], Code::Ok, 1),
        (vec![Unavailable], Code::Ok, 2),
        (vec![Unavailable, Unavailable], Code::Ok, 3),
        (vec![Unavailable; 3], Unavailable, 3),
        (vec![Internal], Internal, 1),
        (vec![Aborted], Aborted, 1),
        (vec![ResourceExhausted], ResourceExhausted, 1),
    ] {
        let server = Scripted { script: Arc::new(Mutex::new(script.clone())), ..Scripted::default() };
        let (address, _serving) = server.serve().await;
        let peer = peer(&Arc::new(Mutex::new(vec![address])));
        let code = check(&peer, Duration::from_secs(5)).await.map_or_else(|status| status.code(), |()| Code::Ok);
        assert_eq!((code, server.calls()), (outcome, calls), "{script:?}");
    }
}

/// A server that says goodbye to the first call it is sent, and that it took up none (RFC 9113, section 6.8).
async fn says_goodbye(mut connection: TcpStream) {
    const PREFACE: usize = 24;
    const HEADERS: u8 = 1;
    const SETTINGS: [u8; 9] = [0, 0, 0, 4, 0, 0, 0, 0, 0];
    const GOAWAY_NO_ERROR_AFTER_0: [u8; 17] = [0, 0, 8, 7, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
    connection.write_all(&SETTINGS).await.expect("sent");
    connection.read_exact(&mut [0; PREFACE]).await.expect("a preface");
    loop {
        let mut head = [0; 9];
        connection.read_exact(&mut head).await.expect("a frame");
        let length = u32::from_be_bytes([0, head[0], head[1], head[2]]);
        connection.read_exact(&mut vec![0; length as usize]).await.expect("its payload");
        if head[3] == HEADERS {
            break;
        }
    }
    connection.write_all(&GOAWAY_NO_ERROR_AFTER_0).await.expect("sent");
    let _ = connection.read_to_end(&mut Vec::new()).await;
}

#[tokio::test]
async fn a_call_on_its_way_when_the_peer_says_goodbye_is_sent_elsewhere() {
    let server = Scripted::default();
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    let serving = server.clone();
    tokio::spawn(async move {
        let (connection, _) = listener.accept().await.expect("a connection");
        tokio::spawn(says_goodbye(connection));
        let incoming = tokio_stream::wrappers::TcpListenerStream::new(listener);
        Server::builder().add_service(HealthServer::new(serving)).serve_with_incoming(incoming).await
    });
    let peer = peer(&Arc::new(Mutex::new(vec![address])));
    // Not by `call`, which would try again: what it says is the point.
    let status = HealthClient::new(peer.service()).check(HealthCheckRequest::default()).await.expect_err("a goodbye");
    assert_eq!((status.code(), server.calls()), (Code::Unavailable, 0), "{status:?}");
    check(&peer, Duration::from_secs(5)).await.expect("an answer");
    assert_eq!(server.calls(), 1);
}

#[tokio::test]
async fn retries_stay_under_a_tenth_of_the_calls() {
    let server = Scripted { script: Arc::new(Mutex::new(vec![Code::Unavailable; 1000])), ..Scripted::default() };
    let (address, _serving) = server.serve().await;
    let peer = peer(&Arc::new(Mutex::new(vec![address])));
    for _ in 0..100 {
        assert!(check(&peer, Duration::from_secs(5)).await.is_err());
    }
    let retries = server.calls() - 100;
    assert!((10..=20).contains(&retries), "{retries} retries: ten saved up, ten earned");
}

#[tokio::test]
async fn token_and_deadline_go_along() {
    let server = Scripted::default();
    let (address, _serving) = server.serve().await;
    let peer = peer(&Arc::new(Mutex::new(vec![address])));
    check(&peer, Duration::from_secs(5)).await.expect("an answer");

    let mut own = Request::new(HealthCheckRequest::default());
    own.metadata_mut().insert("authorization", "Bearer the-callers-own".parse().expect("a value"));
    HealthClient::new(peer.service()).check(own).await.expect("an answer");

    let calls = server.calls.lock().expect("calls");
    assert_eq!(calls[0].get("authorization").expect("a token"), "Bearer our-token");
    let timeout = calls[0].get("grpc-timeout").expect("a timeout").to_str().expect("text");
    let millis: u32 = timeout.strip_suffix('m').expect("milliseconds").parse().expect("a number");
    assert!((1..=5000).contains(&millis), "{timeout}");
    assert_eq!(calls[1].get("authorization").expect("a token"), "Bearer the-callers-own");
    assert!(calls[1].get("grpc-timeout").is_none());
}

#[tokio::test]
async fn a_call_ends_with_its_deadline() {
    let server = Scripted { slow: Some(Duration::from_secs(30)), ..Scripted::default() };
    let (address, _serving) = server.serve().await;
    let peer = peer(&Arc::new(Mutex::new(vec![address])));
    let begun = Instant::now();
    let status = check(&peer, Duration::from_millis(300)).await.expect_err("no answer");
    assert_eq!(status.code(), Code::DeadlineExceeded);
    assert!(begun.elapsed() < Duration::from_secs(5));
}

#[tokio::test]
async fn calls_follow_the_peer_to_new_addresses() {
    let (first, second, third) = (Scripted::default(), Scripted::default(), Scripted::default());
    let (first_address, stop_first) = first.serve().await;
    let addresses = Arc::new(Mutex::new(vec![first_address]));
    let peer = peer(&addresses);
    check(&peer, Duration::from_secs(5)).await.expect("the first answers");

    // One more: both get their share.
    let (second_address, _serving) = second.serve().await;
    addresses.lock().expect("addresses").push(second_address);
    for _ in 0..100 {
        check(&peer, Duration::from_secs(5)).await.expect("an answer");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    assert!(first.calls() > 10 && second.calls() > 10, "{} and {}", first.calls(), second.calls());

    // One dies while its address stays: no call fails.
    drop(stop_first);
    for _ in 0..50 {
        check(&peer, Duration::from_secs(5)).await.expect("the second answers");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }

    // All move.
    let (third_address, _serving) = third.serve().await;
    *addresses.lock().expect("addresses") = vec![third_address];
    tokio::time::sleep(Duration::from_millis(600)).await;
    let before = (first.calls(), second.calls());
    for _ in 0..20 {
        check(&peer, Duration::from_secs(5)).await.expect("the third answers");
    }
    assert_eq!((third.calls(), (first.calls(), second.calls())), (20, before));
}

#[tokio::test]
async fn an_https_peer_needs_somebody_who_vouches_for_it() {
    let token = || TokenSource::issued(|| "our-token".into());
    let https = PeerSettings::new("https://people.test:50051");
    assert!(matches!(Peer::connect_lazy(&https, token()), Err(NotAPeer::Vouched)));
    // And a plain one has no use for it: whoever names certificates means https.
    let mut plain = PeerSettings::new("http://people.test:50051");
    plain.tls = Some(PeerTls::new("ca.pem"));
    assert!(matches!(Peer::connect_lazy(&plain, token()), Err(NotAPeer::Vouched)));
    let unreadable = PeerSettings { tls: Some(PeerTls::new("no such file")), ..https };
    assert!(matches!(Peer::connect_lazy(&unreadable, token()), Err(NotAPeer::Certificates(_))));
}

#[tokio::test]
async fn a_token_file_is_read_again_when_it_changes() {
    let path = std::env::temp_dir().join(format!(
        "bangfu-peer-token-{}-{:?}",
        std::process::id(),
        std::thread::current().id()
    ));
    let server = Scripted::default();
    let (address, _serving) = server.serve().await;
    let settings = PeerSettings::new(format!("http://localhost:{}", address.port()));
    let peer = Peer::connect_lazy(&settings, TokenSource::file(&path)).expect("a peer");
    assert_eq!(check(&peer, Duration::from_secs(5)).await.expect_err("no token yet").code(), Code::Unavailable);
    for token in ["one", "two"] {
        tokio::time::sleep(Duration::from_millis(50)).await;
        std::fs::write(&path, format!("{token}\n")).expect("a file");
        check(&peer, Duration::from_secs(5)).await.expect("an answer");
        let calls = server.calls.lock().expect("calls");
        let sent = calls.last().expect("a call").get("authorization").expect("a token");
        assert_eq!(sent, &format!("Bearer {token}"));
    }
    std::fs::remove_file(&path).expect("gone");
}
