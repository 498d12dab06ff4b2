//! Background work.

pub(crate) mod deliver;
pub(crate) mod nightly;
pub(crate) mod sweep;
