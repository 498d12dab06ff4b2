//! A service record (服务记录) as it is entered and as it is kept.

use bangfu_proto::followup::v1 as proto;
use chrono::{DateTime, NaiveDate, Utc};
use uuid::Uuid;

use crate::{entry::Origin, model::service::Service, wire::number};

/// A service to be entered: its fields keep the rules of the contract.
#[derive(Debug, Clone)]
pub(crate) struct NewService {
    pub(crate) person_id: Uuid,
    /// The day of the service; not after the day of entry.
    pub(crate) on: NaiveDate,
    /// Any but FOLLOW_UP.
    pub(crate) service: Service,
    pub(crate) outcome: String,
    pub(crate) note: String,
    /// Who served.
    pub(crate) coordinator: String,
    pub(crate) origin: Origin,
    pub(crate) policies_told: Vec<String>,
}

/// A service record as it is kept: what was entered, in the contract's numbers, and what became of it.
#[derive(Debug, Clone)]
pub(crate) struct ServiceRecord {
    pub(crate) record_id: Uuid,
    pub(crate) person_id: Uuid,
    pub(crate) held_on: NaiveDate,
    /// One, as the table's constraint says.
    pub(crate) services: Vec<i16>,
    pub(crate) outcome: String,
    pub(crate) note: String,
    pub(crate) coordinator: String,
    pub(crate) source: String,
    pub(crate) source_ref: String,
    pub(crate) policies_told: Vec<String>,
    pub(crate) entered_at: DateTime<Utc>,
    pub(crate) entered_by: String,
    pub(crate) voided_at: Option<DateTime<Utc>>,
    pub(crate) voided_by: Option<String>,
    pub(crate) void_reason: Option<String>,
}

impl ServiceRecord {
    /// Whether this is the record of a service given: the same service, to the same person, on the same day.
    pub(crate) fn is(&self, given: &NewService) -> bool {
        let service = number(proto::Service::from(given.service));
        self.person_id == given.person_id && self.held_on == given.on && self.services == [service]
    }
}
