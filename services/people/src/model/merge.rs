//! Merging two entries (合并), and undoing it within 30 days.

use bangfu_kernel::Error;
use chrono::{DateTime, Days, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// Days within which a merge can be undone (the city's rule for the registry, issue text; ours where the notice is silent).
const UNDO_DAYS: u64 = 30;

/// The earliest day of merges that can still be undone on a day.
pub fn undone_since(today: NaiveDate) -> NaiveDate {
    today.checked_sub_days(Days::new(UNDO_DAYS)).unwrap_or(today)
}

/// Two entries made one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Merge {
    /// Its id.
    pub merge_id: Uuid,
    /// The entry that is kept.
    pub kept_id: Uuid,
    /// The entry that is no more.
    pub merged_id: Uuid,
    /// The day.
    pub merged_on: NaiveDate,
    /// Account.
    pub merged_by: String,
    /// Why they are one.
    pub reason: String,
    /// How it was undone; `None`: it stands.
    pub undone: Option<Undone>,
    /// When it was entered.
    pub created_at: DateTime<Utc>,
}

/// A merge undone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Undone {
    /// The day.
    pub on: NaiveDate,
    /// Account.
    pub by: String,
    /// Why.
    pub reason: String,
}

/// Keys of the rows that moved, by table; stored with the merge. Fields are only ever added, each with a default.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Moved {
    /// Employment records.
    #[serde(default)]
    pub employment: Vec<Uuid>,
    /// Registrations of beginnings and ends.
    #[serde(default)]
    pub employment_registrations: Vec<Uuid>,
    /// Memberships: group and first day.
    #[serde(default)]
    pub memberships: Vec<(String, NaiveDate)>,
    /// Memberships of both that began on the same day, where the merged entry's holds and the kept one's has ended: they changed
    /// places.
    #[serde(default)]
    pub swapped: Vec<(String, NaiveDate)>,
    /// Requests of other townships for the merged number, which are about the kept entry now.
    #[serde(default)]
    pub requests: Vec<Uuid>,
    /// Registrations of being unemployed.
    #[serde(default)]
    pub unemployment_registrations: Vec<Uuid>,
    /// Recognitions of difficulty.
    #[serde(default)]
    pub recognitions: Vec<Uuid>,
    /// Surveys.
    #[serde(default)]
    pub surveys: Vec<Uuid>,
    /// Households, and the day on which they came into each.
    #[serde(default)]
    pub households: Vec<(Uuid, NaiveDate)>,
    /// Households that both belonged to, which the merged entry left for it.
    #[serde(default)]
    pub households_left: Vec<Uuid>,
    /// ID numbers, by their index.
    #[serde(default)]
    pub identities: Vec<Vec<u8>>,
}

impl Merge {
    /// Last day on which it can be undone.
    pub fn undo_until(&self) -> NaiveDate {
        self.merged_on.checked_add_days(Days::new(UNDO_DAYS)).unwrap_or(self.merged_on)
    }

    /// Whether it can be undone on a day. Errors: ILLEGAL_TRANSITION, MERGE_FINAL.
    pub fn can_be_undone(&self, today: NaiveDate) -> Result<(), Error> {
        if self.undone.is_some() {
            return Err(Error::IllegalTransition { state: "UNDONE" });
        }
        let until = self.undo_until();
        if today > until { Err(Error::MergeFinal { until }) } else { Ok(()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_merge_can_be_undone_once_within_thirty_days() {
        let day = |text: &str| text.parse::<NaiveDate>().expect("a date");
        let mut merge = Merge {
            merge_id: Uuid::from_u128(1),
            kept_id: Uuid::from_u128(2),
            merged_id: Uuid::from_u128(3),
            merged_on: day("2026-01-31"),
            merged_by: String::new(),
            reason: String::new(),
            undone: None,
            created_at: DateTime::UNIX_EPOCH,
        };
        assert!(merge.can_be_undone(day("2026-03-02")).is_ok());
        let late = merge.can_be_undone(day("2026-03-03"));
        assert!(matches!(late, Err(Error::MergeFinal { until }) if until == day("2026-03-02")));
        merge.undone = Some(Undone { on: day("2026-02-01"), by: String::new(), reason: String::new() });
        assert!(matches!(merge.can_be_undone(day("2026-02-02")), Err(Error::IllegalTransition { state: "UNDONE" })));
    }
}
