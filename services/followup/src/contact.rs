//! A contact (走访联系) as it is entered and as it is kept.

use bangfu_kernel::EmploymentStatus;
use bangfu_proto::followup::v1 as proto;
use chrono::{DateTime, NaiveDate, Utc};
use uuid::Uuid;

use crate::{
    entry::Origin,
    model::{channel::Channel, contact::ContactResult, service::Services},
};

/// A contact to be entered: its fields keep the rules of the contract.
#[derive(Debug, Clone)]
pub(crate) struct NewContact {
    pub(crate) person_id: Uuid,
    /// The day of the contact; not after the day of entry.
    pub(crate) on: NaiveDate,
    pub(crate) channel: Channel,
    pub(crate) result: ContactResult,
    pub(crate) answered_by: String,
    pub(crate) status_learned: Option<StatusLearned>,
    pub(crate) job_intention: Option<JobIntention>,
    pub(crate) training_intention: String,
    pub(crate) difficulties: Vec<String>,
    pub(crate) services: Services,
    pub(crate) policies_told: Vec<String>,
    pub(crate) subsidies_suggested: Vec<String>,
    pub(crate) note: String,
    /// Who served.
    pub(crate) coordinator: String,
    pub(crate) origin: Origin,
}

/// A status learned in a contact, on its way to the people registry.
#[derive(Debug, Clone)]
pub(crate) struct StatusLearned {
    pub(crate) status: EmploymentStatus,
    pub(crate) effective_on: NaiveDate,
    /// As it was told: the registry takes the same fields.
    pub(crate) message: proto::StatusLearned,
}

/// What somebody wishes for their next work.
#[derive(Debug, Clone)]
pub(crate) struct JobIntention {
    pub(crate) occupation: String,
    /// In fen a month; 0: not asked.
    pub(crate) monthly_wage_fen: i64,
    pub(crate) place: String,
}

/// A contact as it is kept: what was entered, in the contract's numbers, and what became of it.
#[derive(Debug, Clone)]
#[expect(clippy::struct_field_names, reason = "columns are named as in the table")]
pub(crate) struct Contact {
    pub(crate) contact_id: Uuid,
    pub(crate) person_id: Uuid,
    pub(crate) held_on: NaiveDate,
    pub(crate) channel: i16,
    pub(crate) result: i16,
    pub(crate) answered_by: String,
    pub(crate) status_learned: Option<Vec<u8>>,
    pub(crate) intended_occupation: Option<String>,
    pub(crate) intended_wage_fen: Option<i64>,
    pub(crate) intended_place: Option<String>,
    pub(crate) training_intention: String,
    pub(crate) difficulties: Vec<String>,
    pub(crate) services: Vec<i16>,
    pub(crate) policies_told: Vec<String>,
    pub(crate) subsidies_suggested: Vec<String>,
    pub(crate) note: String,
    pub(crate) coordinator: String,
    pub(crate) source: String,
    pub(crate) source_ref: String,
    pub(crate) entered_at: DateTime<Utc>,
    pub(crate) entered_by: String,
    pub(crate) voided_at: Option<DateTime<Utc>>,
    pub(crate) voided_by: Option<String>,
    pub(crate) void_reason: Option<String>,
}
