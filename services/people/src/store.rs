//! The registry's tables: one function a statement, the township first in every predicate.

pub(crate) mod audit;
pub(crate) mod data_match;
pub(crate) mod data_match_row;
pub(crate) mod duplicate;
pub(crate) mod employment;
pub(crate) mod household;
pub(crate) mod identity;
pub(crate) mod membership;
pub(crate) mod merge;
pub(crate) mod moving;
pub(crate) mod person;
pub(crate) mod recognition;
pub(crate) mod register;
pub(crate) mod registration;
pub(crate) mod reseal;
pub(crate) mod retention;
pub(crate) mod roster_import;
pub(crate) mod rotation;
pub(crate) mod survey;
pub(crate) mod township;
pub(crate) mod township_key;
pub(crate) mod transfer;

/// Every table that has a `person_id`, by what the migrations say: for the tests that ask what becomes of each.
#[cfg(test)]
fn with_a_person() -> Vec<String> {
    let mut tables: Vec<String> = Vec::new();
    for migration in crate::MIGRATOR.iter() {
        for statement in migration.sql.as_str().split("CREATE TABLE ").skip(1) {
            let (name, rest) = statement.split_once(" (").expect("a table has columns");
            let columns = rest.split_once(");").map_or(rest, |(columns, _)| columns);
            let column = |line: &str| line.trim_start_matches([' ', ',']).starts_with("person_id ");
            if columns.lines().any(column) {
                tables.push(name.to_owned());
            }
        }
    }
    tables.sort();
    tables
}
