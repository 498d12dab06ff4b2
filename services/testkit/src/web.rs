//! A web server from which keys are fetched, in good days and bad ones. It counts.

use std::{
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
    task::JoinHandle,
};

/// What it shows to whoever asks.
#[derive(Debug, Clone)]
pub enum Shown {
    /// A document.
    Document(String),
    /// A status without a document: 500, 404.
    Status(u16),
    /// The way to another address.
    Redirect(String),
    /// Nothing: it takes the request and stays silent.
    Silence,
    /// A document, a byte every 200 milliseconds.
    Drip(String),
    /// A document without an end.
    Endless,
    /// Less than it promised.
    CutShort(String),
    /// The connection is closed instead of an answer.
    Closed,
}

/// The server; it ends with this handle.
#[derive(Debug)]
pub struct Web {
    /// Where it answers.
    pub url: String,
    state: Arc<State>,
    serving: JoinHandle<()>,
}

#[derive(Debug)]
struct State {
    shown: Mutex<Shown>,
    asked: AtomicU64,
    sent: AtomicU64,
}

impl Web {
    /// A server that shows a document.
    pub async fn start(document: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let url = format!("http://{}/jwks.json", listener.local_addr().expect("an address"));
        let shown = Mutex::new(Shown::Document(document.to_owned()));
        let state = Arc::new(State { shown, asked: AtomicU64::new(0), sent: AtomicU64::new(0) });
        let serving = tokio::spawn({
            let state = Arc::clone(&state);
            async move {
                while let Ok((stream, _)) = listener.accept().await {
                    let state = Arc::clone(&state);
                    tokio::spawn(async move { state.answer(stream).await });
                }
            }
        });
        Self { url, state, serving }
    }

    /// Shows something else from now on.
    pub fn shows(&self, shown: Shown) {
        *self.state.shown.lock().unwrap_or_else(PoisonError::into_inner) = shown;
    }

    /// How often it was asked.
    pub fn asked(&self) -> u64 {
        self.state.asked.load(Ordering::SeqCst)
    }

    /// How many bytes of documents without an end were taken.
    pub fn sent(&self) -> u64 {
        self.state.sent.load(Ordering::SeqCst)
    }
}

impl Drop for Web {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

impl State {
    async fn answer(&self, mut stream: TcpStream) {
        let mut request = [0; 4096];
        let Ok(1..) = stream.read(&mut request).await else { return };
        let shown = self.shown.lock().unwrap_or_else(PoisonError::into_inner).clone();
        self.asked.fetch_add(1, Ordering::SeqCst);
        let head = |status: &str, length: usize| {
            format!("HTTP/1.1 {status}\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n")
        };
        let _gone = match shown {
            Shown::Document(body) => stream.write_all((head("200 OK", body.len()) + &body).as_bytes()).await,
            Shown::Status(code) => stream.write_all(head(&format!("{code} Oh"), 0).as_bytes()).await,
            Shown::Redirect(to) => {
                let head = format!("HTTP/1.1 302 There\r\nlocation: {to}\r\ncontent-length: 0\r\n\r\n");
                stream.write_all(head.as_bytes()).await
            }
            Shown::Silence => stream.read(&mut request).await.map(drop),
            Shown::Drip(body) => {
                let mut sent = stream.write_all(head("200 OK", body.len()).as_bytes()).await;
                for byte in body.as_bytes() {
                    if sent.is_err() {
                        break;
                    }
                    tokio::time::sleep(Duration::from_millis(200)).await;
                    sent = stream.write_all(std::slice::from_ref(byte)).await;
                }
                sent
            }
            Shown::Endless => {
                let mut sent = stream.write_all(b"HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n").await;
                let spaces = vec![b' '; 64 * 1024];
                while sent.is_ok() {
                    sent = stream.write_all(&spaces).await;
                    if sent.is_ok() {
                        self.sent.fetch_add(64 * 1024, Ordering::SeqCst);
                    }
                }
                sent
            }
            Shown::CutShort(body) => stream.write_all((head("200 OK", body.len() + 1) + &body).as_bytes()).await,
            Shown::Closed => Ok(()),
        };
    }
}
