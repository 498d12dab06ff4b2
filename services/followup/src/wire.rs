//! Messages of the contract ↔ what we work with.

pub(crate) mod contact;
pub(crate) mod coordinator;
pub(crate) mod duty;
pub(crate) mod duty_event;
pub(crate) mod new_contact;
pub(crate) mod new_service;
pub(crate) mod person_event;
pub(crate) mod progress;
pub(crate) mod service_record;
pub(crate) mod standard;
pub(crate) mod sweep;
pub(crate) mod waiver;
pub(crate) mod work_calendar;

use bangfu_kernel::{
    calendar,
    error::Violations,
    fields::{self, rule},
};
use bangfu_proto::common::v1::{CalendarDate, DateRange};
use chrono::{DateTime, NaiveDate, Utc};
use uuid::Uuid;

/// The number of a contract enum, as stored.
pub(crate) fn number(value: impl Into<i32>) -> i16 {
    i16::try_from(value.into()).unwrap_or_default()
}

#[expect(clippy::unnecessary_wraps, reason = "every date field of a message is an option")]
pub(crate) fn date(date: NaiveDate) -> Option<CalendarDate> {
    Some(calendar::message(date))
}

/// The ids of a duty's person and household, one of which is empty.
pub(crate) fn whose(subject: Uuid, household: bool) -> (String, String) {
    if household { (String::new(), subject.to_string()) } else { (subject.to_string(), String::new()) }
}

pub(crate) fn instant(at: DateTime<Utc>) -> prost_types::Timestamp {
    prost_types::Timestamp {
        seconds: at.timestamp(),
        nanos: i32::try_from(at.timestamp_subsec_nanos()).unwrap_or_default(),
    }
}

/// Both ends of a span of due days.
pub(crate) fn due_range(range: Option<&DateRange>, faults: &mut Violations) -> (Option<NaiveDate>, Option<NaiveDate>) {
    let from = fields::optional_date("due.from", range.and_then(|range| range.from.as_ref()), faults);
    let to = fields::optional_date("due.to", range.and_then(|range| range.to.as_ref()), faults);
    if let (Some(from), Some(to)) = (from, to)
        && to < from
        && to != NaiveDate::default()
    {
        faults.add("due.to", rule("must not lie before due.from", "不得早于起始日期"));
    }
    (from, to)
}
