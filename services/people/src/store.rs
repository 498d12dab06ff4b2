//! The registry's tables: one function a statement, the township first in every predicate.

pub(crate) mod audit;
pub(crate) mod employment;
pub(crate) mod identity;
pub(crate) mod membership;
pub(crate) mod person;
pub(crate) mod register;
pub(crate) mod registration;
pub(crate) mod reseal;
pub(crate) mod retention;
pub(crate) mod roster_import;
pub(crate) mod rotation;
pub(crate) mod survey;
pub(crate) mod township;
pub(crate) mod township_key;
