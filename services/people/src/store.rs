//! The registry's tables: one function a statement, the township first in every predicate.

pub mod audit;
pub mod employment;
pub mod identity;
pub mod membership;
pub mod person;
pub mod register;
pub mod roster_import;
pub mod township;
pub mod township_key;
