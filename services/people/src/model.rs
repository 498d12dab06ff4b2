//! Domain types and rules of the registry, pure: nothing here knows a clock, a database or a message's way.

pub mod audit;
pub mod data_match;
pub mod difference;
pub mod difficulty;
pub mod duplicate;
pub mod employment;
pub mod household;
pub mod mask;
pub mod membership;
pub mod merge;
pub mod person;
pub mod recognition;
pub mod registration;
pub mod retention;
pub mod rotation;
pub mod survey;
pub mod township;
pub mod transfer;
