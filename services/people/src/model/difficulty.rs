//! What is laid down about difficulty and households, read from `rules/difficulty.toml`: types with the days on which
//! they may be applied for, who may apply where, which facts are asked, and the figures.

use std::sync::LazyLock;

use bangfu_kernel::{Error, calendar::full_years, id_number::Sex};
use bangfu_proto::people::v1::{AppliedAt, DifficultyType, RecognitionFact};
use chrono::NaiveDate;
use serde::Deserialize;

const DOCUMENT: &str = include_str!("../../rules/difficulty.toml");

static RULES: LazyLock<Result<Rules, String>> = LazyLock::new(|| Rules::read(DOCUMENT));

/// All of it.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rules {
    /// Days of public notice between check and decision.
    pub publicity_days: u64,
    /// Age from which a woman is "older".
    women_from: i32,
    /// Age from which a man is.
    men_from: i32,
    /// Days without work after which somebody counts as unemployed for long.
    pub unemployed_days: i64,
    /// Age from which somebody counts as of working age.
    pub working_age_from: i32,
    women_until: i32,
    men_until: i32,
    #[serde(rename = "type")]
    types: Vec<Type>,
}

/// One type of difficulty.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Type {
    #[serde(rename = "type")]
    word: String,
    from: Option<NaiveDate>,
    until: Option<NaiveDate>,
    #[serde(default)]
    residence: bool,
    #[serde(default)]
    facts: Vec<String>,
    /// Whether the application has to name what proves it.
    #[serde(default)]
    pub evidence: bool,
}

/// The rules in force.
pub fn rules() -> Result<&'static Rules, Error> {
    RULES.as_ref().map_err(|fault| Error::internal(format!("rules/difficulty.toml: {fault}")))
}

impl Rules {
    fn read(document: &str) -> Result<Self, String> {
        let rules: Self = toml::from_str(document).map_err(|error| error.to_string())?;
        for of_type in &rules.types {
            if DifficultyType::from_str_name(&format!("DIFFICULTY_TYPE_{}", of_type.word)).is_none() {
                return Err(format!("{} is no type", of_type.word));
            }
            if let Some(unknown) = of_type.facts.iter().find(|word| fact(word).is_none()) {
                return Err(format!("{unknown} is no fact"));
            }
        }
        Ok(rules)
    }

    /// What is laid down about a type; `None`: it is none.
    pub fn of(&self, of: DifficultyType) -> Option<&Type> {
        self.types.iter().find(|known| known.word == of.as_str_name().trim_start_matches("DIFFICULTY_TYPE_"))
    }

    /// Whether somebody born on a day is of "older age".
    pub fn is_older(&self, sex: Sex, born_on: NaiveDate, on: NaiveDate) -> bool {
        full_years(born_on, on) >= if sex == Sex::Female { self.women_from } else { self.men_from }
    }

    /// Whether somebody born on a day is of working age.
    pub fn is_of_working_age(&self, sex: Sex, born_on: NaiveDate, on: NaiveDate) -> bool {
        let until = if sex == Sex::Female { self.women_until } else { self.men_until };
        (self.working_age_from..until).contains(&full_years(born_on, on))
    }
}

impl Type {
    /// Whether it may be applied for on a day.
    pub fn is_in_force(&self, on: NaiveDate) -> bool {
        self.from.is_none_or(|from| from <= on) && self.until.is_none_or(|until| on <= until)
    }

    /// Whether it may be applied for there.
    pub fn is_applied_for_at(&self, at: AppliedAt) -> bool {
        self.residence || at == AppliedAt::HouseholdRegistration
    }

    /// What the register is asked, UNEMPLOYED first.
    pub fn facts(&self) -> Vec<RecognitionFact> {
        let unemployed = std::iter::once(RecognitionFact::Unemployed);
        unemployed.chain(self.facts.iter().filter_map(|word| fact(word))).collect()
    }
}

fn fact(word: &str) -> Option<RecognitionFact> {
    RecognitionFact::from_str_name(&format!("RECOGNITION_FACT_{word}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().expect("a date")
    }

    #[test]
    fn every_type_of_the_contract_has_its_rules_and_a_wrong_document_is_told() {
        let rules = rules().expect("rules");
        for number in 1..=13 {
            let of = DifficultyType::try_from(number).expect("a type");
            let found = rules.of(of).unwrap_or_else(|| panic!("{of:?}"));
            assert_eq!(found.evidence, found.facts().len() == 1, "{of:?}: what is not known has to be proved");
        }
        assert!(rules.of(DifficultyType::Unspecified).is_none());
        for (good, bad) in [("\"AGE\"", "\"AEG\""), ("\"OLDER_AGE\"", "\"OLD\""), ("men_from", "man_from")] {
            assert!(Rules::read(&DOCUMENT.replace(good, bad)).is_err(), "{bad}");
        }
    }

    #[test]
    fn types_are_in_force_by_date_and_four_kinds_are_applied_for_where_one_lives() {
        let rules = rules().expect("rules");
        let of = |of| rules.of(of).expect("a type");
        let (rural, population) =
            (of(DifficultyType::LowIncomeRuralHousehold), of(DifficultyType::LowIncomePopulation));
        for (on, is_rural) in [("2021-03-01", true), ("2021-12-31", true), ("2022-01-01", false)] {
            assert_eq!((rural.is_in_force(day(on)), population.is_in_force(day(on))), (is_rural, !is_rural), "{on}");
        }
        let anywhere: Vec<i32> = (1..=13)
            .filter(|&number| {
                of(DifficultyType::try_from(number).expect("a type")).is_applied_for_at(AppliedAt::Residence)
            })
            .collect();
        assert_eq!(anywhere, [1, 2, 4, 11, 12]);
        assert!(of(DifficultyType::LandTaken).is_applied_for_at(AppliedAt::HouseholdRegistration));
    }

    #[test]
    fn ages_turn_on_the_birthday() {
        let rules = rules().expect("rules");
        let born = day("1976-02-29");
        for (sex, on, older) in [
            (Sex::Female, "2016-02-28", false),
            (Sex::Female, "2016-02-29", true),
            (Sex::Male, "2026-02-28", false),
            (Sex::Male, "2026-03-01", true),
        ] {
            assert_eq!(rules.is_older(sex, born, day(on)), older, "{sex:?} {on}");
        }
        let born = day("1966-05-10");
        for (sex, on, counts) in [
            (Sex::Male, "1982-05-09", false),
            (Sex::Male, "1982-05-10", true),
            (Sex::Male, "2026-05-09", true),
            (Sex::Male, "2026-05-10", false),
            (Sex::Female, "2021-05-09", true),
            (Sex::Female, "2021-05-10", false),
        ] {
            assert_eq!(rules.is_of_working_age(sex, born, day(on)), counts, "{sex:?} {on}");
        }
    }
}
