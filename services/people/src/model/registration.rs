//! Registrations (就业失业登记): of being unemployed, and of a beginning or an end of employment.

use bangfu_kernel::EmploymentStatus;
use bangfu_proto::people::v1::{CancellationReason, RegisteredBy, RegisteredEvent};
use chrono::{DateTime, Days, NaiveDate, Utc};
use uuid::Uuid;

/// Days after a beginning of employment within which it is registered in time (就业服务与就业管理规定, article 62).
const DAYS_AFTER_BEGIN: u64 = 30;
/// Days after an end (the same article).
const DAYS_AFTER_END: u64 = 15;

/// 失业登记
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnemploymentRegistration {
    /// Its id.
    pub registration_id: Uuid,
    /// Whose.
    pub person_id: Uuid,
    /// First day.
    pub registered_on: NaiveDate,
    /// What proves it.
    pub evidence: String,
    /// How it ended; `None`: it stands.
    pub cancelled: Option<Cancelled>,
    /// When it was entered.
    pub created_at: DateTime<Utc>,
}

/// 注销失业登记
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cancelled {
    /// First day on which it no longer stands.
    pub on: NaiveDate,
    /// Which of the ten ways.
    pub reason: CancellationReason,
    /// What proves it.
    pub evidence: String,
}

/// 就业登记
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EmploymentRegistration {
    /// Its id.
    pub registration_id: Uuid,
    /// Whose.
    pub person_id: Uuid,
    /// The record that is registered.
    pub record_id: Uuid,
    /// Who registered it.
    pub registered_by: RegisteredBy,
    /// Whether the record begins or ends employment.
    pub event: RegisteredEvent,
    /// When it was registered.
    pub registered_on: NaiveDate,
    /// Last day on which it was in time.
    pub due_on: NaiveDate,
    /// What proves it.
    pub evidence: String,
    /// When it was entered.
    pub created_at: DateTime<Utc>,
}

impl EmploymentRegistration {
    /// Whether it came after its last day.
    pub fn is_late(&self) -> bool {
        self.registered_on > self.due_on
    }
}

/// What a record of this status is registered as; `None`: it is about neither work nor unemployment.
pub fn event_of(status: EmploymentStatus) -> Option<RegisteredEvent> {
    use EmploymentStatus as S;
    match status {
        S::UnitEmployed
        | S::Startup
        | S::IndividualBusiness
        | S::Flexible
        | S::PublicPostGeneral
        | S::PublicPostTemporary => Some(RegisteredEvent::Begin),
        S::Unemployed => Some(RegisteredEvent::End),
        S::Internship
        | S::NoIntention
        | S::Unverified
        | S::InSchool
        | S::MilitaryService
        | S::Retired
        | S::Incapacitated
        | S::Imprisoned
        | S::Emigrated
        | S::Deceased => None,
    }
}

/// Last day on which the registration of something that happened on a day is in time.
pub fn due_on(event: RegisteredEvent, happened_on: NaiveDate) -> NaiveDate {
    let days = match event {
        RegisteredEvent::Begin | RegisteredEvent::Unspecified => DAYS_AFTER_BEGIN,
        RegisteredEvent::End => DAYS_AFTER_END,
    };
    happened_on.checked_add_days(Days::new(days)).unwrap_or(happened_on)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_beginning_has_thirty_days_and_an_end_fifteen() {
        let day = |text: &str| text.parse::<NaiveDate>().expect("a date");
        for (status, happened, due) in [
            (EmploymentStatus::UnitEmployed, "2026-01-05", Some("2026-02-04")),
            (EmploymentStatus::Flexible, "2026-02-01", Some("2026-03-03")),
            (EmploymentStatus::Unemployed, "2026-02-20", Some("2026-03-07")),
            (EmploymentStatus::Retired, "2026-02-20", None),
            (EmploymentStatus::Unverified, "2026-02-20", None),
        ] {
            let found = event_of(status).map(|event| due_on(event, day(happened)));
            assert_eq!(found, due.map(day), "{status:?}");
        }
    }
}
