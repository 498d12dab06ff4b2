//! PostgreSQL's protocol, version 3, as far as it takes to know statements: a message is a type, a length and a body; only
//! what a client says first has no type.

use std::{
    collections::HashMap,
    io,
    sync::atomic::{AtomicBool, Ordering},
};

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _, BufReader},
    net::{
        TcpStream,
        tcp::{OwnedReadHalf, OwnedWriteHalf},
    },
};

use super::{Fault, State};
use crate::chance::Chance;

/// A client that asks for TLS; PostgreSQL answers with one byte and it begins anew.
const TLS_WANTED: u32 = 80_877_103;

/// Relays until either side ends, or a fault does.
pub(super) async fn relay(state: &State, lane: u64, client: TcpStream, server: TcpStream) {
    let swallow = AtomicBool::new(false);
    let (from_client, to_client) = client.into_split();
    let (from_server, to_server) = server.into_split();
    let chance = Chance::new(state.seed.wrapping_add(lane * 2));
    let asks = Asks {
        state,
        swallow: &swallow,
        texts: HashMap::new(),
        bound: String::new(),
        unit: Vec::new(),
        open: false,
        chance,
    };
    tokio::select! {
        _ended = asks.relay(from_client, to_server) => {}
        _ended = answers(state, Chance::new(state.seed.wrapping_add(lane * 2 + 1)), &swallow, from_server, to_client) => {}
    }
}

/// What the client asks.
struct Asks<'a> {
    state: &'a State,
    /// Set when the answer is not to come back.
    swallow: &'a AtomicBool,
    /// Texts of prepared statements, by name.
    texts: HashMap<Vec<u8>, String>,
    /// Text of the statement bound last.
    bound: String,
    /// Texts of the statements of the transaction under way.
    unit: Vec<String>,
    /// Whether it is one of those counted in the state.
    open: bool,
    chance: Chance,
}

impl Drop for Asks<'_> {
    fn drop(&mut self) {
        self.count(false);
    }
}

impl Asks<'_> {
    async fn relay(mut self, client: OwnedReadHalf, mut server: OwnedWriteHalf) -> io::Result<()> {
        let mut client = BufReader::new(client);
        loop {
            let length = client.read_u32().await?;
            let body = read(&mut client, length).await?;
            server.write_all(&[&length.to_be_bytes(), body.as_slice()].concat()).await?;
            if !body.starts_with(&TLS_WANTED.to_be_bytes()) {
                break;
            }
        }
        // Messages up to a flush go together, as they came: Parse, Bind, Execute, Sync.
        let mut together = Vec::new();
        let mut cut_when_sent = false;
        loop {
            let kind = client.read_u8().await?;
            let length = client.read_u32().await?;
            let mut body = read(&mut client, length).await?;
            match self.fault(kind, &body) {
                Some(Fault::CutBefore) => return Ok(()),
                Some(Fault::CutAfter) => self.swallow.store(true, Ordering::SeqCst),
                Some(Fault::CutDuring) => cut_when_sent = true,
                Some(Fault::Refused) => body = refused(kind),
                Some(Fault::Held) | None => {}
            }
            together.push(kind);
            together.extend(u32::try_from(body.len() + 4).map_err(io::Error::other)?.to_be_bytes());
            together.extend(body);
            // Sync, Flush, a simple query, the end, and passwords.
            if matches!(kind, b'S' | b'H' | b'Q' | b'X' | b'p') {
                self.state.wait(&mut self.chance).await;
                server.write_all(&together).await?;
                if cut_when_sent {
                    return Ok(());
                }
                together.clear();
            }
        }
    }

    /// Follows what is prepared and bound; a statement that runs may be struck.
    fn fault(&mut self, kind: u8, body: &[u8]) -> Option<Fault> {
        match kind {
            b'P' => {
                let (name, rest) = word(body);
                let (text, _) = word(rest);
                self.texts.insert(name.to_vec(), String::from_utf8_lossy(text).trim().to_owned());
                None
            }
            b'B' => {
                let (_portal, rest) = word(body);
                let (name, _) = word(rest);
                self.bound = self.texts.get(name).cloned().unwrap_or_default();
                None
            }
            b'E' => self.runs(self.bound.clone()),
            b'Q' => self.runs(String::from_utf8_lossy(word(body).0).trim().to_owned()),
            _ => None,
        }
    }

    fn runs(&mut self, text: String) -> Option<Fault> {
        if text.starts_with("BEGIN") {
            self.unit.clear();
            self.count(true);
        }
        let fault = self.state.next(&text, &self.unit, &mut self.chance);
        if matches!(text.as_str(), "COMMIT" | "ROLLBACK") {
            self.count(false);
        }
        self.unit.push(text);
        fault
    }

    fn count(&mut self, open: bool) {
        match (std::mem::replace(&mut self.open, open), open) {
            (false, true) => _ = self.state.units.fetch_add(1, Ordering::SeqCst),
            (true, false) => _ = self.state.units.fetch_sub(1, Ordering::SeqCst),
            _ => {}
        }
    }
}

/// What PostgreSQL answers.
async fn answers(
    state: &State,
    mut chance: Chance,
    swallow: &AtomicBool,
    mut server: OwnedReadHalf,
    mut client: OwnedWriteHalf,
) -> io::Result<()> {
    let mut answer = vec![0; 64 * 1024];
    loop {
        let length = server.read(&mut answer).await?;
        if length == 0 || swallow.load(Ordering::SeqCst) {
            return Ok(());
        }
        state.wait(&mut chance).await;
        client.write_all(&answer[..length]).await?;
    }
}

/// A body that makes PostgreSQL answer with an error: a portal that nobody bound, or a division by zero.
fn refused(kind: u8) -> Vec<u8> {
    if kind == b'E' { b"no such portal\0\0\0\0\0".to_vec() } else { b"SELECT 1 / 0\0".to_vec() }
}

async fn read(from: &mut BufReader<OwnedReadHalf>, length: u32) -> io::Result<Vec<u8>> {
    let length = usize::try_from(length).map_err(io::Error::other)?.saturating_sub(4);
    let mut body = vec![0; length];
    from.read_exact(&mut body).await?;
    Ok(body)
}

/// Up to a zero, and what follows it.
fn word(body: &[u8]) -> (&[u8], &[u8]) {
    let end = body.iter().position(|&byte| byte == 0).unwrap_or(body.len());
    (&body[..end], body.get(end + 1..).unwrap_or_default())
}
