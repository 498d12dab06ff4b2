//! Domain types and rules of the registry, pure: nothing here knows a clock, a database or a message's way.

pub mod audit;
pub mod difference;
pub mod employment;
pub mod mask;
pub mod membership;
pub mod person;
pub mod registration;
pub mod retention;
pub mod rotation;
pub mod survey;
pub mod township;
