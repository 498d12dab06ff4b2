//! Stands between clients and a suite, and keeps every answer as it went over the wire: headers, messages, trailers.

use std::{
    convert::Infallible,
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Context, Poll},
};

use bangfu_proto::{
    followup::v1::followup_service_server::SERVICE_NAME as FOLLOWUP,
    people::v1::people_service_server::SERVICE_NAME as PEOPLE,
};
use base64::{Engine as _, engine::DecodePaddingMode, engine::general_purpose};
use bytes::Bytes;
use futures::future::BoxFuture;
use http::{HeaderMap, HeaderName, HeaderValue, Request, Response};
use http_body::Frame;
use tokio::net::TcpListener;
use tokio_stream::wrappers::TcpListenerStream;
use tonic::{
    Status,
    body::Body,
    server::NamedService,
    transport::{Channel, Server},
};
use tonic_types::StatusExt as _;
use tower::{Service, ServiceExt as _};

/// A header of a request that comes back in headers and trailers: shows that both are kept.
pub const PLANT: &str = "x-plant";

/// A tap; it ends with the runtime.
#[derive(Clone)]
pub struct Tap {
    /// `http://127.0.0.1:…`: for clients.
    pub endpoint: String,
    kept: Arc<Mutex<Vec<Answer>>>,
}

/// One answer.
#[derive(Debug, Clone, Default)]
pub struct Answer {
    /// Path of the method.
    pub path: String,
    /// Headers.
    pub headers: HeaderMap,
    /// Messages, framed.
    pub body: Vec<u8>,
    /// Trailers; of a refusal at once they are in the headers.
    pub trailers: HeaderMap,
}

impl Answer {
    /// The code: 0 is OK; an answer that was cut short has none.
    pub fn code(&self) -> Option<i32> {
        let value = self.trailers.get("grpc-status").or_else(|| self.headers.get("grpc-status"))?;
        value.to_str().ok()?.parse().ok()
    }

    /// Its method: `RegisterPerson`.
    pub fn method(&self) -> &str {
        self.path.rsplit('/').next().unwrap_or_default()
    }

    /// What it was refused with.
    pub fn status(&self) -> Option<Status> {
        let end = if self.trailers.contains_key("grpc-status") { &self.trailers } else { &self.headers };
        Status::from_header_map(end).filter(|status| status.code() != tonic::Code::Ok)
    }

    /// Headers and trailers, values that are coded for the way decoded.
    pub fn told(&self) -> Vec<u8> {
        let lenient = general_purpose::GeneralPurpose::new(
            &base64::alphabet::STANDARD,
            general_purpose::NO_PAD.with_decode_padding_mode(DecodePaddingMode::Indifferent),
        );
        let mut told = Vec::new();
        for (name, value) in self.headers.iter().chain(&self.trailers) {
            let decoded = name.as_str().ends_with("-bin").then(|| lenient.decode(value.as_bytes()));
            let value = match decoded {
                Some(Ok(decoded)) => decoded,
                _ if name == "grpc-message" => unescaped(value.as_bytes()),
                _ => value.as_bytes().to_vec(),
            };
            told.extend([name.as_str().as_bytes(), b": ", &value, b"\n"].concat());
        }
        if let Some(status) = self.status() {
            // Once more without what stands between the parts on the wire.
            told.extend(format!("{:?}\n", status.get_error_details()).into_bytes());
        }
        told
    }
}

/// A message of gRPC without its percent signs.
fn unescaped(text: &[u8]) -> Vec<u8> {
    let mut plain = Vec::new();
    let mut at = 0;
    while let Some(&byte) = text.get(at) {
        let coded = text.get(at + 1..at + 3).and_then(|hex| std::str::from_utf8(hex).ok());
        let decoded = coded.and_then(|hex| u8::from_str_radix(hex, 16).ok()).filter(|_| byte == b'%');
        plain.push(decoded.unwrap_or(byte));
        at += if decoded.is_some() { 3 } else { 1 };
    }
    plain
}

impl Tap {
    /// A tap before a suite.
    pub async fn start(suite: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let endpoint = format!("http://{}", listener.local_addr().expect("an address"));
        let channel = Channel::from_shared(suite.to_owned()).expect("an address").connect_lazy();
        let tap = Self { endpoint, kept: Arc::default() };
        let door = (channel, Arc::clone(&tap.kept));
        let server = Server::builder()
            .add_service(Door::<0>(door.clone()))
            .add_service(Door::<1>(door))
            .serve_with_incoming(TcpListenerStream::new(listener));
        tokio::spawn(server);
        tap
    }

    /// The answers that have ended, in the order of their ends; they are kept no longer.
    pub fn take(&self) -> Vec<Answer> {
        std::mem::take(&mut *lock(&self.kept))
    }
}

/// The door of one service.
#[derive(Clone)]
struct Door<const SERVICE: usize>((Channel, Arc<Mutex<Vec<Answer>>>));

impl NamedService for Door<0> {
    const NAME: &'static str = PEOPLE;
}

impl NamedService for Door<1> {
    const NAME: &'static str = FOLLOWUP;
}

impl<const SERVICE: usize> Service<Request<Body>> for Door<SERVICE> {
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = BoxFuture<'static, Result<Response<Body>, Infallible>>;

    fn poll_ready(&mut self, _cx: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        let (channel, kept) = self.0.clone();
        Box::pin(async move {
            let path = request.uri().path().to_owned();
            let plant = request.headers().get(PLANT).cloned();
            let answer = channel.oneshot(request).await;
            let mut answer = answer.unwrap_or_else(|_error| Status::unavailable("the tap reaches nobody").into_http());
            put(answer.headers_mut(), plant.as_ref());
            let record = Answer { path, headers: answer.headers().clone(), ..Default::default() };
            Ok(answer.map(|inner| Body::new(Kept { inner, plant, record, all: kept })))
        })
    }
}

/// A body on its way, noted as it passes.
struct Kept {
    inner: Body,
    plant: Option<HeaderValue>,
    record: Answer,
    all: Arc<Mutex<Vec<Answer>>>,
}

impl http_body::Body for Kept {
    type Data = Bytes;
    type Error = Status;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
        let frame = Pin::new(&mut self.inner).poll_frame(cx);
        let Poll::Ready(Some(Ok(mut frame))) = frame else { return frame };
        if let Some(data) = frame.data_ref() {
            self.record.body.extend_from_slice(data);
        }
        if let Some(trailers) = frame.trailers_mut() {
            put(trailers, self.plant.as_ref());
            self.record.trailers = trailers.clone();
        }
        Poll::Ready(Some(Ok(frame)))
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> http_body::SizeHint {
        self.inner.size_hint()
    }
}

impl Drop for Kept {
    fn drop(&mut self) {
        lock(&self.all).push(std::mem::take(&mut self.record));
    }
}

fn put(headers: &mut HeaderMap, plant: Option<&HeaderValue>) {
    if let Some(plant) = plant {
        headers.insert(HeaderName::from_static(PLANT), plant.clone());
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
