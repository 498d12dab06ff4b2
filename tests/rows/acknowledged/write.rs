//! A writing call that has not been made yet: a request that will have an effect, who makes it, and how its effect is told
//! from another one's.

use std::{fmt, sync::Arc};

use bangfu::client::Client;
use bangfu_testkit::{City, DADONG};
use futures::future::BoxFuture;
use prost::Message;
use tonic::{Response, Status};

/// Makes the call, as often as it is asked to, with the same request.
pub(super) type Send = Arc<dyn Fn(Client) -> BoxFuture<'static, Result<Vec<u8>, Status>> + std::marker::Send + Sync>;

/// Who calls.
#[derive(Debug, Clone)]
pub(super) enum By {
    /// 区镇经办 of a township.
    Clerk(String),
    /// 区镇审核 of DADONG.
    Reviewer,
    /// 市人社局
    Bureau,
}

/// What an error may leave behind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Whole {
    /// Nothing, or everything.
    AtOnce,
    /// So many equal parts, each whole: a list whose rows are units of work.
    InParts(i64),
    /// Whole batches, which the next call goes on from: of what is written to these tables nothing may be foreign to the
    /// whole effect.
    InBatches(&'static [&'static str]),
}

/// A writing call to be made.
#[derive(Clone)]
pub(super) struct Write {
    /// "RegisterPerson"
    pub(super) method: String,
    /// Whose database tells the effect.
    pub(super) service: &'static str,
    /// Names that only this call has: made alike when effects are compared.
    pub(super) own: Vec<String>,
    /// What an error may leave behind.
    pub(super) whole: Whole,
    /// Only rows with a name of its own are its effect: others change because of its like.
    pub(super) only_own: bool,
    pub(super) by: By,
    pub(super) send: Send,
}

impl Write {
    /// A call to the registry.
    pub(super) fn people(by: By, send: Send) -> Self {
        let method = String::new();
        Self { method, service: "people", own: Vec::new(), whole: Whole::AtOnce, only_own: false, by, send }
    }

    /// A call to follow-up.
    pub(super) fn followup(by: By, send: Send) -> Self {
        Self { service: "followup", ..Self::people(by, send) }
    }

    /// With names that only this call has.
    pub(super) fn own(self, own: impl IntoIterator<Item = String>) -> Self {
        Self { own: own.into_iter().collect(), ..self }
    }

    /// Makes the call: the answer, encoded.
    pub(super) async fn make(&self, city: &City) -> Result<Vec<u8>, Status> {
        let client = match &self.by {
            By::Clerk(township) => city.clerk(township),
            By::Reviewer => city.reviewer(DADONG),
            By::Bureau => city.bureau(),
        };
        (self.send)(client).await
    }
}

impl fmt::Debug for Write {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} by {:?}", self.method, self.by)
    }
}

/// An answer in bytes; in order, because maps have none.
pub(super) fn encoded<M: Message>(answer: Result<Response<M>, Status>) -> Result<Vec<u8>, Status> {
    answer.map(|answer| {
        let mut bytes = answer.into_inner().encode_to_vec();
        bytes.sort_unstable();
        bytes
    })
}

/// How a request is sent to an RPC of the registry.
macro_rules! to_people {
    ($rpc:ident, $request:expr) => {{
        let request = $request;
        let send: $crate::rows::acknowledged::write::Send =
            std::sync::Arc::new(move |client: bangfu::client::Client| {
                let request = request.clone();
                Box::pin(async move { $crate::rows::acknowledged::write::encoded(client.people().$rpc(request).await) })
            });
        send
    }};
}

/// How a request is sent to an RPC of follow-up.
macro_rules! to_followup {
    ($rpc:ident, $request:expr) => {{
        let request = $request;
        let send: $crate::rows::acknowledged::write::Send =
            std::sync::Arc::new(move |client: bangfu::client::Client| {
                let request = request.clone();
                Box::pin(
                    async move { $crate::rows::acknowledged::write::encoded(client.followup().$rpc(request).await) },
                )
            });
        send
    }};
}

pub(super) use to_followup;
pub(super) use to_people;
