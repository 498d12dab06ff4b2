//! The table of a year as people write it: TOML with spans of days off (calendars/2026.toml is one).

use bangfu_kernel::{
    Error,
    error::{Rule, Violations},
    fields::rule,
};
use chrono::NaiveDate;
use serde::Deserialize;

use super::{Draft, MOST_DAYS_OFF, YearTable};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Document {
    year: i32,
    #[serde(default)]
    source: String,
    #[serde(default)]
    days_off: Vec<Holiday>,
    #[serde(default)]
    makeup_days: Vec<NaiveDate>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Holiday {
    name: String,
    from: NaiveDate,
    to: NaiveDate,
}

impl YearTable {
    /// The table of a document. Errors: FIELD_INVALID, with all faults.
    pub fn parse(toml: &str) -> Result<Self, Error> {
        let document: Document = toml::from_str(toml).map_err(|error| unreadable(&error))?;
        let mut faults = Violations::default();
        let mut draft = Draft {
            year: document.year,
            source: document.source,
            makeup_days: document.makeup_days,
            ..Draft::default()
        };
        for Holiday { name, from, to } in document.days_off {
            if to < from {
                faults.add("calendar.days_off", rule("must not end before they begin", "截止日期不得早于起始日期"));
            }
            let days = from.iter_days().take_while(|day| *day <= to);
            // A span that is longer than any table may be is told by the table's own rule.
            draft.days_off.extend(days.take(MOST_DAYS_OFF + 1).map(|on| (on, name.clone())));
        }
        let table = draft.check(&mut faults);
        faults.check()?;
        Ok(table)
    }
}

fn unreadable(error: &toml::de::Error) -> Error {
    let en = format!("must be a TOML document of a year's working days: {}", error.message());
    Error::field("calendar", Rule { en: en.into(), zh: "应为TOML格式的工作日历".into() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_document_that_cannot_be_read_or_breaks_a_rule_is_refused() {
        for (document, told) in [
            ("year = 2027\nholidays = []", "calendar must be a TOML document"),
            ("year = \"next\"", "calendar must be a TOML document"),
            ("year = 1999", "calendar.year"),
            (
                "year = 2027\n[[days_off]]\nname = \"元旦\"\nfrom = \"2027-01-03\"\nto = \"2027-01-01\"",
                "calendar.days_off",
            ),
            (
                "year = 2027\n[[days_off]]\nname = \"元旦\"\nfrom = \"2027-01-01\"\nto = \"2099-01-01\"",
                "at most 60 days",
            ),
        ] {
            let refused = YearTable::parse(document).expect_err(document).to_string();
            assert!(refused.contains(told), "{refused}");
        }
    }
}
