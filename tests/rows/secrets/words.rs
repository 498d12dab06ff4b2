//! The inside's own words: what tables, columns, constraints and the like are called and the contract does not say; and
//! other signs of the inside.

use std::collections::BTreeSet;

use bangfu_proto::DESCRIPTOR_SET;
use bangfu_testkit::City;
use prost_reflect::DescriptorPool;

/// Names of whatever there is in a database of ours.
const CATALOGUE: &str = "
    SELECT relname::text FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname IN ('public', 'wall')
    UNION SELECT attname::text FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
            JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname IN ('public', 'wall') AND attnum > 0
    UNION SELECT conname::text FROM pg_constraint c JOIN pg_namespace n ON n.oid = c.connamespace
           WHERE n.nspname IN ('public', 'wall')
    UNION SELECT proname::text FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
           WHERE n.nspname IN ('public', 'wall')
    UNION SELECT polname::text FROM pg_policy
    UNION SELECT rolname::text FROM pg_roles
    UNION SELECT current_database()::text";

/// What no error has in it.
const SIGNS: [&str; 42] = [
    "SQLSTATE",
    "SELECT ",
    "INSERT ",
    "UPDATE ",
    "DELETE ",
    "relation \"",
    "constraint",
    "duplicate key",
    "portal",
    "division",
    "row-level",
    "panicked",
    "postgres",
    "sqlx",
    "tokio",
    "hyper",
    "tonic",
    "prost",
    "rustls",
    "h2::",
    "::",
    "Err(",
    "Error(",
    "Os {",
    "os error",
    ".rs:",
    "/src",
    "/work",
    "/tmp",
    "/usr",
    "/home",
    "127.0.0.1",
    "localhost",
    "backtrace",
    "column \"",
    "table \"",
    "role \"",
    "schema \"",
    "database \"",
    "index \"",
    "of relation",
    "null value in",
];

/// Codes of PostgreSQL that have no letter.
const CODES: [&str; 14] = [
    "08006", "22001", "22003", "22012", "22021", "23502", "23503", "23505", "23514", "34000", "40001", "42501",
    "42703", "57014",
];

/// What tells of the inside.
pub(super) struct Inside {
    names: BTreeSet<String>,
}

impl Inside {
    /// Of a city's databases.
    pub(super) async fn of(city: &City) -> Self {
        let mut names = BTreeSet::new();
        for service in ["people", "followup"] {
            let found: Vec<String> =
                sqlx::query_scalar(CATALOGUE).fetch_all(&mut city.look(service).await).await.expect("the catalogue");
            names.extend(found);
        }
        for word in contract() {
            names.remove(&word);
        }
        Self { names }
    }

    /// How many names.
    pub(super) fn count(&self) -> usize {
        self.names.len()
    }

    /// What a text tells of the inside; nothing, if all is well.
    pub(super) fn told_by(&self, text: &str) -> Vec<String> {
        let mut told: Vec<String> =
            SIGNS.iter().filter(|sign| text.contains(**sign)).map(ToString::to_string).collect();
        for word in text.split(|c: char| !c.is_ascii_alphanumeric() && c != '_') {
            // Names that are words as well are told of by what stands before them: the signs.
            if (word.contains('_') && self.names.contains(word)) || CODES.contains(&word) || is_a_code(word) {
                told.push(word.to_owned());
            }
        }
        told
    }
}

/// XX000, 40P01: five characters in capitals, some of them digits and some not.
fn is_a_code(word: &str) -> bool {
    let (mut letters, mut digits) = (0, 0);
    for byte in word.bytes() {
        letters += usize::from(byte.is_ascii_uppercase());
        digits += usize::from(byte.is_ascii_digit());
    }
    word.len() == 5 && letters + digits == 5 && letters > 0 && digits >= 2
}

/// Every word of the contract.
fn contract() -> BTreeSet<String> {
    let pool = DescriptorPool::decode(DESCRIPTOR_SET).expect("our own");
    let mut words = BTreeSet::new();
    for message in pool.all_messages() {
        // As a NOT_FOUND says what there is none of: DataMatch is a data_match.
        words.insert(snake(message.name()));
        words.extend(message.fields().map(|field| field.name().to_owned()));
        words.extend(message.oneofs().map(|oneof| oneof.name().to_owned()));
    }
    for of_enum in pool.all_enums() {
        words.extend(of_enum.values().map(|value| value.name().to_lowercase()));
    }
    for service in pool.services() {
        words.extend(service.full_name().split('.').map(str::to_owned));
    }
    words
}

fn snake(name: &str) -> String {
    name.chars().fold(String::new(), |mut words, c| {
        if c.is_ascii_uppercase() && !words.is_empty() {
            words.push('_');
        }
        words.push(c.to_ascii_lowercase());
        words
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signs_of_the_inside_are_seen() {
        let names = ["feed_head", "duty_is_raised_once_per_period", "sealed"].map(str::to_owned).into();
        let inside = Inside { names };
        for (text, told) in [
            ("error 40P01", 1),
            ("22021: invalid byte sequence", 1),
            ("in feed_head", 1),
            ("violates duty_is_raised_once_per_period", 1),
            ("column \"sealed\" is missing", 1),
            ("it was sealed", 0),
            ("at /work/a.rs:12", 2),
            ("must have 1 to 10000 characters, not 12345", 0),
            ("INTERNAL 01990000-0000-7000-8000-000000000000", 0),
        ] {
            assert_eq!(inside.told_by(text).len(), told, "{text}: {:?}", inside.told_by(text));
        }
    }
}
