//! Where the items of a stream go: a buffer of bounded size, borne for a while when it is full, in which a place is kept
//! for the reason of the end. A slow reader finds out why its stream ended whenever it comes to read that far.

use std::time::Duration;

use bangfu_kernel::Error;
use tokio::{sync::mpsc, time::timeout};
use tokio_stream::wrappers::ReceiverStream;
use tonic::Status;

/// Items that may wait for a slow reader.
const BUFFER: usize = 1_000;
/// How long a full buffer is borne before the reader is disconnected.
pub const PATIENCE: Duration = Duration::from_secs(30);

/// Takes the items.
#[derive(Debug)]
pub struct Sink<M> {
    sender: mpsc::Sender<Result<M, Status>>,
    patience: Duration,
}

/// The place kept for the reason of the end.
#[derive(Debug)]
pub struct Last<M>(mpsc::OwnedPermit<Result<M, Status>>);

/// What a reader gets.
pub type Items<M> = ReceiverStream<Result<M, Status>>;

/// Why a stream ends.
#[derive(Debug)]
pub enum End {
    /// The reader has gone.
    Gone,
    /// For a reason it is told.
    Because(Error),
}

impl From<Error> for End {
    fn from(error: Error) -> Self {
        Self::Because(error)
    }
}

impl<M> Sink<M> {
    /// A stream, and what fills it.
    pub fn new(patience: Duration) -> Result<(Self, Last<M>, Items<M>), Error> {
        let (sender, receiver) = mpsc::channel(BUFFER + 1);
        let last = sender.clone().try_reserve_owned().map_err(|_full| Error::internal("an empty buffer is full"))?;
        Ok((Self { sender, patience }, Last(last), ReceiverStream::new(receiver)))
    }

    /// Waits for a place, but not for ever. FEED_READER_SLOW.
    pub async fn send(&self, message: M) -> Result<(), End> {
        match timeout(self.patience, self.sender.send(Ok(message))).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(_closed)) => Err(End::Gone),
            Err(_elapsed) => Err(End::Because(Error::FeedReaderSlow)),
        }
    }

    /// Ready once the reader has gone.
    pub async fn closed(&self) {
        self.sender.closed().await;
    }
}

impl<M> Last<M> {
    /// Ends the stream with its reason, at once, however full the buffer is.
    pub fn tell(self, reason: Status) {
        drop(self.0.send(Err(reason)));
    }
}
