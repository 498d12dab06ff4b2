//! Keys of a TOML document that a standard does not have: told beside all that is wrong with the others.

use bangfu_kernel::error::Rule as Sentence;
use serde::{Deserialize, Deserializer, de};
use toml::{
    Spanned,
    de::{DeTable, DeValue},
};

use super::{
    check::{Fault, rule_name},
    document::{Document, RuleEntry, WindowEntry},
};

/// A fault for each key that is none, in the order of the document. A text that is no TOML has no keys.
pub(super) fn find(toml: &str) -> Vec<Fault> {
    let Ok(document) = DeTable::parse(toml) else { return Vec::new() };
    let mut found = Vec::new();
    of::<Document>(document.get_ref(), "standard", &mut found);
    let rules = document.get_ref().iter().find(|(key, _)| *key.get_ref() == "rule");
    for (i, rule) in rules.and_then(|(_, rules)| rules.get_ref().as_array()).into_iter().flatten().enumerate() {
        let DeValue::Table(rule) = rule.get_ref() else { continue };
        let value =
            |named: &str| rule.iter().find(|(key, _)| *key.get_ref() == named).map(|(_, value)| value.get_ref());
        let path =
            format!("standard.rules[{}]", rule_name(i, value("id").and_then(DeValue::as_str).unwrap_or_default()));
        of::<RuleEntry>(rule, &path, &mut found);
        if let Some(DeValue::Table(window)) = value("window") {
            of::<WindowEntry>(window, &format!("{path}.window"), &mut found);
        }
    }
    found.sort_by_key(|(place, _)| *place);
    found
        .into_iter()
        .map(|(place, field)| {
            let line = toml.get(..place).map_or(1, |before| before.matches('\n').count() + 1);
            let en = format!("is no key of a standard (line {line})").into();
            (field, Sentence { en, zh: format!("不是服务标准的项目（第{line}行）").into() })
        })
        .collect()
}

/// Finds the keys of a table that a struct does not have: where they stand, and their names.
fn of<'de, T: Deserialize<'de>>(table: &DeTable<'_>, path: &str, found: &mut Vec<(usize, String)>) {
    let known = keys::<T>();
    for key in table.keys().filter(|key| !known.contains(&key.get_ref().as_ref())) {
        found.push((Spanned::span(key).start, format!("{path}.{}", key.get_ref())));
    }
}

/// The keys that a struct is read from, as its own derived reader says them.
fn keys<'de, T: Deserialize<'de>>() -> &'static [&'static str] {
    match T::deserialize(Asked) {
        Err(Answer(keys)) => keys,
        Ok(_) => &[],
    }
}

/// A source of nothing, that hands back which keys were asked for.
struct Asked;

/// The keys that were asked for.
#[derive(Debug)]
struct Answer(&'static [&'static str]);

impl<'de> Deserializer<'de> for Asked {
    type Error = Answer;

    fn deserialize_any<V: de::Visitor<'de>>(self, _visitor: V) -> Result<V::Value, Answer> {
        Err(Answer(&[]))
    }

    fn deserialize_struct<V: de::Visitor<'de>>(
        self,
        _name: &'static str,
        keys: &'static [&'static str],
        _visitor: V,
    ) -> Result<V::Value, Answer> {
        Err(Answer(keys))
    }

    serde::forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option unit unit_struct
        newtype_struct seq tuple tuple_struct map enum identifier ignored_any
    }
}

impl std::fmt::Display for Answer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0.join(", "))
    }
}

impl std::error::Error for Answer {}

impl de::Error for Answer {
    fn custom<T: std::fmt::Display>(_message: T) -> Self {
        Self(&[])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::standard::NOTICE;

    #[test]
    fn the_notice_has_none_and_both_names_of_a_field_are_known() {
        assert_eq!(find(NOTICE), []);
        let toml = Document::parse(NOTICE).expect("it can be read").to_toml().expect("written");
        assert_eq!(find(&toml), []);
        assert_eq!(find("[[rule]]\nquota = \"FULL\"\n[[rule]]\nproration = \"FULL\""), []);
    }

    #[test]
    fn each_is_told_with_its_rule_and_line_beside_the_other_faults() {
        let toml = "version = \"\"\nrules = 7\n[[rule]]\nid = \"a\"\ncuont = 1\n[[rule]]\nwindow = { days = 1 }\n";
        let faults = Document::parse(toml).expect("it can be read").checked().expect_err("it has faults");
        let told: Vec<_> = faults.iter().map(|(field, rule)| format!("{field} {}", rule.en)).collect();
        for (field, line) in
            [("standard.rules", 2), ("standard.rules[a].cuont", 5), ("standard.rules[2].window.days", 7)]
        {
            assert!(told.contains(&format!("{field} is no key of a standard (line {line})")), "{told:?}");
        }
        assert!(told.iter().any(|told| told.starts_with("standard.version ")), "{told:?}");
        assert!(told.iter().any(|told| told.starts_with("standard.rules[a].office_name ")), "{told:?}");
    }
}
