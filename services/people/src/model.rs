//! Domain types and rules of the registry, pure: nothing here knows a clock, a database or a message's way.

pub mod audit;
pub mod data_match;
pub mod difference;
pub mod difficulty;
pub mod employment;
pub mod household;
pub mod mask;
pub mod membership;
pub mod person;
pub mod recognition;
pub mod registration;
pub mod survey;
pub mod township;
