//! What one township's office knows of one person, and since when: all that the planner decides from.

use std::sync::Arc;

use bangfu_kernel::{EmploymentStatus, Group, Insured, ServiceLevel};
use chrono::NaiveDate;
use uuid::Uuid;

use super::{channel::Channel, contact::ContactResult, duty::Duty, household::SpellFact, service::Services};

/// All facts about one person in one township. The order of the facts does not matter. A voided record is left out:
/// it counts as never entered.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct History {
    /// When the person belongs to the township; more than one stay when somebody left and came back.
    pub stays: Vec<Stay>,
    /// Employment records, corrected ones included.
    pub statuses: Vec<StatusFact>,
    /// Memberships of key groups, ended ones included.
    pub groups: Vec<MembershipFact>,
    /// Recognitions of difficulty, revoked ones included.
    pub recognitions: Vec<RecognitionFact>,
    /// Contacts and services given, voided ones left out.
    pub records: Vec<Record>,
    /// Duties let off by a decision that stands.
    pub waivers: Vec<WaiverFact>,
    /// It is a household's, which has none of the facts of a person: every time it was recognised. `None`: it is a person's.
    pub household: Option<Vec<SpellFact>>,
}

/// A spell in the township's register.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stay {
    /// First day in the register.
    pub joined_on: NaiveDate,
    /// The day the office learned of it.
    pub join_known_on: NaiveDate,
    /// How it ended; `None`: it goes on.
    pub left: Option<End>,
}

/// The end of a stay or membership.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct End {
    /// First day it no longer holds.
    pub on: NaiveDate,
    /// The day the office learned of it.
    pub known_on: NaiveDate,
}

/// The part of an employment record that decides what is owed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StatusFact {
    /// The record.
    pub record_id: Uuid,
    /// 就业状态
    pub status: EmploymentStatus,
    /// 合同期限 in months; 0: not known.
    pub contract_months: i32,
    /// 是否参保
    pub insured: Insured,
    /// First day it holds.
    pub effective_on: NaiveDate,
    /// The day the office learned of it.
    pub known_on: NaiveDate,
    /// The record that this one corrects.
    pub corrects: Option<Uuid>,
}

/// Membership of a key group.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MembershipFact {
    /// Which group.
    pub group: Group,
    /// First day of the membership.
    pub from: NaiveDate,
    /// The day the office learned of it.
    pub known_on: NaiveDate,
    /// How it ended; `None`: it holds.
    pub until: Option<End>,
}

/// A recognition of difficulty (就业困难认定).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecognitionFact {
    /// The recognition.
    pub recognition_id: Uuid,
    /// 困难类型, as the contract's code word: "OLDER_AGE".
    pub kind: Arc<str>,
    /// First day it holds.
    pub from: NaiveDate,
    /// The day the office learned of it.
    pub known_on: NaiveDate,
    /// How it ended; `None`: it holds.
    pub until: Option<End>,
}

/// A duty let off by a decision (豁免) that stands. One that was taken back is left out: it counts as never made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WaiverFact {
    /// Id of the rule.
    pub rule: Arc<str>,
    /// First day of the duty's period.
    pub period_start: NaiveDate,
    /// The duty's slot.
    pub slot: u32,
    /// The day of the decision.
    pub on: NaiveDate,
}

/// Work done: a contact or a service record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Record {
    /// The record.
    pub id: Uuid,
    /// The day of the work.
    pub on: NaiveDate,
    /// The day it was entered.
    pub entered_on: NaiveDate,
    /// What kind of record.
    pub kind: RecordKind,
    /// The services given, as they stand in the record.
    pub services: Services,
}

/// Kinds of record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RecordKind {
    /// 走访联系
    Contact {
        /// How.
        channel: Channel,
        /// What came of it.
        result: ContactResult,
    },
    /// 服务记录: work entered as such, without a contact.
    Service,
}

impl WaiverFact {
    /// Whether it is this duty that it lets off.
    pub fn lets_off(&self, duty: &Duty) -> bool {
        duty.identity() == (&self.rule, self.period_start, self.slot)
    }
}

impl StatusFact {
    /// The service level that follows.
    pub fn level(&self) -> ServiceLevel {
        ServiceLevel::of(self.status, self.contract_months, self.insured)
    }
}
