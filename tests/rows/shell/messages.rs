//! Messages that are too large, or become so when they are unpacked.

use bangfu_kernel::Role;
use bangfu_proto::ACCESS;
use bangfu_testkit::{City, DADONG, LIBAO, reason};
use http::{HeaderMap, Request};
use http_body_util::{BodyExt as _, Full};
use tonic::{
    Code, Status,
    body::Body,
    codegen::{Bytes, Service as _},
    transport::Channel,
};

use super::server::{Served, Wanted};
use crate::row::Run;

/// The largest message.
const LARGEST: usize = 4 << 20;
const LIST: &str = "/bangfu.followup.v1.FollowupService/ListCoordinators";

/// To every RPC that its caller may call: a message as large as may be is taken, one byte more is refused as TOO_LARGE.
pub async fn a_message_of_four_mebibytes_passes_and_a_byte_more_is_refused(run: Run) {
    let city = City::new().await;
    city.settle().await;
    run.fault("messages of a byte too many", 0);
    // Unary ones of both services, and one whose requests come as a stream.
    let quick = ["ListCoordinators", "ListPeople", "ImportRoster", "RecordContact"];
    let chosen = |path: &str| run.of(quick.iter().any(|name| path.ends_with(name)), true);
    for rule in ACCESS.iter().filter(|rule| chosen(rule.path)) {
        let role = *rule.roles.first().expect("somebody");
        let bound = matches!(role, Role::Coordinator | Role::Clerk | Role::Reviewer);
        let token = city.token("somebody", &[role], bound.then_some(DADONG));
        let channel = city.channel();
        let (status, _) = post(&channel, rule.path, &token, None, framed(0, &filler(LARGEST + 1))).await;
        let told = (status.code(), reason(&status));
        let refused = (Code::ResourceExhausted, "TOO_LARGE".to_owned());
        assert_eq!(told, refused, "{}: {status:?} (seed {})", rule.path, run.seed());
        run.fault("messages of a byte too many", 1);
        if !rule.path.contains("/Watch") {
            let (status, _) = post(&channel, rule.path, &token, None, framed(0, &filler(LARGEST))).await;
            let others = [Code::ResourceExhausted, Code::OutOfRange, Code::Internal, Code::Unknown, Code::Unavailable];
            assert!(!others.contains(&status.code()), "{}: {status:?} (seed {})", rule.path, run.seed());
            run.count("messages as large as may be", 1);
        }
    }
    city.close().await;
}

/// A small message that would be hundreds of megabytes is refused after four, and the process is none the larger.
pub async fn a_bomb_is_refused_before_it_is_unpacked(run: Run) {
    let mut city = City::new().await;
    let served = Served::start(&mut city, Wanted::default()).await;
    let (channel, token) = (served.channel(), city.token("clerk-1", &[Role::Clerk], Some(DADONG)));
    let tame = gzip(&[], 1);
    let (status, _) = post(&channel, LIST, &token, Some("gzip"), framed(1, &tame[..0])).await;
    assert_ne!(status.code(), Code::Ok, "no gzip at all");
    // Warm: what a server of this size has in hand anyway.
    let together = run.of(4, 16);
    let throw = async |bomb: &[u8]| {
        let calls = (0..together).map(|_| post(&channel, LIST, &token, Some("gzip"), framed(1, bomb)));
        futures::future::join_all(calls).await
    };
    throw(&gzip(&[0; 16], LARGEST + 1)).await;
    let before = served.forget_memory();
    run.fault("bombs", 0);
    // A message of unknown fields, each half a gigabyte long once unpacked.
    let bomb = gzip(&filler(16), run.of(256 << 20, 512 << 20));
    assert!(bomb.len() < LARGEST, "small as long as it is packed: {}", bomb.len());
    for _ in 0..run.of(1, 10) {
        for (status, _) in throw(&bomb).await {
            let told = (status.code(), reason(&status));
            assert_eq!(told, (Code::ResourceExhausted, "TOO_LARGE".to_owned()), "{status:?} (seed {})", run.seed());
            run.fault("bombs", 1);
        }
    }
    let grown = served.most_memory().saturating_sub(before) / 1024;
    run.count("MiB that the server grew by", grown);
    // What is packed, what is unpacked, and their buffers, for each of them.
    let most = 24 * together;
    assert!(grown < most, "{grown} MiB for {together} bombs (seed {})", run.seed());
    let (status, _) = post(&channel, LIST, &token, None, framed(0, &[])).await;
    assert_eq!(status.code(), Code::Ok, "{status:?}");
    served.end().await;
    city.close().await;
}

/// UNIMPLEMENTED, and a header that names what would do.
pub async fn an_unknown_encoding_is_refused_with_those_that_are_known(run: Run) {
    let city = City::new().await;
    city.settle().await;
    run.fault("unknown encodings", 0);
    for encoding in ["br", "snappy", "GZIP", "deflate", "x"] {
        for rule in ACCESS.iter().filter(|rule| rule.roles.contains(&Role::Clerk)) {
            let token = city.token("clerk-1", &[Role::Clerk], Some(LIBAO));
            let (status, headers) = post(&city.channel(), rule.path, &token, Some(encoding), framed(1, b"?")).await;
            let told = (status.code(), reason(&status));
            let refused = (Code::Unimplemented, "ENCODING_UNKNOWN".to_owned());
            assert_eq!(told, refused, "{} {encoding}: {status:?} (seed {})", rule.path, run.seed());
            let known = headers.get("grpc-accept-encoding").and_then(|known| known.to_str().ok()).unwrap_or_default();
            assert!(known.contains("gzip"), "{known}");
            run.fault("unknown encodings", 1);
        }
    }
    city.close().await;
}

/// A call whose bytes are all ours: its status and its headers.
pub(super) async fn post(
    channel: &Channel,
    path: &str,
    token: &str,
    encoding: Option<&str>,
    body: Vec<u8>,
) -> (Status, HeaderMap) {
    let mut request = Request::post(path).header("content-type", "application/grpc").header("te", "trailers");
    if !token.is_empty() {
        request = request.header("authorization", format!("Bearer {token}"));
    }
    if let Some(encoding) = encoding {
        request = request.header("grpc-encoding", encoding);
    }
    let request = request.body(Body::new(Full::new(Bytes::from(body)))).expect("a request");
    let mut channel = channel.clone();
    std::future::poll_fn(|cx| channel.poll_ready(cx)).await.expect("a connection");
    let response = match channel.call(request).await {
        Ok(response) => response,
        Err(error) => return (Status::from_error(error.into()), HeaderMap::new()),
    };
    let (head, body) = response.into_parts();
    if let Some(status) = Status::from_header_map(&head.headers) {
        return (status, head.headers);
    }
    let status = match body.collect().await {
        Ok(whole) => whole.trailers().and_then(Status::from_header_map),
        Err(status) => Some(status),
    };
    (status.unwrap_or_else(|| Status::unknown("an answer without a status")), head.headers)
}

/// A message as gRPC sends it: whether it is packed, how long it is, and itself.
pub(super) fn framed(packed: u8, message: &[u8]) -> Vec<u8> {
    let length = u32::try_from(message.len()).expect("a length");
    [&[packed], length.to_be_bytes().as_slice(), message].concat()
}

/// A message of so many bytes that says nothing: one field that no message of the contract has.
fn filler(bytes: usize) -> Vec<u8> {
    // Field 1,000, of bytes.
    let mut message = vec![0xc2, 0x3e];
    // The length takes one byte to four; so many zeros follow that the sum is right.
    for digits in 1..=4 {
        let inside = bytes.saturating_sub(message.len() + digits);
        let mut length = Vec::new();
        let mut rest = inside;
        loop {
            let more = rest > 0x7f;
            length.push(u8::try_from(rest & 0x7f).expect("seven bits") | if more { 0x80 } else { 0 });
            rest >>= 7;
            if !more {
                break;
            }
        }
        if length.len() == digits {
            message.extend(length);
            message.resize(bytes, 0);
            return message;
        }
    }
    panic!("no filler of {bytes} bytes");
}

/// A gzip stream that begins with these bytes and goes on with the last of them (or zeros) up to a length, without the
/// check at its end. Written by hand: packing half a gigabyte takes longer than refusing it.
fn gzip(begin: &[u8], length: usize) -> Vec<u8> {
    let mut bits = Bits::default();
    // The last block, in the fixed code.
    bits.put(0b011, 3);
    for &byte in if begin.is_empty() { &[0] } else { begin } {
        // A literal below 144 is eight bits, from 0x30 on; codes begin with their highest bit.
        bits.code(0x30 + u16::from(byte.min(143)), 8);
    }
    for _ in 0..length.saturating_sub(begin.len()) / 258 {
        // 258 bytes more of what was last: length 285, distance 1.
        bits.code(0b1100_0101, 8);
        bits.code(0, 5);
    }
    bits.code(0, 7);
    let head = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255];
    [head.as_slice(), &bits.done(), &[0; 8]].concat()
}

#[derive(Default)]
struct Bits {
    bytes: Vec<u8>,
    waiting: u32,
    count: u32,
}

impl Bits {
    /// The lowest bit first.
    fn put(&mut self, bits: u16, count: u32) {
        self.waiting |= u32::from(bits) << self.count;
        self.count += count;
        while self.count >= 8 {
            self.bytes.push(self.waiting.to_le_bytes()[0]);
            self.waiting >>= 8;
            self.count -= 8;
        }
    }

    /// The highest bit first.
    fn code(&mut self, code: u16, count: u32) {
        self.put(code.reverse_bits() >> (16 - count), count);
    }

    fn done(mut self) -> Vec<u8> {
        self.put(0, 7);
        self.bytes
    }
}
