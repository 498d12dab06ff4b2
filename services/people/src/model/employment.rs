//! Employment records and which of them is believed. Domain text, sections 2 and 3.

use std::{borrow::Cow, collections::BTreeSet, sync::Arc};

use bangfu_kernel::{EmploymentStatus, Insured, ServiceLevel};
use chrono::{DateTime, NaiveDate, Utc};
use uuid::Uuid;

/// What is known of one spell of employment; never overwritten.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EmploymentRecord {
    /// Its id.
    pub record_id: Uuid,
    /// 就业状态
    pub status: EmploymentStatus,
    /// First day it holds.
    pub effective_on: NaiveDate,
    /// The day the office learned of it.
    pub known_on: NaiveDate,
    /// 就业单位/从事工作
    pub employer: Arc<str>,
    /// 统一社会信用代码, or empty.
    pub credit_code: Cow<'static, str>,
    /// Months; 0: not known.
    pub contract_months: i32,
    /// 是否参保
    pub insured: Insured,
    /// "ROSTER", "CONTACT", "REGISTRATION", or the office's own word.
    pub source: Cow<'static, str>,
    /// What proves it.
    pub evidence: Cow<'static, str>,
    /// The record it corrects.
    pub corrects: Option<Uuid>,
    /// When it was entered.
    pub created_at: DateTime<Utc>,
}

/// A record on its way in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewEmployment {
    /// 就业状态
    pub status: EmploymentStatus,
    /// First day it holds.
    pub effective_on: NaiveDate,
    /// The day the office learned of it; `None`: today.
    pub known_on: Option<NaiveDate>,
    /// 就业单位/从事工作
    pub employer: Arc<str>,
    /// 统一社会信用代码, or empty.
    pub credit_code: Cow<'static, str>,
    /// Months; 0: not known.
    pub contract_months: i32,
    /// 是否参保
    pub insured: Insured,
    /// Where the knowledge comes from.
    pub source: Cow<'static, str>,
    /// What proves it.
    pub evidence: Cow<'static, str>,
    /// What of it was put in because the roster said nothing that could be read.
    pub stand_in: StandIn,
}

/// Stand-ins of a roster row: they complete a new entry, and change nothing about somebody known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct StandIn {
    /// UNVERIFIED stands for a status that could not be read.
    pub status: bool,
    /// The ledger's date stands for a date that could not be read or lay in the future.
    pub date: bool,
}

impl EmploymentRecord {
    /// The level that follows from it.
    pub fn level(&self) -> ServiceLevel {
        ServiceLevel::of(self.status, self.contract_months, self.insured)
    }
}

impl NewEmployment {
    /// The record it becomes.
    pub fn record(
        self,
        record_id: Uuid,
        corrects: Option<Uuid>,
        now: DateTime<Utc>,
        today: NaiveDate,
    ) -> EmploymentRecord {
        EmploymentRecord {
            record_id,
            status: self.status,
            effective_on: self.effective_on,
            known_on: self.known_on.unwrap_or(today),
            employer: self.employer,
            credit_code: self.credit_code,
            contract_months: self.contract_months,
            insured: self.insured,
            source: self.source,
            evidence: self.evidence,
            corrects,
            created_at: now,
        }
    }

    /// Whether a record says the same already. What the row leaves empty agrees with anything: an empty cell erases
    /// nothing.
    pub fn is_said_by(&self, record: &EmploymentRecord) -> bool {
        self.status == record.status
            && (self.stand_in.date || self.effective_on == record.effective_on)
            && (self.contract_months == 0 || self.contract_months == record.contract_months)
            && (self.insured == Insured::Unknown || self.insured == record.insured)
            && (self.employer.is_empty() || self.employer == record.employer)
    }

    /// Whether a roster row says something that the records do not: it differs from what is believed, and no other
    /// record that stands says the same.
    pub fn is_news(&self, records: &[EmploymentRecord], today: NaiveDate) -> bool {
        if self.stand_in.status {
            return records.is_empty();
        }
        let corrected = corrected(records, today);
        let mut standing = records.iter().filter(|record| !corrected.contains(&record.record_id));
        let said = if self.stand_in.date {
            believed(records, today).is_some_and(|record| self.is_said_by(record))
        } else {
            standing.any(|record| self.is_said_by(record))
        };
        !said
    }

    /// Fills what the row left empty from a record of the same status and day, so that the new record does not forget.
    pub fn complete(&mut self, record: &EmploymentRecord) {
        if self.status != record.status || self.effective_on != record.effective_on {
            return;
        }
        if self.contract_months == 0 {
            self.contract_months = record.contract_months;
        }
        if self.insured == Insured::Unknown {
            self.insured = record.insured;
        }
        if self.employer.is_empty() {
            self.employer = Arc::clone(&record.employer);
        }
    }
}

/// The record that is believed on `today` about `today`.
pub fn believed(records: &[EmploymentRecord], today: NaiveDate) -> Option<&EmploymentRecord> {
    believed_on(records, today, today)
}

/// The record that is believed on the day `known` about the day `on`: of those known, less those that a known one corrects,
/// the one with the latest `effective_on`, then the latest `known_on`, then the highest id. Domain text, section 3,
/// "Belief".
pub fn believed_on(records: &[EmploymentRecord], on: NaiveDate, known: NaiveDate) -> Option<&EmploymentRecord> {
    let corrected = corrected(records, known);
    records
        .iter()
        .filter(|record| record.known_on <= known && record.effective_on <= on)
        .filter(|record| !corrected.contains(&record.record_id))
        .max_by_key(|record| (record.effective_on, record.known_on, record.record_id))
}

/// Since when somebody is believed UNEMPLOYED without a break, as known on `today`; `None`: they are not.
pub fn unemployed_since(records: &[EmploymentRecord], today: NaiveDate) -> Option<NaiveDate> {
    let mut since = None;
    let mut day = today;
    // From one believed record back to the one before it.
    while let Some(record) = believed_on(records, day, today) {
        if record.status != EmploymentStatus::Unemployed {
            break;
        }
        since = Some(record.effective_on);
        let Some(before) = record.effective_on.pred_opt() else { break };
        day = before;
    }
    since
}

fn corrected(records: &[EmploymentRecord], today: NaiveDate) -> BTreeSet<Uuid> {
    records.iter().filter(|record| record.known_on <= today).filter_map(|record| record.corrects).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().expect("a date")
    }

    fn new(status: EmploymentStatus, effective_on: &str) -> NewEmployment {
        NewEmployment {
            status,
            effective_on: day(effective_on),
            known_on: None,
            employer: "".into(),
            credit_code: "".into(),
            contract_months: 0,
            insured: Insured::Unknown,
            source: "ROSTER".into(),
            evidence: "".into(),
            stand_in: StandIn::default(),
        }
    }

    fn record(id: u128, effective_on: &str, known_on: &str, corrects: Option<u128>) -> EmploymentRecord {
        let new = new(EmploymentStatus::Unemployed, effective_on);
        new.record(Uuid::from_u128(id), corrects.map(Uuid::from_u128), DateTime::UNIX_EPOCH, day(known_on))
    }

    #[test]
    fn the_latest_effective_then_known_then_entered_record_is_believed() {
        let today = day("2026-03-01");
        let table: [(&[EmploymentRecord], Option<u128>); 7] = [
            (&[], None),
            (&[record(1, "2026-01-05", "2026-02-01", None), record(2, "2026-01-04", "2026-02-28", None)], Some(1)),
            (&[record(1, "2026-01-05", "2026-02-01", None), record(2, "2026-01-05", "2026-01-31", None)], Some(1)),
            (&[record(1, "2026-01-05", "2026-02-01", None), record(2, "2026-01-05", "2026-02-01", None)], Some(2)),
            (&[record(1, "2026-02-05", "2026-02-05", None), record(2, "2026-01-05", "2026-02-10", Some(1))], Some(2)),
            (&[record(1, "2026-03-02", "2026-03-02", None)], None),
            (&[record(1, "2026-02-05", "2026-02-05", None), record(2, "2026-01-05", "2026-03-02", Some(1))], Some(1)),
        ];
        for (records, id) in table {
            assert_eq!(believed(records, today).map(|record| record.record_id), id.map(Uuid::from_u128), "{records:?}");
        }
    }

    #[test]
    fn unemployment_counts_from_the_first_record_of_the_unbroken_spell() {
        let today = day("2026-03-01");
        let with = |status, id, effective_on: &str, corrects: Option<u128>| {
            let corrects = corrects.map(Uuid::from_u128);
            new(status, effective_on).record(Uuid::from_u128(id), corrects, DateTime::UNIX_EPOCH, day("2026-02-01"))
        };
        let out = |id, on: &str| with(EmploymentStatus::Unemployed, id, on, None);
        let at_work = |id, on: &str| with(EmploymentStatus::Flexible, id, on, None);
        let table: [(&[EmploymentRecord], Option<&str>); 6] = [
            (&[], None),
            (&[out(1, "2025-01-05")], Some("2025-01-05")),
            (&[out(1, "2025-01-05"), out(2, "2025-06-01")], Some("2025-01-05")),
            (&[out(1, "2025-01-05"), at_work(2, "2025-06-01"), out(3, "2025-07-01")], Some("2025-07-01")),
            (&[out(1, "2025-01-05"), at_work(2, "2026-02-01")], None),
            (
                &[
                    out(1, "2025-01-05"),
                    at_work(2, "2025-06-01"),
                    with(EmploymentStatus::Unemployed, 3, "2025-06-01", Some(2)),
                ],
                Some("2025-01-05"),
            ),
        ];
        for (records, since) in table {
            assert_eq!(unemployed_since(records, today), since.map(day), "{records:?}");
        }
    }

    #[test]
    fn a_row_is_news_only_if_no_standing_record_says_it() {
        use EmploymentStatus::{Unemployed, Unverified};
        let today = day("2026-03-01");
        let known = [record(1, "2026-01-05", "2026-02-01", None), record(2, "2026-02-05", "2026-02-05", None)];
        let stand_in = |status, date| StandIn { status, date };
        for (new, news) in [
            (new(Unemployed, "2026-02-05"), false),
            (new(Unemployed, "2026-01-05"), false),
            (new(Unemployed, "2026-02-06"), true),
            (new(EmploymentStatus::Flexible, "2026-02-05"), true),
            (NewEmployment { employer: "某厂".into(), ..new(Unemployed, "2026-02-05") }, true),
            (NewEmployment { stand_in: stand_in(false, true), ..new(Unemployed, "2026-02-28") }, false),
            (NewEmployment { stand_in: stand_in(true, true), ..new(Unverified, "2026-02-28") }, false),
        ] {
            assert_eq!(new.is_news(&known, today), news, "{new:?}");
            assert!(new.is_news(&[], today), "anything is news about somebody without records");
        }
        let corrected = [known[1].clone(), record(3, "2026-02-07", "2026-02-08", Some(2))];
        assert!(new(Unemployed, "2026-02-05").is_news(&corrected, today), "a corrected record says nothing");
    }

    #[test]
    fn an_empty_cell_erases_nothing() {
        let mut known = record(1, "2026-01-05", "2026-02-01", None);
        known.contract_months = 24;
        known.employer = "某厂".into();
        let mut row = NewEmployment { insured: Insured::Yes, ..new(EmploymentStatus::Unemployed, "2026-01-05") };
        row.complete(&known);
        assert_eq!((row.contract_months, &*row.employer, row.insured), (24, "某厂", Insured::Yes));
        let mut other = new(EmploymentStatus::Unemployed, "2026-01-06");
        other.complete(&known);
        assert_eq!(other.contract_months, 0, "another spell is another contract");
    }

    /// Records with ids 1, 2, 3 …, of some of the first hundred days of a year; every third corrects an earlier one.
    fn histories() -> impl proptest::strategy::Strategy<Value = Vec<EmploymentRecord>> {
        use proptest::prelude::*;

        let first = day("2026-01-01");
        prop::collection::vec((0..100_u64, 0..100_u64, any::<prop::sample::Index>(), 0..3), 1..8).prop_map(
            move |records| {
                let on = |days| first + chrono::Days::new(days);
                let entered = records.iter().zip(1..).map(|(&(from, known, corrected, correction), id)| {
                    let corrects = (correction == 0 && id > 1)
                        .then(|| Uuid::from_u128(1 + corrected.index(usize::try_from(id - 1).expect("small")) as u128));
                    let new =
                        NewEmployment { known_on: Some(on(known)), ..new(EmploymentStatus::Flexible, "2026-01-01") };
                    let new = NewEmployment { effective_on: on(from), ..new };
                    new.record(Uuid::from_u128(id), corrects, DateTime::UNIX_EPOCH, first)
                });
                entered.collect()
            },
        )
    }

    proptest::proptest! {
        #[test]
        fn what_was_believed_on_a_day_is_not_changed_by_what_becomes_known_later_or_holds_later(
            records in histories(), on in 0..110_u64, known in 0..110_u64
        ) {
            let first = day("2026-01-01");
            let (on, known) = (first + chrono::Days::new(on), first + chrono::Days::new(known));
            let believed = believed_on(&records, on, known);
            let then: Vec<_> = records.iter().filter(|record| record.known_on <= known).cloned().collect();
            proptest::prop_assert_eq!(believed_on(&then, on, known), believed);
            if let Some(believed) = believed {
                proptest::prop_assert!(believed.effective_on <= on && believed.known_on <= known);
                let corrected = then.iter().any(|record| record.corrects == Some(believed.record_id));
                proptest::prop_assert!(!corrected, "what is corrected is not believed");
            }
            let mut shuffled = records.clone();
            shuffled.reverse();
            proptest::prop_assert_eq!(believed_on(&shuffled, on, known), believed, "the order of entry does not matter");
        }
    }
}
