//! Streams of requests: a start and rows, in parts; whole, in time, and of the contract, or an error.

use bangfu_kernel::{Error, error::Rule, fields};
use bangfu_platform::auth::Permit;
use tokio::time::timeout_at;
use tonic::{Code, Status, Streaming};

/// A caller who stops sending without going away is not waited for beyond the deadline.
pub(super) async fn in_time<T>(permit: &Permit, work: impl Future<Output = Result<T, Error>>) -> Result<T, Error> {
    match permit.deadline() {
        Some(deadline) => timeout_at(deadline, work).await.unwrap_or(Err(Error::Deadline)),
        None => work.await,
    }
}

/// The next part; `None`: the caller has sent all. A cut stream is an error, so that nothing of it is written.
pub(super) async fn next<M, P>(
    parts: &mut Streaming<M>,
    part: impl FnOnce(M) -> Option<P>,
) -> Result<Option<P>, Error> {
    match parts.message().await {
        Ok(None) => Ok(None),
        Ok(Some(message)) => part(message).map(Some).ok_or_else(|| Error::field("part", fields::required())),
        Err(status) => Err(fault(status)),
    }
}

/// The rule of a start that comes again.
pub(super) fn once_rule() -> Rule {
    fields::rule("must be sent once, first", "只应发送一次，且在最前")
}

/// What broke the stream, as an error of ours.
fn fault(status: Status) -> Error {
    match status.code() {
        Code::DeadlineExceeded => Error::Deadline,
        Code::OutOfRange | Code::ResourceExhausted => Error::TooLarge { limit: "message" },
        Code::Internal if status.message().starts_with("failed to decode Protobuf message") => {
            Error::field("part", fields::rule("must be a message of the contract", "不是约定格式的消息"))
        }
        _ => Error::Unavailable(Box::new(status)),
    }
}
