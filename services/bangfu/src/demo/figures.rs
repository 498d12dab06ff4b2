//! What the demonstration found, as printed and as written with `--json`.

use std::collections::BTreeMap;

use serde::Serialize;

/// Counts by a key.
pub(super) type Counts = BTreeMap<String, i64>;

/// Everything, a township after the other.
#[derive(Debug, Default, Serialize)]
pub(super) struct Figures {
    /// The day the rosters came in.
    pub imported_on: String,
    /// The day the three months were over.
    pub ended_on: String,
    /// One a township, by code.
    pub townships: Vec<TownshipFigures>,
}

/// One township's.
#[derive(Debug, Default, Serialize)]
pub(super) struct TownshipFigures {
    /// Code.
    pub township: String,
    /// Name.
    pub name: String,
    /// Rows of the roster by outcome: accepted, merged, rejected.
    pub rows: Counts,
    /// Rows by code: what was found in them.
    pub codes: Counts,
    /// How the accepted rows met the register: NEW, KNOWN, CHANGED, ELSEWHERE.
    pub register: Counts,
    /// People by group; somebody in two groups counts in both.
    pub people_by_group: Counts,
    /// People by service level.
    pub people_by_level: Counts,
    /// Duties raised by the first sweep, by rule.
    pub raised: Counts,
    /// Duties of the first sweep due within its month, by rule.
    pub due_this_month: Counts,
    /// What the township's list for the first day begins with, in the order it should be done.
    pub to_do: Vec<ToDo>,
    /// How long that list is.
    pub to_do_total: usize,
    /// Where the duties stand after three months, by rule.
    pub after_three_months: BTreeMap<String, States>,
    /// Contacts entered, by result.
    pub contacts: Counts,
    /// Duties missed: to whom and why.
    pub missed: Vec<Missed>,
}

/// Duties of one rule by state.
#[derive(Debug, Default, Serialize)]
pub(super) struct States {
    /// 已完成
    pub done: i64,
    /// 逾期未做
    pub missed: i64,
    /// 已解除
    pub released: i64,
    /// 待办
    pub open: i64,
}

/// A line of the list of what to do.
#[derive(Debug, Serialize)]
pub(super) struct ToDo {
    /// Last day.
    pub due_on: String,
    /// Whom to serve.
    pub person_id: String,
    /// Masked.
    pub name: String,
    /// 村(社区)
    pub village: String,
    /// 协理员
    pub coordinator: String,
    /// The rule.
    pub rule: String,
}

/// A duty that was missed.
#[derive(Debug, Serialize)]
pub(super) struct Missed {
    /// To whom it was owed.
    pub person_id: String,
    /// Masked.
    pub name: String,
    /// 村(社区)
    pub village: String,
    /// 协理员
    pub coordinator: String,
    /// The rule.
    pub rule: String,
    /// First day of the period.
    pub period_start: String,
    /// Last day it could have been done.
    pub due_on: String,
    /// What happened instead, in the office's words.
    pub reason: String,
}
