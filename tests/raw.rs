//! Calls without a generated client, as an outsider makes them: any path, any headers, any bytes. And a server that takes
//! down what generated clients would send, so that outsiders need not be taught every message of the contract.

use std::sync::{Arc, LazyLock, Mutex, MutexGuard, PoisonError};

use bangfu::client::Client;
use bytes::{Buf as _, Bytes};
use http::{HeaderMap, HeaderValue, Request, Response, header::AUTHORIZATION};
use http_body_util::{BodyExt as _, Full};
use prost_reflect::{DescriptorPool, DynamicMessage, MethodDescriptor, Value};
use tokio::{net::TcpListener, task::JoinHandle};
use tokio_stream::wrappers::TcpListenerStream;
use tonic::{
    Code, Status,
    body::Body,
    service::Routes,
    transport::{Channel, Server},
};
use tonic_types::StatusExt as _;
use tower::{Service as _, ServiceExt as _, layer::layer_fn, service_fn};

use crate::asks::{Names, ask};

/// What came back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// The status; for whatever is not gRPC, what tonic's clients make of it.
    pub code: Code,
    /// Its message.
    pub message: String,
    /// The closed reason: "NOT_FOUND".
    pub reason: String,
    /// Its details as they came.
    pub details: Bytes,
    /// The messages.
    pub messages: Vec<Bytes>,
}

/// Calls a method with a body in gRPC's framing. A server's stream is left after its first message.
pub async fn call(channel: &Channel, path: &str, headers: &HeaderMap, body: Bytes) -> Answer {
    let mut request = Request::post(path).version(http::Version::HTTP_2).body(Body::new(Full::new(body)));
    let request = request.as_mut().expect("a request");
    request.headers_mut().insert("content-type", HeaderValue::from_static("application/grpc"));
    request.headers_mut().insert("te", HeaderValue::from_static("trailers"));
    for (name, value) in headers {
        request.headers_mut().append(name.clone(), value.clone());
    }
    let request = std::mem::replace(request, Request::new(Body::empty()));
    let mut channel = channel.clone();
    let response = match channel.ready().await {
        Ok(channel) => channel.call(request).await,
        Err(error) => Err(error),
    };
    match response {
        Ok(response) => read(response, streams(path)).await,
        Err(error) => told(&Status::from_error(error.into()), Vec::new()),
    }
}

async fn read(response: Response<Body>, streams: bool) -> Answer {
    let (parts, mut body) = response.into_parts();
    if parts.status != http::StatusCode::OK {
        return told(&Status::unknown(format!("HTTP status {}", parts.status)), Vec::new());
    }
    if let Some(status) = Status::from_header_map(&parts.headers) {
        return told(&status, Vec::new());
    }
    let (mut bytes, mut status) = (Vec::new(), Status::unknown("no status came"));
    loop {
        match body.frame().await {
            None => break,
            Some(Err(error)) => {
                status = error;
                break;
            }
            Some(Ok(frame)) => {
                if let Some(trailers) = frame.trailers_ref() {
                    status = Status::from_header_map(trailers).unwrap_or(status);
                } else if let Ok(data) = frame.into_data() {
                    bytes.extend(data);
                }
            }
        }
        if streams && !messages(&bytes).is_empty() {
            status = Status::ok("");
            break;
        }
    }
    told(&status, messages(&bytes))
}

fn told(status: &Status, messages: Vec<Bytes>) -> Answer {
    Answer {
        code: status.code(),
        message: status.message().to_owned(),
        reason: status.get_details_error_info().map(|info| info.reason).unwrap_or_default(),
        details: Bytes::copy_from_slice(status.details()),
        messages,
    }
}

/// The whole messages of a body.
pub fn messages(mut body: &[u8]) -> Vec<Bytes> {
    let mut messages = Vec::new();
    while body.len() >= 5 {
        let length = usize::try_from((&body[1..5]).get_u32()).expect("a length");
        let Some(message) = body.get(5..5 + length) else { break };
        messages.push(Bytes::copy_from_slice(message));
        body = &body[5 + length..];
    }
    messages
}

/// The messages of an answer as text, to be compared: maps have no order on the wire.
pub fn decoded(path: &str, answer: &Answer) -> Vec<String> {
    let output = method(path).output();
    let decode = |message: &Bytes| DynamicMessage::decode(output.clone(), message.clone()).expect("an answer");
    answer.messages.iter().map(|message| shown(&decode(message))).collect()
}

fn shown(message: &DynamicMessage) -> String {
    let fields = message.fields().map(|(field, value)| format!("{}: {}", field.name(), shown_value(value)));
    format!("{{{}}}", fields.collect::<Vec<_>>().join(", "))
}

fn shown_value(value: &Value) -> String {
    match value {
        Value::Message(message) => shown(message),
        Value::List(values) => format!("[{}]", values.iter().map(shown_value).collect::<Vec<_>>().join(", ")),
        Value::Map(entries) => {
            let entries = entries.iter().map(|(key, value)| format!("{key:?}: {}", shown_value(value)));
            entries.collect::<std::collections::BTreeSet<_>>().into_iter().collect::<Vec<_>>().join(", ")
        }
        other => format!("{other:?}"),
    }
}

/// Messages in gRPC's framing.
pub fn framed(messages: &[Bytes]) -> Bytes {
    let mut body = Vec::new();
    for message in messages {
        body.push(0);
        body.extend(u32::try_from(message.len()).expect("a length").to_be_bytes());
        body.extend(message);
    }
    body.into()
}

/// The header of a token.
pub fn bearer(token: &str) -> HeaderMap {
    let value = HeaderValue::try_from(format!("Bearer {token}")).expect("a header");
    HeaderMap::from_iter([(AUTHORIZATION, value)])
}

/// A method of the contract, by its path.
pub fn method(path: &str) -> MethodDescriptor {
    static POOL: LazyLock<DescriptorPool> =
        LazyLock::new(|| DescriptorPool::decode(bangfu_proto::DESCRIPTOR_SET).expect("the contract"));
    let (service, name) = path.trim_start_matches('/').split_once('/').expect("a path");
    let service = POOL.get_service_by_name(service).expect("a service");
    service.methods().find(|method| method.name() == name).expect("a method")
}

fn streams(path: &str) -> bool {
    path.contains("/Watch") || path.contains("/Preview")
}

/// Takes down what clients send, and answers UNIMPLEMENTED. It ends with this handle.
pub struct Recorder {
    endpoint: String,
    client: Client,
    taken: Arc<Mutex<Vec<Recorded>>>,
    serving: JoinHandle<()>,
}

/// A call as it was sent.
#[derive(Debug, Clone)]
pub struct Recorded {
    /// Path of the method.
    pub path: String,
    /// With the token.
    pub headers: HeaderMap,
    /// In gRPC's framing.
    pub body: Bytes,
}

impl Recorder {
    /// A recorder at work.
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let taken = Arc::new(Mutex::new(Vec::new()));
        let into = Arc::clone(&taken);
        let layer = layer_fn(move |_routes: Routes| {
            let into = Arc::clone(&into);
            service_fn(move |request: Request<Body>| take(Arc::clone(&into), request))
        });
        let server = Server::builder().layer(layer).add_routes(Routes::default());
        let serving = tokio::spawn(async move {
            server.serve_with_incoming(TcpListenerStream::new(listener)).await.expect("it serves");
        });
        let endpoint = format!("http://{address}");
        let channel = Channel::from_shared(endpoint.clone()).expect("an address").connect_lazy();
        Self { endpoint, client: Client::on(channel, "nobody's").expect("a client"), taken, serving }
    }

    /// Where it listens.
    pub fn endpoint(&self) -> String {
        self.endpoint.clone()
    }

    /// What has come since it was last asked.
    pub fn taken(&self) -> Vec<Recorded> {
        std::mem::take(&mut *lock(&self.taken))
    }

    /// What [`ask`] sends to one method.
    pub async fn asks(&self, path: &str, names: &Names, own_person: &str) -> Vec<Recorded> {
        ask(&self.client, path, names, own_person).await;
        self.taken()
    }
}

impl Drop for Recorder {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

async fn take(into: Arc<Mutex<Vec<Recorded>>>, request: Request<Body>) -> Result<Response<Body>, Status> {
    let (parts, body) = request.into_parts();
    let body = body.collect().await?.to_bytes();
    lock(&into).push(Recorded { path: parts.uri.path().to_owned(), headers: parts.headers, body });
    Ok(Status::unimplemented("taken down").into_http())
}

fn lock(taken: &Mutex<Vec<Recorded>>) -> MutexGuard<'_, Vec<Recorded>> {
    taken.lock().unwrap_or_else(PoisonError::into_inner)
}
