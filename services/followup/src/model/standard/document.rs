//! The document of a standard: what somebody wrote, nothing checked yet. It comes from TOML (`standards/2021-03-01.toml`
//! shows how people write it) or from a message, and goes to TOML.

use bangfu_kernel::{Error, Group, ServiceLevel, error::Rule as Sentence};
use chrono::NaiveDate;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::DeserializeOwned};

use super::{Every, Proration, Rule, Standard, check::Fault, unknown_keys};
use crate::model::{channel::Channel, contact::ContactResult, festival::Festival, service::Service};

/// A standard as it was written. [`Document::checked`] makes a standard of it.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Document {
    /// Name of the version.
    pub version: String,
    /// First day in force.
    #[serde(skip_serializing_if = "Given::is_nothing")]
    pub in_force_from: Given<NaiveDate>,
    /// For rules that do not say otherwise.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub min_days: Option<i64>,
    /// For rules that do not say otherwise.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub entry_grace_days: Option<i64>,
    /// Its rules.
    #[serde(rename = "rule")]
    pub rules: Vec<RuleEntry>,
    /// Keys that are none, which were passed over.
    #[serde(skip)]
    pub unknown_keys: Vec<Fault>,
}

/// A rule as it was written.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct RuleEntry {
    /// "follow_up.stable"
    pub id: String,
    /// The office's name for it.
    pub office_name: String,
    /// Where it comes from.
    pub source: String,
    /// What is owed.
    #[serde(skip_serializing_if = "Given::is_nothing")]
    pub service: Given<Service>,
    /// To whom: levels.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub levels: Vec<Given<ServiceLevel>>,
    /// To whom: groups.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub groups: Vec<Given<Group>>,
    /// To whom: with or without recognition; nothing: whether or not.
    #[serde(skip_serializing_if = "Given::is_nothing")]
    pub recognised: Given<bool>,
    /// To households.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub household: bool,
    /// How often.
    #[serde(skip_serializing_if = "Given::is_nothing")]
    pub every: Given<Cadence>,
    /// ONCE: days to do it. 0: not said.
    #[serde(skip_serializing_if = "is_zero")]
    pub within_days: i64,
    /// ONCE: levels of the day before.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub after: Vec<Given<ServiceLevel>>,
    /// How many a period.
    pub count: i64,
    /// YEAR: numbered slots.
    #[serde(alias = "quota", skip_serializing_if = "Given::is_nothing")]
    pub proration: Given<Proration>,
    /// Least days that must remain. `None`: the document's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub min_days: Option<i64>,
    /// Days of grace. `None`: the document's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub entry_grace_days: Option<i64>,
    /// Channels that count. `None`: the usual ones of the service.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub channels: Option<Vec<Given<Channel>>>,
    /// Results that count. `None`: the usual ones.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub results: Option<Vec<Given<ContactResult>>>,
    /// WINDOW: around what.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub window: Option<WindowEntry>,
}

/// The days around a festival, as they were written.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct WindowEntry {
    /// Which.
    #[serde(skip_serializing_if = "Given::is_nothing")]
    pub festival: Given<Festival>,
    /// Days before its day.
    pub days_before: i64,
    /// Days after its day.
    pub days_after: i64,
}

/// How often a rule is owed, as the word alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Cadence {
    /// 每月
    Month,
    /// 每半年
    HalfYear,
    /// 每年
    Year,
    /// 一次性
    Once,
    /// 节令期间
    Window,
}

/// What stands where one of certain words is due. One that is not known is no reason to be silent about the other faults.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Given<T> {
    /// Nothing.
    #[default]
    Nothing,
    /// Something that is none of them.
    Unknown,
    /// One of them.
    Is(T),
}

impl Document {
    /// Reads TOML. Refused is only what is no document at all: what is wrong inside it [`Document::checked`] tells.
    pub fn parse(toml: &str) -> Result<Self, Error> {
        let document = toml::from_str(toml).map_err(|error: toml::de::Error| {
            let place = error.span().map_or_else(String::new, |span| {
                let line = toml.get(..span.start).map_or(1, |before| before.matches('\n').count() + 1);
                format!(" (line {line})")
            });
            let en = format!("must be a TOML document of a standard: {}{place}", error.message());
            Error::field("standard", Sentence { en: en.into(), zh: format!("应为TOML格式的服务标准{place}").into() })
        })?;
        Ok(Self { unknown_keys: unknown_keys::find(toml), ..document })
    }

    /// Writes TOML, which [`Document::parse`] reads.
    pub fn to_toml(&self) -> Result<String, Error> {
        toml::to_string(self).map_err(|error| Error::Internal(Box::new(error)))
    }
}

impl RuleEntry {
    /// Whether everything that says to whom it is owed is known: only then can it be held beside other rules.
    pub(super) fn says_to_whom(&self) -> bool {
        fn known<T>(given: &[Given<T>]) -> bool {
            given.iter().all(|it| matches!(it, Given::Is(_)))
        }
        let unsaid = matches!(self.recognised, Given::Unknown);
        !unsaid && known(&self.levels) && known(&self.groups) && known(&self.after)
    }
}

impl<T> Given<T> {
    /// Whether nothing was given.
    pub fn is_nothing(&self) -> bool {
        matches!(self, Self::Nothing)
    }

    /// What was given, if it is one of the words.
    pub fn known(self) -> Option<T> {
        match self {
            Self::Is(value) => Some(value),
            Self::Nothing | Self::Unknown => None,
        }
    }
}

impl<T: Serialize> Serialize for Given<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Is(value) => value.serialize(serializer),
            Self::Nothing | Self::Unknown => serializer.serialize_str("?"),
        }
    }
}

impl<'de, T: DeserializeOwned> Deserialize<'de> for Given<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let value = toml::Value::deserialize(deserializer)?;
        Ok(T::deserialize(value).map_or(Self::Unknown, Self::Is))
    }
}

impl From<&Standard> for Document {
    fn from(standard: &Standard) -> Self {
        Self {
            version: standard.version.to_string(),
            in_force_from: Given::Is(standard.in_force_from),
            min_days: None,
            entry_grace_days: None,
            unknown_keys: Vec::new(),
            rules: standard.rules.iter().map(RuleEntry::from).collect(),
        }
    }
}

impl From<&Rule> for RuleEntry {
    fn from(rule: &Rule) -> Self {
        let (within_days, window) = match rule.every {
            Every::Month | Every::HalfYear | Every::Year => (0, None),
            Every::Once { within_days } => (within_days.into(), None),
            Every::Window(window) => {
                let (days_before, days_after) = (window.days_before.into(), window.days_after.into());
                (0, Some(WindowEntry { festival: Given::Is(window.festival), days_before, days_after }))
            }
        };
        Self {
            id: rule.id.to_string(),
            office_name: rule.office_name.clone(),
            source: rule.source.clone(),
            service: Given::Is(rule.service),
            levels: given(&rule.who.levels),
            groups: given(&rule.who.groups),
            recognised: rule.who.recognised.map_or(Given::Nothing, Given::Is),
            household: rule.who.household,
            every: Given::Is(Cadence::from(rule.every)),
            within_days,
            after: given(&rule.who.after),
            count: rule.quota.map_or(1, |quota| quota.count.into()),
            proration: rule.quota.map_or(Given::Nothing, |quota| Given::Is(quota.proration)),
            min_days: Some(rule.min_days.into()),
            entry_grace_days: Some(rule.entry_grace_days.into()),
            channels: Some(given(&rule.counts.channels)),
            results: Some(given(&rule.counts.results)),
            window,
        }
    }
}

impl From<Every> for Cadence {
    fn from(every: Every) -> Self {
        match every {
            Every::Month => Self::Month,
            Every::HalfYear => Self::HalfYear,
            Every::Year => Self::Year,
            Every::Once { .. } => Self::Once,
            Every::Window(_) => Self::Window,
        }
    }
}

fn given<T: Copy>(values: &[T]) -> Vec<Given<T>> {
    values.iter().copied().map(Given::Is).collect()
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde calls it with a reference")]
fn is_zero(days: &i64) -> bool {
    *days == 0
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::standard::NOTICE;

    #[test]
    fn a_standard_comes_back_from_the_document_it_is_written_as() {
        let notice = Standard::parse(NOTICE).expect("it is valid");
        let toml = Document::from(&notice).to_toml().expect("written");
        assert_eq!(Standard::parse(&toml).expect("it is valid"), notice);
    }

    #[test]
    fn what_is_no_document_of_a_standard_is_refused_in_words() {
        for text in ["version = 1", "]]", "[[rule]]\ncount = \"three\""] {
            let Err(Error::Invalid(faults)) = Document::parse(text) else { panic!("{text}") };
            assert_eq!(faults.len(), 1, "{text}");
        }
        let Err(Error::Invalid(faults)) = Document::parse("version = \"x\"\n[[rule]]\ncount = \"3\"") else { panic!() };
        assert!(faults.to_string().contains("(line 3)"), "{faults}");
    }
}
