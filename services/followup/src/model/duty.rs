//! A duty (应做事项): one service owed to one person by a certain day, and where it stands. Domain text, section 3.

use std::sync::Arc;

use bangfu_kernel::{EmploymentStatus, ServiceLevel};
use bangfu_proto::followup::v1 as proto;
use chrono::NaiveDate;
use uuid::Uuid;

use super::{belief::Belief, service::Service, standard::Who};

/// One service owed to one person. Its identity within township and person is [`Duty::identity`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Duty {
    /// Id of the rule that raises it: "follow_up.unemployed".
    pub rule: Arc<str>,
    /// What is owed.
    pub service: Service,
    /// First day of the period; `once` rules: the day it opened.
    pub period_start: NaiveDate,
    /// 1..n for quotas, 0 where there is none.
    pub slot: u32,
    /// The day it was opened, lately.
    pub opens_on: NaiveDate,
    /// Last day to do it.
    pub due_on: NaiveDate,
    /// Work dated from this day to `due_on` settles it.
    pub window_start: NaiveDate,
    /// Quotas: the day by which this slot should be done to keep an even pace; otherwise `due_on`.
    pub target_on: NaiveDate,
    /// The day it is missed if nothing has been entered before: `due_on` + days of grace + 1.
    pub missed_from: NaiveDate,
    /// Where it stands.
    pub state: DutyState,
    /// The day of its last step; OPEN: `opens_on`.
    pub state_on: NaiveDate,
    /// DONE: the record that settled it.
    pub settled_by: Option<Uuid>,
    /// RELEASED: why.
    pub reason: Option<ReleaseReason>,
    /// Version of the standard it was raised under.
    pub standard_version: Arc<str>,
}

/// Where a duty stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum DutyState {
    /// 待办
    Open,
    /// 已完成
    Done,
    /// 逾期未做
    Missed,
    /// 已解除
    Released,
    /// 已豁免: a decision, never the planner's.
    Waived,
}

/// Why an open duty is no longer owed, in the order in which the reasons are looked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ReleaseReason {
    /// 死亡
    Deceased,
    /// 退出服务
    Exited,
    /// 转出
    Transferred,
    /// 服务等级变化
    LevelChanged,
    /// 条件不再成立
    ConditionEnded,
}

impl Duty {
    /// What makes it this duty and no other, within one township and person: rule, period_start, slot.
    pub fn identity(&self) -> (&str, NaiveDate, u32) {
        (&self.rule, self.period_start, self.slot)
    }

    /// Whether work dated `on` lies in its window.
    pub fn window_holds(&self, on: NaiveDate) -> bool {
        (self.window_start..=self.due_on).contains(&on)
    }
}

impl DutyState {
    /// All states, in the order of the contract.
    pub const ALL: [Self; 5] = [Self::Open, Self::Done, Self::Missed, Self::Released, Self::Waived];

    /// Whether nothing learned later rewrites it. (A waiver, which is a decision, may still undo MISSED.)
    pub fn is_final(self) -> bool {
        match self {
            Self::Done | Self::Missed | Self::Waived => true,
            Self::Open | Self::Released => false,
        }
    }

    /// The code word as stored: "OPEN".
    pub fn code(self) -> &'static str {
        proto::DutyState::from(self).as_str_name().trim_start_matches("DUTY_STATE_")
    }

    /// The state of a stored code word.
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.code() == code)
    }
}

impl ReleaseReason {
    /// All reasons, in the order in which they are looked for.
    pub const ALL: [Self; 5] =
        [Self::Deceased, Self::Exited, Self::Transferred, Self::LevelChanged, Self::ConditionEnded];

    /// Why a rule's "who" does not hold of a belief; `None` when it holds.
    pub fn of(who: &Who, belief: &Belief) -> Option<Self> {
        if who.holds(belief) {
            return None;
        }
        if who.household {
            return Some(Self::ConditionEnded);
        }
        Some(if belief.status == Some(EmploymentStatus::Deceased) {
            Self::Deceased
        } else if belief.level == ServiceLevel::Exited {
            Self::Exited
        } else if !belief.in_township {
            Self::Transferred
        } else if !who.names_level(belief.level) {
            Self::LevelChanged
        } else {
            Self::ConditionEnded
        })
    }

    /// The code word as stored: "LEVEL_CHANGED".
    pub fn code(self) -> &'static str {
        proto::ReleaseReason::from(self).as_str_name().trim_start_matches("RELEASE_REASON_")
    }

    /// The reason of a stored code word.
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|reason| reason.code() == code)
    }
}

impl From<DutyState> for proto::DutyState {
    fn from(state: DutyState) -> Self {
        match state {
            DutyState::Open => Self::Open,
            DutyState::Done => Self::Done,
            DutyState::Missed => Self::Missed,
            DutyState::Released => Self::Released,
            DutyState::Waived => Self::Waived,
        }
    }
}

impl From<ReleaseReason> for proto::ReleaseReason {
    fn from(reason: ReleaseReason) -> Self {
        match reason {
            ReleaseReason::Deceased => Self::Deceased,
            ReleaseReason::Exited => Self::Exited,
            ReleaseReason::Transferred => Self::Transferred,
            ReleaseReason::LevelChanged => Self::LevelChanged,
            ReleaseReason::ConditionEnded => Self::ConditionEnded,
        }
    }
}

/// `None` for UNSPECIFIED.
pub fn state_of(message: proto::DutyState) -> Option<DutyState> {
    DutyState::ALL.into_iter().find(|&state| proto::DutyState::from(state) == message)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn code_words_come_back() {
        for state in DutyState::ALL {
            assert_eq!(DutyState::from_code(state.code()), Some(state));
            assert_eq!(state_of(state.into()), Some(state));
        }
        for reason in ReleaseReason::ALL {
            assert_eq!(ReleaseReason::from_code(reason.code()), Some(reason));
        }
        assert_eq!(ReleaseReason::LevelChanged.code(), "LEVEL_CHANGED");
    }
}
