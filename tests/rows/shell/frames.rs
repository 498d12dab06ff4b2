//! HTTP/2 by hand, as far as floods need it: frames as an honest client would never send them.

use std::net::SocketAddr;

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpStream, tcp::OwnedWriteHalf},
    task::JoinHandle,
};

/// Kinds of frames.
pub(crate) const DATA: u8 = 0;
pub(crate) const HEADERS: u8 = 1;
pub(crate) const RST_STREAM: u8 = 3;
pub(crate) const SETTINGS: u8 = 4;
pub(crate) const PING: u8 = 6;
pub(crate) const WINDOW_UPDATE: u8 = 8;
pub(crate) const CONTINUATION: u8 = 9;
const GOAWAY: u8 = 7;

/// Flags.
pub(crate) const END_STREAM: u8 = 1;
pub(crate) const END_HEADERS: u8 = 4;
const ACK: u8 = 1;

/// A connection that says what it is told to.
pub(crate) struct Raw {
    to: OwnedWriteHalf,
    heard: JoinHandle<Heard>,
}

/// What the server said until it closed the connection.
#[derive(Debug, Default)]
pub(crate) struct Heard {
    /// Its reason for going away: 11 is ENHANCE_YOUR_CALM.
    pub(crate) goaway: Option<u32>,
}

impl Raw {
    /// Connects and says what an honest client says first.
    pub(crate) async fn connect(address: SocketAddr) -> Self {
        let (mut from, mut to) = TcpStream::connect(address).await.expect("a connection").into_split();
        let begin = [b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".as_slice(), &frame(SETTINGS, 0, 0, &[])].concat();
        to.write_all(&begin).await.expect("sent");
        let heard = tokio::spawn(async move {
            let mut heard = Heard::default();
            let (mut head, mut body) = ([0; 9], Vec::new());
            while from.read_exact(&mut head).await.is_ok() {
                let length = usize::try_from(u32::from_be_bytes([0, head[0], head[1], head[2]])).expect("24 bits");
                body.resize(length, 0);
                if from.read_exact(&mut body).await.is_err() {
                    break;
                }
                if head[3] == GOAWAY {
                    heard.goaway = body.get(4..8).map(|code| u32::from_be_bytes(code.try_into().expect("four bytes")));
                }
            }
            heard
        });
        let mut raw = Self { to, heard };
        raw.send(&frame(SETTINGS, ACK, 0, &[])).await;
        raw
    }

    /// Sends it; `false` when the server has closed the connection.
    pub(crate) async fn send(&mut self, frames: &[u8]) -> bool {
        self.to.write_all(frames).await.is_ok()
    }

    /// Says no more; what was heard in all. `None`: the server keeps the connection.
    pub(crate) async fn end(self, patience: std::time::Duration) -> Option<Heard> {
        let Self { to, mut heard } = self;
        let ended = tokio::time::timeout(patience, &mut heard).await.ok().map(|heard| heard.expect("no panic"));
        if ended.is_none() {
            heard.abort();
        }
        drop(to);
        ended
    }
}

/// A frame.
pub(crate) fn frame(kind: u8, flags: u8, stream: u32, body: &[u8]) -> Vec<u8> {
    let length = u32::try_from(body.len()).expect("short").to_be_bytes();
    [&length[1..], &[kind, flags], &stream.to_be_bytes(), body].concat()
}

/// Headers of a gRPC call.
pub(crate) fn call(path: &str, token: &str) -> Vec<u8> {
    let bearer = format!("Bearer {token}");
    let all = [
        (":method", "POST"),
        (":scheme", "http"),
        (":path", path),
        (":authority", "localhost"),
        ("content-type", "application/grpc"),
        ("te", "trailers"),
        ("authorization", &bearer),
    ];
    all.iter().flat_map(|(name, value)| header(name, value)).collect()
}

/// A header as HPACK has it: literal, not to be remembered, not packed.
pub(crate) fn header(name: &str, value: &str) -> Vec<u8> {
    [&[0], text(name).as_slice(), &text(value)].concat()
}

fn text(text: &str) -> Vec<u8> {
    let mut length = Vec::new();
    if text.len() < 127 {
        length.push(u8::try_from(text.len()).expect("short"));
    } else {
        length.push(127);
        let mut rest = text.len() - 127;
        while rest > 127 {
            length.push(u8::try_from(rest & 127).expect("seven bits") | 128);
            rest >>= 7;
        }
        length.push(u8::try_from(rest).expect("seven bits"));
    }
    [length.as_slice(), text.as_bytes()].concat()
}
