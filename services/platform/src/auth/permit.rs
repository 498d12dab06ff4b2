//! The permission to act: what handlers hold instead of remembering to ask. Only the auth layer makes one from a token.

use std::sync::Arc;

use bangfu_kernel::{
    Caller, Error, Role, Township,
    error::{Resource, Violations},
    fields,
};
use tokio::time::Instant;
use tonic::Request;

/// Proof that a verified caller may call this method, for one township or for the city.
#[derive(Debug, Clone)]
pub struct Permit {
    caller: Arc<Caller>,
    township: Option<Township>,
    method: &'static str,
    deadline: Option<Instant>,
}

impl Permit {
    /// Made by the auth layer, after the method's access rule has admitted the caller.
    pub(crate) fn admitted(caller: Arc<Caller>, method: &'static str, deadline: Option<Instant>) -> Self {
        let township = caller.township.clone();
        Self { caller, township, method, deadline }
    }

    /// For the background work of a service itself (sweeps, followers, deliveries): no caller stands behind it.
    /// `job` names it in audit entries and logs. A second door, guarded by `disallowed-methods`.
    pub fn of_job(job: &'static str, city: &str, township: Option<Township>) -> Self {
        let caller = Caller {
            subject: job.to_owned(),
            city: city.to_owned(),
            township: township.clone(),
            roles: [Role::Service].into(),
            villages: std::collections::BTreeSet::default(),
        };
        Self { caller: Arc::new(caller), township, method: job, deadline: None }
    }

    /// Who calls.
    pub fn caller(&self) -> &Caller {
        &self.caller
    }

    /// The township the call is confined to; `None`: the whole city.
    pub fn township(&self) -> Option<&Township> {
        self.township.as_ref()
    }

    /// Path of the method, or name of the job.
    pub fn method(&self) -> &'static str {
        self.method
    }

    /// When the caller stops waiting.
    pub fn deadline(&self) -> Option<Instant> {
        self.deadline
    }

    /// The same with another deadline: for jobs that bound their own work.
    #[must_use]
    pub fn until(mut self, deadline: Instant) -> Self {
        self.deadline = Some(deadline);
        self
    }

    /// The right to cross into another township of the same city. A third door, guarded by `disallowed-methods`: whoever
    /// opens it answers for what is done and told beyond. NOT_FOUND for a township of another city.
    pub fn crossing(&self, to: Township) -> Result<Crossing, Error> {
        let from = self.township.clone().ok_or_else(|| Error::internal("a crossing that begins nowhere"))?;
        if from == to {
            return Err(Error::internal("a crossing that leads nowhere"));
        }
        if from.city() != to.city() || to.as_str() == to.city() {
            return Err(Error::NotFound(Resource::Township));
        }
        Ok(Crossing { from, to })
    }

    /// The township that a request names in its field `township`, for [`Self::at`]; a fault when a caller of the city
    /// names none.
    pub fn named(&self, code: &str, faults: &mut Violations) -> Option<Township> {
        if code.is_empty() && self.caller.township.is_none() {
            faults.add("township", fields::required());
        }
        fields::optional_township("township", code, faults)
    }

    /// Confines the permit to the township that the request names. A township caller names none or its own; any other is
    /// not found, as if it did not exist. A city caller has to name one.
    pub fn at(&self, named: Option<Township>) -> Result<Self, Error> {
        let township = match (&self.caller.township, named) {
            (Some(own), None) => own.clone(),
            (Some(own), Some(named)) if *own == named => named,
            (None, Some(named)) if named.city() == self.caller.city => named,
            (_, Some(_)) => return Err(Error::NotFound(Resource::Township)),
            (None, None) => return Err(Error::field("township", fields::required())),
        };
        Ok(Self { township: Some(township), ..self.clone() })
    }
}

/// The right to work in one other township of the city, within the same unit of work (`TownshipTx::across`): for what
/// concerns two townships at once.
#[derive(Debug, Clone)]
pub struct Crossing {
    from: Township,
    to: Township,
}

impl Crossing {
    /// The permit's township.
    pub fn from(&self) -> &Township {
        &self.from
    }

    /// The other one.
    pub fn to(&self) -> &Township {
        &self.to
    }
}

/// Takes the permit out of an admitted request.
pub fn admitted<M>(mut request: Request<M>) -> Result<(Permit, M), Error> {
    let permit = request
        .extensions_mut()
        .remove::<Permit>()
        .ok_or_else(|| Error::internal("a request reached a handler without a permit"))?;
    Ok((permit, request.into_inner()))
}
