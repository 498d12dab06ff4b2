//! Where our own token for a peer comes from.

use std::{
    fmt, io,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
    time::SystemTime,
};

use http::HeaderValue;
use tonic::Status;

/// A source of tokens. Cloning gives another handle on the same source.
#[derive(Clone)]
pub struct TokenSource(Kind);

#[derive(Clone)]
enum Kind {
    File { path: Arc<Path>, read: Arc<Mutex<Option<Read>>> },
    Issued(Arc<dyn Fn() -> String + Send + Sync>),
}

/// A token as read from its file.
struct Read {
    changed: SystemTime,
    bearer: HeaderValue,
}

impl TokenSource {
    /// A file that somebody else keeps fresh; read again when it changes.
    pub fn file(path: impl Into<PathBuf>) -> Self {
        Self(Kind::File { path: path.into().into(), read: Arc::default() })
    }

    /// A closure that issues one for each call.
    pub fn issued(issue: impl Fn() -> String + Send + Sync + 'static) -> Self {
        Self(Kind::Issued(Arc::new(issue)))
    }

    /// The `authorization` header of the next call.
    pub(super) async fn bearer(&self) -> Result<HeaderValue, Status> {
        match &self.0 {
            Kind::Issued(issue) => bearer(&issue()),
            Kind::File { path, read } => from_file(path, read).await.map_err(|error| {
                tracing::error!(%error, "our own token cannot be read");
                Status::unavailable("our own token cannot be read")
            })?,
        }
    }
}

async fn from_file(path: &Path, read: &Mutex<Option<Read>>) -> io::Result<Result<HeaderValue, Status>> {
    let changed = tokio::fs::metadata(path).await?.modified()?;
    if let Some(known) = &*read.lock().unwrap_or_else(PoisonError::into_inner)
        && known.changed == changed
    {
        return Ok(Ok(known.bearer.clone()));
    }
    let token = tokio::fs::read_to_string(path).await?;
    Ok(bearer(token.trim()).inspect(|bearer| {
        let fresh = Read { changed, bearer: bearer.clone() };
        *read.lock().unwrap_or_else(PoisonError::into_inner) = Some(fresh);
    }))
}

fn bearer(token: &str) -> Result<HeaderValue, Status> {
    let header = HeaderValue::try_from(format!("Bearer {token}"));
    let mut header = header.ok().ok_or_else(|| Status::internal("our own token is no header"))?;
    header.set_sensitive(true);
    Ok(header)
}

impl fmt::Debug for TokenSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.0 {
            Kind::File { .. } => "TokenSource::File",
            Kind::Issued(_) => "TokenSource::Issued",
        })
    }
}
