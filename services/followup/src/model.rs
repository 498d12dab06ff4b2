//! What is owed, to whom, by when: types and rules of follow-up, pure and without clock, database or network.
//!
//! [`plan::plan`] is the heart: it turns what the office knows of a person ([`history::History`]) and what is asked of
//! the office ([`standard::Standards`]) into duties. Domain text, sections 3 and 4.

pub mod belief;
pub mod channel;
pub mod contact;
pub mod duty;
pub mod exclusion;
pub mod festival;
pub mod history;
pub mod household;
pub mod period;
pub mod plan;
pub mod recommend;
pub mod service;
pub mod serving;
pub mod standard;
pub mod waiver;
pub mod workdays;
