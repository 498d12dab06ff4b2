//! A handler that panics.

use std::{
    convert::Infallible,
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

use bangfu_platform::{
    auth::Permit,
    server::{self, Server},
    stack::{self, Stack},
};
use bangfu_testkit::{DADONG, reason};
use futures::{FutureExt as _, future::BoxFuture};
use http::{HeaderMap, Request, Response};
use http_body::Frame;
use tokio_util::sync::CancellationToken;
use tonic::{
    Code, Status,
    body::Body,
    codegen::{Bytes, Service},
    server::NamedService,
    service::Routes,
    transport::Channel,
};
use tower::util::MapRequestLayer;

use super::messages::{framed, post};
use crate::row::Run;

/// What no error may tell.
const SECRET: &str = "secret-of-320699";
const PATH: &str = "/bangfu.followup.v1.FollowupService/";

/// INTERNAL without its text, whether before the answer or in the middle of a stream; calls on the same connection go on.
pub async fn a_panic_ends_one_call_and_tells_nothing(run: Run) {
    let settings = server::Settings { lame_duck: Duration::ZERO, ..server::Settings::default() };
    let server = Server::bind(([127, 0, 0, 1], 0).into(), settings).await.expect("a free port");
    let channel = Channel::from_shared(format!("http://{}", server.local_addr())).expect("an address").connect_lazy();
    let (stop, quiet) = (CancellationToken::new(), std::panic::take_hook());
    std::panic::set_hook(Box::new(move |panic| {
        if !panic.to_string().contains(SECRET) {
            quiet(panic);
        }
    }));
    let stack = Stack::new(&stack::Settings::default(), MapRequestLayer::new(anybody));
    let served = tokio::spawn(server.serve(Routes::new(Trap), stack, stop.clone().cancelled_owned()));

    let paths = ["ListDuties", "RecordContact", "WatchDuties"].map(|method| format!("{PATH}{method}"));
    run.fault("panics", 0);
    for _ in 0..run.of(20, 2_000) {
        // All on one connection, at once: a good call that is at work while the others fall.
        let [good, fallen, cut] = paths.each_ref().map(|path| post(&channel, path, "", None, framed(0, b"")));
        let (good, fallen, cut) = tokio::join!(good, fallen, cut);
        assert_eq!(good.0.code(), Code::Ok, "{:?} (seed {})", good.0, run.seed());
        for (status, _) in [fallen, cut] {
            assert_eq!((status.code(), reason(&status).as_str()), (Code::Internal, "INTERNAL"), "{status:?}");
            let all = format!("{status:?}{}", String::from_utf8_lossy(status.details()));
            assert!(!all.contains(SECRET) && !all.contains("panic"), "{all} (seed {})", run.seed());
            run.fault("panics", 1);
        }
        run.count("calls beside them", 1);
    }
    stop.cancel();
    drop(channel);
    served.await.expect("the server lives").expect("and stops in order");
}

#[expect(clippy::disallowed_methods, reason = "stands where the auth layer would")]
fn anybody(mut request: Request<Body>) -> Request<Body> {
    let township = DADONG.parse().expect("a township");
    request.extensions_mut().insert(Permit::of_job("test", "320685", Some(township)));
    request
}

/// A service that panics in one method, in the middle of another's stream, and serves a third.
#[derive(Clone)]
struct Trap;

impl NamedService for Trap {
    const NAME: &'static str = "bangfu.followup.v1.FollowupService";
}

impl Service<Request<Body>> for Trap {
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = BoxFuture<'static, Result<Response<Body>, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        async move {
            match request.uri().path().trim_start_matches(PATH) {
                "RecordContact" => panic!("{SECRET}"),
                "WatchDuties" => Ok(answer(Answer::Falls { begun: false })),
                _ => {
                    tokio::time::sleep(Duration::from_millis(20)).await;
                    Ok(answer(Answer::Ok))
                }
            }
        }
        .boxed()
    }
}

fn answer(body: Answer) -> Response<Body> {
    let mut response = Response::new(Body::new(body));
    response.headers_mut().insert("content-type", "application/grpc".parse().expect("a value"));
    response
}

enum Answer {
    Ok,
    Falls { begun: bool },
}

impl http_body::Body for Answer {
    type Data = Bytes;
    type Error = Status;

    fn poll_frame(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
        match &mut *self {
            Self::Falls { begun: true } => panic!("{SECRET}"),
            Self::Falls { begun } => {
                *begun = true;
                Poll::Ready(Some(Ok(Frame::data(Bytes::from_static(&[0; 5])))))
            }
            Self::Ok => {
                let trailers = HeaderMap::from_iter([(
                    http::HeaderName::from_static("grpc-status"),
                    "0".parse().expect("a value"),
                )]);
                Poll::Ready(Some(Ok(Frame::trailers(trailers))))
            }
        }
    }
}
