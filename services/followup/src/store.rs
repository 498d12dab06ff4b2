//! The database of follow-up: one function per statement, every one inside a unit of work.

pub(crate) mod absence;
pub(crate) mod assignment;
pub(crate) mod contact;
pub(crate) mod coordinator;
pub(crate) mod delivery;
pub(crate) mod duty;
pub(crate) mod duty_list;
pub(crate) mod facts;
pub(crate) mod lease;
pub(crate) mod load;
pub(crate) mod progress;
pub(crate) mod quarantine;
pub(crate) mod reminder;
pub(crate) mod service_record;
pub(crate) mod serving;
pub(crate) mod standard;
pub(crate) mod subject;
pub(crate) mod sweep;
pub(crate) mod township;
pub(crate) mod waiver;
pub(crate) mod work_calendar;
pub(crate) mod workload;
