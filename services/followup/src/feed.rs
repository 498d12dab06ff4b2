//! What is followed from other services.

pub(crate) mod people;
