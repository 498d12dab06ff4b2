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
