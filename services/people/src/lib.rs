//! people
pub mod roster;
