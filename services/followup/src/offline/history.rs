//! The file of histories: JSON as the domain text lays it down.

use std::{collections::BTreeSet, fmt};

use bangfu_kernel::{EmploymentStatus, Error, Group, Insured, error::Rule as Sentence};
use chrono::NaiveDate;
use serde::{Deserialize, Serialize, de};
use uuid::Uuid;

use crate::model::{
    channel::Channel,
    contact::ContactResult,
    history::{End, History, MembershipFact, RecognitionFact, Record, RecordKind, StatusFact, Stay},
    household::SpellFact,
    service::Service,
};

/// An id of the file: text or number. Numbers go by their size, texts by their characters.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Id {
    /// 7
    Number(i64),
    /// "p7"
    Text(String),
}

/// A person or household of the file.
#[derive(Debug, Clone)]
pub struct Subject {
    /// As the file names it.
    pub id: Id,
    /// What is known.
    pub history: History,
    /// Ids of the records, ascending: a record's id in the history is its place here.
    records: Vec<Id>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    persons: Vec<Person>,
    #[serde(default)]
    households: Vec<Household>,
}

#[derive(Deserialize)]
struct Person {
    id: Id,
    joined_on: NaiveDate,
    join_known_on: NaiveDate,
    left_on: Option<NaiveDate>,
    left_known_on: Option<NaiveDate>,
    #[serde(default)]
    statuses: Vec<Status>,
    #[serde(default)]
    groups: Vec<Membership>,
    #[serde(default)]
    recognitions: Vec<Recognition>,
    #[serde(default)]
    records: Vec<Work>,
}

#[derive(Deserialize)]
struct Household {
    id: Id,
    recognised_on: NaiveDate,
    known_on: NaiveDate,
    cleared_on: Option<NaiveDate>,
    cleared_known_on: Option<NaiveDate>,
    #[serde(default)]
    records: Vec<Work>,
}

#[derive(Deserialize)]
#[expect(clippy::struct_field_names, reason = "fields are named as in the file")]
struct Status {
    id: Id,
    status: EmploymentStatus,
    contract_months: Option<i32>,
    #[serde(default, deserialize_with = "insured")]
    insured: Insured,
    effective_on: NaiveDate,
    known_on: NaiveDate,
    corrects: Option<Id>,
}

#[derive(Deserialize)]
struct Membership {
    group: Group,
    from: NaiveDate,
    known_on: NaiveDate,
    until: Option<NaiveDate>,
    until_known_on: Option<NaiveDate>,
}

#[derive(Deserialize)]
struct Recognition {
    r#type: String,
    from: NaiveDate,
    known_on: NaiveDate,
    until: Option<NaiveDate>,
    until_known_on: Option<NaiveDate>,
}

#[derive(Deserialize)]
struct Work {
    id: Id,
    kind: Kind,
    on: NaiveDate,
    entered_on: NaiveDate,
    channel: Option<Channel>,
    result: Option<ContactResult>,
    #[serde(default)]
    services: Vec<Service>,
}

#[derive(Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
enum Kind {
    Contact,
    Service,
}

/// The people and households of a file. What is wrong is told with its place.
pub fn subjects(json: &str) -> Result<Vec<Subject>, Error> {
    let json = json.trim_start_matches('\u{feff}');
    let file: File = serde_json::from_str(json).map_err(|error| unreadable(&error.to_string()))?;
    once(file.persons.iter().map(|person| &person.id))?;
    once(file.households.iter().map(|household| &household.id))?;
    let people = file.persons.into_iter().map(Person::subject);
    people.chain(file.households.into_iter().map(Household::subject)).collect()
}

/// Whoever stood there twice would be owed everything twice.
fn once<'a>(ids: impl Iterator<Item = &'a Id>) -> Result<(), Error> {
    let mut seen = BTreeSet::new();
    for id in ids {
        if !seen.insert(id) {
            let id = match id {
                Id::Number(number) => number.to_string(),
                Id::Text(text) => text.clone(),
            };
            return Err(unreadable(&format!("{id} 出现两次 stands there twice")));
        }
    }
    Ok(())
}

fn unreadable(why: &str) -> Error {
    let en = format!("must be a JSON file of histories: {why}");
    Error::field("history", Sentence { en: en.into(), zh: format!("应为JSON格式的历史文件：{why}").into() })
}

impl Subject {
    /// The id in the file of a record of the history.
    pub fn record(&self, id: Uuid) -> Option<&Id> {
        usize::try_from(id.as_u128()).ok().and_then(|place| self.records.get(place))
    }
}

impl Person {
    fn subject(self) -> Result<Subject, Error> {
        let ids = ascending(self.statuses.iter().map(|status| &status.id));
        let statuses = self
            .statuses
            .iter()
            .map(|status| StatusFact {
                record_id: place(&ids, &status.id).unwrap_or_default(),
                status: status.status,
                contract_months: status.contract_months.unwrap_or_default(),
                insured: status.insured,
                effective_on: status.effective_on,
                known_on: status.known_on,
                corrects: status.corrects.as_ref().and_then(|id| place(&ids, id)),
            })
            .collect();
        let left = end("left_on", &self.id, self.left_on, self.left_known_on)?;
        let stay = Stay { joined_on: self.joined_on, join_known_on: self.join_known_on, left };
        let mut groups = Vec::with_capacity(self.groups.len());
        for it in &self.groups {
            let until = end("until", &self.id, it.until, it.until_known_on)?;
            groups.push(MembershipFact { group: it.group, from: it.from, known_on: it.known_on, until });
        }
        let mut recognitions = Vec::with_capacity(self.recognitions.len());
        for it in self.recognitions {
            let until = end("until", &self.id, it.until, it.until_known_on)?;
            let (recognition_id, kind) = (Uuid::nil(), it.r#type.into());
            recognitions.push(RecognitionFact { recognition_id, kind, from: it.from, known_on: it.known_on, until });
        }
        let (work, records) = work(&self.id, &self.records)?;
        let history =
            History { stays: vec![stay], statuses, groups, recognitions, records: work, ..History::default() };
        Ok(Subject { id: self.id, history, records })
    }
}

impl Household {
    fn subject(self) -> Result<Subject, Error> {
        let cleared = end("cleared_on", &self.id, self.cleared_on, self.cleared_known_on)?;
        let spell = SpellFact {
            recognised_on: self.recognised_on,
            known_on: self.known_on,
            cleared: cleared.map(|end| (end.on, end.known_on)),
        };
        let (work, records) = work(&self.id, &self.records)?;
        let history = History { household: Some(vec![spell]), records: work, ..History::default() };
        Ok(Subject { id: self.id, history, records })
    }
}

/// The records, and their ids, ascending.
fn work(subject: &Id, work: &[Work]) -> Result<(Vec<Record>, Vec<Id>), Error> {
    let ids = ascending(work.iter().map(|work| &work.id));
    let mut records = Vec::with_capacity(work.len());
    for work in work {
        let kind = match (&work.kind, work.channel, work.result) {
            (Kind::Service, ..) => RecordKind::Service,
            (Kind::Contact, Some(channel), Some(result)) => RecordKind::Contact { channel, result },
            (Kind::Contact, ..) => {
                return Err(unreadable(&format!("{subject}: contact {} has no channel or no result", work.id)));
            }
        };
        records.push(Record {
            id: place(&ids, &work.id).unwrap_or_default(),
            on: work.on,
            entered_on: work.entered_on,
            kind,
            services: work.services.iter().copied().collect(),
        });
    }
    Ok((records, ids))
}

fn ascending<'a>(ids: impl Iterator<Item = &'a Id>) -> Vec<Id> {
    ids.collect::<BTreeSet<_>>().into_iter().cloned().collect()
}

/// An id of the file as an id of the history, in the same order.
fn place(ids: &[Id], id: &Id) -> Option<Uuid> {
    ids.binary_search(id).ok().map(|place| Uuid::from_u128(place as u128))
}

/// An end whose day of learning is left out was learned on the day itself.
fn end(
    field: &'static str,
    subject: &Id,
    on: Option<NaiveDate>,
    known_on: Option<NaiveDate>,
) -> Result<Option<End>, Error> {
    match (on, known_on) {
        (None, None) => Ok(None),
        (Some(on), known_on) => Ok(Some(End { on, known_on: known_on.unwrap_or(on) })),
        (None, Some(_)) => Err(unreadable(&format!("{subject}: known when, but no {field}"))),
    }
}

/// true, false, null, "YES", "NO", "UNKNOWN".
fn insured<'de, D: de::Deserializer<'de>>(from: D) -> Result<Insured, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Told {
        Flag(bool),
        Word(String),
    }
    match Option::<Told>::deserialize(from)? {
        None => Ok(Insured::Unknown),
        Some(Told::Flag(insured)) => Ok(Insured::from_option(Some(insured))),
        Some(Told::Word(word)) => match word.to_ascii_uppercase().as_str() {
            "YES" | "TRUE" => Ok(Insured::Yes),
            "NO" | "FALSE" => Ok(Insured::No),
            "UNKNOWN" | "" => Ok(Insured::Unknown),
            _ => Err(de::Error::custom(format!("insured is {word}: true, false or null are known"))),
        },
    }
}

impl fmt::Display for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Number(number) => number.fmt(f),
            Self::Text(text) => text.fmt(f),
        }
    }
}
