//! The facts about a person as one document: everything the planner wants to know, less contacts.

use bangfu_kernel::{EmploymentStatus, Error, Group, Insured};
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::subject::Subject;
use crate::model::history::{End, History, MembershipFact, RecognitionFact, StatusFact, Stay};
use crate::model::household::HouseholdFacts;

/// As stored. Fields are only ever added, each with a default, so that an older document stays readable.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
struct Document {
    stays: Vec<StoredStay>,
    statuses: Vec<StoredStatus>,
    groups: Vec<StoredMembership>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    recognitions: Vec<StoredRecognition>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct StoredEnd {
    on: NaiveDate,
    known_on: NaiveDate,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct StoredStay {
    joined_on: NaiveDate,
    known_on: NaiveDate,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    left: Option<StoredEnd>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct StoredStatus {
    id: Uuid,
    status: EmploymentStatus,
    #[serde(default, skip_serializing_if = "is_zero")]
    months: i32,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    insured: Option<bool>,
    from: NaiveDate,
    known_on: NaiveDate,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    corrects: Option<Uuid>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct StoredMembership {
    group: Group,
    from: NaiveDate,
    known_on: NaiveDate,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    until: Option<StoredEnd>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct StoredRecognition {
    id: Uuid,
    difficulty: String,
    from: NaiveDate,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    known_on: Option<NaiveDate>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    until: Option<StoredEnd>,
}

/// The document of a history. Records are left out: contacts have a table of their own.
pub(crate) fn document(history: &History) -> Result<String, Error> {
    let document = Document {
        stays: history.stays.iter().map(StoredStay::from).collect(),
        statuses: history.statuses.iter().map(StoredStatus::from).collect(),
        groups: history.groups.iter().map(StoredMembership::from).collect(),
        recognitions: history.recognitions.iter().map(StoredRecognition::from).collect(),
    };
    serde_json::to_string(&document).map_err(|error| Error::Internal(Box::new(error)))
}

/// The history of a document, without records.
pub(crate) fn history(document: &str) -> Result<History, Error> {
    let document: Document = serde_json::from_str(document).map_err(|error| Error::Internal(Box::new(error)))?;
    Ok(History {
        stays: document.stays.into_iter().map(Stay::from).collect(),
        statuses: document.statuses.into_iter().map(StatusFact::from).collect(),
        groups: document.groups.into_iter().map(MembershipFact::from).collect(),
        recognitions: document.recognitions.into_iter().map(RecognitionFact::from).collect(),
        ..History::default()
    })
}

/// The history of a subject, without records: a person's, or a household's.
pub(crate) fn history_of(subject: &Subject) -> Result<History, Error> {
    if !subject.household {
        return history(&subject.facts);
    }
    Ok(History { household: Some(household(&subject.facts)?.spells), ..History::default() })
}

/// The facts about a household.
pub(crate) fn household(document: &str) -> Result<HouseholdFacts, Error> {
    serde_json::from_str(document).map_err(|error| Error::Internal(Box::new(error)))
}

/// The document with a fact that a contact taught and the registry has not told yet. It stands under the contact's id, so
/// that nothing is planned without it while it is on its way there and back.
pub(crate) fn learned(document: &str, fact: StatusFact) -> Result<String, Error> {
    let mut history = history(document)?;
    history.statuses.push(fact);
    self::document(&history)
}

/// The document once the registry has answered: the fact that stood under the contact's id stands under the record's, or
/// is gone if the registry refused it. `None`: nothing stood there.
pub(crate) fn answered(document: &str, contact_id: Uuid, record_id: Option<Uuid>) -> Result<Option<String>, Error> {
    let mut history = history(document)?;
    let Some(place) = history.statuses.iter().position(|fact| fact.record_id == contact_id) else { return Ok(None) };
    let fact = history.statuses.remove(place);
    if let Some(record_id) = record_id
        && history.statuses.iter().all(|known| known.record_id != record_id)
    {
        history.statuses.push(StatusFact { record_id, ..fact });
    }
    self::document(&history).map(Some)
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde calls it with a reference")]
fn is_zero(months: &i32) -> bool {
    *months == 0
}

impl From<End> for StoredEnd {
    fn from(end: End) -> Self {
        Self { on: end.on, known_on: end.known_on }
    }
}

impl From<StoredEnd> for End {
    fn from(end: StoredEnd) -> Self {
        Self { on: end.on, known_on: end.known_on }
    }
}

impl From<&Stay> for StoredStay {
    fn from(stay: &Stay) -> Self {
        Self { joined_on: stay.joined_on, known_on: stay.join_known_on, left: stay.left.map(StoredEnd::from) }
    }
}

impl From<StoredStay> for Stay {
    fn from(stay: StoredStay) -> Self {
        Self { joined_on: stay.joined_on, join_known_on: stay.known_on, left: stay.left.map(End::from) }
    }
}

impl From<&StatusFact> for StoredStatus {
    fn from(fact: &StatusFact) -> Self {
        Self {
            id: fact.record_id,
            status: fact.status,
            months: fact.contract_months,
            insured: fact.insured.as_option(),
            from: fact.effective_on,
            known_on: fact.known_on,
            corrects: fact.corrects,
        }
    }
}

impl From<StoredStatus> for StatusFact {
    fn from(stored: StoredStatus) -> Self {
        Self {
            record_id: stored.id,
            status: stored.status,
            contract_months: stored.months,
            insured: Insured::from_option(stored.insured),
            effective_on: stored.from,
            known_on: stored.known_on,
            corrects: stored.corrects,
        }
    }
}

impl From<&MembershipFact> for StoredMembership {
    fn from(fact: &MembershipFact) -> Self {
        Self { group: fact.group, from: fact.from, known_on: fact.known_on, until: fact.until.map(StoredEnd::from) }
    }
}

impl From<StoredMembership> for MembershipFact {
    fn from(stored: StoredMembership) -> Self {
        Self { group: stored.group, from: stored.from, known_on: stored.known_on, until: stored.until.map(End::from) }
    }
}

impl From<&RecognitionFact> for StoredRecognition {
    fn from(fact: &RecognitionFact) -> Self {
        Self {
            id: fact.recognition_id,
            difficulty: fact.kind.to_string(),
            from: fact.from,
            known_on: (fact.known_on != fact.from).then_some(fact.known_on),
            until: fact.until.map(StoredEnd::from),
        }
    }
}

impl From<StoredRecognition> for RecognitionFact {
    fn from(stored: StoredRecognition) -> Self {
        Self {
            recognition_id: stored.id,
            kind: stored.difficulty.into(),
            from: stored.from,
            known_on: stored.known_on.unwrap_or(stored.from),
            until: stored.until.map(End::from),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn facts_come_back_as_they_were_written() {
        let day = |text: &str| text.parse::<NaiveDate>().expect("a date");
        let status = StatusFact {
            record_id: Uuid::from_u128(1),
            status: EmploymentStatus::UnitEmployed,
            contract_months: 12,
            insured: Insured::No,
            effective_on: day("2026-01-05"),
            known_on: day("2026-01-06"),
            corrects: Some(Uuid::from_u128(2)),
        };
        let end = Some(End { on: day("2026-03-01"), known_on: day("2026-03-02") });
        let written = History {
            stays: vec![Stay { joined_on: day("2026-01-05"), join_known_on: day("2026-01-06"), left: end }],
            statuses: vec![
                status,
                StatusFact { contract_months: 0, insured: Insured::Unknown, corrects: None, ..status },
            ],
            groups: vec![MembershipFact {
                group: Group::Veteran,
                from: day("2026-01-05"),
                known_on: day("2026-01-06"),
                until: end,
            }],
            recognitions: vec![RecognitionFact {
                recognition_id: Uuid::from_u128(3),
                kind: "DIFFICULTY_TYPE_OLDER_AGE".into(),
                from: day("2026-02-01"),
                known_on: day("2026-02-03"),
                until: end,
            }],
            ..History::default()
        };
        let document = document(&written).expect("a document");
        assert_eq!(history(&document).expect("a history"), written);
        assert!(history(r#"{"stays":[],"statuses":[{"status":"NAPPING"}],"groups":[]}"#).is_err());
    }

    #[test]
    fn what_a_contact_taught_stands_once_whoever_tells_of_it_first() {
        let day = |text: &str| text.parse::<NaiveDate>().expect("a date");
        let (contact, record) = (Uuid::from_u128(7), Uuid::from_u128(8));
        let fact = StatusFact {
            record_id: contact,
            status: EmploymentStatus::Deceased,
            contract_months: 0,
            insured: Insured::Unknown,
            effective_on: day("2026-01-25"),
            known_on: day("2026-02-05"),
            corrects: None,
        };
        let ids = |document: &str| {
            let history = history(document).expect("a history");
            history.statuses.iter().map(|fact| fact.record_id).collect::<Vec<_>>()
        };
        let none = document(&History::default()).expect("a document");
        let taught = learned(&none, fact).expect("taught");
        assert_eq!(ids(&taught), [contact]);
        let answer = answered(&taught, contact, Some(record)).expect("answered").expect("changed");
        assert_eq!(ids(&answer), [record]);
        assert_eq!(answered(&answer, contact, Some(record)).expect("answered"), None);
        let feed_was_first = learned(&taught, StatusFact { record_id: record, ..fact }).expect("told");
        let answer = answered(&feed_was_first, contact, Some(record)).expect("answered").expect("changed");
        assert_eq!(ids(&answer), [record]);
        let refused = answered(&taught, contact, None).expect("answered").expect("changed");
        assert!(ids(&refused).is_empty());
    }
}
