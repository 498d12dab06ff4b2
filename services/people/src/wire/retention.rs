//! Rules of retention and what they came to, as messages.

use bangfu_kernel::calendar;
use bangfu_proto::people::v1::{RetentionCount, RetentionKind, RetentionMeans};
use chrono::NaiveDate;

use crate::model::retention::{Kind, Means, Rule};

/// What a rule came to on a day.
pub(crate) fn count(rule: &Rule, today: NaiveDate, records: u64) -> RetentionCount {
    let kind = match rule.kind {
        Kind::ExitedPerson => RetentionKind::ExitedPerson,
        Kind::TransferredPerson => RetentionKind::TransferredPerson,
        Kind::ExitedRemark => RetentionKind::ExitedRemark,
        Kind::SurveyNote => RetentionKind::SurveyNote,
        Kind::RosterImport => RetentionKind::RosterImport,
        Kind::RequestResult => RetentionKind::RequestResult,
        Kind::Audit => RetentionKind::Audit,
    };
    let means = match rule.means {
        Means::Anonymise => RetentionMeans::Anonymise,
        Means::Empty => RetentionMeans::Empty,
        Means::Delete => RetentionMeans::Delete,
        Means::Keep => RetentionMeans::Keep,
    };
    RetentionCount {
        kind: kind.into(),
        means: means.into(),
        kept_from: Some(calendar::message(rule.kept_from(today))),
        source: rule.source.clone(),
        records: i64::try_from(records).unwrap_or(i64::MAX),
    }
}
