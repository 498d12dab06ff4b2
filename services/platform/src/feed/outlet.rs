//! The way from whoever makes the items of a stream to its reader: bounded, patient for a while, and with a place kept for
//! the last word, so that a reader whose buffer is full is told why its stream ends.

use bangfu_kernel::Error;
use tokio::{
    sync::mpsc::{self, OwnedPermit},
    time::{Duration, timeout},
};
use tokio_stream::wrappers::ReceiverStream;
use tonic::Status;

/// Items that may wait for a slow reader.
const BUFFER: usize = 1_000;

/// Where the items of one stream go.
#[derive(Debug)]
pub struct Outlet<T> {
    sender: mpsc::Sender<Result<T, Status>>,
    /// The last place of the buffer: `None` only if nobody reads.
    last: Option<OwnedPermit<Result<T, Status>>>,
    patience: Duration,
}

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

impl<T> Outlet<T> {
    /// An outlet and what comes out of it. A full buffer is borne for so long.
    pub fn new(patience: Duration) -> (Self, ReceiverStream<Result<T, Status>>) {
        let (sender, receiver) = mpsc::channel(BUFFER + 1);
        let last = sender.clone().try_reserve_owned().ok();
        (Self { sender, last, patience }, ReceiverStream::new(receiver))
    }

    /// Puts in an item. Ends with FEED_READER_SLOW when there is no room for it in time.
    pub async fn send(&self, item: T) -> Result<(), End> {
        match timeout(self.patience, self.sender.send(Ok(item))).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(_closed)) => Err(End::Gone),
            Err(_elapsed) => Err(End::Because(Error::FeedReaderSlow)),
        }
    }

    /// Ready once the reader has gone.
    pub async fn closed(&self) {
        self.sender.closed().await;
    }

    /// Says the last word and waits until the reader has taken it, or has gone: what waits in the buffer costs memory, so
    /// that whoever counts streams must count this one until then.
    pub async fn end(mut self, status: Status) {
        if let Some(last) = self.last.take() {
            last.send(Err(status));
        }
        self.sender.closed().await;
    }
}

#[cfg(test)]
mod tests {
    use futures::StreamExt as _;

    use super::*;

    #[tokio::test]
    async fn a_reader_who_stops_reading_is_told_so_after_all_that_waited() {
        let (outlet, mut stream) = Outlet::new(Duration::from_millis(50));
        let mut sent = 0;
        let end = loop {
            match outlet.send(sent).await {
                Ok(()) => sent += 1,
                Err(end) => break end,
            }
        };
        assert!(matches!(end, End::Because(Error::FeedReaderSlow)), "{end:?}");
        let ended = tokio::spawn(outlet.end(Status::aborted("slow")));
        tokio::task::yield_now().await;
        assert!(!ended.is_finished(), "it counts until its reader knows");
        for n in 0..sent {
            assert_eq!(stream.next().await.expect("an item").expect("no error"), n);
        }
        let told = stream.next().await.expect("a last word").expect_err("an error");
        assert_eq!(told.message(), "slow");
        drop(stream);
        ended.await.expect("it ends");
    }

    #[tokio::test]
    async fn a_reader_who_has_gone_ends_it() {
        let (outlet, stream) = Outlet::new(Duration::from_secs(30));
        drop(stream);
        assert!(matches!(outlet.send(1).await, Err(End::Gone)));
        outlet.closed().await;
        outlet.end(Status::aborted("to nobody")).await;
    }
}
