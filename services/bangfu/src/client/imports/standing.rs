//! What stands already of the rows of a list: each record is one row's, whoever entered it.

use std::collections::{BTreeMap, BTreeSet};

use bangfu_kernel::calendar;
use bangfu_proto::followup::v1 as proto;
use chrono::NaiveDate;

/// A record of a list as the suite keeps it.
pub(super) trait Record {
    /// What makes rows the same work: they are told apart by how often it came before in the file.
    type Given: Ord + Clone;

    /// Where it was taken from, and its id there.
    fn origin(&self) -> (&str, &str);
    /// Whether it was voided.
    fn is_voided(&self) -> bool;
    /// What was done for whom on which day.
    fn given(&self) -> Option<Self::Given>;
}

/// The person, the day, channel and result by number, and the services given besides.
pub(super) type Contacted = (String, NaiveDate, i32, i32, Vec<i32>);

/// The person, the service by number, the day.
pub(super) type Served = (String, i32, NaiveDate);

impl Record for proto::Contact {
    type Given = Contacted;

    fn origin(&self) -> (&str, &str) {
        (&self.source, &self.source_ref)
    }

    fn is_voided(&self) -> bool {
        self.voided_at.is_some()
    }

    fn given(&self) -> Option<Contacted> {
        let on = self.on.as_ref().and_then(calendar::date)?;
        Some((self.person_id.clone(), on, self.channel, self.result, self.services.clone()))
    }
}

impl Record for proto::ServiceRecord {
    type Given = Served;

    fn origin(&self) -> (&str, &str) {
        (&self.source, &self.source_ref)
    }

    fn is_voided(&self) -> bool {
        self.voided_at.is_some()
    }

    fn given(&self) -> Option<Served> {
        Some((self.person_id.clone(), self.service, self.on.as_ref().and_then(calendar::date)?))
    }
}

/// The records of a source that no row has taken as its own yet. One that was voided keeps its row from being entered
/// again: whoever voided it would find it back.
///
/// A record has its row's reference, unless it came along when its person was merged into another entry: the reference was
/// made from the entry before. Such a one is taken by the first row of the same work that has none.
#[derive(Debug)]
pub(super) struct Standing<'r, R: Record> {
    by_ref: BTreeMap<&'r str, &'r R>,
    strangers: BTreeMap<R::Given, Vec<&'r R>>,
}

impl<'r, R: Record> Standing<'r, R> {
    /// Records of a source, beside the references that rows of the file have.
    pub(super) fn of<'a>(source: &str, records: &'r [R], refs: impl Iterator<Item = &'a str>) -> Self {
        let refs: BTreeSet<_> = refs.collect();
        let mut all = BTreeMap::new();
        for record in records.iter().filter(|record| record.origin().0 == source) {
            let known = all.entry(record.origin().1).or_insert(record);
            if known.is_voided() {
                *known = record;
            }
        }
        let (by_ref, others): (BTreeMap<_, _>, BTreeMap<_, _>) =
            all.into_iter().partition(|(reference, _)| refs.contains(reference));
        let mut strangers = BTreeMap::<_, Vec<_>>::new();
        for record in others.into_values() {
            if let Some(given) = record.given() {
                strangers.entry(given).or_default().push(record);
            }
        }
        for records in strangers.values_mut() {
            records.sort_by_key(|record| !record.is_voided());
        }
        Self { by_ref, strangers }
    }

    /// The record of a row, if it was there before.
    pub(super) fn take(&mut self, given: &R::Given, source_ref: &str) -> Option<&'r R> {
        self.by_ref.remove(source_ref).or_else(|| self.strangers.get_mut(given)?.pop())
    }
}

/// What to say of a row whose record was there before; `differs`: in what it is not the same.
pub(super) fn what_stands(record: &impl Record, differs: Option<&str>) -> String {
    if record.is_voided() {
        return "此前已录入并已作废，未再录入 was entered before and voided; not entered again".to_owned();
    }
    differs.map_or_else(String::new, |differs| format!("{differs}与已有记录不同，未更改 differs there; left as it is"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(source_ref: &str) -> proto::ServiceRecord {
        proto::ServiceRecord {
            source_ref: source_ref.to_owned(),
            person_id: "kept".to_owned(),
            source: "list".to_owned(),
            on: crate::client::date("2026-01-05".parse().expect("a date")),
            service: proto::Service::JobReferral.into(),
            ..Default::default()
        }
    }

    #[test]
    fn a_record_that_came_along_with_a_merge_is_a_rows_own_too() {
        let records = [record("of kept"), record("of merged"), proto::ServiceRecord::default()];
        let mut standing = Standing::of("list", &records, ["of kept", "second", "third"].into_iter());
        let given = records[0].given().expect("dated");
        let rows = ["of kept", "second", "third"].map(|it| standing.take(&given, it).map(|it| &*it.source_ref));
        assert_eq!(rows, [Some("of kept"), Some("of merged"), None]);
    }
}
