//! Errors on their way out: logged once, told as the contract tells errors.

use bangfu_kernel::{
    Error,
    error::{Rule, Source},
    status::status,
};
use http::Response;
use tonic::{Code, Status, body::Body};

use crate::telemetry::{self, CorrelationId};

/// Names the encodings a server knows, when it refuses another one.
pub(super) const ACCEPTED: &str = "grpc-accept-encoding";

/// What a line of `rpc.rs` answers with: the result of a handler, its error logged and told.
pub fn answer<T>(result: Result<T, Error>) -> Result<tonic::Response<T>, Status> {
    result.map(tonic::Response::new).map_err(|error| refuse(&error))
}

/// Logs an error with its causes, once, at the boundary, and says it as a status: for items of a stream and for layers.
/// UNAVAILABLE, CONFLICT and INTERNAL are warnings; the rest is the caller's affair.
pub fn refuse(error: &Error) -> Status {
    refuse_as(error, &CorrelationId(telemetry::correlation_id()))
}

/// The same outside of the call's task.
pub(super) fn refuse_as(error: &Error, CorrelationId(id): &CorrelationId) -> Status {
    match error {
        Error::Internal(source) | Error::Unavailable(source) | Error::Conflict(source) => {
            tracing::warn!(correlation_id = id, error = %error, causes = causes(source), "call failed");
        }
        other => tracing::debug!(correlation_id = id, error = %other, "call refused"),
    }
    status(error, id)
}

/// tonic refuses some calls by itself (no such method here, a message that cannot be read or is too large), without the
/// details that the contract promises; `None` for every other response.
pub(super) fn of_tonic(response: &Response<Body>) -> Option<Error> {
    let told = Status::from_header_map(response.headers())?;
    if !told.details().is_empty() {
        return None;
    }
    match told.code() {
        Code::Ok => None,
        Code::Unimplemented if response.headers().contains_key(ACCEPTED) => Some(Error::EncodingUnknown),
        Code::Unimplemented => Some(Error::MethodUnknown),
        Code::OutOfRange | Code::ResourceExhausted => Some(Error::TooLarge { limit: "message" }),
        Code::Internal if told.message().starts_with("failed to decode Protobuf message") => {
            Some(Error::field("request", unreadable()))
        }
        code => Some(Error::internal(format!("a status without details: {code:?}"))),
    }
}

fn unreadable() -> Rule {
    Rule { en: "must be a message of the contract".into(), zh: "不是约定格式的消息".into() }
}

fn causes(source: &Source) -> String {
    let first: &(dyn std::error::Error + 'static) = source.as_ref();
    let chain = std::iter::successors(Some(first), |cause| cause.source());
    chain.map(ToString::to_string).collect::<Vec<_>>().join(": ")
}
