//! For tests: a city of one's own. Databases cloned from a template, both services in this process behind one address,
//! real tokens, a clock that stands still.
//!
//! ```ignore
//! let city = City::new().await;
//! let clerk = city.clerk(DADONG);
//! let person = clerk.people().register_person(sample::person(1)).await?;
//! city.close().await;
//! ```

pub mod city;
pub mod databases;
pub mod forge;
pub mod needles;
pub mod pipe;
pub mod sample;
pub mod web;

pub use city::{City, DADONG, LIBAO, plan, reason, without_jobs};
